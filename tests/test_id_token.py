"""An id_token in an answer is believed when it is the issuer's, for us, for now, for this login."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode

import pytest

from flowrun.errors import ProviderError
from flowrun.message import Response
from flowrun.secret import JSON, Secret, Value, reveal
from flowrun.wire import Encoded
from servers.issuer import (
    CLIENT,
    ISSUER,
    NONCE,
    claims,
    hash_of,
    id_token,
    jwks,
    key_of,
    pem_of,
    public,
    signed,
)
from servers.kinds import NOON, World, answer, run_kind
from standards import proves

SENT: dict[str, Value] = {"client_id": CLIENT, "nonce": Secret(NONCE), "response_type": "code"}
CALLBACK: dict[str, Value] = {"code": Secret("code-1")}
KEYS = f"issuer: {ISSUER}, jwks: {ISSUER}/jwks"


class Provider:
    """A token endpoint that answers with *token*, and the keys of its issuer."""

    def __init__(self, token: JSON, *sets: JSON, date: str = "") -> None:
        self.fields: dict[str, JSON] = {"access_token": "access-1", "id_token": token}
        self.sets = list(sets or (jwks(),))
        self.asked: list[str] = []
        self.date = date

    def __call__(self, request: Encoded) -> Response:
        path = request.url.removeprefix(ISSUER)
        self.asked.append(path)
        if path != "/jwks":
            found = answer(**self.fields)
            return Response(200, {**found.headers, "date": self.date}, found.body)
        current = self.sets.pop(0) if len(self.sets) > 1 else self.sets[0]
        return Response(200, {"content-type": "application/json"}, json.dumps(current).encode())


def redeem(
    provider: Provider,
    options: str = KEYS,
    *,
    world: World | None = None,
    sent: dict[str, Value] = SENT,
) -> JSON:
    """What a token step makes of the answer to a code."""
    form = "form: {code: '{{ callback.code }}'}"
    parts = [f"post: '{ISSUER}/token'", form, *([options] if options else [])]
    given = f"{{{', '.join(parts)}}}"
    world = world or World(provider)
    return reveal(run_kind("token", given, world, authorization=sent, callback=CALLBACK))


def refusal(token: JSON, options: str = KEYS) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        redeem(Provider(token), options)
    assert caught.value.outcome == "held"
    return caught.value


def identity(found: JSON) -> JSON:
    assert isinstance(found, dict)
    known = found["flowrun"]
    assert isinstance(known, dict)
    return known["identity"]


@proves("OpenID Connect Core", "3.1.3.7", "an id_token is believed when each of its checks holds")
def test_a_good_id_token_tells_whose_the_token_is() -> None:
    provider = Provider(id_token(at_hash=hash_of("access-1", "RS256"), auth_time=NOON - 5))

    found = redeem(provider)

    assert identity(found) == {
        "iss": ISSUER,
        "sub": "alice",
        "aud": CLIENT,
        "auth_time": NOON - 5,
        "nonce": NONCE,
    }
    assert provider.asked == ["/jwks", "/token"]


@proves("RFC 9700", "4.5.3.2", "an id_token with the nonce of another login is refused")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({name: None}, "E520", id=f"no {name}")
        for name in ("iss", "sub", "aud", "exp", "iat")
    ]
    + [
        pytest.param({"sub": ""}, "E520", id="nobody"),
        pytest.param({"sub": "a" * 256}, "E520", id="a subject without end"),
        pytest.param({"exp": "soon"}, "E520", id="no moment"),
        pytest.param({"exp": True}, "E520", id="no number"),
        pytest.param({"iss": f"{ISSUER}/"}, "E523", id="nearly the issuer"),
        pytest.param({"iss": "https://evil.example"}, "E523", id="another issuer"),
        pytest.param({"aud": "other"}, "E524", id="another client"),
        pytest.param({"aud": ["other", "third"]}, "E524", id="other clients"),
        pytest.param({"aud": [CLIENT, "other"]}, "E524", id="others, too, without azp"),
        pytest.param({"aud": [CLIENT, "other"], "azp": "other"}, "E524", id="issued to another"),
        pytest.param({"azp": "other"}, "E524", id="azp of another"),
        pytest.param({"exp": NOON - 60}, "E525", id="ended"),
        pytest.param({"nbf": NOON + 61}, "E525", id="not yet begun"),
        pytest.param({"iat": NOON + 61}, "E526", id="from the future"),
        pytest.param({"nonce": None}, "E527", id="no nonce"),
        pytest.param({"nonce": "another"}, "E527", id="another nonce"),
        pytest.param({"nonce": 1}, "E527", id="a nonce of another kind"),
        pytest.param({"at_hash": "another"}, "E528", id="another access token"),
    ],
)
@proves(
    "OpenID Connect Core",
    "3.1.3.7",
    "an id_token that fails one check is refused with a code of its own",
)
def test_what_is_wrong_with_an_id_token_has_a_code_of_its_own(
    changes: dict[str, JSON], code: str
) -> None:
    assert refusal(id_token(**changes)).code == code


@proves(
    "OpenID Connect Core", "3.1.3.7", "clocks may differ by a minute, or by what the recipe says"
)
def test_clocks_may_differ_a_little() -> None:
    edges: list[dict[str, JSON]] = [{"exp": NOON - 59}, {"iat": NOON + 60}, {"nbf": NOON + 60}]

    for changes in edges:
        assert identity(redeem(Provider(id_token(**changes))))
        strict = f"{KEYS}, id_token: {{leeway: 10s}}"
        assert refusal(id_token(**changes), strict).code in ("E525", "E526")


@proves("RFC 8725", "3.1", "the algorithm is one that the recipe allows, RS256 by itself")
def test_an_algorithm_is_agreed_on_before() -> None:
    es256 = Provider(id_token("ES256"), jwks(public("ES256")))
    allowed = f"{KEYS}, id_token: {{alg: [ES256]}}"

    assert identity(redeem(es256, allowed))
    assert refusal(id_token("ES256")).code == "E522"
    assert refusal(id_token("RS256"), allowed).code == "E522"


@pytest.mark.parametrize("options", [KEYS, "", f"{KEYS}, id_token: {{alg: [RS256, none]}}"])
@proves("RFC 8725", "3.2", "a token with alg none is refused, whatever the recipe says")
def test_nobody_vouches_for_a_token_that_is_not_signed(options: str) -> None:
    _, payload, signature = id_token().split(".")
    for head in ("eyJhbGciOiJub25lIn0", "eyJhbGciOiJOb25FIn0"):
        for end in ("", signature):
            assert refusal(f"{head}.{payload}.{end}", options).code == "E522"


@proves("RFC 8725", "2.1", "a public key is never taken for a shared secret")
def test_what_the_issuer_publishes_is_no_secret() -> None:
    pem = pem_of("RS256")
    head, payload, _ = signed(claims(), "HS256", key="x" * 32).split(".")
    mac = hmac.digest(pem, f"{head}.{payload}".encode(), "sha256")
    forged = f"{head}.{payload}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    assert refusal(forged).code == "E522"
    assert refusal(forged, f"{KEYS}, id_token: {{alg: [RS256, HS256]}}").code == "E521"


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "Ed448"])
@proves("RFC 7515", "5.2", "a signature is checked with RS, PS, ES and EdDSA keys")
def test_a_signature_is_of_any_kind(alg: str) -> None:
    options = f"{KEYS}, id_token: {{alg: {alg}}}"
    good, foreign = id_token(alg), signed(claims(), alg, key=key_of(alg, "foreign"))

    assert identity(redeem(Provider(good, jwks(public(alg))), options))
    with pytest.raises(ProviderError) as caught:
        redeem(Provider(foreign, jwks(public(alg))), options)
    assert caught.value.code == "E521"


def test_a_changed_claim_breaks_the_signature() -> None:
    head, _, signature = id_token().split(".")
    other = id_token(sub="mallory").split(".")[1]

    assert refusal(f"{head}.{other}.{signature}").code == "E521"
    assert refusal(f"{head}.{other}.").code == "E521"


@proves("OpenID Connect Core", "10.1", "an HS256 token is checked with the client's secret")
def test_a_client_and_its_issuer_may_share_the_key() -> None:
    secret = "fake-secret-of-acme-0123456789abcdef"
    client = f"client: {{id: {CLIENT}, secret: {secret}}}, id_token: {{alg: HS256}}"
    good, bad = signed(claims(), "HS256", key=secret), signed(claims(), "HS256", key="x" * 32)

    assert identity(redeem(Provider(good), client))
    assert refusal(bad, client).code == "E521"
    assert refusal(good, "id_token: {alg: HS256}").code == "E521"


@proves("OpenID Connect Core", "3.1.3.7", "without keys the claims are checked all the same")
def test_claims_are_checked_without_keys() -> None:
    found = redeem(Provider(id_token("ES256")), "")

    assert identity(found)
    assert refusal(id_token(aud="other"), "").code == "E524"
    assert refusal(id_token(exp=NOON - 3600), "").code == "E525"
    assert refusal(id_token(nonce="other"), "").code == "E527"
    assert refusal("no-token", "").code == "E520"


@pytest.mark.parametrize(
    "text", ["", "a.b", "e30.e30", "e30.e30.e30.e30", "!.e30.a", "e30.W10.a", "e30.e30.a+b", 7, {}]
)
def test_what_is_no_token_is_told_as_that(text: JSON) -> None:
    assert refusal(text).code == ("E520" if text != "e30.e30." else "E522")


@proves("RFC 7519", "7.2", "what has not three parts, each of its kind, is refused")
def test_a_token_is_read_strictly() -> None:
    head, payload, signature = id_token().split(".")

    for text in (f"{head}.{payload}.{signature}=", f" {head}.{payload}.{signature}", f"{head}..a"):
        assert refusal(text).code == "E520"


@proves("RFC 7515", "4.1.11", "a critical header that is not known is refused")
def test_what_is_critical_must_be_known() -> None:
    critical = signed(claims(), crit=["b64"], b64=True)

    assert refusal(critical).code == "E520"
    assert identity(redeem(Provider(signed(claims(), x5t="a", foo="b"))))


@proves("RFC 8725", "3.12", "another kind of token of the same issuer is no id_token")
def test_a_token_of_another_kind_is_none() -> None:
    assert refusal(signed(claims(), typ="at+jwt")).code == "E520"
    assert refusal(signed(claims(), typ="application/logout+JWT")).code == "E520"
    for typ in ("JWT", "jwt", "application/jwt", "ID"):
        assert identity(redeem(Provider(signed(claims(), typ=typ))))


def test_an_id_token_that_is_off_is_not_looked_at() -> None:
    provider = Provider("no-token")

    found = redeem(provider, f"{KEYS}, id_token: off")

    assert isinstance(found, dict)
    assert found["flowrun"] == {"issued_at": NOON}
    assert provider.asked == ["/token"]


# keys


def rotated(world: World, provider: Provider) -> JSON:
    world.clock += 60
    provider.fields["id_token"] = signed(claims(exp=NOON + 900), kid="two")
    return identity(redeem(provider, world=world))


@proves(
    "OpenID Connect Core",
    "10.1.1",
    "a key that is not known has the issuer's keys asked for once more",
)
def test_a_new_key_is_asked_for() -> None:
    provider = Provider(id_token(), jwks(), jwks(public("RS256", "one"), public("RS256", "two")))
    world = World(provider)
    redeem(provider, world=world)

    assert rotated(world, provider)
    assert provider.asked == ["/jwks", "/token", "/token", "/jwks"]


def test_keys_are_kept_for_a_while() -> None:
    provider = Provider(id_token())
    world = World(provider)
    redeem(provider, world=world)
    redeem(provider, world=world)
    world.clock += 3600
    provider.fields["id_token"] = id_token(exp=NOON + 9000)
    redeem(provider, world=world)

    assert provider.asked == ["/jwks", "/token", "/token", "/jwks", "/token"]


def test_a_key_that_nobody_knows_is_asked_for_once_and_not_at_once() -> None:
    provider = Provider(signed(claims(), kid="two"))
    world = World(provider)
    for _ in range(2):
        with pytest.raises(ProviderError, match="not signed with a key two of the issuer"):
            redeem(provider, world=world)

    assert provider.asked == ["/jwks", "/token", "/jwks", "/token"]


@proves("OpenID Connect Core", "10.1", "without a key's id each key that fits is tried")
def test_a_token_need_not_name_its_key() -> None:
    keys = jwks(public("ES256"), public("RS256", "other"), public("RS256", "one"))
    provider = Provider(signed(claims(), kid=None), keys)

    assert identity(redeem(provider))


@pytest.mark.parametrize(
    "change",
    [{"use": "enc"}, {"key_ops": ["encrypt"]}, {"alg": "PS256"}, {"kid": "three"}, {"n": "AQAB"}],
)
@proves(
    "RFC 7517", "4", "a key is used for what it is published for, and no RSA key below 2048 bits"
)
def test_a_key_is_used_for_what_it_is_meant_for(change: dict[str, JSON]) -> None:
    with pytest.raises(ProviderError) as caught:
        redeem(Provider(id_token(), jwks(public(**change))))

    assert caught.value.code == "E521"


@pytest.mark.parametrize("keys", [{}, [], None, {"keys": "none"}])
def test_keys_that_cannot_be_read_cost_no_code(keys: JSON) -> None:
    provider = Provider(id_token(), keys)
    with pytest.raises(ProviderError) as caught:
        redeem(provider)

    assert (caught.value.code, caught.value.outcome) == ("E521", "unspent")
    assert provider.asked == ["/jwks"]


# what was asked of the sign-in


def asked(**more: Value) -> dict[str, Value]:
    return {**SENT, **more}


@proves("OpenID Connect Core", "3.1.2.1", "max_age asks for an auth_time that is recent enough")
def test_a_person_has_signed_in_recently() -> None:
    recent, old = id_token(auth_time=NOON - 100), id_token(auth_time=NOON - 400)

    assert identity(redeem(Provider(recent), sent=asked(max_age="300")))
    for token in (old, id_token()):
        with pytest.raises(ProviderError) as caught:
            redeem(Provider(token), sent=asked(max_age="300"))
        assert caught.value.code == "E530"


@proves(
    "OpenID Connect Core",
    "5.5.1.1",
    "an essential acr must be among the values that were asked for",
)
def test_a_person_has_signed_in_well() -> None:
    request = json.dumps({"id_token": {"acr": {"essential": True, "values": ["gold"]}}})
    wish = json.dumps({"id_token": {"acr": {"values": ["gold"]}}})

    assert identity(redeem(Provider(id_token(acr="gold")), sent=asked(claims=request)))
    assert identity(redeem(Provider(id_token(acr="tin")), sent=asked(claims=wish)))
    with pytest.raises(ProviderError) as caught:
        redeem(Provider(id_token(acr="tin")), sent=asked(claims=request))
    assert caught.value.code == "E530"


@proves("OpenID Connect Core", "5.5", "an essential auth_time must be told")
def test_a_time_of_sign_in_may_be_essential() -> None:
    request = json.dumps({"id_token": {"auth_time": {"essential": True}}})

    assert identity(redeem(Provider(id_token(auth_time=5)), sent=asked(claims=request)))
    with pytest.raises(ProviderError) as caught:
        redeem(Provider(id_token()), sent=asked(claims=request))
    assert caught.value.code == "E530"


def test_without_an_id_token_nobody_tells_how_the_person_signed_in() -> None:
    with pytest.raises(ProviderError) as caught:
        redeem(Provider(None), sent=asked(max_age="300"))

    assert caught.value.code == "E520"
    assert redeem(Provider(None))


# the time of whoever answers


@proves(
    "OpenID Connect Core", "3.1.3.7", "it is held against the time of the server that has answered"
)
def test_the_time_is_that_of_whoever_has_answered() -> None:
    provider = Provider(id_token(), date="Tue, 14 Nov 2023 22:13:20 GMT")
    world = World(provider)
    world.clock = NOON + 86_400

    assert identity(redeem(provider, world=world))
