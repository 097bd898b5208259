"""Tokens that are bound to a key at a server of others, and what a thief can do with them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any, NamedTuple

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from servers.command import RECIPES, Cli, Done
from servers.decoupled import waiting
from servers.rig import Rig, key_of
from standards import proves
from test_e2e_device import visit

pytestmark = pytest.mark.rig

ME = "/me"


def login(cli: Cli, rig: Rig, browser: str, *words: str, client: str = "rig-dpop") -> Done:
    inputs = {**rig.settings, "userinfo_url": rig.issuer + ME, "client_id": client}
    settings = [f"--set={name}={value}" for name, value in inputs.items()]
    return cli(RECIPES / "provider-dpop.yaml", *settings, *words, BROWSER=browser)


def record_of(cli: Cli) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(cli.record("provider").read_text())
    return record


class Answer(NamedTuple):
    status: int
    body: str
    challenge: str

    @property
    def error(self) -> str:
        """The error that it names, wherever that stands."""
        if self.body.startswith("{") and "error" in (fields := json.loads(self.body)):
            return str(fields["error"])
        return self.challenge.partition('error="')[2].partition('"')[0]


def ask(url: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
    """What a server answers to a request of our own."""
    data = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return Answer(answer.status, answer.read().decode(), "")
    except urllib.error.HTTPError as error:
        with error:
            challenge = error.headers.get("WWW-Authenticate", "")
            return Answer(error.code, error.read().decode(), challenge)


class Holder(NamedTuple):
    """Whoever holds a key, and makes proofs with it that no flowrun has made."""

    key: ECKey

    def proof(self, method: str, url: str, token: str = "", **claims: object) -> str:
        ath = (
            base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        )
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        usual = {"htm": method, "htu": url, "iat": int(time.time()), "jti": str(uuid.uuid4())}
        made = {**usual, **({"ath": ath} if token else {}), **claims}
        return jwt.encode(header, made, self.key)


@pytest.fixture
def rig(oidc_provider: Rig) -> Rig:
    return oidc_provider


@pytest.fixture
def member(cli: Cli, rig: Rig, approve: str) -> Cli:
    """A command line with a token that is bound to a key."""
    done = login(cli, rig, approve)
    assert done.status == 0, done.stderr
    record = record_of(cli)
    cli.keep_secret(record["access_token"], record["refresh_token"], record["flowrun"]["dpop"]["d"])
    return cli


def token_and_holder(cli: Cli) -> tuple[str, Holder]:
    record = record_of(cli)
    key = {k: v for k, v in record["flowrun"]["dpop"].items() if k != "alg"}
    return record["access_token"], Holder(ECKey.import_key(key))


@pytest.mark.parametrize("client", ["rig-dpop", "rig-dpop-nonce"])
@proves("RFC 9449", "5", "gets tokens that are bound to its key, and refreshes them with the same")
@proves("RFC 9449", "8", "comes through where the token endpoint wants a nonce")
def test_a_bound_token_lives_its_whole_life(cli: Cli, rig: Rig, approve: str, client: str) -> None:
    done = login(cli, rig, approve, client=client)
    first = record_of(cli)
    statuses = [cli(word, "provider").status for word in ("verify", "refresh", "verify")]
    second = record_of(cli)
    revoked = cli("revoke", "provider")

    assert done.status == 0, done.stderr
    assert statuses == [0, 0, 0]
    assert revoked.status == 0, revoked.stderr
    assert (first["token_type"], second["token_type"]) == ("DPoP", "DPoP")
    assert first["access_token"] != second["access_token"]
    assert first["flowrun"]["dpop"] == second["flowrun"]["dpop"]
    assert cli("verify", "provider").status == 5


GUARDED = """\
flowrun: 1
extends: base/openid
name: guarded
inputs:
  issuer: {type: url}
  scope: {default: [openid]}
  redirect_uri: {default: "http://127.0.0.1:0/callback"}
vars:
  issuer: "{{ inputs.issuer }}"
  client_auth: private_key_jwt
  client_audience: "{{ inputs.issuer }}"
  dpop: on
steps:
  - authorize: {query: {response_mode: jwt}}
save: guarded
"""


@proves("RFC 7523", "3", "signs anew what is sent anew, since each assertion works once")
def test_a_client_that_signs_signs_anew_when_the_server_wants_a_nonce(
    cli: Cli, rig: Rig, approve: str
) -> None:
    environment = {"FLOWRUN_PRIVATE_KEY": key_of("oidc-provider", "client-es256.pem")}
    cli.keep_secret(*environment.values())
    (cli.folder / "guarded.yaml").write_text(GUARDED)
    words = [f"--set=issuer={rig.issuer}", "--set=client_id=rig-key-dpop-nonce"]
    done = [cli("./guarded.yaml", *words, BROWSER=approve, **environment)]
    done += [cli(word, "guarded", **environment) for word in ("refresh", "verify", "revoke")]

    assert [each.status for each in done] == [0, 0, 0, 0], done


@proves("RFC 9449", "6.2", "is given tokens whose confirmation is the thumbprint of its key")
def test_the_server_knows_the_token_by_the_thumbprint_of_the_key(member: Cli, rig: Rig) -> None:
    token, holder = token_and_holder(member)
    form = {"token": token, "client_id": "rig-dpop"}
    about = json.loads(ask(f"{rig.issuer}/token/introspection", form).body)

    assert about["cnf"] == {"jkt": holder.key.thumbprint()}
    assert json.loads(member("status", "--json").stdout)[0]["bound_to"] == about["cnf"]["jkt"]


@proves("RFC 9449", "9", "comes through where an API wants a nonce")
def test_an_api_that_wants_a_nonce_gets_it(cli: Cli, rig: Rig, approve: str) -> None:
    url = f"{rig.issuer}{ME}?nonce"
    done = login(cli, rig, approve, f"--set=userinfo_url={url}")
    assert done.status == 0, done.stderr
    verified = cli("verify", "provider", "-v")

    assert verified.status == 0, verified.stderr
    assert re.findall(rf"GET {re.escape(url)} -> (\d+)", verified.stderr) == ["401", "200"]


@proves("RFC 9449", "10", "ties the code to its key, so that no other can redeem it")
def test_a_code_is_redeemed_with_its_key_alone(cli: Cli, rig: Rig, approve: str) -> None:
    recipe = RECIPES / "provider-dpop.yaml"
    (cli.folder / "careless.yaml").write_text(
        f"flowrun: 1\nextends: {recipe}\nsteps:\n  - token: {{dpop: off}}\n"
    )
    inputs = {**rig.settings, "userinfo_url": rig.issuer + ME, "client_id": "rig-public"}
    settings = [f"--set={name}={value}" for name, value in inputs.items()]
    done = cli("./careless.yaml", *settings, BROWSER=approve)

    assert done.status == 5
    assert "invalid_grant" in done.stderr
    assert not cli.record("provider").exists()


def test_somebody_with_token_and_key_is_let_in(member: Cli, rig: Rig) -> None:
    url = rig.issuer + ME
    token, holder = token_and_holder(member)

    assert (
        ask(url, Authorization=f"DPoP {token}", DPoP=holder.proof("GET", url, token)).status == 200
    )


@proves("RFC 9449", "11.1", "is protected from whoever sends one of its proofs again")
def test_a_proof_that_was_used_is_of_no_use(member: Cli, rig: Rig) -> None:
    url = rig.issuer + ME
    token, holder = token_and_holder(member)
    proof = holder.proof("GET", url, token)
    answers = [ask(url, Authorization=f"DPoP {token}", DPoP=proof) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 401]
    assert answers[1].error == "invalid_token"


@pytest.mark.parametrize(
    ("method", "path", "other"),
    [
        pytest.param("GET", "/token", {}, id="for another URL"),
        pytest.param("POST", ME, {}, id="for another method"),
        pytest.param("GET", ME, {"ath": hashlib.sha256(b"x").hexdigest()}, id="another ath"),
        pytest.param("GET", ME, {"ath": None}, id="no ath"),
        pytest.param("GET", ME, {"iat": 1_600_000_000, "nonce": "stale"}, id="a stale nonce"),
    ],
)
@proves("RFC 9449", "4.3", "is protected by proofs that are good for one request alone")
def test_a_proof_for_something_else_is_refused(
    member: Cli, rig: Rig, method: str, path: str, other: dict[str, object]
) -> None:
    token, holder = token_and_holder(member)
    proof = holder.proof(method, rig.issuer + path, token, **other)
    answer = ask(rig.issuer + ME, Authorization=f"DPoP {token}", DPoP=proof)

    assert answer.status == 401
    assert answer.error in ("invalid_dpop_proof", "use_dpop_nonce")


@proves("RFC 9700", "2.2.1", "a token that is bound to a key is of no use to a thief")
@proves("RFC 9449", "7.2", "holds tokens that are of no use to whoever has them without the key")
def test_a_stolen_token_without_its_key_is_of_no_use(member: Cli, rig: Rig) -> None:
    url = rig.issuer + ME
    token, _ = token_and_holder(member)
    thief = Holder(ECKey.generate_key("P-256"))
    as_bearer = ask(url, Authorization=f"Bearer {token}")
    bare = ask(url, Authorization=f"DPoP {token}")
    with_another = ask(url, Authorization=f"DPoP {token}", DPoP=thief.proof("GET", url, token))

    assert (as_bearer.status, with_another.status) == (401, 401)
    assert bare.status in (400, 401)


@proves("RFC 9700", "2.2.2", "so is a refresh token")
@proves("RFC 9449", "5", "holds a refresh token that is of no use without the key")
def test_a_stolen_refresh_token_without_its_key_is_of_no_use(member: Cli, rig: Rig) -> None:
    url = rig.settings["token_url"]
    thief = Holder(ECKey.generate_key("P-256"))
    refresh_token = record_of(member)["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": "rig-dpop"}
    without = ask(url, form)
    with_another = ask(url, form, DPoP=thief.proof("POST", url))
    ours = member("refresh", "provider")

    assert (without.status, with_another.status) == (400, 400)
    assert ours.status == 0, ours.stderr


@proves("RFC 9449", "5", "refuses the token of a server that knows no such binding")
def test_a_server_that_binds_nothing_is_found_out(
    cli: Cli, django_oauth_toolkit: Rig, approve: str
) -> None:
    done = login(cli, django_oauth_toolkit, approve, "--set=scope=api:read", client="rig-public")

    assert done.status == 5, done.stderr
    assert "error E515" in done.stderr
    assert not cli.record("provider").exists()


NAMED = """\
flowrun: 1
name: services
inputs: {{client_secret: {{secret: true}}}}
defaults:
  token:
    post: {url}
    client: {{id: rig-service, secret: "{{{{ inputs.client_secret }}}}", auth: basic}}
    dpop: on
steps:
  - token: {{form: {{grant_type: client_credentials, scope: "api:read"}}}}
  - id: writing
    token: {{name: write, form: {{grant_type: client_credentials, scope: "api:write"}}}}
"""


def test_the_tokens_of_a_record_share_its_key(cli: Cli, rig: Rig) -> None:
    secret = "rig-secret-0123456789-0123456789-0123456789"
    (cli.folder / "services.yaml").write_text(NAMED.format(url=rig.settings["token_url"]))
    done = cli("./services.yaml", FLOWRUN_CLIENT_SECRET=secret)
    assert done.status == 0, done.stderr
    record = json.loads(cli.record("services").read_text())
    tokens = [record, record["flowrun"]["tokens"]["write"]]
    basic = "Basic " + base64.b64encode(f"rig-service:{secret}".encode()).decode()
    answers = [
        ask(
            f"{rig.issuer}/token/introspection",
            {"token": each["access_token"]},
            Authorization=basic,
        )
        for each in tokens
    ]

    assert [each["token_type"] for each in tokens] == ["DPoP", "DPoP"]
    assert len({json.loads(answer.body)["cnf"]["jkt"] for answer in answers}) == 1


DEVICE = """\
flowrun: 1
extends: base/device-code
name: provider
vars: {{device_url: "{issuer}/device/auth", token_url: "{issuer}/token", dpop: on}}
values: {{client_id: rig-dpop, scope: [openid]}}
"""


@proves("RFC 9449", "5", "gets bound tokens by a device code, too")
def test_a_device_gets_a_token_that_is_bound(cli: Cli, rig: Rig) -> None:
    (cli.folder / "tv.yaml").write_text(DEVICE.format(issuer=rig.issuer))
    with waiting(cli, "tv.yaml") as login:
        visit(login.until(r"or open (\S+), which"))
        done = login.ended()

    assert done.status == 0, done.stderr
    token, holder = token_and_holder(cli)
    url = rig.issuer + ME
    proof = holder.proof("GET", url, token)
    assert ask(url, Authorization=f"DPoP {token}", DPoP=proof).status == 200


PUSHED = """\
flowrun: 1
extends: {base}
steps:
  - authorize: {{par: "{issuer}/request", client: {{id: "{{{{ inputs.client_id }}}}"}}}}
"""


@pytest.mark.parametrize("client", ["rig-dpop", "rig-dpop-nonce"])
@proves("RFC 9449", "10.1", "ties a code to its key in a request that is pushed, too")
def test_a_pushed_request_names_the_key(cli: Cli, rig: Rig, approve: str, client: str) -> None:
    recipe = PUSHED.format(base=RECIPES / "provider-dpop.yaml", issuer=rig.issuer)
    (cli.folder / "pushed.yaml").write_text(recipe)
    inputs = {**rig.settings, "userinfo_url": rig.issuer + ME, "client_id": client}
    settings = [f"--set={name}={value}" for name, value in inputs.items()]
    done = cli("./pushed.yaml", *settings, "-v", BROWSER=approve)

    assert done.status == 0, done.stderr
    assert "dpop_jkt" not in done.stderr
    assert record_of(cli)["token_type"] == "DPoP"
    assert cli("refresh", "provider").status == 0


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
@proves("RFC 9449", "5.1", "signs with another algorithm where the recipe names one")
def test_another_algorithm_that_the_server_takes(
    cli: Cli, rig: Rig, approve: str, alg: str
) -> None:
    recipe = f"flowrun: 1\nextends: {RECIPES / 'provider-dpop.yaml'}\nvars: {{dpop: {alg}}}\n"
    (cli.folder / "other.yaml").write_text(recipe)
    inputs = {**rig.settings, "userinfo_url": rig.issuer + ME, "client_id": "rig-dpop"}
    settings = [f"--set={name}={value}" for name, value in inputs.items()]
    done = cli("./other.yaml", *settings, BROWSER=approve)

    assert done.status == 0, done.stderr
    assert record_of(cli)["flowrun"]["dpop"]["crv"] == "Ed25519"


def test_an_algorithm_that_the_server_does_not_take_is_told(
    cli: Cli, rig: Rig, approve: str
) -> None:
    recipe = f"flowrun: 1\nextends: {RECIPES / 'provider-dpop.yaml'}\nvars: {{dpop: PS256}}\n"
    (cli.folder / "other.yaml").write_text(recipe)
    inputs = {**rig.settings, "userinfo_url": rig.issuer + ME, "client_id": "rig-dpop"}
    settings = [f"--set={name}={value}" for name, value in inputs.items()]
    done = cli("./other.yaml", *settings, BROWSER=approve)

    assert done.status == 5, done.stderr
    assert "error E514" in done.stderr
    assert not cli.record("provider").exists()


REGISTERED = """\
flowrun: 1
extends: base/registered
name: provider
vars: {{issuer: "{issuer}", dpop: on}}
values: {{scope: [openid]}}
"""


@proves("RFC 9449", "5.2", "registers its client for tokens that are bound to a key")
def test_a_client_is_registered_for_bound_tokens(cli: Cli, rig: Rig, approve: str) -> None:
    (cli.folder / "registered.yaml").write_text(REGISTERED.format(issuer=rig.issuer))
    done = cli("./registered.yaml", BROWSER=approve)
    assert done.status == 0, done.stderr
    (kept,) = (cli.folder / "tokens" / ".flowrun").glob("provider.client-*")
    client = json.loads(kept.read_text())["value"]["client"]
    refreshed = cli("refresh", "provider")

    assert client["dpop_bound_access_tokens"] is True
    assert record_of(cli)["token_type"] == "DPoP"
    assert refreshed.status == 0, refreshed.stderr
