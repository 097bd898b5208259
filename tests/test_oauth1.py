"""OAuth 1.0a: what is signed, what is believed of the answers, and what a redirect must bring."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.jwk import RSAKey
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header, unescape

from flowrun.errors import CallbackError, FlowError, ProviderError
from flowrun.jose import new_key
from flowrun.message import Response
from flowrun.oauth1 import METHODS, Signing, base_string
from flowrun.secret import Secret, Value, reveal
from flowrun.wire import Encoded
from servers.command import Cli
from servers.kinds import NOON, World, answer, run_kind
from standards import proves

KEY, SECRET, TOKEN, TOKEN_SECRET = "fake-key", "fake-secret-1", "fake-token", "fake-secret-2"
CONSUMER = "consumer_key: fake-key, consumer_secret: '{{ inputs.secret }}'"
INPUTS = {"secret": Secret(SECRET), "token_secret": Secret(TOKEN_SECRET)}
WITH_TOKEN = f"{CONSUMER}, token: fake-token, token_secret: '{{{{ inputs.token_secret }}}}'"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@proves("RFC 5849", "3.4.1", "the base string holds method, address and all sorted parameters")
def test_the_base_string_of_the_example() -> None:
    protocol = [
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
    ]
    url = "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"

    assert base_string("POST", url, "c2&a3=2+q", protocol) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D"
        "%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e"
        "4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9"
        "d7dh3k39sjv7"
    )


EXAMPLES = [
    (
        ("POST", "https://photos.example.net/initiate", "", ""),
        {
            "timestamp": "137131200",
            "nonce": "wIjqoS",
            "callback": "http://printer.example.com/ready",
        },
        "74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
    ),
    (
        ("POST", "https://photos.example.net/token", "hh5s93j4hdidpola", "hdhd0244k9j7ao03"),
        {"timestamp": "137131201", "nonce": "walatlh", "verifier": "hfdp7dh39dks9884"},
        "gKgrFCywp7rO0OXSjdot/IHF7IU=",
    ),
    (
        (
            "GET",
            "http://photos.example.net/photos?file=vacation.jpg&size=original",
            "nnch734d00sl2jdk",
            "pfkkdhi9sl3r4s00",
        ),
        {"timestamp": "137131202", "nonce": "chapoH"},
        "MdpQcU8iPSUjWoN/UDMsK2sui9I=",
    ),
]


@proves("RFC 5849", "3.4.2", "HMAC-SHA1 signs with both secrets")
@pytest.mark.parametrize(("sent", "own", "signature"), EXAMPLES)
def test_the_signatures_of_the_example(
    sent: tuple[str, str, str, str], own: dict[str, str], signature: str
) -> None:
    verb, url, token, token_secret = sent
    protocol = [("oauth_consumer_key", "dpf43f3p2l4k3l03"), ("oauth_signature_method", "HMAC-SHA1")]
    protocol += [("oauth_token", token)] if token else []
    protocol += [(f"oauth_{name}", value) for name, value in own.items()]

    signing = Signing("HMAC-SHA1", "kd94hf93k423kf44", token_secret)

    assert signing.signature(verb, url, "", protocol) == signature


@proves("RFC 5849", "3.4.4", "PLAINTEXT is both secrets, encoded")
def test_plain_text_is_both_secrets() -> None:
    signing = Signing("PLAINTEXT", "djr9rjt0jd78jf88", "jjd99$tj88uiths3")

    signature = signing.signature("GET", "https://example.com/", "", [])

    assert signature == "djr9rjt0jd78jf88&jjd99%24tj88uiths3"


@proves("RFC 5849", "3.4.3", "RSA signs with the client's key, and with no secret")
@pytest.mark.parametrize("pem", [True, False])
@pytest.mark.parametrize("method", ["RSA-SHA1", "RSA-SHA256", "RSA-SHA512"])
def test_a_key_signs(method: str, pem: bool) -> None:
    jwk = new_key("RS256")
    key = RSAKey.import_key(json.loads(jwk))
    text = key.as_pem(private=True).decode() if pem else jwk
    protocol = [("oauth_nonce", "n")]

    signature = Signing(method, private_key=text).signature("GET", "https://x.test/", "", protocol)

    public = key.public_key
    assert isinstance(public, RSAPublicKey)
    hash = getattr(hashes, method.removeprefix("RSA-"))()
    base = base_string("GET", "https://x.test/", "", protocol).encode()
    public.verify(base64.b64decode(signature), base, PKCS1v15(), hash)


@pytest.mark.parametrize("alg", ["", "ES256"])
def test_a_key_that_cannot_sign_is_told_without_it(alg: str) -> None:
    key = new_key(alg) if alg else "nonsense"

    with pytest.raises(FlowError) as caught:
        Signing("RSA-SHA1", private_key=key).signature("GET", "https://x.test/", "", [])

    assert caught.value.code == "E222"
    assert key not in str(caught.value)


def served(_: Encoded) -> Response:
    return Response(200, FORM, b"oauth_token=fake-at&oauth_token_secret=fake-ats&user_id=9")


def given(request: Encoded) -> dict[str, str]:
    """The parameters in the header of *request*."""
    header = dict(request.headers)["Authorization"]
    return {name: unescape(value) for name, value in parse_authorization_header(header)}


@proves("RFC 5849", "3.1", "the parameters go into the Authorization header, percent-encoded")
@proves("RFC 5849", "3.3", "each request has a nonce and a timestamp of its own")
def test_a_request_is_signed_in_its_header() -> None:
    world = World(served)
    options = (
        f"{{get: 'https://x.test/a', query: {{q: ä b}}, oauth1: {{{WITH_TOKEN}, realm: a/b}}}}"
    )

    for _ in range(2):
        run_kind("http", options, world, inputs=INPUTS)

    first, second = map(given, world.wire.sent)
    assert first["oauth_nonce"] != second["oauth_nonce"]
    assert first["oauth_timestamp"] == str(NOON)
    named = {k: v for k, v in first.items() if k not in ("oauth_nonce", "oauth_signature")}
    assert named == {
        "realm": "a/b",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_consumer_key": KEY,
        "oauth_token": TOKEN,
        "oauth_timestamp": str(NOON),
        "oauth_version": "1.0",
    }
    signing = Signing("HMAC-SHA1", SECRET, TOKEN_SECRET)
    apart = ("realm", "oauth_signature")
    protocol = [(name, value) for name, value in first.items() if name not in apart]
    url = "https://x.test/a?q=%C3%A4%20b"
    assert first["oauth_signature"] == signing.signature("GET", url, "", protocol)


@proves("RFC 5849", "3.5.2", "they go into a form where the recipe says so")
@proves("RFC 5849", "3.5.3", "they go into the address where the recipe says so")
@pytest.mark.parametrize("place", ["query", "body"])
def test_the_parameters_go_where_the_recipe_says(place: str) -> None:
    world = World(served)
    options = f"{{post: 'https://x.test/a', form: {{b: c d}}, oauth1: {{{CONSUMER}, in: {place}}}}}"

    run_kind("token", options, world, inputs=INPUTS)

    request = world.request
    places = {"query": urlsplit(request.url).query, "body": (request.body or b"").decode()}
    sent = dict(parse_qsl(places[place]))
    assert sent["oauth_consumer_key"] == KEY
    assert "Authorization" not in dict(request.headers)
    assert dict(parse_qsl(places["body"]))["b"] == "c d"
    protocol = [(k, v) for k, v in sent.items() if k.startswith("oauth_") and k[6:] != "signature"]
    expected = Signing("HMAC-SHA1", SECRET).signature("POST", "https://x.test/a", "b=c+d", protocol)
    assert sent["oauth_signature"] == expected


@pytest.mark.parametrize("method", METHODS)
def test_no_secret_leaves_but_in_plain_text(method: str) -> None:
    world, key = World(served), new_key("RS256")
    options = f"""{{post: 'https://x.test/a', oauth1: {{{WITH_TOKEN}, method: {method},
      private_key: '{{{{ inputs.key }}}}'}}}}"""

    run_kind("token", options, world, inputs={**INPUTS, "key": Secret(key)})

    told = repr(world.request)
    assert (SECRET in told, TOKEN_SECRET in told) == (method == "PLAINTEXT",) * 2
    assert not any(str(part) in told for part in json.loads(key).values() if len(str(part)) > 8)


def test_a_json_body_is_not_signed() -> None:
    world = World(served)
    run_kind(
        "token", f"{{post: 'https://x.test/a', json: {{b: c}}, oauth1: {{{CONSUMER}}}}}", world,
        inputs=INPUTS,
    )  # fmt: skip

    sent = given(world.request)
    protocol = [(name, value) for name, value in sent.items() if name != "oauth_signature"]
    signing = Signing("HMAC-SHA1", SECRET)
    assert sent["oauth_signature"] == signing.signature("POST", "https://x.test/a", "", protocol)


@proves("RFC 5849", "2.3", "the token and its secret are kept, whatever else the answer holds")
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/html", "text/plain"])
def test_a_token_is_what_the_answer_calls_so(kind: str) -> None:
    body = b"oauth_token=fake-at&oauth_token_secret=fake-ats&user_id=9"
    world = World(lambda _: Response(200, {"content-type": f"{kind}; charset=utf-8"}, body))

    made = run_kind(
        "token", f"{{post: 'https://x.test/a', oauth1: {{{CONSUMER}}}}}", world, inputs=INPUTS
    )

    assert reveal(made["access_token"]) == "fake-at"
    assert reveal(made["oauth_token_secret"]) == "fake-ats"
    assert reveal(made["user_id"]) == "9"


ASK = f"{{post: 'https://x.test/r', oauth1: {{{CONSUMER}, callback: 'http://127.0.0.1:1/c'}}}}"


@proves("RFC 5849", "2.1", "the callback is sent, and its confirmation is asked for")
def test_a_request_token_is_asked_for_with_the_callback() -> None:
    world = World(
        lambda _: answer(oauth_token="rt", oauth_token_secret="rs", oauth_callback_confirmed="true")
    )

    made = run_kind("http", ASK, world, inputs=INPUTS)

    assert given(world.request)["oauth_callback"] == "http://127.0.0.1:1/c"
    assert made == {"oauth_token": "rt", "oauth_token_secret": Secret("rs")}


@proves("RFC 5849", "2.1", "a callback that is not confirmed ends the login")
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"oauth_token": "rt", "oauth_token_secret": "rs"}, "does not confirm the callback"),
        (
            {"oauth_token": "rt", "oauth_token_secret": "rs", "oauth_callback_confirmed": "false"},
            "does not confirm the callback",
        ),
        ({"oauth_callback_confirmed": "true"}, "without oauth_token and oauth_token_secret"),
    ],
)
def test_a_request_token_that_nobody_can_use_is_refused(fields: dict[str, str], told: str) -> None:
    with pytest.raises(ProviderError, match=told) as caught:
        run_kind("http", ASK, World(lambda _: answer(**fields)), inputs=INPUTS)

    assert caught.value.code == "E531"


@pytest.mark.parametrize(
    ("status", "body", "told", "outcome"),
    [
        (401, b"oauth_problem=signature_invalid&oauth_problem_advice=a", r"d \(a\)", "unspent"),
        (401, b"oauth_problem=token_revoked", "token_revoked", "ended"),
        (401, b'{"errors": [{"code": 89, "message": "Expired token."}]}', r"89 \(Expired", "ended"),
        (401, b"invalid token", "invalid token", "ended"),
        (400, b'{"error": "nonce_used"}', "nonce_used", "unspent"),
        (401, b"<html>no</html>", "answered 401$", "ended"),
        (500, b"", "answered 500$", "unspent"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["http", "token"])
def test_a_refusal_is_told_as_the_server_says_it(
    kind: str, status: int, body: bytes, told: str, outcome: str
) -> None:
    content = "text/html" if body.startswith(b"<") else "text/plain"
    world = World(lambda _: Response(status, {"content-type": content}, body))

    with pytest.raises(ProviderError, match=told) as caught:
        run_kind(
            kind, f"{{post: 'https://x.test/a', oauth1: {{{WITH_TOKEN}}}}}", world, inputs=INPUTS
        )

    assert (caught.value.code, caught.value.outcome) == ("E531", outcome)


AUTHORIZE = "{url: https://x.test/auth, query: {oauth_token: rt, scope: read}}"


@proves("RFC 5849", "2.2", "the person is sent with the request token alone")
def test_the_address_for_the_person_holds_the_token_alone() -> None:
    made = run_kind("authorize", AUTHORIZE)

    assert made["url"] == "https://x.test/auth?oauth_token=rt&scope=read"
    assert (made["state"], made["code_verifier"], made["oauth_token"]) == (None, None, "rt")


SENT: dict[str, Value] = {"url": "https://x.test/auth?oauth_token=rt", "oauth_token": "rt"}


def come_back(**params: str) -> dict[str, object]:
    world = World(params=params)
    made = run_kind("capture", "{at: 'http://127.0.0.1:8484/'}", world, authorization=SENT)
    return {name: reveal(value) for name, value in made.items()}


@proves("RFC 5849", "2.2", "the redirect must bring our token, and a verifier")
@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"oauth_token": "other", "oauth_verifier": "v"}, "E404"),
        ({"oauth_verifier": "v"}, "E404"),
        ({"oauth_token": "rt"}, "E405"),
        ({"denied": "rt"}, "E402"),
        ({"denied": "other"}, "E404"),
        ({"oauth_token": "rt", "oauth_problem": "permission_denied"}, "E402"),
        ({"oauth_token": "rt", "oauth_problem": "signature_invalid"}, "E403"),
        ({"oauth_problem": "permission_denied"}, "E404"),
    ],
)
def test_a_redirect_that_is_not_ours_or_brings_nothing(params: dict[str, str], code: str) -> None:
    with pytest.raises(CallbackError) as caught:
        come_back(**params)

    assert caught.value.code == code


def test_a_redirect_with_our_token_brings_its_verifier() -> None:
    assert come_back(oauth_token="rt", oauth_verifier="v")["oauth_verifier"] == "v"


RECIPE = """\
flowrun: 1
extends: base/oauth1
name: photos
vars:
  request_token_url: SITE/initiate
  authorize_url: https://photos.example.net/authorize
  access_token_url: SITE/token
  verify_url: SITE/photos
  method: METHOD
  in: PLACE
"""


@pytest.mark.parametrize("place", ["header", "query", "body"])
@pytest.mark.parametrize("method", METHODS)
def test_the_sandbox_takes_each_way_to_sign(
    cli: Cli, tmp_path: Path, method: str, place: str
) -> None:
    text = RECIPE.replace("METHOD", method).replace("PLACE", place if place != "body" else "header")
    text = text.replace("SITE", "https://photos.example.net")
    (tmp_path / "photos.yaml").write_text(text, "utf-8")

    ran, verified = cli("photos.yaml", "--sandbox"), cli("verify", "photos", "--sandbox")

    assert (ran.status, verified.status) == (0, 0), ran.stderr + verified.stderr


@pytest.mark.parametrize(
    ("method", "place", "site", "told"),
    [
        ("PLAINTEXT", "header", "https://photos.example.net", []),
        ("PLAINTEXT", "header", "http://127.0.0.1:8000", ["method: PLAINTEXT without TLS"]),
        ("PLAINTEXT", "query", "https://photos.example.net", ["secret in a URL: oauth_signature"]),
        ("HMAC-SHA1", "query", "https://photos.example.net", []),
    ],
)
def test_what_is_weaker_is_listed(
    cli: Cli, tmp_path: Path, method: str, place: str, site: str, told: list[str]
) -> None:
    text = RECIPE.replace("METHOD", method).replace("PLACE", place).replace("SITE", site)
    (tmp_path / "photos.yaml").write_text(text, "utf-8")

    said = json.loads(cli("check", "photos.yaml", "--json").stdout)

    assert sorted({str(each).split(": ", 1)[1] for each in said[0]["downgrades"]}) == told
