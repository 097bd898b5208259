"""Clients that sign: what they send for it, and that the key stays here."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from flowrun.errors import FlowError, ProviderError
from flowrun.message import Response
from flowrun.secret import Secret
from flowrun.wire import Encoded
from servers.command import Cli
from servers.keys import Key, jwk, jwks, key_for, pem, read
from servers.kinds import NOON, World, answer, run_kind
from servers.raw import listening
from servers.rig import CACHE, Rig
from standards import proves

SECRET = "fake-secret-of-the-client-that-is-long-enough-for-hs512-which-wants-64-bytes"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN = "https://id.example.com/token"
KEYED = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
SHARED = ("HS256", "HS384", "HS512")


def granted(_: Encoded) -> Response:
    return answer(access_token="fake-token", token_type="Bearer", expires_in=60)


def asked(
    client: str, kind: str = "token", world: World | None = None, /, **inputs: str
) -> dict[str, str]:
    """What a step whose client is *client* sends."""
    world = world or World(granted)
    options = (
        f"{{post: '{TOKEN}?tenant=1', client: {client}, form: {{grant_type: client_credentials}}}}"
    )
    run_kind(kind, options, world, inputs={name: Secret(value) for name, value in inputs.items()})
    body = (world.wire.sent[-1].body or b"").decode()
    return {name: value for name, [value] in parse_qs(body).items()}


def signed_by(
    client: str, by: Key | str, alg: str, /, **inputs: str
) -> tuple[dict[str, object], dict[str, object]]:
    """The header and the claims of the assertion that *client* sends."""
    return read(asked(client, "token", None, **inputs)["client_assertion"], by, alg)


# What is sent


@proves("RFC 7523", "2.2", "client_assertion_type and one JWT as client_assertion")
@proves("RFC 7521", "4.2", "the client's id goes along, and is the assertion's subject")
@proves("RFC 7523", "3", "iss and sub are the client, aud the endpoint, with exp, iat and jti")
def test_an_assertion_says_who_asks_whom_and_for_how_long() -> None:
    key = key_for("ES256")
    sent = asked("{id: app, auth: private_key_jwt, key: '{{ inputs.key }}'}", key=pem(key))
    header, claims = read(sent.pop("client_assertion"), key, "ES256")

    assert sent == {
        "client_id": "app",
        "client_assertion_type": BEARER,
        "grant_type": "client_credentials",
    }
    assert header == {"alg": "ES256", "typ": "JWT"}
    assert len(str(claims.pop("jti"))) > 16
    assert claims == {"iss": "app", "sub": "app", "aud": TOKEN, "iat": NOON, "exp": NOON + 300}


@pytest.mark.parametrize("alg", KEYED)
def test_each_algorithm_signs(alg: str) -> None:
    key = key_for(alg)
    client = f"{{id: app, auth: private_key_jwt, key: '{{{{ inputs.key }}}}', alg: {alg}}}"
    header, claims = signed_by(client, key, alg, key=pem(key))

    assert (header["alg"], claims["sub"]) == (alg, "app")


@proves(
    "OpenID Connect Core", "9", "client_secret_jwt and private_key_jwt, each with its algorithms"
)
@pytest.mark.parametrize("alg", SHARED)
def test_a_secret_signs_and_is_not_sent(alg: str) -> None:
    client = f"{{id: app, secret: '{{{{ inputs.s }}}}', auth: client_secret_jwt, alg: {alg}}}"
    sent = asked(client, s=SECRET)
    header, claims = read(sent["client_assertion"], SECRET, alg)

    assert "client_secret" not in sent
    assert (header["alg"], claims["iss"]) == (alg, "app")


@pytest.mark.parametrize(
    ("alg", "usual"),
    [("RS256", "RS256"), ("ES384", "ES384"), ("ES512", "ES512"), ("EdDSA", "EdDSA")],
)
def test_a_key_that_does_not_say_it_signs_as_usual(alg: str, usual: str) -> None:
    key = key_for(alg)
    header, _ = signed_by(
        "{id: app, auth: private_key_jwt, key: '{{ inputs.key }}'}", key, usual, key=pem(key)
    )

    assert header == {"alg": usual, "typ": "JWT"}


@proves("RFC 7515", "4.1.4", "the key's id goes into the header, the recipe's before the key's own")
@pytest.mark.parametrize(("client", "kid"), [("", "of-the-key"), (", key_id: mine", "mine")])
def test_a_jwk_says_its_alg_and_its_id(client: str, kid: str) -> None:
    key = key_for("PS384")
    given = jwk(key, alg="PS384", kid="of-the-key")
    options = f"{{id: app, auth: private_key_jwt, key: '{{{{ inputs.key }}}}'{client}}}"
    header, _ = signed_by(options, key, "PS384", key=given)

    assert header == {"alg": "PS384", "typ": "JWT", "kid": kid}


@proves("RFC 7517", "5", "of a key set, the key that fits: by kid, alg and use, and private")
@pytest.mark.parametrize(
    ("chosen", "alg", "kid"),
    [
        ("key_id: second", "ES256", "second"),
        ("alg: RS256", "RS256", "third"),
        ("", "ES256", "second"),
    ],
)
def test_a_key_set_holds_the_key_that_fits(chosen: str, alg: str, kid: str) -> None:
    encrypts, es, rs = key_for("ES384"), key_for("ES256"), key_for("RS256")
    public = json.dumps({**key_for("EdDSA").as_dict(private=False), "kid": "public"})
    given = jwks(
        public,
        jwk(encrypts, use="enc", kid="first"),
        jwk(es, use="sig", kid="second"),
        jwk(rs, kid="third"),
    )
    client = f"{{id: app, auth: private_key_jwt, key: '{{{{ inputs.key }}}}', {chosen}}}"
    header, _ = signed_by(client, key_for(alg), alg, key=given)

    assert header["kid"] == kid


def test_the_audience_is_whom_the_recipe_names() -> None:
    key = key_for("ES256")
    client = "{id: app, auth: private_key_jwt, key: '{{ inputs.key }}', audience: 'https://id.example.com'}"
    _, claims = signed_by(client, key, "ES256", key=pem(key))

    assert claims["aud"] == "https://id.example.com"


@proves("RFC 7523", "3", "a jti is used once: whatever is sent again is signed again")
def test_each_attempt_is_signed_anew() -> None:
    key, sent = pem(key_for("ES256")), list[str]()

    def pending(request: Encoded) -> Response:
        form = parse_qs((request.body or b"").decode())
        sent.append(form["client_assertion"][0])
        if len(sent) < 3:
            return answer(400, error="authorization_pending")
        return granted(request)

    client = "{id: app, auth: private_key_jwt, key: '{{ inputs.key }}'}"
    options = f"{{post: '{TOKEN}', client: {client}}}\n    poll: {{every: 1s}}"
    run_kind("token", options, World(pending), inputs={"key": Secret(key)})

    assert len({str(read(each, key_for("ES256"), "ES256")[1]["jti"]) for each in sent}) == 3


# What is refused


@pytest.mark.parametrize(
    ("client", "given", "message"),
    [
        ("alg: ES256", "RS256", "the key cannot sign with ES256"),
        ("alg: ES256", "ES384", "the key cannot sign with ES256"),
        ("alg: RS256", "EdDSA", "the key cannot sign with RS256"),
        ("alg: HS256", "RS256", "private_key_jwt cannot sign with 'HS256'"),
        ("alg: none", "RS256", "'alg' must be HS256, HS384,"),
    ],
)
def test_a_key_of_another_kind_is_refused_and_not_shown(
    client: str, given: str, message: str
) -> None:
    text, world = pem(key_for(given)), World(granted)
    with pytest.raises(FlowError) as caught:
        asked(
            f"{{id: app, auth: private_key_jwt, key: '{{{{ inputs.key }}}}', {client}}}",
            "token",
            world,
            key=text,
        )

    assert message in str(caught.value)
    assert text.splitlines()[1] not in repr(caught.value.problems)
    assert world.wire.sent == []


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", id="broken"),
        pytest.param('{"kty": "RSA"', id="half a JWK"),
        pytest.param('{"keys": []}', id="no key"),
        pytest.param("a password", id="no key at all"),
    ],
)
def test_what_is_no_key_is_told_without_it(given: str) -> None:
    with pytest.raises(FlowError, match="this is no key") as caught:
        asked("{id: app, auth: private_key_jwt, key: '{{ inputs.key }}'}", key=given)

    assert caught.value.code == "E222"
    assert given not in repr(caught.value.problems)


def test_a_public_key_signs_nothing() -> None:
    public = json.dumps(key_for("ES256").as_dict(private=False))
    with pytest.raises(FlowError, match="no private key that signs"):
        asked("{id: app, auth: private_key_jwt, key: '{{ inputs.key }}'}", key=public)


def test_a_refused_client_is_told_what_may_be_wrong_with_its_key() -> None:
    world = World(lambda _: answer(401, error="invalid_client"))
    with pytest.raises(ProviderError) as caught:
        asked(
            "{id: app, auth: private_key_jwt, key: '{{ inputs.key }}'}",
            "token",
            world,
            key=pem(key_for("ES256")),
        )

    (problem,) = caught.value.problems
    assert problem.code == "E502"
    assert "public half" in problem.hint


# The whole program

RECIPE = """
flowrun: 1
extends: base/client-credentials
name: signed
vars: {token_url: "http://127.0.0.1:%d/token", client_auth: %s}
"""


def recipe(cli: Cli, auth: str, port: int = 1) -> Path:
    path = cli.folder / "signed.yaml"
    path.write_text(RECIPE % (port, auth))
    return path


@pytest.mark.parametrize("auth", ["private_key_jwt", "client_secret_jwt"])
def test_the_sandbox_believes_a_signature_and_each_command_works(cli: Cli, auth: str) -> None:
    flow = recipe(cli, auth)
    done = [
        cli(flow, "--sandbox"),
        cli(flow, "--sandbox", "--fresh"),
        cli("refresh", "signed", "--sandbox"),
    ]

    assert [each.status for each in done] == [0, 0, 0], done


def test_nobody_is_told_a_key_and_nothing_shows_it(cli: Cli) -> None:
    key = pem(key_for("ES256"))
    cli.keep_secret(*key.splitlines()[1:-1], key)
    body = json.dumps({"access_token": "fake-token", "expires_in": 60}).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )
    with listening(head + body) as server:
        flow = recipe(cli, "private_key_jwt", server.port)
        words = (flow, "--set=client_id=app")
        done = [
            cli(*words, "-v", FLOWRUN_PRIVATE_KEY=key),
            cli(*words, "-n", FLOWRUN_PRIVATE_KEY=key),
            cli("explain", *words, FLOWRUN_PRIVATE_KEY=key),
        ]

    assert [each.status for each in done] == [0, 0, 0], done
    assert "private_key" not in done[0].stderr
    assert "client_secret" not in done[2].stdout
    assert "client_assertion=<client_assertion>" in done[1].stdout
    assert key.splitlines()[1] not in cli.record("signed").read_text()


# A server of others


def service(cli: Cli, rig: Rig, client: str, auth: str, **vars: str) -> Path:
    path = cli.folder / "service.yaml"
    given = {"token_url": f"{rig.issuer}/token", "client_auth": auth, **vars}
    head = "flowrun: 1\nextends: base/client-credentials\nname: service\n"
    path.write_text(f"{head}vars: {json.dumps(given)}\nvalues: {{client_id: {client}}}\n")
    return path


def rig_key(name: str, form: str) -> str:
    return (CACHE / "oidc-provider" / "keys" / f"client-{name}.{form}").read_text()


RIG_KEYS = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "rsa"),
    "ES256": "es256",
    "ES384": "es384",
    "ES512": "es512",
    "EdDSA": "eddsa",
    "Ed25519": "ed25519",
}


@proves("RFC 9700", "2.5", "authenticates with a key that no server knows")
@pytest.mark.rig
@proves("RFC 7523", "2.2", "oidc-provider believes RS, PS and ES with 256, 384 and 512, and EdDSA")
@pytest.mark.parametrize("alg", RIG_KEYS)
def test_oidc_provider_believes_each_algorithm(cli: Cli, oidc_provider: Rig, alg: str) -> None:
    key = rig_key(RIG_KEYS[alg], "pem")
    cli.keep_secret(*key.splitlines()[1:-1])
    flow = service(cli, oidc_provider, "rig-service-key", "private_key_jwt", client_alg=alg)
    done = cli(flow, "-v", FLOWRUN_PRIVATE_KEY=key)

    assert done.status == 0, done.stderr
    assert json.loads(cli.record("service").read_text())["token_type"] == "Bearer"


@pytest.mark.rig
@pytest.mark.parametrize("wanted", ["rs256", "es384", "ed25519"])
def test_oidc_provider_finds_the_key_of_a_set_that_was_meant(
    cli: Cli, oidc_provider: Rig, wanted: str
) -> None:
    keys = jwks(*(rig_key(name, "jwk.json") for name in ("es256", "rs256", "es384", "ed25519")))
    flow = service(
        cli,
        oidc_provider,
        "rig-service-key",
        "private_key_jwt",
        client_key_id=f"client-{wanted}",
        client_audience=oidc_provider.issuer,
    )
    done = cli(flow, FLOWRUN_PRIVATE_KEY=keys)

    assert done.status == 0, done.stderr


@pytest.mark.rig
@pytest.mark.parametrize(
    ("vars", "key"),
    [
        pytest.param({"client_audience": "https://else.example"}, "es256", id="for another"),
        pytest.param({"client_key_id": "client-rs256"}, "es256", id="another key's id"),
        pytest.param({}, "", id="a stranger's key"),
    ],
)
def test_oidc_provider_refuses_an_assertion_and_nothing_is_stored(
    cli: Cli, oidc_provider: Rig, vars: dict[str, str], key: str
) -> None:
    flow = service(cli, oidc_provider, "rig-service-key", "private_key_jwt", **vars)
    text = rig_key(key, "pem") if key else pem(key_for("ES256"))
    cli.keep_secret(*text.splitlines()[1:-1])
    done = cli(flow, FLOWRUN_PRIVATE_KEY=text)

    assert (done.status, "E502" in done.stderr) == (5, True), done.stderr
    assert "registered" in done.stderr
    assert not cli.record("service").exists()


@pytest.mark.rig
@pytest.mark.parametrize(
    ("client", "auth", "given"),
    [
        ("rig-secret-jwt", "client_secret_jwt", {"FLOWRUN_CLIENT_SECRET": "1"}),
        ("rig-any-secret-jwt", "client_secret_jwt", {"FLOWRUN_CLIENT_SECRET": "2"}),
        ("rig-key-jwt", "private_key_jwt", {"FLOWRUN_PRIVATE_KEY": "es256"}),
    ],
)
def test_a_login_is_refreshed_and_revoked_by_a_client_that_signs(
    cli: Cli, oidc_provider: Rig, approve: str, client: str, auth: str, given: dict[str, str]
) -> None:
    secret = "rig-secret-0123456789-0123456789-0123456789"
    texts = {"1": secret, "2": secret * 2, "es256": rig_key("es256", "pem")}
    environment = {name: texts[value] for name, value in given.items()}
    cli.keep_secret(*environment.values())
    settings = [f"--set={name}={value}" for name, value in oidc_provider.settings.items()]
    path = cli.folder / "login.yaml"
    base = Path(__file__).parent / "recipes" / "provider.yaml"
    path.write_text(base.read_text() + f"\nx-note: {client}\n")
    path.write_text(path.read_text().replace("vars:\n", f"vars:\n  client_auth: {auth}\n", 1))
    if client == "rig-any-secret-jwt":
        path.write_text(path.read_text().replace("vars:\n", "vars:\n  client_alg: HS512\n", 1))
    login = cli(path, *settings, f"--set=client_id={client}", BROWSER=approve, **environment)
    done = [
        login,
        cli("refresh", "provider", **environment),
        cli("revoke", "provider", **environment),
    ]

    assert [each.status for each in done] == [0, 0, 0], done
