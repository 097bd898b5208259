"""An API's answer is taken only as the issuer signs it, where the recipe asks for that."""

from __future__ import annotations

import json

import pytest

from flowrun.errors import FlowrunError
from flowrun.message import Response
from flowrun.secret import JSON, reveal
from flowrun.wire import Encoded
from servers.issuer import CLIENT, ISSUER, encrypted, jwks, key_of, public, signed
from servers.kinds import NOON, World, answer, run_kind
from standards import proves

SECRET = "fake-secret-of-acme-0123456789abcdef"
KEYS = f"issuer: {ISSUER}, jwks: {ISSUER}/jwks"
USERINFO = f"get: {ISSUER}/me, bearer: access-1, outputs: {{sub: response.json.sub}}"
INTROSPECT = (
    f"post: {ISSUER}/introspect, client: {{id: {CLIENT}, secret: {SECRET}, auth: basic}}, "
    "form: {token: access-1}, expect: response.json.active, outputs: {scope: response.json.scope}"
)


def asked(
    text: str, options: str, kind: str = "application/jwt", status: int = 200
) -> tuple[JSON, str]:
    """What the step hands on, and what it has said that it takes."""

    def served(request: Encoded) -> Response:
        if request.url.endswith("/jwks"):
            body = json.dumps(jwks(public(), public("ES256"))).encode()
            return Response(200, {"content-type": "application/json"}, body)
        return Response(status, {"content-type": kind}, text.encode())

    world = World(served)
    outputs = reveal(run_kind("http", f"{{{options}}}", world))
    return outputs, dict(world.wire.sent[-1].headers).get("Accept", "")


def refused(text: str, options: str, kind: str = "application/jwt", status: int = 200) -> str:
    with pytest.raises(FlowrunError) as caught:
        asked(text, options, kind, status)
    return caught.value.code


def person(alg: str = "RS256", /, kid: str = "one", **changes: JSON) -> str:
    said: dict[str, JSON] = {"iss": ISSUER, "aud": CLIENT, "sub": "alice", **changes}
    return signed({name: v for name, v in said.items() if v is not None}, alg, kid=kid)


USER = f"{USERINFO}, {KEYS}, signed: {{audience: {CLIENT}}}"


@proves("OpenID Connect Core", "5.3.2", "userinfo that is signed is checked as an id_token is")
def test_who_it_is_can_be_signed() -> None:
    outputs, accept = asked(person(), USER)

    assert outputs == {"sub": "alice"}
    assert accept == "application/token-introspection+jwt, application/jwt"
    assert asked(person(iss=None, aud=None), USER)[0] == {"sub": "alice"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"sub": "alice"}', id="not signed"),
        pytest.param(person(kid="foreign"), id="another key"),
        pytest.param(person("ES256"), id="another algorithm"),
        pytest.param(person(iss="https://evil.example"), id="another issuer"),
        pytest.param(person(aud="other"), id="another client"),
        pytest.param(person(exp=NOON - 90), id="ended"),
        pytest.param("eyJhbGciOiJub25lIn0.e30.", id="alg none"),
    ],
)
def test_what_is_wrong_with_it_is_one_error(text: str) -> None:
    assert refused(text, USER) == "E519"


def test_an_answer_that_is_not_signed_is_none_whatever_it_is_called() -> None:
    assert refused('{"sub": "alice"}', USER, "application/json") == "E519"


def test_a_refusal_need_not_be_signed() -> None:
    assert refused('{"error": "invalid_token"}', USER, "application/json", 401) == "E509"


def test_what_is_signed_needs_a_key() -> None:
    assert refused(person(), f"{USERINFO}, signed: {{}}") == "E207"


def test_userinfo_may_be_encrypted() -> None:
    key = key_of("ES256", "ours")
    private = json.dumps(json.dumps(key.as_dict(private=True)))
    closed = encrypted(person(), key, "ECDH-ES+A128KW", "A128CBC-HS256")
    options = f"{USERINFO}, {KEYS}, signed: {{audience: {CLIENT}, decrypt: {private}}}"

    assert asked(closed, options)[0] == {"sub": "alice"}
    assert refused(person(), options) == "E519"
    assert refused(closed, USER) == "E519"


@proves("OpenID Connect Core", "5.3.2", "userinfo about somebody else than the id_token is refused")
def test_it_must_be_the_person_of_the_login() -> None:
    plain = f"{USERINFO}, subject: alice"

    assert asked('{"sub": "alice"}', plain, "application/json")
    assert refused('{"sub": "mallory"}', plain, "application/json") == "E529"
    assert refused('{"name": "alice"}', plain, "application/json") == "E529"
    assert refused(person(sub="mallory"), f"{USER}, subject: alice") == "E529"


# introspection


def told(alg: str = "RS256", /, typ: str = "token-introspection+jwt", **changes: JSON) -> str:
    inner: JSON = {"active": True, "scope": "read"}
    said: dict[str, JSON] = {"iss": ISSUER, "aud": CLIENT, "iat": NOON, **changes}
    said["token_introspection"] = said.get("token_introspection", inner)
    return signed({name: v for name, v in said.items() if v is not None}, alg, typ=typ)


KIND = "application/token-introspection+jwt"
INTROSPECTION = f"{INTROSPECT}, {KEYS}, signed: {{}}"


@proves("RFC 9701", "5", "an introspection response that is signed reads as one that is not")
@proves("RFC 9701", "4", "it is asked for with its media type")
def test_an_introspection_can_be_signed() -> None:
    outputs, accept = asked(told(), INTROSPECTION, KIND)

    assert outputs == {"scope": "read"}
    assert "application/token-introspection+jwt" in accept


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(told(typ="JWT"), id="of another kind"),
        pytest.param(told(iss=None), id="no issuer"),
        pytest.param(told(iss="https://evil.example"), id="another issuer"),
        pytest.param(told(aud="other"), id="another client"),
        pytest.param(told(aud=None), id="no client"),
        pytest.param(told(iat=None), id="no time"),
        pytest.param(told(iat=NOON + 90), id="from the future"),
    ],
)
@proves("RFC 9701", "5", "its type, issuer, audience and time are checked")
@proves("RFC 9701", "8.1", "a JWT of another kind is no introspection response")
def test_what_is_wrong_with_an_introspection(text: str) -> None:
    assert refused(text, INTROSPECTION, KIND) == "E519"


def test_an_inactive_token_is_told_by_a_signed_answer() -> None:
    dead = told(token_introspection={"active": False})

    assert refused(dead, INTROSPECTION, KIND) == "E509"


def test_an_answer_without_a_signature_still_works_without_the_option() -> None:
    world = World(lambda _: answer(active=True, scope="read"))

    assert reveal(run_kind("http", f"{{{INTROSPECT}}}", world)) == {"scope": "read"}
