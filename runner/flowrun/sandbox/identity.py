"""The id_tokens that the embedded provider signs, and the keys that it shows for them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..oauth.id_token import hash_of
from ..secret import JSON
from .shape import Believed, Exchange

SUBJECT = "sandbox-person"
LIFETIME_S = 3600
USUAL = "RS256"
CLOSED = "RSA-OAEP-256"


def id_token(
    exchange: Exchange,
    claims: Mapping[str, JSON],
    issued: Mapping[str, JSON],
    keys: dict[str, str],
    *,
    now: float,
    secret: str | None,
) -> str:
    """
    An id_token as *exchange* wants it, with *claims* beside the usual ones.

    Args:
        exchange: the recipe's step, which says the issuer, and how it is signed.
        claims: whom it is for and what ties it to the login.
        issued: what goes with it: an access token, a code.
        keys: the keys so far by algorithm, to which a new one is added.
        now: seconds since 1970.
        secret: the client's.
    """
    alg = exchange.believed.algs[0] if exchange.believed.algs else USUAL
    hashes: dict[str, JSON] = {
        name: hash_of(str(issued[of]), alg)
        for name, of in (("at_hash", "access_token"), ("c_hash", "code"))
        if of in issued
    }
    timed: dict[str, JSON] = {"iat": int(now), "exp": int(now) + LIFETIME_S}
    if exchange.section != "refresh":  # it would have to be the one of the login
        timed["auth_time"] = int(now)
    whole = {"sub": SUBJECT, **timed, **hashes, **claims}
    return signed_as(exchange.believed, whole, keys, secret)


def signed_as(
    believed: Believed,
    whole: Mapping[str, JSON],
    keys: dict[str, str],
    secret: str | None,
    *,
    typ: str = "JWT",
) -> str:
    """*whole* signed, and encrypted, as it is *believed*."""
    from ..jose import sign

    alg = believed.algs[0] if believed.algs else USUAL
    if alg.startswith("HS"):
        signed = sign({"alg": alg, "typ": typ}, whole, believed.secret or secret or "")
    else:
        signed = sign({"alg": alg, "typ": typ, "kid": _kid(alg)}, whole, key_of(alg, keys))
    return _closed(signed, believed.decrypt) if believed.decrypt else signed


def _closed(signed: str, key: str) -> str:
    from ..jose.encrypting import encrypted

    return encrypted(signed, key, alg="RSA-OAEP-256", enc="A256GCM")


def key_of(alg: str, keys: dict[str, str]) -> str:
    """The private key for *alg*; made when it is first needed, since some take a while."""
    from ..jose import new_key

    if alg not in keys:
        keys[alg] = new_key(alg)
    return keys[alg]


def published(algs: tuple[str, ...], keys: dict[str, str]) -> JSON:
    """The set of keys that goes with *algs* (RFC 7517 section 5)."""
    from ..jose import ALGORITHMS as SIGN

    shown: list[JSON] = []
    for alg in algs or (USUAL,):
        if not alg.startswith("HS"):
            key = json.loads(key_of(alg, keys))
            public = {name: key[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in key}
            use = "sig" if alg in SIGN else "enc"
            shown.append({**public, "kid": _kid(alg), "alg": alg, "use": use})
    return {"keys": shown}


def _kid(alg: str) -> str:
    return f"sandbox-{alg.lower()}"
