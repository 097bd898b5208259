"""What a server of others signs and encrypts for a client is believed, and nothing else is."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from servers.command import RECIPES, Cli, Done
from servers.rig import Rig
from standards import proves

pytestmark = pytest.mark.rig

SECRET = "rig-secret-0123456789-0123456789-0123456789"
KEYS = Path.home() / ".cache" / "rigs" / "oidc-provider" / "keys"
TYPES = ["code", "code id_token", "code token", "code id_token token"]
MODES = ["query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"]
PUBLISHED = ["RS256", "PS256", "ES256", "Ed25519"]


class Login:
    """A login as the client *name*, with more said in the recipe."""

    def __init__(self, cli: Cli, rig: Rig, approve: str) -> None:
        self.cli, self.rig, self.approve = cli, rig, approve
        self.key = ""

    def __call__(self, name: str, /, *more: str, recipe: str = "signed", **sets: str) -> Done:
        self.cli.keep_secret(SECRET)
        told = {"issuer": self.rig.issuer, "client_id": f"rig-{name}", **sets}
        words = [f"--set={key}={value}" for key, value in told.items()]
        file = RECIPES / "relying-party" / f"{recipe}.yaml"
        return self.cli(file, *words, *more, BROWSER=self.approve, **self._secrets())

    def then(self, command: str) -> Done:
        return self.cli(command, "relying-party", **self._secrets())

    def _secrets(self) -> dict[str, str]:
        key = {"FLOWRUN_KEY": self.key} if self.key else {}
        return {"FLOWRUN_CLIENT_SECRET": SECRET, **key}

    def known(self) -> dict[str, object]:
        record = json.loads(self.cli.record("relying-party").read_text("utf-8"))
        found: dict[str, object] = record["flowrun"]["identity"]
        return found


@pytest.fixture
def login(cli: Cli, oidc_provider: Rig, approve: str) -> Login:
    return Login(cli, oidc_provider, approve)


def judge_all_is_good(login: Login, done: Done) -> None:
    assert done.status == 0, done.stderr
    assert login.known()["sub"] == "alice"
    for command in ("refresh", "verify"):
        ended = login.then(command)
        assert ended.status == 0, ended.stderr


@pytest.mark.parametrize("alg", [*PUBLISHED, "HS256"])
@proves(
    "OpenID Connect Core",
    "3.1.3.7",
    "id_tokens with RS256, PS256, ES256, Ed25519 and HS256 signatures",
)
@proves("RFC 9701", "5", "signed introspection responses of a server of others")
def test_everything_is_signed(login: Login, alg: str) -> None:
    done = login(alg.lower(), alg=alg, response_mode="jwt")

    judge_all_is_good(login, done)


@pytest.mark.parametrize(
    ("client", "alg", "key"),
    [
        ("opening-rsa", "RS256", "client-enc-rsa.pem"),
        ("opening-rsa", "RS256", "client-enc-rsa.jwk.json"),
        ("opening-ec", "ES256", "client-enc-ec.pem"),
        ("opening-ec", "ES256", "client-enc-ec.jwk.json"),
        ("opening-secret", "RS256", ""),
    ],
)
@proves(
    "OpenID Connect Core", "10.2", "what is encrypted with RSA, EC or the client's secret is opened"
)
@proves("JARM", "2.2", "a response of a server of others that is signed and encrypted")
def test_everything_is_encrypted(login: Login, client: str, alg: str, key: str) -> None:
    login.key = (KEYS / key).read_text("utf-8") if key else SECRET
    done = login(client, alg=alg, response_mode="query.jwt")

    judge_all_is_good(login, done)


def test_what_is_encrypted_for_somebody_else_stays_closed(login: Login) -> None:
    login.key = (KEYS / "client-rsa.pem").read_text("utf-8")
    done = login("opening-rsa")

    assert (done.status, "error E520" in done.stderr) == (5, True), done.stderr
    assert not login.cli.record("relying-party").exists()


COMBINED = [
    (asked, mode)
    for asked in TYPES
    for mode in MODES
    if asked == "code" or not mode.startswith("query")  # which no server sends a token in
]


@pytest.mark.parametrize(("asked", "mode"), COMBINED)
@proves("Multiple Response Types", "5", "each combination of code, token and id_token")
@proves("JARM", "2.3", "each mode, for each response type")
def test_each_type_comes_in_each_mode(login: Login, asked: str, mode: str) -> None:
    done = login("es256", alg="ES256", response_type=asked, response_mode=mode)

    assert done.status == 0, done.stderr
    assert login.known()["sub"] == "alice"


@pytest.mark.parametrize("alg", ["ES256", "HS256"])
def test_another_algorithm_than_agreed_on_is_refused(login: Login, alg: str) -> None:
    done = login("rs256", alg=alg)

    assert (done.status, "error E522" in done.stderr) == (5, True), done.stderr
    assert not login.cli.record("relying-party").exists()


def test_a_redirect_that_is_signed_in_another_way_is_refused(login: Login) -> None:
    done = login("rs256", alg="ES256", response_mode="jwt")

    assert (done.status, "error E412" in done.stderr) == (4, True), done.stderr


@proves("OpenID Connect Core", "3.1.2.1", "a server of others tells auth_time when max_age is sent")
def test_a_person_signs_in_again_when_it_was_too_long_ago(login: Login) -> None:
    done = login("rs256", max_age="60")

    assert done.status == 0, done.stderr
    assert abs(time.time() - float(str(login.known()["auth_time"]))) < 60


def test_the_base_recipes_are_enough(login: Login, tmp_path: Path) -> None:
    for base, more in (("hybrid", "vars: {client_auth: basic}"), ("implicit", "")):
        text = f"flowrun: 1\nextends: base/{base}\nname: {base}\nsave: {base}\n{more}\n"
        values = f"vars: {{issuer: {login.rig.issuer}}}"
        text = (
            text.replace("vars: {", f"vars: {{issuer: {login.rig.issuer}, ")
            if more
            else text + values
        )
        (tmp_path / f"{base}.yaml").write_text(f"{text}\n", "utf-8")
        sets = ["--set=client_id=rig-flows", "--set=redirect_uri=http://127.0.0.1:0/callback"]
        secret = {"FLOWRUN_CLIENT_SECRET": SECRET} if more else {}
        done = login.cli(f"{base}.yaml", *sets, BROWSER=login.approve, **secret)

        assert done.status == 0, done.stderr
        assert login.cli("verify", base, **secret).status == 0
