"""The rules of OAuth, with the examples of their RFCs."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.errors import CallbackError, FlowError, ProviderError
from flowrun.message import Response
from flowrun.oauth.answer import Refusal, payload_of, refusal_in, refused
from flowrun.oauth.client import Client, authenticate, basic
from flowrun.oauth.expiry import expires_at, moment, seconds
from flowrun.oauth.pkce import challenge_of, new_verifier
from flowrun.oauth.redirect import Expected, answers_to, judge, mode_of
from flowrun.secret import JSON, Secret, Value, reveal
from standards import proves

NOON = 1_700_000_000.9
HOST = "https://server.example.com"
JSON_TYPE = {"content-type": "application/json;charset=UTF-8"}

# RFC 7636


@proves("RFC 7636", "4.2", "makes the S256 challenge of its code verifier, as appendix B has it")
def test_the_challenge_of_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert challenge_of(verifier, "plain") == verifier


@proves("RFC 7636", "4.1", "makes a new random verifier for each login")
def test_a_verifier_is_long_enough_and_never_the_same() -> None:
    verifiers = {new_verifier() for _ in range(100)}

    assert len(verifiers) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier) for verifier in verifiers)


@given(st.text("abcXYZ019-._~", min_size=43, max_size=128))
def test_a_challenge_has_43_characters_without_padding(verifier: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", challenge_of(verifier))


# RFC 6749 section 2.3.1

RFC_CLIENT = Client("s6BhdRkqt3", Secret("7Fjfp0ZBr1KtDRbnfVdmIw"))
RFC_HEADER = "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"


@proves("RFC 6749", "2.3.1", "authenticates with a Basic header")
@pytest.mark.parametrize("auth", ["basic", "basic-raw"])
def test_the_basic_header_of_rfc_6749(auth: str) -> None:
    body, headers = authenticate(RFC_CLIENT._replace(auth=auth))

    assert (body, reveal(headers)) == ({}, {"Authorization": RFC_HEADER})


@proves("RFC 6749", "2.3.1", "authenticates in the body where the recipe says so")
def test_the_body_of_rfc_6749() -> None:
    body, headers = authenticate(RFC_CLIENT)

    assert headers == {}
    assert reveal(body) == {"client_id": "s6BhdRkqt3", "client_secret": "7Fjfp0ZBr1KtDRbnfVdmIw"}


@pytest.mark.parametrize(
    ("auth", "pair"),
    [("basic", "a+b%25:%C3%BC%2B%2F%3A"), ("basic-raw", "a b%:ü+/:")],
)
def test_odd_characters_are_form_encoded_unless_raw(auth: str, pair: str) -> None:
    _, headers = authenticate(Client("a b%", Secret("ü+/:"), auth))
    header = str(reveal(headers["Authorization"]))

    assert base64.b64decode(header.removeprefix("Basic ")).decode() == pair


@proves("RFC 6749", "3.2.1", "a client without a secret names itself")
@pytest.mark.parametrize("auth", ["post", "basic", "basic-raw", "none"])
def test_a_public_client_only_names_itself(auth: str) -> None:
    assert authenticate(Client("acme", None, auth)) == ({"client_id": "acme"}, {})


@proves("RFC 7617", "2", "refuses a user with a colon, and control characters")
@pytest.mark.parametrize(
    ("user", "password"),
    [("a:b", "c"), ("a", "b\r\nX: y"), ("a\0", "b"), ("a", "b\udc80"), ("a", ["b"]), ({}, "b")],
)
def test_what_would_leave_its_half_of_a_basic_header_is_refused(
    user: Value, password: Value
) -> None:
    with pytest.raises(FlowError) as caught:
        basic(user, password)

    assert caught.value.code == "E222"


def test_a_client_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(FlowError, match="not valid Unicode"):
        authenticate(Client("acme", Secret("fake-\udc80"), "basic"))


def test_a_header_shows_no_secret() -> None:
    assert "***" in repr(basic("acme", Secret("fake-secret-of-acme")))


def test_another_way_to_authenticate_is_refused() -> None:
    with pytest.raises(FlowError, match="'basci' is no way") as caught:
        authenticate(Client("acme", Secret("x"), "basci"))

    assert caught.value.problems[0].hint == "Did you mean 'basic'?"


# RFC 6749 section 4.1.2

STATE = Expected(state="xyz", pkce=True)


@proves("RFC 6749", "4.1.2", "takes the code of a redirect that brings back its state")
def test_the_redirect_of_rfc_6749_is_ours() -> None:
    judge({"code": "SplxlOBeZQQYbYS6WxSbIA", "state": "xyz"}, STATE)


@proves("RFC 6749", "4.1.2.1", "tells each error by its own code, if the state is ours")
@pytest.mark.parametrize(
    ("params", "expected", "code", "message"),
    [
        ({"code": "a", "state": "zyx"}, STATE, "E404", "another state"),
        ({"code": "a", "state": ""}, STATE, "E404", "no state"),
        ({"code": "a"}, STATE, "E404", "no state"),
        ({"code": "a", "state": "xyzé"}, STATE, "E404", "another state"),
        ({"error": "access_denied", "state": "xyz"}, STATE, "E402", "access_denied"),
        ({"error": "access_denied"}, STATE, "E404", "without the state"),
        (
            {"error": "invalid_scope", "error_description": "no such scope", "state": "xyz"},
            STATE,
            "E403",
            "invalid_scope: no such scope",
        ),
        ({"error": "made_up", "state": "xyz"}, STATE, "E403", "made_up"),
        ({"state": "xyz"}, STATE, "E405", "no code, but state"),
        ({"state": "xyz", "code": ""}, STATE, "E405", "no code"),
        ({"state": "xyz", "access_token": "a"}, STATE, "E405", "access_token, state"),
        (
            {"code": "a", "state": "xyz", "iss": "https://evil.example"},
            STATE._replace(issuer="https://id.example"),
            "E409",
            "https://evil.example, not https://id.example",
        ),
        ({}, Expected(state=None, pkce=False), "E405", "nothing"),
    ],
)
def test_a_redirect_that_is_no_answer_is_refused(
    params: Mapping[str, str], expected: Expected, code: str, message: str
) -> None:
    with pytest.raises(CallbackError) as caught:
        judge(params, expected)

    assert caught.value.code == code
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"code": "a"}, Expected(state=None, pkce=False)),
        ({"auth_code": "a", "state": "xyz"}, STATE._replace(answers=("auth_code",))),
        ({"code": "a", "state": "xyz", "iss": "i"}, STATE._replace(issuer="i")),
        ({"code": "a", "state": "xyz"}, STATE._replace(issuer="i")),
        ({"code": "a", "state": "xyz", "iss": "i"}, STATE),
    ],
)
def test_a_redirect_that_answers_is_taken(params: Mapping[str, str], expected: Expected) -> None:
    judge(params, expected)


@proves("Multiple Response Types", "2.1", "a token comes in the fragment")
@pytest.mark.parametrize(
    ("response_type", "answers", "mode"),
    [
        ("", ["code"], "query"),
        ("code", ["code"], "query"),
        ("web_server", ["code"], "query"),
        ("token", ["access_token"], "fragment"),
        ("id_token", ["id_token"], "fragment"),
        ("id_token token", ["id_token", "access_token"], "fragment"),
        ("code id_token", ["code", "id_token"], "fragment"),
    ],
)
def test_what_is_asked_for_is_demanded_and_no_server_sees_a_token(
    response_type: str, answers: list[str], mode: str
) -> None:
    assert (answers_to(response_type), mode_of(response_type)) == (answers, mode)


@proves("Multiple Response Types", "5", "a redirect must carry all that its response type asks for")
def test_a_redirect_must_carry_all_that_was_asked_for() -> None:
    hybrid = STATE._replace(answers=answers_to("code id_token"))
    judge({"code": "a", "id_token": "b", "state": "xyz"}, hybrid)

    with pytest.raises(CallbackError, match="no id_token, but code, state") as caught:
        judge({"code": "a", "state": "xyz"}, hybrid)
    assert caught.value.code == "E413"
    with pytest.raises(CallbackError, match="another state"):
        judge({"code": "a", "state": "forged"}, hybrid)


def test_a_bare_code_needs_pkce() -> None:
    judge({"code": "a"}, STATE, bare=True)

    with pytest.raises(CallbackError):
        judge({"code": "a"}, STATE._replace(pkce=False), bare=True)


@proves("RFC 6749", "10.12", "takes no other state")
@given(st.text(), st.text(min_size=1))
def test_no_other_state_passes(sent: str, state: str) -> None:
    if sent == state:
        return
    with pytest.raises(CallbackError, match="state"):
        judge({"code": "a", "state": sent}, Expected(state=state, pkce=True))


# RFC 6749 sections 5.1 and 5.2

RFC_ANSWER = b"""{
  "access_token":"2YotnFZFEjr1zCsicMWpAA",
  "token_type":"example",
  "expires_in":3600,
  "refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA",
  "example_parameter":"example_value"
}"""


@proves("RFC 6749", "5.1", "reads the token, and when it ends")
def test_the_answer_of_rfc_6749() -> None:
    payload = payload_of(Response(200, JSON_TYPE, RFC_ANSWER), HOST)

    assert payload == json.loads(RFC_ANSWER)
    assert expires_at(payload, sent_at=NOON) == 1_700_003_600


def test_the_error_of_rfc_6749() -> None:
    response = Response(400, JSON_TYPE, b'{"error":"invalid_request"}')
    error = refused(response, refusal_in(payload_of(response, HOST)), HOST)

    assert (error.code, error.outcome) == ("E503", "unspent")
    assert str(error) == f"{HOST} refused: invalid_request"
    assert "documentation" in error.problems[0].hint


@proves("RFC 6749", "5.1", "reads an answer that is not sent as JSON, too")
@pytest.mark.parametrize(
    ("type", "body", "payload"),
    [
        (
            "application/x-www-form-urlencoded",
            "access_token=a&scope=",
            {"access_token": "a", "scope": ""},
        ),
        ("text/plain", "access_token=a%2Fb&expires=5\n", {"access_token": "a/b", "expires": "5"}),
        ("", '{"access_token": "a"}', {"access_token": "a"}),
        ("text/html", '{"access_token": "a"}', {"access_token": "a"}),
    ],
)
def test_an_answer_is_read_whatever_it_says_it_is(
    type: str, body: str, payload: dict[str, JSON]
) -> None:
    assert payload_of(Response(200, {"Content-Type": type}, body.encode()), HOST) == payload


@pytest.mark.parametrize(
    ("response", "code", "message"),
    [
        (
            Response(302, {"location": "https://evil.example/x?y"}, b""),
            "E506",
            "https://evil.example",
        ),
        (Response(303, {"location": "/login"}, b""), "E506", "another path"),
        (Response(200, {"content-type": "text/html"}, b"<html>a=b"), "E505", "text/html"),
        (Response(200, {"content-type": "text/html"}, b"a=b"), "E505", "text/html"),
        (Response(200, JSON_TYPE, b""), "E505", "with nothing"),
        (Response(200, JSON_TYPE, b"[1]"), "E505", "not an object"),
        (Response(200, JSON_TYPE, b'{"access_to'), "E505", "not an object"),
        (Response(200, JSON_TYPE, b'"a=b"'), "E505", "not an object"),
        (Response(502, {}, b"Bad Gateway"), "E505", "502"),
    ],
)
def test_an_answer_that_is_none_is_refused(response: Response, code: str, message: str) -> None:
    with pytest.raises(ProviderError) as caught:
        payload_of(response, HOST)

    assert caught.value.code == code
    assert message in str(caught.value)


ENVELOPES: list[tuple[dict[str, JSON], Refusal]] = [
    ({"error": "invalid_grant"}, Refusal("invalid_grant", "")),
    (
        {"error": "invalid_grant", "error_description": "expired"},
        Refusal("invalid_grant", "expired"),
    ),
    ({"error": {"code": "x", "message": "said"}}, Refusal("x", "said")),
    ({"error": {"type": "OAuthException", "message": "said"}}, Refusal("OAuthException", "said")),
    ({"error": {"message": "said"}}, Refusal("said", "said")),
    ({"error": "x", "description": "said"}, Refusal("x", "said")),
    ({"code": 40001, "message": "said"}, Refusal("40001", "said")),
    ({"access_token": "a"}, Refusal("", "")),
    ({"error": None, "error_description": None}, Refusal("", "")),
    ({"error": []}, Refusal("", "")),
    ({"error": {}}, Refusal("", "")),
    ({"error": True}, Refusal("True", "")),
]


@pytest.mark.parametrize(("payload", "refusal"), ENVELOPES)
def test_an_error_is_found_in_its_usual_places(payload: dict[str, JSON], refusal: Refusal) -> None:
    assert refusal_in(payload) == refusal


@proves("RFC 6749", "5.2", "knows which error ends a grant")
@pytest.mark.parametrize(
    ("status", "error", "code", "outcome"),
    [
        (400, "invalid_grant", "E501", "ended"),
        (200, "invalid_grant", "E501", "ended"),
        (401, "invalid_client", "E502", "unspent"),
        (400, "invalid_scope", "E503", "unspent"),
        (429, "slow_down", "E503", "unspent"),
        (500, "server_error", "E503", "unknown"),
        (200, "", "E504", "unknown"),
        (429, "", "E504", "unspent"),
        (503, "", "E504", "unknown"),
        (400, "bad_refresh_token", "E503", "ended"),
    ],
)
def test_a_refusal_says_whether_the_grant_is_over(
    status: int, error: str, code: str, outcome: str
) -> None:
    refusal = refused(
        Response(status, {}, b""), Refusal(error, ""), HOST, ends=["bad_refresh_token"]
    )

    assert (refusal.code, refusal.outcome) == (code, outcome)


def test_a_recipe_knows_better_what_to_do() -> None:
    response = Response(400, {}, b"")

    hinted = refused(response, Refusal("invalid_grant", ""), HOST, hints={"invalid_grant": "Wait."})

    assert hinted.problems[0].hint == "Wait."


# When a token ends


def jwt(**claims: JSON) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{middle}.fake-signature"


ENDS = [
    ({"expires_in": 3600}, 1_700_003_600),
    ({"expires_in": "3600"}, 1_700_003_600),
    ({"expires_in": 3599.9}, 1_700_003_599),
    ({"expires_in": 0}, None),
    ({"expires_in": -1}, None),
    ({"expires_in": None}, None),
    ({"expires_in": True}, None),
    ({"expires_in": "soon"}, None),
    ({"expires_in": ""}, None),
    ({"expires_in": [60]}, None),
    ({"expires_in": 60, "expires_at": 1_800_000_000}, 1_700_000_060),
    ({"expires_in": 0, "expires_at": 1_800_000_000}, 1_800_000_000),
    ({"expires_at": 1_800_000_000}, 1_800_000_000),
    ({"expires_at": "1800000000"}, 1_800_000_000),
    ({"expires_at": 1_800_000_000_123}, 1_800_000_000),
    ({"expires_at": "2027-01-15T08:00:00Z"}, 1_800_000_000),
    ({"expires_at": "2027-01-15T09:00:00+01:00"}, 1_800_000_000),
    ({"expires_at": "2027-01-15T08:00:00.500Z"}, 1_800_000_000),
    ({"expires_at": "2027-01-15 08:00:00"}, 1_800_000_000),
    ({"expires_at": "tomorrow"}, None),
    ({"expires_at": "0001-01-01T00:00:00Z"}, None),
    ({"access_token": jwt(exp=1_800_000_000)}, 1_800_000_000),
    ({"access_token": jwt(exp=1_800_000_000), "expires_in": 60}, 1_700_000_060),
    ({"access_token": jwt(sub="acme")}, None),
    ({"access_token": "a.b.c"}, None),
    ({"access_token": "opaque"}, None),
    ({"access_token": "e30.W10.x"}, None),
    ({"access_token": "e30." + "W1tb" * 9999 + ".x"}, None),  # [[[...
    ({}, None),
]


@pytest.mark.parametrize(("payload", "ends"), ENDS)
def test_a_token_ends_when_somebody_says_so(payload: dict[str, JSON], ends: int | None) -> None:
    assert expires_at(payload, sent_at=NOON) == ends


@given(st.text() | st.integers() | st.floats() | st.none() | st.booleans())
def test_whatever_a_provider_says_is_a_time_or_unknown(value: JSON) -> None:
    for found in (seconds(value), moment(value), expires_at({"expires_in": value}, sent_at=NOON)):
        assert found is None or found > 0


@given(st.text())
def test_whatever_stands_in_a_token_is_a_time_or_unknown(token: str) -> None:
    assert expires_at({"access_token": token}, sent_at=NOON) is None
    assert expires_at({"access_token": f"a.{token}.b"}, sent_at=NOON) is None
