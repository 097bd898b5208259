from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, JWKRegistry

from flowrun.clock import Clock
from flowrun.errors import ProviderError
from flowrun.jose import claims_of
from flowrun.message import Body, Proof, Request, Response, secrets_of
from flowrun.oauth import dpop
from flowrun.possession import Possession
from flowrun.proofs import Prover
from flowrun.secret import JSON, Secret
from flowrun.steps.binding import require_bound
from flowrun.wire import Encoded, as_curl
from servers.kinds import NOON, Wire, World, answer, run_kind
from standards import proves

# RFC 7638 section 3.1
RSA_KEY: dict[str, JSON] = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
    "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2"
    "QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6W"
    "eZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}
# RFC 9449 sections 4.1 and 7.1
EC_KEY: dict[str, JSON] = {
    "kty": "EC",
    "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
    "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    "crv": "P-256",
}
PROOF_HEADER = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo"
    "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW"
    "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
)
TOKEN_PROOF = (
    f"{PROOF_HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2Vy"
    "dmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvq"
    "RMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
RESOURCE_PROOF = (
    f"{PROOF_HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNv"
    "dXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJa"
    "M0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plem"
    "AgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
ACCESS_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"


@proves("RFC 7638", "3.1", "makes the thumbprint of the RSA key in the example")
def test_the_thumbprint_of_rfc_7638() -> None:
    assert dpop.thumbprint(RSA_KEY) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@proves("RFC 9449", "6.1", "knows a key by the thumbprint that the confirmation claim has")
def test_the_thumbprint_of_rfc_9449() -> None:
    assert dpop.thumbprint(EC_KEY) == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


@proves(
    "RFC 7638", "3.2", "leaves out of a thumbprint what does not make the key, private parts first"
)
def test_a_thumbprint_is_of_the_public_key_alone() -> None:
    key = ECKey.generate_key("P-256", private=True)
    jwk: dict[str, JSON] = json.loads(json.dumps(key.as_dict(private=True)))
    whole = {**jwk, "alg": "ES256", "use": "sig", "kid": "1"}

    assert dpop.thumbprint(whole) == key.thumbprint()
    assert set(dpop.public(whole)) == {"crv", "kty", "x", "y"}


@pytest.mark.parametrize(
    ("proof", "method", "url", "id", "at", "token"),
    [
        (TOKEN_PROOF, "POST", "https://server.example.com/token", "-BwC3ESc6acc2lTc", 616, None),
        (
            *(RESOURCE_PROOF, "GET", "https://resource.example.org/protectedresource"),
            *("e1j3V_bKic8-LAEB", 618, ACCESS_TOKEN),
        ),
    ],
)
@proves("RFC 9449", "4.2", "says in a proof what the examples of the standard say")
def test_the_proofs_of_rfc_9449(
    proof: str, method: str, url: str, id: str, at: int, token: str | None
) -> None:
    header, claims = claims_of(proof, dpop.ALGORITHMS)

    assert dpop.header(EC_KEY, "ES256") == header
    assert dpop.claims(method, url, id=id, at=1_562_262_000 + at, token=token) == claims


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://id.example.com/token?a=1#b", "https://id.example.com/token"),
        ("https://id.example.com", "https://id.example.com/"),
        ("https://ID.example.com:443/Token", "https://id.example.com/Token"),
        ("http://127.0.0.1:80/a%20b", "http://127.0.0.1/a%20b"),
        ("https://[::1]:8443/t", "https://[::1]:8443/t"),
    ],
)
@proves("RFC 9449", "4.2", "names the target without query and fragment, normalised")
def test_the_target_has_neither_query_nor_fragment(url: str, target: str) -> None:
    assert dpop.target_of(url) == target


def refusal(status: int, challenge: str = "", **fields: JSON) -> Response:
    headers = {"www-authenticate": challenge, "content-type": "application/json"}
    return Response(status, headers, json.dumps(fields).encode())


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (refusal(400, error="use_dpop_nonce"), "use_dpop_nonce"),
        (refusal(401, 'DPoP error="use_dpop_nonce", error_description="x"'), "use_dpop_nonce"),
        (refusal(401, 'DPoP algs="ES256 PS256", error="invalid_dpop_proof"'), "invalid_dpop_proof"),
        (refusal(401, 'Bearer error="invalid_token", DPoP error="invalid_dpop_proof"'),
         "invalid_dpop_proof"),
        (refusal(401, 'DPoP algs="ES256", Bearer error="invalid_token"'), ""),
        (refusal(401, "DPoP"), ""),
        (Response(401, {}, b"<html>"), ""),
    ],
)  # fmt: skip
@proves("RFC 9449", "7.1", "reads what an API says of a proof in its challenge")
def test_what_is_said_of_a_proof_is_found(response: Response, error: str) -> None:
    assert dpop.error_of(response) == error


@pytest.mark.parametrize("nonce", ["", 'a"b', "a, b", "a\\b", "é", "x" * 1001])
@proves("RFC 9449", "8.1", "takes for a nonce only what can be one")
def test_a_nonce_that_can_be_none_is_not_taken(nonce: str) -> None:
    assert dpop.nonce_of(Response(400, {"DPoP-Nonce": nonce}, b"")) == ""


KEY = Possession()
POST = Request("POST", "https://id.example.com/token", body=Body("form", {"code": Secret("c0de")}))
GET = Request("GET", "https://api.example.com/me?fields=all", {"page": "2"})


def proved(request: Request, token: str | None = None) -> Request:
    sealed = None if token is None else Secret(token)
    return request._replace(proof=Proof(lambda: KEY.key("ES256"), sealed))


def proof_in(sent: Encoded) -> dict[str, Any]:
    """The claims of the one proof in a request, which must be signed by our key."""
    (proof,) = [value for name, value in sent.headers if name == "DPoP"]
    token = jwt.decode(
        proof,
        JWKRegistry.import_key(json.loads(json.dumps(KEY.key("ES256")))),
        algorithms=["ES256"],
    )
    assert token.header == {
        "typ": "dpop+jwt",
        "alg": "ES256",
        "jwk": dpop.public(KEY.key("ES256")),
    }
    return dict(token.claims)


def prover(*answers: Response) -> tuple[Wire, Prover, Clock]:
    left = list(answers)
    wire, clock = Wire(lambda _: left.pop(0) if left else answer()), Clock(lambda: NOON)
    return wire, Prover(wire, clock), clock


def challenge(nonce: str, status: int = 400) -> Response:
    headers = {"DPoP-Nonce": nonce, "Content-Type": "application/json"}
    return Response(status, headers, b'{"error": "use_dpop_nonce"}')


@proves("RFC 9449", "4.1", "sends each proof in one header field")
@proves(
    "RFC 9449", "4.2", "signs a proof for each request: method, target, time and an id of its own"
)
def test_a_proof_is_for_one_request() -> None:
    wire, http, _ = prover()
    for _ in range(2):
        http.send(proved(POST))
    first, second = map(proof_in, wire.sent)

    assert first.pop("jti") != second.pop("jti")
    assert first == second
    assert first == {"htm": "POST", "htu": "https://id.example.com/token", "iat": NOON}


@proves("RFC 9449", "7", "proves with the token's hash that the token is the key's")
@proves("RFC 9449", "11.9", "binds a proof to the token that it is sent with")
def test_a_proof_names_the_token_that_goes_with_it() -> None:
    wire, http, _ = prover()
    http.send(proved(GET, ACCESS_TOKEN))
    claims = proof_in(wire.sent[0])

    assert claims["htu"] == "https://api.example.com/me"
    assert claims["ath"] == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


@pytest.mark.parametrize(
    ("asked", "request_"),
    [
        pytest.param(challenge("n1"), POST, id="the authorization server"),
        pytest.param(
            Response(
                401,
                {"DPoP-Nonce": "n1", "WWW-Authenticate": 'DPoP error="use_dpop_nonce"'},
                b"no",
            ),
            GET,
            id="the API",
        ),
    ],
)
@proves("RFC 9449", "8", "answers the challenge of an authorization server with its nonce, once")
@proves("RFC 9449", "9", "answers the challenge of an API with its nonce, once")
def test_a_nonce_that_is_asked_for_is_sent_and_remembered(
    asked: Response, request_: Request
) -> None:
    wire, http, _ = prover(asked)
    response = http.send(proved(request_))
    http.send(proved(request_))
    nonces = [proof_in(sent).get("nonce") for sent in wire.sent]

    assert response.status == 200
    assert nonces == [None, "n1", "n1"]


@proves("RFC 9449", "8.2", "takes the next nonce from any answer")
def test_a_new_nonce_takes_the_place_of_the_old_one() -> None:
    wire, http, _ = prover(Response(200, {"DPoP-Nonce": "n1"}, b""))
    http.send(proved(GET))
    http.send(proved(GET))

    assert [proof_in(sent).get("nonce") for sent in wire.sent] == [None, "n1"]


def test_a_nonce_is_for_the_server_that_has_given_it() -> None:
    wire, http, _ = prover(challenge("n1"))
    http.send(proved(POST))
    http.send(proved(GET))

    assert "nonce" not in proof_in(wire.sent[-1])


def test_a_server_that_is_never_content_is_not_asked_for_ever() -> None:
    wire, http, _ = prover(challenge("n1"), challenge("n2"), challenge("n3"))

    assert http.send(proved(POST)).status == 400
    assert len(wire.sent) == 2


@pytest.mark.parametrize(
    "response",
    [
        Response(400, {}, b'{"error": "use_dpop_nonce"}'),
        Response(400, {"DPoP-Nonce": "n"}, b'{"error": "invalid_grant"}'),
        Response(500, {"DPoP-Nonce": "n"}, b'{"error": "use_dpop_nonce"}'),
        Response(400, {}, b'{"error": "invalid_dpop_proof"}'),
    ],
)
def test_what_asks_for_no_other_proof_is_sent_once(response: Response) -> None:
    wire, http, _ = prover(response)
    http.send(proved(POST), redeems=True)

    assert len(wire.sent) == 1


def test_a_proof_carries_the_time_of_its_server() -> None:
    wire, http, clock = prover()
    late = Response(200, {"Date": formatdate(NOON + 900, usegmt=True)}, b"")
    clock.compare("https://id.example.com/metadata", late, sent_at=NOON)
    http.send(proved(POST))
    http.send(proved(GET))

    assert [proof_in(sent)["iat"] for sent in wire.sent] == [NOON + 900, NOON]


def test_a_proof_that_was_late_is_made_again_once_the_time_is_known() -> None:
    wire, _, clock = prover()
    refused = [Response(400, {"Date": formatdate(NOON - 900)}, b'{"error": "invalid_dpop_proof"}')]

    def server(sent: Encoded) -> Response:
        response = refused.pop() if refused else answer()
        clock.compare(sent.url, response, sent_at=NOON)
        return response

    wire.server = server
    response = Prover(wire, clock).send(proved(POST), redeems=True)

    assert response.status == 200
    assert [proof_in(sent)["iat"] for sent in wire.sent] == [NOON, NOON - 900]
    assert wire.redeemed == [True, True]


def test_what_a_server_repeats_of_a_proof_is_known_as_a_secret() -> None:
    wire, http, _ = prover(challenge("n1"))
    request = proved(POST)
    http.send(request)
    proofs = [value for sent in wire.sent for name, value in sent.headers if name == "DPoP"]

    assert all(proof in str(secrets_of(request)) for proof in proofs)


def test_a_dry_run_makes_no_key() -> None:
    def fail() -> Mapping[str, JSON]:
        raise AssertionError

    assert "-H 'DPoP: <proof>'" in as_curl(POST._replace(proof=Proof(fail)))


def test_one_key_is_made_at_first_use_and_kept() -> None:
    possession = Possession()
    assert possession.kept is None
    made = possession.key("ES256")

    assert possession.key("ES384") is made
    assert made["alg"] == "ES256"
    assert Possession(possession.kept).thumbprint("EdDSA") == possession.thumbprint("ES256")


@pytest.mark.parametrize("alg", dpop.ALGORITHMS)
@proves("RFC 9449", "11.6", "signs with asymmetric algorithms alone")
@proves("RFC 9449", "4.2", "signs with any asymmetric algorithm that a provider may want")
def test_every_algorithm_makes_a_proof(alg: str) -> None:
    possession = Possession()
    wire = Wire(lambda _: answer())
    request = POST._replace(proof=Proof(lambda: possession.key(alg)))
    Prover(wire, Clock()).send(request)
    (proof,) = [value for name, value in wire.sent[0].headers if name == "DPoP"]
    header, _ = claims_of(proof, dpop.ALGORITHMS)

    assert header["alg"] == alg
    assert header["jwk"] == dpop.public(possession.key(alg))


TOKEN_STEP = "{post: 'https://id.example/token', dpop: %s, form: {grant_type: client_credentials}}"


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "N_A", 7, None])
@proves("RFC 9449", "5", "refuses a token that is not bound though it was asked for with a proof")
def test_a_token_that_is_not_bound_is_refused(kind: JSON) -> None:
    world = World(lambda _: answer(200, access_token="fake-access", token_type=kind))
    with pytest.raises(ProviderError) as caught:
        run_kind("token", TOKEN_STEP % "on", world)

    assert (caught.value.code, caught.value.outcome) == ("E515", "held")


@pytest.mark.parametrize("kind", ["DPoP", "dpop"])
def test_a_token_that_is_bound_is_taken(kind: str) -> None:
    world = World(lambda _: answer(200, access_token="fake-access", token_type=kind))

    assert run_kind("token", TOKEN_STEP % "ES384", world)["token_type"] == kind


def test_nobody_asks_for_the_type_of_a_token_that_is_not_to_be_bound() -> None:
    world = World(lambda _: answer(200, access_token="fake-access"))

    assert "access_token" in run_kind("token", TOKEN_STEP % '"off"', world)


@pytest.mark.parametrize("error", dpop.REFUSED)
@proves("RFC 9449", "5", "tells a refused proof from a refused grant, which is untouched")
def test_a_refused_proof_is_told_as_that(error: str) -> None:
    world = World(lambda _: answer(400, error=error, error_description="clock"))
    with pytest.raises(ProviderError, match="clock") as caught:
        run_kind("token", TOKEN_STEP % "on", world)

    assert (caught.value.code, caught.value.outcome) == ("E514", "unspent")


def test_a_proof_that_an_api_refuses_is_no_refused_token() -> None:
    world = World(lambda _: refusal(401, 'DPoP error="invalid_dpop_proof", algs="ES256"'))
    options = "{get: 'https://api.example/me', dpop: on, bearer: 'fake-access-token'}"
    with pytest.raises(ProviderError) as caught:
        run_kind("http", options, world)

    assert (caught.value.code, caught.value.outcome) == ("E514", "unspent")


@proves("RFC 9449", "7.1", "sends a token that is bound by the scheme DPoP, not Bearer")
def test_a_bound_token_has_a_scheme_of_its_own() -> None:
    world = World(lambda _: answer())
    for switch in ("on", '"off"'):
        options = f"{{get: 'https://api.example/me', dpop: {switch}, bearer: fake-token}}"
        run_kind("http", options, world)
    schemes = [dict(sent.headers)["Authorization"] for sent in world.wire.sent]

    assert schemes == ["DPoP fake-token", "Bearer fake-token"]


@proves("RFC 9449", "10", "ties the code to the key with dpop_jkt")
def test_the_authorization_request_names_the_key() -> None:
    handed = run_kind("authorize", "{url: 'https://id.example/auth', dpop: on}")

    assert "&dpop_jkt=" in f"&{handed['url']}"


def test_require_bound_says_what_came() -> None:
    with pytest.raises(ProviderError, match="one of type Bearer"):
        require_bound({"token_type": "Bearer"}, "https://id.example")
