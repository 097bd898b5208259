"""OAuth 1.0a at the server sides of two libraries of others."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from flowrun.http import Direct
from flowrun.message import Request, Response
from flowrun.secret import Secret, Value, reveal
from flowrun.services import Services
from flowrun.wire import Encoded, encode
from servers.command import TESTS, Cli, Done
from servers.kinds import World, run_kind
from servers.rig import free_port, key_of, rig
from standards import proves

pytestmark = pytest.mark.rig

CONSUMER = "rigconsumerkey0123456789"
UNCONFIRMED = "rigconsumernoconfirm01"
SECRET = "rig-secret-0123456789-0123456789-0123456789"
WRONG = "fake-secret-that-is-wrong"
LIBRARIES = {
    "authlib": ("HMAC-SHA1", "RSA-SHA1", "PLAINTEXT"),
    "oauthlib": (
        *("HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512"),
        *("RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"),
    ),
}
EACH = [(library, method) for library, methods in LIBRARIES.items() for method in methods]


@pytest.fixture(scope="session")
def oauth1() -> Iterator[str]:
    with rig("oauth1", needs=("python3",)) as url:
        yield url


class Recipe:
    """A recipe of a few lines for one of the libraries."""

    def __init__(self, cli: Cli, url: str) -> None:
        self.cli, self.url = cli, url
        self.callback = f"http://127.0.0.1:{free_port()}/callback"

    def __call__(
        self,
        browser: str,
        library: str = "oauthlib",
        *,
        consumer: str = CONSUMER,
        secret: str = SECRET,
        **vars: str,
    ) -> Done:
        site = f"{self.url}/{library}"
        named = {
            "request_token_url": f"{site}/initiate",
            "authorize_url": f"{site}/authorize",
            "access_token_url": f"{site}/token",
            "verify_url": f"{site}/me",
        }
        values = {"consumer_key": consumer, "redirect_uri": self.callback}
        text = f"flowrun: 1\nextends: base/oauth1\nname: photos\nvars: {json.dumps(named | vars)}\n"
        (self.cli.folder / "photos.yaml").write_text(f"{text}values: {json.dumps(values)}\n")
        self.cli.keep_secret(secret)
        key = key_of("oauth1", "oauth1.pem")
        by_key = {"FLOWRUN_PRIVATE_KEY": key} if "RSA" in vars.get("method", "") else {}
        environment = by_key or {"FLOWRUN_CONSUMER_SECRET": secret}
        return self.cli("photos.yaml", BROWSER=browser, CALLBACK=self.callback, **environment)


@pytest.fixture
def login(cli: Cli, oauth1: str) -> Recipe:
    return Recipe(cli, oauth1)


def record_of(cli: Cli) -> dict[str, str]:
    record: dict[str, str] = json.loads(cli.record("photos").read_text())
    return record


@proves("RFC 5849", "2", "the whole dance: request token, consent, access token, and the API")
@pytest.mark.parametrize(("library", "method"), EACH)
def test_a_login_is_signed_as_the_server_wants_it(
    cli: Cli, login: Recipe, approve: str, library: str, method: str
) -> None:
    done = login(approve, library, method=method)

    assert done.status == 0, done.stderr
    record = record_of(cli)
    secrets = [record["access_token"], record["oauth_token_secret"]]
    assert not [each for each in secrets if each in done.stdout + done.stderr]
    cli.keep_secret(*secrets)
    key = key_of("oauth1", "oauth1.pem")
    verified = cli("verify", "photos", FLOWRUN_CONSUMER_SECRET=SECRET, FLOWRUN_PRIVATE_KEY=key)
    assert verified.status == 0, verified.stderr
    assert SECRET not in cli.record("photos").read_text()


@proves("RFC 5849", "3.5", "the parameters stand in the header, the address or a form")
@pytest.mark.parametrize("place", ["query", "body"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_the_parameters_go_where_the_recipe_says(
    cli: Cli, login: Recipe, approve: str, library: str, place: str
) -> None:
    elsewhere = {"in": place, "verify_url": ""} if place == "body" else {"in": place}

    done = login(approve, library, **elsewhere)

    assert done.status == 0, done.stderr


@proves("RFC 5849", "3.2", "a wrong secret is told as a wrong signature, and nothing is stored")
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("method", ["HMAC-SHA1", "PLAINTEXT"])
def test_a_wrong_secret_is_told(
    cli: Cli, login: Recipe, approve: str, library: str, method: str
) -> None:
    done = login(approve, library, secret=WRONG, method=method)

    assert "error E531: " in done.stderr
    assert (done.status, cli.record("photos").exists()) == (5, False)


def test_an_unknown_consumer_is_told(cli: Cli, login: Recipe, approve: str) -> None:
    done = login(approve, consumer="rigconsumernobody01234")

    assert "error E531: " in done.stderr
    assert (done.status, cli.record("photos").exists()) == (5, False)


@proves("RFC 5849", "2.1", "without the confirmation nobody is asked to consent")
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_callback_that_is_not_confirmed_ends_the_login(
    cli: Cli, login: Recipe, library: str
) -> None:
    done = login("false %s", library, consumer=UNCONFIRMED)

    assert "does not confirm the callback" in done.stderr
    assert (done.status, cli.record("photos").exists()) == (5, False)


@proves("RFC 5849", "2.2", "redirects with another token, or with none, are waited past")
@pytest.mark.parametrize("library", LIBRARIES)
def test_forged_redirects_do_not_disturb_the_login(cli: Cli, login: Recipe, library: str) -> None:
    done = login(f"{TESTS / 'visitors' / 'forge-oauth1-then-approve'} %s", library)

    assert done.status == 0, done.stderr
    assert record_of(cli)["access_token"]


def test_who_denies_ends_the_login(cli: Cli, login: Recipe, deny: str) -> None:
    done = login(deny)

    assert "error E402: " in done.stderr
    assert (done.status, cli.record("photos").exists()) == (4, False)


class Sending(World):
    """Sends over the network, and keeps what it has sent."""

    def __init__(self, http: Direct) -> None:
        super().__init__()
        self.http, self.clock, self.sent = http, int(time.time()), list[Encoded]()

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        self.sent.append(encode(request))
        return self.http.send(request, redeems=redeems)

    @property
    def services(self) -> Services:
        return super().services._replace(http=self)


@proves("RFC 5849", "3.3", "a request that is sent again by a stranger is refused; ours never are")
@pytest.mark.parametrize("library", LIBRARIES)
def test_who_sends_our_request_again_is_refused(
    cli: Cli, login: Recipe, approve: str, library: str
) -> None:
    assert login(approve, library).status == 0
    record, site = record_of(cli), f"{login.url}/{library}"
    options = f"""{{get: '{site}/me', oauth1: {{consumer_key: {CONSUMER},
      consumer_secret: '{{{{ inputs.s }}}}', token: '{{{{ inputs.t }}}}',
      token_secret: '{{{{ inputs.ts }}}}'}}, outputs: {{user: response.json.user}}}}"""
    inputs: dict[str, Value] = {"s": Secret(SECRET), "t": record["access_token"]}
    inputs["ts"] = Secret(record["oauth_token_secret"])

    with Direct() as client:
        world = Sending(client)
        made = [run_kind("http", options, world, inputs=inputs) for _ in range(3)]

    assert [reveal(each["user"]) for each in made] == ["alice"] * 3
    assert [again(request) in (400, 401) for request in world.sent] == [True] * 3


def again(sent: Encoded) -> int:
    """The status of what is sent a second time, to the letter."""
    request = urllib.request.Request(sent.url, headers=dict(sent.headers), method=sent.method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
