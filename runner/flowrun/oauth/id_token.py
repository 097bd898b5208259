"""What an id_token says, held against what was asked for (OpenID Connect Core 3.1.3.7)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..secret import JSON
from .jwt import Jwt, refused

Claims = Mapping[str, JSON]

REQUIRED: Mapping[str, tuple[type, ...]] = {
    "iss": (str,),
    "sub": (str,),
    "aud": (str, list),
    "exp": (int, float),
    "iat": (int, float),
}
"""OpenID Connect Core section 2."""

LONGEST_SUBJECT = 255
LEEWAY_S = 60
LATEST = 1 << 40
"""Seconds since 1970; what lies beyond is no point in time."""

KEPT = ("iss", "sub", "aud", "azp", "auth_time", "nonce")
"""What the id_token of a refresh is compared with (OpenID Connect Core section 12.2)."""

MIX_UP = "This may be a mix-up attack; do not go on with this login."
CLOCK = "Is the clock of this machine right?"


class Expected(NamedTuple):
    """What the id_token must agree with; what is empty is not known, and not compared."""

    now: float
    issuer: str = ""
    client_id: str = ""
    audience: str = ""  # in the place of the client's id
    nonce: str = ""
    leeway_s: float = LEEWAY_S
    access_token: str = ""
    code: str = ""  # only where it came beside the code
    front: bool = False  # through the browser, where hashes bind what came with it
    max_age_s: float | None = None
    acr: Sequence[str] = ()  # one of them is essential
    before: Claims = {}  # what is known of the person
    of: str = "the record"  # who knows it
    renews: bool = False


def judge(jwt: Jwt, expected: Expected, what: str = "the id_token") -> None:
    """
    Refuse the claims of *jwt* that are not about this login, this client and this moment.

    Raises:
        ProviderError: E520 for what is missing, E523 to E530 for what is wrong. The answer is held.
    """
    _check_kind(jwt, what)
    check_required(jwt.claims, REQUIRED, what)
    check_issuer(jwt.claims, expected.issuer, what)
    check_audience(jwt.claims, expected.client_id, expected.audience, what)
    check_time(jwt.claims, expected.now, expected.leeway_s, what)
    _check_nonce(jwt.claims, expected)
    _check_hashes(jwt, expected)
    _check_subject(jwt.claims, expected)
    _check_sign_in(jwt.claims, expected)


def _check_kind(jwt: Jwt, what: str) -> None:
    """It is not a token of another kind, which the same issuer signs (RFC 8725 section 3.12)."""
    kind = str(jwt.header.get("typ", "JWT")).lower().removeprefix("application/")
    if kind.endswith("+jwt") and not kind.startswith(("id", "openid")):
        raise refused("E520", f"{what} is a token of another kind: {kind[:40]}")


def kept_of(claims: Claims) -> dict[str, JSON]:
    """What later answers are compared with."""
    return {name: claims[name] for name in KEPT if name in claims}


def check_required(claims: Claims, required: Mapping[str, tuple[type, ...]], what: str) -> None:
    for name, kinds in required.items():
        value = claims.get(name)
        if not isinstance(value, kinds) or isinstance(value, bool) or not value:
            said = "says no" if value is None else "says something strange for"
            raise refused("E520", f"{what} {said} {name}")
    if not 0 < len(str(claims.get("sub", "-"))) <= LONGEST_SUBJECT:
        raise refused("E520", f"{what} says something strange for sub")


def check_issuer(claims: Claims, issuer: str, what: str) -> None:
    if issuer and claims.get("iss") != issuer:
        message = f"{what} comes from {str(claims.get('iss'))[:200]}, not from {issuer}"
        raise refused("E523", message, MIX_UP)


def check_audience(claims: Claims, client_id: str, audience: str, what: str) -> None:
    """E524 unless it is for this client, and for nobody who could use it here."""
    aud, azp = claims.get("aud"), claims.get("azp")
    audiences = aud if isinstance(aud, list) else [aud]
    meant = audience or client_id
    if not meant:
        return
    if meant not in audiences:
        raise refused("E524", f"{what} is for another client than {meant}")
    if azp is not None and client_id and azp != client_id:
        raise refused("E524", f"{what} is for {meant}, and was issued to another client")
    if azp is None and len(set(map(str, audiences))) > 1:
        raise refused("E524", f"{what} is for others, too, and does not say to whom it was issued")


def check_time(claims: Claims, now: float, leeway_s: float, what: str) -> None:
    ends, begins, made = (_moment(claims, name, what) for name in ("exp", "nbf", "iat"))
    if ends is not None and now >= ends + leeway_s:
        late_s = int(now - ends)
        raise refused("E525", f"{what} ended {late_s} s ago", CLOCK)
    if begins is not None and now < begins - leeway_s:
        raise refused("E525", f"{what} begins in {int(begins - now)} s", CLOCK)
    if made is not None and made > now + leeway_s:
        raise refused("E526", f"{what} was made {int(made - now)} s from now", CLOCK)


def _moment(claims: Claims, name: str, what: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < LATEST:
        raise refused("E520", f"{what} says something strange for {name}")
    return value


def _check_nonce(claims: Claims, expected: Expected) -> None:
    """The token answers our request, and no other (section 3.1.2.1)."""
    nonce = claims.get("nonce")
    if expected.nonce and not _same(nonce, expected.nonce):
        said = "no nonce, and not" if nonce is None else "another nonce than"
        message = f"the id_token carries {said} the one that was sent"
        raise refused("E527", message, "It may be one of an earlier login, played again.")
    if expected.renews and nonce is not None and not _same(nonce, expected.before.get("nonce")):
        raise refused("E527", "the id_token carries another nonce than the one of the login")


def _same(left: JSON, right: JSON) -> bool:
    import hmac

    coded = (str(text).encode("utf-8", "replace") for text in (left, right))
    return isinstance(left, str) and hmac.compare_digest(*coded)


def _check_hashes(jwt: Jwt, expected: Expected) -> None:
    """It came with this token and this code (sections 3.1.3.8, 3.2.2.9 and 3.3.2.10)."""
    for name, what, value in (
        ("at_hash", "access token", expected.access_token),
        ("c_hash", "code", expected.code),
    ):
        said = jwt.claims.get(name)
        if not value or (said is None and not expected.front):
            continue
        if said is None:
            raise refused("E520", f"the id_token says no {name}, though it came with the {what}")
        if said != hash_of(value, jwt.alg):
            raise refused("E528", f"the id_token belongs to another {what}")


def hash_of(value: str, alg: str) -> str:
    """The left half of the hash of *value* that goes with *alg*."""
    import hashlib

    if alg == "Ed448":
        digest = hashlib.shake_256(value.encode()).digest(114)
    else:
        digest = hashlib.new(f"sha{_BITS.get(alg[-3:], 512)}", value.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


_BITS = {"256": 256, "384": 384, "512": 512}  # else it is Ed25519, which hashes with SHA-512


def _check_subject(claims: Claims, expected: Expected) -> None:
    """It is about whom was known before (sections 3.3.3.6 and 12.2)."""
    before = expected.before
    if "iss" in before and claims["iss"] != before["iss"]:
        message = f"the id_token comes from another issuer than the one of {expected.of}"
        raise refused("E523", message, MIX_UP)
    if "sub" in before and claims["sub"] != before["sub"]:
        raise refused("E529", f"the id_token is about somebody else than the one of {expected.of}")
    if not expected.renews:
        return
    if not _names(before.get("aud")) <= _names(claims["aud"]):
        raise refused("E524", "the id_token is for others than the one of the login")
    if "azp" in claims and "azp" in before and claims["azp"] != before["azp"]:
        raise refused("E524", "the id_token was issued to another client than the one of the login")
    if "auth_time" in claims and claims["auth_time"] != before.get(
        "auth_time", claims["auth_time"]
    ):
        raise refused(
            "E530", "the id_token tells another time of sign-in than the one of the login"
        )


def _names(aud: JSON) -> set[str]:
    return set() if aud is None else set(map(str, aud)) if isinstance(aud, list) else {str(aud)}


def _check_sign_in(claims: Claims, expected: Expected) -> None:
    """The person has signed in as recently, and as well, as was asked for (section 3.1.2.1)."""
    if expected.max_age_s is not None:
        signed_in = _moment(claims, "auth_time", "the id_token")
        if signed_in is None:
            raise refused("E530", "the id_token does not say when the person has signed in")
        age_s = expected.now - signed_in
        if age_s > expected.max_age_s + expected.leeway_s:
            message = f"the person has signed in {int(age_s)} s ago"
            raise refused("E530", f"{message}, and was to within {expected.max_age_s:g} s")
    if expected.acr and claims.get("acr") not in expected.acr:
        said = str(claims.get("acr") or "none")[:100]
        message = f"the person has signed in by {said}, not by {' or '.join(expected.acr)}"
        raise refused("E530", message)
