"""The examples of the RFCs: a recipe in, the URL and the bytes of the RFC out."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest

from flowrun.capture.redirect import parameters_of_paste
from flowrun.checks import check
from flowrun.engine import State, run_section
from flowrun.errors import CallbackError, ProviderError
from flowrun.guard import guarded
from flowrun.http import Direct
from flowrun.load import load_source
from flowrun.place import Source
from flowrun.plan import host_rule
from flowrun.secret import JSON, Secret, Value, reveal
from flowrun.services import Outputs
from servers.kinds import Bound, World
from servers.raw import listening
from standards import proves

CB = "https://client.example.com/cb"
CODE, TOKEN, REFRESH = "SplxlOBeZQQYbYS6WxSbIA", "2YotnFZFEjr1zCsicMWpAA", "tGzv3JOkF0XG5Qx2TlKWIA"
ANSWER: JSON = {  # RFC 6749 section 5.1
    "access_token": TOKEN,
    "token_type": "example",
    "expires_in": 3600,
    "refresh_token": REFRESH,
    "example_parameter": "example_value",
}
ODD = " %&+\u00a3\u20ac"
ODD_ENCODED = "+%25%26%2B%C2%A3%E2%82%AC"


class Sent(NamedTuple):
    """A request as it came over the wire."""

    target: str
    headers: Mapping[str, str]
    body: str

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body, keep_blank_values=True, strict_parsing=True)


class Played(NamedTuple):
    """What a recipe did: the URL that was opened, what was sent, and what came of it."""

    opened: str
    sent: list[Sent]
    state: State

    @property
    def token(self) -> Mapping[str, JSON]:
        token = reveal(self.state.steps["token"])
        assert isinstance(token, dict)
        return token

    @property
    def parameters(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.opened).query, strict_parsing=True)


def read(request: bytes) -> Sent:
    head, _, body = request.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    return Sent(first.rpartition(" ")[0], dict(line.split(": ", 1) for line in lines), body)


def http(payload: JSON, status: int = 200) -> bytes:
    body = json.dumps(payload).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json;charset=UTF-8\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def play(
    steps: str,
    *answers: bytes,
    redirect: str = "",
    mode: str = "query",
    refresh: str = "",
    saved: Outputs | None = None,
    **inputs: Value,
) -> Played:
    """Run the recipe of *steps* (or its *refresh*); SERVER in them is a server that *answers*."""
    left = [*answers]

    def say(connection: socket.socket) -> None:
        connection.sendall(left.pop(0))

    with listening(*[say] * len(answers)) as server, Direct() as client:
        declared = "".join(f"  {name}: {{type: text}}\n" for name in inputs)
        head = "flowrun: 1\nname: rfc\n" + (f"inputs:\n{declared}" if inputs else "")
        text = f"{head}steps:\n{steps}{refresh}"
        flow = load_source(Source("flow.yaml", text.replace("SERVER", server.url)))
        check(flow)
        world = World(params=parameters_of_paste(redirect, CB, "", mode=mode) if redirect else {})
        services = guarded(world.services._replace(http=client), host_rule(flow, inputs))
        state = run_section(
            flow,
            "refresh" if refresh else "steps",
            State(inputs, saved=saved),
            services,
            listeners={"capture": Bound(CB)},
        )
    opened = world.window.opened[0][0] if world.window.opened else ""
    return Played(opened, [read(request) for _, request in server.requests], state)


# RFC 6749 section 4.1, the authorization code grant

CODE_GRANT = f"""\
  - authorize:
      url: https://server.example.com/authorize
      pkce: off
      state: off # the example's own
      query: {{response_type: code, client_id: s6BhdRkqt3, state: xyz, redirect_uri: {CB}}}
  - capture: {{at: {CB}, expect: callback.state == 'xyz'}}
  - token:
      post: SERVER/token
      client: {{id: s6BhdRkqt3, secret: gX1fBat3bV, auth: basic}}
      form:
        grant_type: authorization_code
        code: "{{{{ callback.code }}}}"
        redirect_uri: "{{{{ steps.authorize.redirect_uri }}}}"
"""
BASIC = "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"


@proves("RFC 6749", "4.1.1", "asks for a code with the client's id and redirection URI")
@proves("RFC 6749", "4.1.3", "redeems the code with the same redirection URI")
def test_the_authorization_code_grant() -> None:
    played = play(CODE_GRANT, http(ANSWER), redirect=f"{CB}?code={CODE}&state=xyz")

    assert played.opened.startswith("https://server.example.com/authorize?")
    assert played.parameters == [
        ("response_type", "code"),
        ("client_id", "s6BhdRkqt3"),
        ("state", "xyz"),
        ("redirect_uri", CB),
    ]
    (sent,) = played.sent
    assert sent.target == "POST /token"
    assert sent.headers["Authorization"] == BASIC
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert sent.form == [
        ("grant_type", "authorization_code"),
        ("code", CODE),
        ("redirect_uri", CB),
    ]
    assert isinstance(ANSWER, dict)
    assert {name: played.token[name] for name in ANSWER} == ANSWER


@proves("RFC 6749", "4.1.2.1", "tells a denial")
def test_the_error_response_of_the_authorization_endpoint() -> None:
    with pytest.raises(CallbackError) as caught:
        play(CODE_GRANT, redirect=f"{CB}?error=access_denied&state=xyz")

    assert caught.value.code == "E402"


@proves("RFC 6749", "5.2", "tells an error of the token endpoint")
def test_the_error_response_of_the_token_endpoint() -> None:  # section 5.2
    with pytest.raises(ProviderError, match="invalid_request") as caught:
        play(
            CODE_GRANT,
            http({"error": "invalid_request"}, 400),
            redirect=f"{CB}?code={CODE}&state=xyz",
        )

    assert (caught.value.code, caught.value.outcome) == ("E503", "unspent")


# The other grants


IMPLICIT = CODE_GRANT.replace("response_type: code", "response_type: token")
IMPLICIT = IMPLICIT.partition("  - token:")[0] + "  - token: {answer: callback}\n"


@proves("RFC 6749", "4.2.2", "reads a token in the fragment")
def test_the_implicit_grant() -> None:  # section 4.2
    answer = f"access_token={TOKEN}&state=xyz&token_type=example&expires_in=3600"
    played = play(IMPLICIT, redirect=f"{CB}#{answer}", mode="fragment")

    assert dict(played.parameters)["response_type"] == "token"
    assert (played.token["access_token"], played.sent) == (TOKEN, [])


@proves("RFC 6749", "4.2.2.1", "reads an error in the fragment")
def test_the_error_response_of_the_implicit_grant() -> None:  # section 4.2.2.1
    with pytest.raises(CallbackError) as caught:
        play(IMPLICIT, redirect=f"{CB}#error=access_denied&state=xyz", mode="fragment")

    assert caught.value.code == "E402"


GRANTS = {
    "password (section 4.3.2)": {
        "grant_type": "password",
        "username": "johndoe",
        "password": "A3ddj3w",
    },
    "client credentials (section 4.4.2)": {"grant_type": "client_credentials"},
}


@proves("RFC 6749", "4.3.2", "redeems a password")
@proves("RFC 6749", "4.4.2", "asks for a token of the client's own")
@pytest.mark.parametrize("grant", GRANTS)
def test_a_grant_without_a_browser(grant: str) -> None:
    client = "{id: s6BhdRkqt3, secret: gX1fBat3bV, auth: basic}"
    form = json.dumps(GRANTS[grant])
    played = play(
        f"  - token: {{post: SERVER/token, client: {client}, form: {form}}}\n", http(ANSWER)
    )

    (sent,) = played.sent
    assert sent.headers["Authorization"] == BASIC
    assert dict(sent.form) == GRANTS[grant]
    assert played.token["access_token"] == TOKEN


REFRESH_STEP = """\
  - token:
      post: SERVER/token
      client: {id: s6BhdRkqt3, secret: SECRET, auth: AUTH}
      form: {grant_type: refresh_token, refresh_token: "{{ saved.refresh_token }}"}
"""


@proves("RFC 6749", "6", "redeems a refresh token with the client's authentication")
@pytest.mark.parametrize(
    ("auth", "secret", "header"),
    [
        ("basic", "gX1fBat3bV", BASIC),  # section 6
        ("basic", "7Fjfp0ZBr1KtDRbnfVdmIw", "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"),
        ("post", "7Fjfp0ZBr1KtDRbnfVdmIw", None),  # section 2.3.1
    ],
)
def test_refreshing(auth: str, secret: str, header: str | None) -> None:
    refresh = REFRESH_STEP.replace("SECRET", secret).replace("AUTH", auth)
    saved: Outputs = {"refresh_token": Secret(REFRESH)}
    played = play(
        "  - token: {post: SERVER/token}\n",
        http(ANSWER),
        refresh=f"refresh:\n{refresh}",
        saved=saved,
    )

    (sent,) = played.sent
    own = {"client_id": "s6BhdRkqt3", "client_secret": secret} if header is None else {}
    assert sent.headers.get("Authorization") == header
    assert dict(sent.form) == {"grant_type": "refresh_token", "refresh_token": REFRESH} | own


# RFC 6749 appendix B


@proves("RFC 6749", "B", "form-encodes any character as UTF-8")
def test_the_form_encoding_of_appendix_b() -> None:
    step = "  - token: {post: SERVER/token, form: {odd: '{{ inputs.odd }}'}}\n"
    played = play(step, http(ANSWER), odd=ODD)

    assert played.sent[0].body == f"odd={ODD_ENCODED}"


@proves("RFC 6749", "2.3.1", "form-encodes both halves of a Basic header")
def test_both_halves_of_a_basic_header_are_encoded_so() -> None:
    client = "{id: '{{ inputs.odd }}', secret: '{{ inputs.odd }}', auth: basic}"
    played = play(f"  - token: {{post: SERVER/token, client: {client}}}\n", http(ANSWER), odd=ODD)

    header = played.sent[0].headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(header).decode() == f"{ODD_ENCODED}:{ODD_ENCODED}"


# RFC 7617


@proves("RFC 7617", "2", "sends a user and a password as they are, in UTF-8")
@pytest.mark.parametrize(
    ("user", "password", "header"),
    [
        ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("test", "123\u00a3", "Basic dGVzdDoxMjPCow=="),
    ],
)
def test_the_basic_scheme(user: str, password: str, header: str) -> None:
    basic = "basic: {user: '{{ inputs.user }}', password: '{{ inputs.password }}'}"
    played = play(
        f"  - token: {{post: SERVER/token, {basic}}}\n",
        http(ANSWER),
        user=user,
        password=Secret(password),
    )

    assert played.sent[0].headers["Authorization"] == header


# RFC 7636


def test_the_challenge_of_appendix_b_by_plain_steps() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    steps = CODE_GRANT.replace(
        "state: xyz,", "state: xyz, code_challenge: '{{ steps.pkce.challenge }}',"
    )
    steps += "        code_verifier: '{{ steps.pkce.verifier }}'\n"
    made = (
        "{verifier: '{{ inputs.v }}', challenge: \"{{ inputs.v | hash('sha256') | base64url }}\"}"
    )
    played = play(
        f"  - {{id: pkce, set: {made}}}\n{steps}",
        http(ANSWER),
        redirect=f"{CB}?code={CODE}&state=xyz",
        v=verifier,
    )

    challenge = dict(played.parameters)["code_challenge"]
    assert challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert dict(played.sent[0].form)["code_verifier"] == verifier


@proves("RFC 7636", "4.5", "sends the verifier with the code")
def test_a_verifier_of_our_own_proves_its_challenge() -> None:
    steps = CODE_GRANT.replace("      pkce: off\n", "")
    steps += '        code_verifier: "{{ steps.authorize.code_verifier }}"\n'
    played = play(steps, http(ANSWER), redirect=f"{CB}?code={CODE}&state=xyz")

    asked, verifier = dict(played.parameters), dict(played.sent[0].form)["code_verifier"]
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode()
    assert asked["code_challenge"] == digest.rstrip("=")
    assert asked["code_challenge_method"] == "S256"


# RFC 9101 and RFC 9126: the request is elsewhere

BY_REFERENCE = f"""\
  - authorize:
      url: https://server.example.com/authorize
      pkce: off
      state: off
      query: {{client_id: s6BhdRkqt3, request_uri: "REQUEST_URI"}}
  - capture: {{at: {CB}, expect: "callback.state == 'xyz'"}}
  - token:
      post: SERVER/token
      form: {{grant_type: authorization_code, code: "{{{{ callback.code }}}}"}}
"""


def test_a_request_by_reference() -> None:  # RFC 9101 section 5.2
    uri = "https://tfp.example.org/request.jwt/GkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM"
    played = play(
        BY_REFERENCE.replace("REQUEST_URI", uri),
        http(ANSWER),
        redirect=f"{CB}?code={CODE}&state=xyz",
    )

    assert played.parameters == [("client_id", "s6BhdRkqt3"), ("request_uri", uri)]


PUSHED = {  # RFC 9126 section 2.1
    "response_type": "code",
    "state": "xyz",
    "client_id": "s6BhdRkqt3",
    "redirect_uri": CB,
    "code_challenge": "K2-ltc83acc4h0c9w6ESC_rEMTJ3bww-uCHaoeK1t8U",
    "code_challenge_method": "S256",
    "scope": "account-information",
}


def test_a_pushed_request() -> None:
    uri = "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c"
    push = f"""\
  - id: pushed
    http:
      post: SERVER/as/par
      client: {{id: s6BhdRkqt3, secret: 7Fjfp0ZBr1KtDRbnfVdmIw, auth: basic}}
      form: {json.dumps(PUSHED)}
      outputs: {{uri: response.json.request_uri}}
"""
    played = play(
        push + BY_REFERENCE.replace("REQUEST_URI", "{{ steps.pushed.uri }}"),
        http({"request_uri": uri, "expires_in": 60}, 201),
        http(ANSWER),
        redirect=f"{CB}?code={CODE}&state=xyz",
    )

    assert played.sent[0].target == "POST /as/par"
    assert played.sent[0].headers["Authorization"] == (
        "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"
    )
    assert dict(played.sent[0].form) == PUSHED
    assert played.parameters == [("client_id", "s6BhdRkqt3"), ("request_uri", uri)]
    assert f"request_uri={uri.replace(':', '%3A')}" in played.opened


# RFC 8414 section 3.1

METADATA = """\
  - http:
      # The issuer's path goes behind the well-known one.
      get: SERVER/.well-known/oauth-authorization-server{{ vars.path }}
      expect: response.json.issuer == inputs.issuer
  - token: {post: SERVER/token}
vars: {path: "PATH"}
"""


@pytest.mark.parametrize(
    ("issuer", "path", "target"),
    [
        ("https://example.com", "", ""),
        ("https://example.com/issuer1", "/{{ inputs.issuer | regex('//[^/]+/(.+)') }}", "/issuer1"),
    ],
)
def test_the_metadata_of_an_issuer(issuer: str, path: str, target: str) -> None:
    played = play(
        METADATA.replace("PATH", path), http({"issuer": issuer}), http(ANSWER), issuer=issuer
    )

    assert played.sent[0].target == f"GET /.well-known/oauth-authorization-server{target}"


def test_the_metadata_of_another_issuer_are_refused() -> None:  # section 3.3
    with pytest.raises(ProviderError) as caught:
        play(
            METADATA.replace("PATH", ""),
            http({"issuer": "https://evil.example"}),
            issuer="https://example.com",
        )

    assert caught.value.code == "E507"


# RFC 9207 section 2.1

NAMED = (
    "code=x1848ZT64p4IirMPT0R-X3141MFPTuBX-VFL_cvaplMH58"
    "&state=ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzI&iss=https%3A%2F%2Fhonest.as.example"
)


def named(issuer: str) -> str:
    capture = f"- capture: {{at: {CB}, issuer: '{issuer}', "
    return CODE_GRANT.replace(f"- capture: {{at: {CB}, ", capture).replace(
        "'xyz'", "'ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzI'"
    )


@proves("RFC 9207", "2.1", "takes the redirect that names the issuer of the recipe")
def test_a_redirect_that_names_its_issuer() -> None:
    played = play(named("https://honest.as.example"), http(ANSWER), redirect=f"{CB}?{NAMED}")

    code = dict(played.sent[0].form)["code"]
    assert code == "x1848ZT64p4IirMPT0R-X3141MFPTuBX-VFL_cvaplMH58"


@proves("RFC 9207", "2.4", "refuses the redirect of another issuer")
@proves("RFC 9700", "4.4.2", "a mix-up is refused before the code is sent anywhere")
def test_a_redirect_of_another_issuer_is_a_mix_up() -> None:
    with pytest.raises(CallbackError) as caught:
        play(named("https://attacker.example"), redirect=f"{CB}?{NAMED}")

    assert caught.value.code == "E409"
