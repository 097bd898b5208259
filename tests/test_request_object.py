"""Authorization requests that are signed and encrypted (RFC 9101)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwe

from flowrun.errors import FlowError, ProviderError
from flowrun.message import Response
from flowrun.secret import Secret, Value, reveal
from flowrun.services import Outputs
from flowrun.wire import Encoded
from servers.command import Cli
from servers.keys import Key, jwks, key_for, pem, read
from servers.kinds import NOON, World, answer, run_kind
from servers.rig import Rig, key_of
from standards import proves

AUTHORIZE = "https://id.example.com/authorize"
REDIRECT = "redirect_uri: 'http://127.0.0.1/cb'"
QUERY = f"{{response_type: code, client_id: app, {REDIRECT}, scope: openid, max_age: '60'}}"
SECRET = "fake-secret-of-the-client-0123456789"
RIG_SECRET = "rig-secret-0123456789-0123456789-0123456789"


def authorized(
    said: str, more: str = "", /, world: World | None = None, **inputs: Value
) -> Outputs:
    options = f"{{url: '{AUTHORIZE}', request_object: {said}, query: {QUERY}{more}}}"
    sealed = {
        name: Secret(value) if isinstance(value, str) else value for name, value in inputs.items()
    }
    return run_kind("authorize", options, world or World(), inputs=sealed)


def carried(made: Outputs) -> dict[str, str]:
    """The parameters that the browser carries."""
    return dict(parse_qsl(urlsplit(str(made["url"])).query, strict_parsing=True))


def opened(token: str, key: Key) -> tuple[Mapping[str, object], str]:
    """The header and the content of an encrypted token."""
    coded = token.partition(".")[0]
    header = json.loads(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
    found = jwe.decrypt_compact(token, key, algorithms=[header["alg"], header["enc"]])
    assert found.plaintext is not None
    return header, found.plaintext.decode()


# What is sent


@proves("RFC 9101", "5", "the browser carries client_id and the object, and nothing beside them")
@proves("RFC 9101", "4", "every parameter is a claim, with iss the client and aud the server")
@proves("RFC 9101", "10.8", "the object says its type, so that nothing else can be taken for it")
def test_every_parameter_is_signed_and_none_stands_beside_it() -> None:
    key = key_for("ES256")
    made = authorized("{key: '{{ inputs.key }}', key_id: key-1}", key=pem(key))
    sent = carried(made)
    header, claims = read(sent.pop("request"), key, "ES256")

    assert sent == {"client_id": "app"}
    assert header == {"alg": "ES256", "typ": "oauth-authz-req+jwt", "kid": "key-1"}
    assert claims.pop("state") == reveal(made["state"])
    assert len(str(claims.pop("code_challenge"))) == 43
    assert len(str(claims.pop("jti"))) > 16
    assert claims == {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": "http://127.0.0.1/cb",
        "scope": "openid",
        "max_age": 60,
        "code_challenge_method": "S256",
        "iss": "app",
        "aud": "https://id.example.com",
        "iat": NOON,
        "nbf": NOON,
        "exp": NOON + 300,
    }


@proves("OpenID Connect Core", "6.1", "response_type and scope stand beside the object, too")
def test_openid_wants_some_beside_it() -> None:
    made = authorized("{key: '{{ inputs.key }}'}", ", openid: true", key=pem(key_for("ES256")))
    sent = carried(made)
    _, claims = read(sent.pop("request"), key_for("ES256"), "ES256")

    assert sent == {"client_id": "app", "response_type": "code", "scope": "openid"}
    assert claims["nonce"] == reveal(made["nonce"])


@pytest.mark.parametrize("alg", ["RS256", "PS384", "ES512", "EdDSA"])
def test_it_is_signed_as_the_recipe_says(alg: str) -> None:
    said = f"{{key: '{{{{ inputs.key }}}}', alg: {alg}, audience: 'https://issuer.example'}}"
    sent = carried(authorized(said, key=pem(key_for(alg))))
    _, claims = read(sent["request"], key_for(alg), alg)

    assert claims["aud"] == "https://issuer.example"


def test_a_secret_can_sign_it() -> None:
    sent = carried(authorized("{secret: '{{ inputs.secret }}'}", secret=SECRET))
    header, claims = read(sent["request"], SECRET, "HS256")

    assert (header["alg"], claims["client_id"]) == ("HS256", "app")


@proves("OpenID Connect Core", "6.1", "maps are values in it, and not texts of JSON")
def test_maps_stay_maps_and_null_claims_are_wishes() -> None:
    key = key_for("ES256")
    claims = "{id_token: {email: {essential: true}, name: null}}"
    query = f"{{client_id: app, claims: {claims}, resource: ['https://a.example/', 'https://b.example/']}}"
    options = (
        f"{{url: '{AUTHORIZE}', request_object: {{key: '{{{{ inputs.key }}}}'}}, query: {query}}}"
    )
    made = run_kind("authorize", options, inputs={"key": Secret(pem(key))})
    _, said = read(carried(made)["request"], key, "ES256")

    assert said["claims"] == {"id_token": {"email": {"essential": True}, "name": None}}
    assert said["resource"] == ["https://a.example/", "https://b.example/"]


@proves("RFC 9101", "6.1", "signed first, then encrypted for the server")
@pytest.mark.parametrize(
    ("alg", "given", "enc"),
    [
        ("", "RSA-OAEP-256", "A128CBC-HS256"),
        (", alg: RSA-OAEP, enc: A256GCM", "RSA-OAEP", "A256GCM"),
    ],
)
def test_it_is_encrypted_for_the_provider(alg: str, given: str, enc: str) -> None:
    key, theirs = key_for("ES256"), key_for("RS256")
    public = jwks(json.dumps({**theirs.as_dict(private=False), "kid": "theirs", "use": "enc"}))
    said = f"{{key: '{{{{ inputs.key }}}}', encrypt: {{key: '{{{{ inputs.theirs }}}}'{alg}}}}}"
    token = carried(authorized(said, key=pem(key), theirs=public))["request"]
    header, inner = opened(token, theirs)
    _, claims = read(inner, key, "ES256")

    assert header == {"alg": given, "enc": enc, "cty": "JWT", "kid": "theirs"}
    assert claims["redirect_uri"] == "http://127.0.0.1/cb"


def test_the_key_comes_from_where_the_provider_shows_its_keys() -> None:
    theirs = key_for("ES384")
    signs = json.dumps({**key_for("RS256").as_dict(private=False), "kid": "sig", "use": "sig"})
    enc = json.dumps({**theirs.as_dict(private=False), "kid": "enc", "use": "enc"})
    world = World(lambda _: answer(**json.loads(jwks(signs, enc))))
    said = "{key: '{{ inputs.key }}', encrypt: {}}"
    made = authorized(
        said, ", jwks: 'https://id.example.com/jwks'", world, key=pem(key_for("ES256"))
    )
    header, _ = opened(carried(made)["request"], theirs)

    assert world.request.url == "https://id.example.com/jwks"
    assert (header["alg"], header["kid"]) == ("ECDH-ES", "enc")


def test_what_is_encrypted_may_be_secret() -> None:
    theirs = pem(key_for("RS256"))
    query = "{client_id: app, login_hint: '{{ inputs.hint }}'}"
    said = "{key: '{{ inputs.key }}', encrypt: {key: '{{ inputs.theirs }}'}}"
    options = f"{{url: '{AUTHORIZE}', request_object: {said}, query: {query}}}"
    inputs: dict[str, Value] = {
        "key": Secret(pem(key_for("ES256"))),
        "theirs": theirs,
        "hint": Secret("fake-secret"),
    }
    made = run_kind("authorize", options, inputs=inputs)
    _, inner = opened(carried(made)["request"], key_for("RS256"))

    assert read(inner, key_for("ES256"), "ES256")[1]["login_hint"] == "fake-secret"
    with pytest.raises(FlowError, match="would show a secret"):
        run_kind("authorize", options.replace("encrypt:", "x-encrypt:"), inputs=inputs)


@proves("RFC 9126", "3", "an object is handed in with the client's credentials beside it")
def test_an_object_can_be_handed_in() -> None:
    def accepted(_: Encoded) -> Response:
        return answer(201, request_uri="urn:x:1", expires_in=60)

    world, key = World(accepted), key_for("ES256")
    client = ", par: 'https://id.example.com/par', client: {id: app, secret: '{{ inputs.secret }}'}"
    made = authorized("{key: '{{ inputs.key }}'}", client, world, key=pem(key), secret=SECRET)
    form = dict(parse_qsl((world.request.body or b"").decode()))
    _, claims = read(form.pop("request"), key, "ES256")

    assert form == {"client_id": "app", "client_secret": SECRET}
    assert claims["redirect_uri"] == "http://127.0.0.1/cb"
    assert carried(made) == {"client_id": "app", "request_uri": "urn:x:1"}


# What cannot be made


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        ("{key: '{{ inputs.key }}', alg: ES384}", "ES256", "the key cannot sign with ES384"),
        ("{key: '{{ inputs.key }}', alg: HS256}", "ES256", "the key cannot sign with HS256"),
        (
            "{key: '{{ inputs.key }}', encrypt: {key: '{{ inputs.key }}', alg: RSA-OAEP}}",
            "ES256",
            "there is no key to encrypt for with RSA-OAEP",
        ),
        ("{key: '{{ inputs.key }}', encrypt: {key: no key}}", "ES256", "this is no key"),
    ],
)
def test_what_cannot_be_made_is_told_without_the_key(said: str, kind: str, message: str) -> None:
    key = pem(key_for(kind))
    with pytest.raises(ProviderError) as caught:
        authorized(said, key=key)

    assert caught.value.code == "E518"
    assert message in str(caught.value)
    assert key.splitlines()[1] not in repr(caught.value.problems)


# The whole program

RECIPE = """
flowrun: 1
extends: base/authorization-code
name: object
inputs:
  redirect_uri: {default: "http://127.0.0.1:0/callback"}
steps:
  - authorize: {request_object: %(said)s, jwks: %(jwks)s}
"""


def at_rig(cli: Cli, rig: Rig, client: str, said: str, **more: str) -> Path:
    path = cli.folder / "object.yaml"
    vars = {"authorize_url": f"{rig.issuer}/auth", "token_url": f"{rig.issuer}/token", **more}
    text = RECIPE % {"said": said, "jwks": f"{rig.issuer}/jwks"}
    values = f"values: {{client_id: {client}, scope: ['api:read']}}"
    path.write_text(f"{text}vars: {json.dumps(vars)}\n{values}\n")
    return path


def rig_key(name: str) -> str:
    return key_of("oidc-provider", f"client-{name}.pem")


@pytest.mark.parametrize("par", ["", "https://id.example.com/par"])
@pytest.mark.parametrize("closed", ["", ", encrypt: {}"])
def test_the_sandbox_takes_an_object(cli: Cli, par: str, closed: str) -> None:
    path = cli.folder / "object.yaml"
    urls = "authorize_url: https://id.example.com/a, token_url: https://id.example.com/t"
    said = f'{{key: "{{{{ inputs.private_key }}}}"{closed}}}'
    text = RECIPE % {"said": said, "jwks": "https://id.example.com/jwks"}
    path.write_text(f"{text}vars: {{{urls}, par_url: '{par}'}}\n")
    done = cli(path, "--sandbox", "-v")

    assert done.status == 0, done.stderr
    assert "redirect_uri" not in done.stderr


def test_a_key_that_does_not_fit_is_told_before_anybody_is_asked(cli: Cli) -> None:
    rig = Rig("http://127.0.0.1:1", {})
    flow = at_rig(
        cli, rig, "app", '{key: "{{ inputs.private_key }}", alg: RS256}', client_auth="none"
    )
    key, opened = pem(key_for("ES256")), cli.folder / "opened"
    cli.keep_secret(*key.splitlines()[1:-1])
    done = cli(flow, FLOWRUN_PRIVATE_KEY=key, BROWSER=f"touch {opened}")

    assert (done.status, "E518" in done.stderr) == (5, True), done.stderr
    assert not opened.exists()


@pytest.mark.rig
@proves(
    "RFC 9101",
    "6.2",
    "oidc-provider believes what is signed, and takes nothing else from that client",
)
@pytest.mark.parametrize("name", ["rs256", "es512", "eddsa"])
@pytest.mark.parametrize("closed", ["", ", encrypt: {}", ", encrypt: {alg: ECDH-ES, enc: A256GCM}"])
def test_oidc_provider_takes_an_object(
    cli: Cli, oidc_provider: Rig, approve: str, name: str, closed: str
) -> None:
    said = f'{{key: "{{{{ inputs.private_key }}}}", key_id: client-{name}{closed}}}'
    flow = at_rig(cli, oidc_provider, "rig-jar", said, client_auth="none")
    key = rig_key(name)
    cli.keep_secret(*key.splitlines()[1:-1])
    done = cli(flow, "-v", BROWSER=approve, FLOWRUN_PRIVATE_KEY=key)

    assert done.status == 0, done.stderr
    assert json.loads(cli.record("object").read_text())["scope"] == "api:read"


@pytest.mark.rig
def test_oidc_provider_takes_an_object_that_is_handed_in(
    cli: Cli, oidc_provider: Rig, approve: str
) -> None:
    said = '{key: "{{ inputs.private_key }}", encrypt: {}}'
    par = {"par_url": f"{oidc_provider.issuer}/request", "client_auth": "basic"}
    flow = at_rig(cli, oidc_provider, "rig-jar-par", said, **par)
    secrets = {"FLOWRUN_PRIVATE_KEY": rig_key("es256"), "FLOWRUN_CLIENT_SECRET": RIG_SECRET}
    done = cli(flow, BROWSER=approve, **secrets)

    assert done.status == 0, done.stderr


@pytest.mark.rig
def test_oidc_provider_takes_an_object_that_a_secret_signs(
    cli: Cli, oidc_provider: Rig, approve: str
) -> None:
    said = '{secret: "{{ inputs.client_secret }}"}'
    flow = at_rig(cli, oidc_provider, "rig-jar-secret", said)
    done = cli(flow, BROWSER=approve, FLOWRUN_CLIENT_SECRET=RIG_SECRET)

    assert done.status == 0, done.stderr


@pytest.mark.rig
@pytest.mark.parametrize(
    ("said", "key"),
    [
        pytest.param('{key: "{{ inputs.private_key }}"}', "", id="a stranger's key"),
        pytest.param(
            '{key: "{{ inputs.private_key }}", audience: "https://else.example"}',
            "es256",
            id="for another",
        ),
    ],
)
def test_oidc_provider_refuses_an_object_that_is_handed_in(
    cli: Cli, oidc_provider: Rig, said: str, key: str
) -> None:
    par = {"par_url": f"{oidc_provider.issuer}/request", "client_auth": "basic"}
    flow = at_rig(cli, oidc_provider, "rig-jar-par", said, **par)
    secrets = {"FLOWRUN_PRIVATE_KEY": rig_key(key) if key else pem(key_for("ES256"))}
    done = cli(flow, BROWSER="false %s", FLOWRUN_CLIENT_SECRET=RIG_SECRET, **secrets)

    assert (done.status, "E517" in done.stderr) == (5, True), done.stderr
    assert "invalid_request_object" in done.stderr
    assert not cli.record("object").exists()
