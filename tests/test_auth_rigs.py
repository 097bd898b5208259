"""`flowrun.Auth` at the APIs of servers that others have written."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import flowrun
from servers.callers import WAYS, Send
from servers.command import RECIPES, Cli
from servers.rig import Rig
from standards import proves

pytestmark = pytest.mark.rig


@pytest.fixture(params=WAYS)
def send(request: pytest.FixtureRequest) -> Send:
    return WAYS[request.param]


def logged_in(cli: Cli, rig: Rig, browser: str, client: str, *words: str) -> flowrun.Auth:
    """What a program presents once somebody has logged in."""
    bound = client.startswith("rig-dpop")
    inputs = {**rig.settings, "client_id": client}
    inputs |= {"userinfo_url": f"{rig.issuer}/me"} if bound else {}
    settings = [f"--set={name}={value}" for name, value in inputs.items()]
    recipe = RECIPES / ("provider-dpop.yaml" if bound else "provider-public.yaml")
    done = cli(recipe, *settings, *words, BROWSER=browser)
    assert done.status == 0, done.stderr
    return flowrun.Auth("provider", tokens=cli.folder / "tokens")


def token_of(cli: Cli) -> str:
    return str(json.loads(cli.record("provider").read_text())["access_token"])


def spoil(cli: Cli) -> None:
    """Put a token into the record that the server has never issued."""
    file = cli.record("provider")
    record = json.loads(file.read_text())
    file.write_text(json.dumps({**record, "access_token": record["access_token"][::-1]}))


def test_userinfo_of_django_lets_the_token_in_and_it_is_renewed_when_refused(
    cli: Cli, django_oauth_toolkit: Rig, approve: str, send: Send
) -> None:
    rig, words = django_oauth_toolkit, "--set=scope=openid"
    auth, url = logged_in(cli, rig, approve, "rig-public", words), f"{rig.issuer}/o/userinfo/"
    first = send(auth, "GET", url)
    before = token_of(cli)
    spoil(cli)
    second = send(auth, "GET", url)

    assert (first.status, second.status) == (200, 200)
    assert first.fields == second.fields
    assert token_of(cli) not in (before, before[::-1])


def test_an_api_of_django_that_wants_another_scope_costs_no_refresh(
    cli: Cli, django_oauth_toolkit: Rig, approve: str, send: Send
) -> None:
    rig, url = django_oauth_toolkit, f"{django_oauth_toolkit.issuer}/api/whoami"
    statuses, before = list[int](), ""
    for scope in ("api:read", "profile"):
        auth = logged_in(cli, rig, approve, "rig-public", "--fresh", f"--set=scope={scope}")
        before = token_of(cli)
        statuses.append(send(auth, "GET", url).status)

    assert statuses == [200, 403]
    assert token_of(cli) == before


def test_many_threads_at_django_spend_one_refresh_token(
    cli: Cli, django_oauth_toolkit: Rig, approve: str
) -> None:
    rig, words = django_oauth_toolkit, "--set=scope=openid"
    auth, url = logged_in(cli, rig, approve, "rig-public", words), f"{rig.issuer}/o/userinfo/"
    spoil(cli)
    with httpx.Client(auth=auth, timeout=30) as api, ThreadPoolExecutor(8) as pool:
        statuses = {answer.status_code for answer in pool.map(lambda _: api.get(url), range(64))}
    version = json.loads(cli.record("provider").read_text())["flowrun"]["version"]

    assert statuses == {200}
    assert version == 2


@pytest.mark.parametrize(
    ("client", "path"),
    [
        pytest.param("rig-public", "/me", id="bearer"),
        pytest.param("rig-dpop", "/me", id="bound"),
        pytest.param("rig-dpop", "/me?nonce", id="a nonce at the API"),
        pytest.param("rig-dpop-nonce", "/me?nonce", id="a nonce everywhere"),
    ],
)
@proves("RFC 6750", "2.1", "is let in by an API with a bearer's token")
@proves("RFC 9449", "7.1", "is let in by an API with a proof for each request, and a nonce")
def test_userinfo_of_oidc_provider_lets_the_token_in_and_it_is_renewed_when_refused(
    cli: Cli, oidc_provider: Rig, approve: str, send: Send, client: str, path: str
) -> None:
    auth = logged_in(cli, oidc_provider, approve, client, "--set=scope=openid")
    first = [send(auth, "GET", oidc_provider.issuer + path) for _ in range(2)]
    before = token_of(cli)
    spoil(cli)
    last = send(auth, "GET", oidc_provider.issuer + path)

    assert [each.status for each in (*first, last)] == [200, 200, 200]
    assert len({str(each.fields["sub"]) for each in (*first, last)}) == 1
    assert token_of(cli) not in (before, before[::-1])


def test_a_grant_that_is_over_at_oidc_provider_needs_a_person(
    cli: Cli, oidc_provider: Rig, approve: str, send: Send
) -> None:
    auth = logged_in(cli, oidc_provider, approve, "rig-public", "--set=scope=openid")
    token = token_of(cli)
    assert cli("revoke", "provider").status == 0
    file = cli.record("provider")
    record = json.loads(file.read_text())
    record["flowrun"].pop("needs_person", None)  # as if somebody had done it elsewhere
    file.write_text(json.dumps(record))
    status = send(auth, "GET", f"{oidc_provider.issuer}/me").status
    with pytest.raises(flowrun.PersonNeeded, match="invalid_grant"):
        send(auth, "GET", f"{oidc_provider.issuer}/me")

    assert status == 401
    assert token_of(cli) == token
