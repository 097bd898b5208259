"""What a redirect brings is believed when it is signed for this login, where it has to be."""

from __future__ import annotations

import json

import pytest

from flowrun.errors import CallbackError, FlowError, FlowrunError, ProviderError
from flowrun.message import Response
from flowrun.secret import JSON, Secret, Value, reveal
from flowrun.wire import Encoded
from servers.issuer import (
    CLIENT,
    ISSUER,
    NONCE,
    claims,
    encrypted,
    hash_of,
    id_token,
    jwks,
    key_of,
    public,
    signed,
)
from servers.kinds import NOON, World, run_kind
from standards import proves

AT = "at: 'http://127.0.0.1:8484/'"
KEYS = f"issuer: {ISSUER}, jwks: {ISSUER}/jwks"
STATE = "state-of-this-login"
SENT: dict[str, Value] = {
    "url": f"{ISSUER}/authorize",
    "client_id": CLIENT,
    "state": Secret(STATE),
    "nonce": Secret(NONCE),
    "code_challenge_method": Secret("S256"),
}


def shown(request: Encoded) -> Response:
    body = json.dumps(jwks(public(), public("ES256"))).encode()
    return Response(200, {"content-type": "application/json"}, body)


def capture(
    params: dict[str, str], options: str = KEYS, *, asked: str = "code", mode: str | None = None
) -> dict[str, JSON]:
    """What a capture hands on of a redirect with *params*, after a request for *asked*."""
    sent = {**SENT, "response_type": asked, "response_mode": mode}
    world = World(shown, params=params)
    found = reveal(run_kind("capture", f"{{{AT}, {options}}}", world, authorization=sent))
    assert isinstance(found, dict)
    return found


def refused(
    params: dict[str, str], options: str = KEYS, *, asked: str = "code", mode: str | None = None
) -> str:
    with pytest.raises(FlowrunError) as caught:
        capture(params, options, asked=asked, mode=mode)
    return caught.value.code


# hybrid and implicit


def hybrid(asked: str = "code id_token", **changes: JSON) -> dict[str, str]:
    """A redirect that answers a request for *asked*, its id_token with *changes*."""
    hashes: dict[str, JSON] = {}
    found = {"state": STATE}
    for word, name, value in (("code", "c_hash", "code-1"), ("token", "at_hash", "access-1")):
        if word in asked.split():
            found["code" if word == "code" else "access_token"] = value
            hashes[name] = hash_of(value, "RS256")
    return {**found, "id_token": id_token(**{**hashes, **changes})}


TYPES = ["code id_token", "id_token", "id_token token", "code id_token token"]


@pytest.mark.parametrize("asked", TYPES)
@proves(
    "OpenID Connect Core", "3.3.2.8", "an id_token in the redirect is checked as one in an answer"
)
@proves(
    "Multiple Response Types",
    "5",
    "id_token, id_token token, code id_token and code id_token token",
)
def test_an_id_token_may_come_through_the_browser(asked: str) -> None:
    params = hybrid(asked)

    assert capture(params, asked=asked) == params


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://evil.example"}, "E523"),
        ({"aud": "other"}, "E524"),
        ({"exp": NOON - 90}, "E525"),
        ({"iat": NOON + 90}, "E526"),
        ({"nonce": "of another login"}, "E527"),
        ({"nonce": None}, "E527"),
        ({"c_hash": hash_of("code-2", "RS256")}, "E528"),
        ({"c_hash": None}, "E520"),
        ({"at_hash": hash_of("access-2", "RS256")}, "E528"),
        ({"at_hash": None}, "E520"),
    ],
)
@proves("OpenID Connect Core", "3.3.2.10", "a code that the id_token was not made with is refused")
@proves("OpenID Connect Core", "3.2.2.9", "a token that the id_token was not made with is refused")
def test_what_is_wrong_with_it_has_the_same_codes(changes: dict[str, JSON], code: str) -> None:
    params = hybrid("code id_token token", **changes)

    assert refused(params, asked="code id_token token") == code


@proves(
    "OpenID Connect Core", "3.2.2.11", "an id_token in the redirect must be signed by the issuer"
)
def test_only_a_signature_proves_what_came_through_a_browser() -> None:
    params = hybrid()
    foreign = signed(claims(c_hash=hash_of("code-1", "RS256")), key=key_of("RS256", "foreign"))

    assert refused({**params, "id_token": foreign}, asked="code id_token") == "E521"
    assert refused(params, f"issuer: {ISSUER}", asked="code id_token") == "E207"
    assert capture(params, "id_token: off", asked="code id_token")
    secret = f"id_token: {{alg: HS256, secret: {'s' * 32}}}"
    shared = signed(claims(c_hash=hash_of("code-1", "HS256")), "HS256", key="s" * 32)
    assert capture({**params, "id_token": shared}, secret, asked="code id_token")


def test_an_id_token_that_was_asked_for_has_to_come() -> None:
    assert refused({"state": STATE, "code": "code-1"}, asked="code id_token") == "E413"


def test_an_id_token_that_nobody_asked_for_is_not_looked_at() -> None:
    params = {"state": STATE, "code": "code-1", "id_token": "made-up"}

    assert capture(params, "timeout: 2m") == params


@pytest.mark.parametrize(("asked", "sent"), [("id_token token", True), ("code", False)])
@proves("OpenID Connect Core", "3.2.2.1", "a nonce is sent wherever an id_token comes back at once")
@proves("OpenID Connect Core", "15.5.2", "it is a new one for each login")
def test_a_nonce_goes_with_each_id_token(asked: str, sent: bool) -> None:
    options = f"{{url: '{ISSUER}/authorize', query: {{response_type: {asked}}}}}"
    one, two = (run_kind("authorize", options) for _ in range(2))

    assert [made["nonce"] is not None for made in (one, two)] == [sent, sent]
    assert one["nonce"] != two["nonce"] or not sent


@proves("RFC 7636", "4.3", "a challenge is sent wherever a code comes back")
def test_where_no_code_comes_back_nothing_is_bound_to_it() -> None:
    for asked, bound in (("code id_token", True), ("id_token token", False), ("token", False)):
        options = f"{{url: '{ISSUER}/authorize', query: {{response_type: {asked}}}}}"

        assert ("code_challenge" in str(run_kind("authorize", options)["url"])) is bound


@proves(
    "OpenID Connect Core", "3.2.2.1", "an id_token in the redirect is not taken without a nonce"
)
def test_without_a_nonce_no_id_token_is_this_login_s() -> None:
    sent = {**SENT, "response_type": "code id_token", "nonce": None}

    with pytest.raises(FlowError) as caught:
        run_kind("capture", f"{{{AT}, {KEYS}}}", World(shown), authorization=sent)
    assert caught.value.code == "E224"


@pytest.mark.parametrize("asked", ["code", "code id_token"])
def test_nobody_is_sent_off_before_the_keys_are_there(asked: str) -> None:
    world = World(lambda _: Response(500, {}, b""))
    sent = {**SENT, "response_type": asked}

    with pytest.raises(ProviderError):
        run_kind("capture", f"{{{AT}, {KEYS}}}", world, authorization=sent)
    assert world.window.opened == []


# the same person at both ends


@pytest.mark.parametrize(
    ("changes", "code"),
    [({}, ""), ({"sub": "mallory"}, "E529"), ({"iss": "https://evil.example"}, "E523")],
)
@proves("OpenID Connect Core", "3.3.3.6", "both id_tokens of a hybrid login are about one person")
def test_the_token_endpoint_speaks_of_whom_the_redirect_speaks(
    changes: dict[str, JSON], code: str
) -> None:
    front = capture(hybrid(), asked="code id_token")
    body = {"access_token": "access-1", "id_token": id_token(**changes)}
    answer = Response(200, {"content-type": "application/json"}, json.dumps(body).encode())
    options = f"{{post: '{ISSUER}/token', form: {{code: '{{{{ callback.code }}}}'}}}}"
    sent = {**SENT, "response_type": "code id_token"}
    callback: dict[str, Value] = {name: Secret(value) for name, value in front.items()}

    def redeemed() -> Value:
        world = World(lambda _: answer)
        return run_kind("token", options, world, authorization=sent, callback=callback)

    if not code:
        assert redeemed()
        return
    with pytest.raises(ProviderError) as caught:
        redeemed()
    assert caught.value.code == code


# the issuer names itself


@proves("RFC 9207", "2.4", "a redirect without iss is refused where the server always sends it")
def test_a_redirect_may_have_to_say_whom_it_comes_from() -> None:
    options = f"issuer: {ISSUER}, iss: required"
    params = {"state": STATE, "code": "code-1"}

    assert capture({**params, "iss": ISSUER}, options)
    assert refused(params, options) == "E413"
    assert refused({**params, "iss": "https://evil.example"}, options) == "E409"
    assert capture(params, f"issuer: {ISSUER}") == params


@proves("RFC 9207", "2.4", "an id_token in the redirect names the issuer as well")
def test_an_id_token_says_whom_the_redirect_comes_from() -> None:
    options = f"{KEYS}, iss: required"

    assert capture(hybrid(), options, asked="code id_token")
    assert refused({**hybrid(), "iss": "https://evil"}, options, asked="code id_token") == "E409"
    foreign = hybrid(iss="https://evil.example")
    assert refused(foreign, options, asked="code id_token") == "E523"


# replay


@proves("RFC 9700", "4.5", "a redirect of another login is not taken, signed or not")
def test_what_was_for_an_earlier_login_is_not_taken_again() -> None:
    earlier = {**hybrid(), "state": "state-of-an-earlier-login"}

    assert refused(earlier, asked="code id_token") == "E404"
    assert (
        refused({**earlier, "state": STATE, **nonce_of("earlier")}, asked="code id_token") == "E527"
    )
    assert refused(response(state="state-of-an-earlier-login"), mode="jwt") == "E404"


def nonce_of(login: str) -> dict[str, str]:
    """The id_token that another login has brought."""
    return {"id_token": hybrid(nonce=f"nonce-of-{login}")["id_token"]}


# JARM


def response(
    alg: str = "RS256", /, *, key: str | None = None, kid: str = "one", **changes: JSON
) -> dict[str, str]:
    """A redirect whose parameters stand in one that is signed, with *changes*."""
    usual: dict[str, JSON] = {
        "iss": ISSUER,
        "aud": CLIENT,
        "exp": NOON + 60,
        "state": STATE,
        "code": "code-1",
    }
    said = {name: value for name, value in {**usual, **changes}.items() if value is not None}
    return {"response": signed(said, alg, kid=kid, key=key)}


MODES = ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"]


@pytest.mark.parametrize("mode", MODES)
@proves("JARM", "2.3", "a signed response comes as a query, a fragment or a form")
@proves("JARM", "2.4", "its signature, issuer, audience and end are checked")
def test_all_parameters_may_come_as_one_that_is_signed(mode: str) -> None:
    found = capture(response(), mode=mode)

    assert found == {"iss": ISSUER, "state": STATE, "code": "code-1"}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        pytest.param(response(iss="https://evil.example"), "E409", id="another issuer"),
        pytest.param(response(iss=None), "E412", id="no issuer"),
        pytest.param(response(aud="other"), "E412", id="another client"),
        pytest.param(response(aud=None), "E412", id="no client"),
        pytest.param(response(exp=NOON - 90), "E412", id="ended"),
        pytest.param(response(exp=None), "E412", id="without end"),
        pytest.param(response("ES256"), "E412", id="another algorithm"),
        pytest.param(response(kid="foreign"), "E412", id="another key"),
        pytest.param({"state": STATE, "code": "code-1"}, "E412", id="not signed"),
        pytest.param(response(state="of another login"), "E404", id="another login"),
        pytest.param({"code": "code-1"}, "E404", id="not signed and not tied"),
        pytest.param({"response": "made-up"}, "E404", id="no token"),
        pytest.param(response(code=None, error="access_denied"), "E402", id="denied"),
        pytest.param(response(code=None), "E405", id="no code"),
    ],
)
@proves("JARM", "2.4", "a response that is not signed, or for another client, is refused")
def test_what_is_wrong_with_a_signed_redirect(params: dict[str, str], code: str) -> None:
    assert refused(params, mode="query.jwt") == code


@proves("JARM", "2.4", "alg none is refused")
def test_a_redirect_with_alg_none_is_refused() -> None:
    _, payload, _ = response()["response"].split(".")

    assert refused({"response": f"eyJhbGciOiJub25lIn0.{payload}."}, mode="jwt") == "E412"


def test_a_pasted_code_has_no_signature() -> None:
    world = World(shown, params={"code": "code-1"})
    world.window.bare = True
    sent = {**SENT, "response_type": "code", "response_mode": "jwt"}

    with pytest.raises(CallbackError, match="paste the whole address"):
        run_kind("capture", f"{{{AT}, {KEYS}}}", world, authorization=sent)


@proves("JARM", "2.2", "a response that is signed and encrypted is opened first")
def test_a_signed_redirect_may_be_encrypted() -> None:
    key = key_of("RS256", "ours")
    pem = json.dumps(json.dumps(key.as_dict(private=True)))
    closed = {"response": encrypted(response()["response"], key, "RSA-OAEP-256")}
    options = f"{KEYS}, signed: {{decrypt: {pem}}}"

    assert capture(closed, options, mode="jwt")["code"] == "code-1"
    assert refused(response(), options, mode="jwt") == "E404"
    assert refused(closed, mode="jwt") == "E404"
