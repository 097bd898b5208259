"""Which keys of a set may have signed a token (RFC 7517)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from ..secret import JSON

Key = Mapping[str, JSON]

KINDS = {"HS": "oct", "RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
CURVES = {
    "ES256": ("P-256",),
    "ES384": ("P-384",),
    "ES512": ("P-521",),
    "EdDSA": ("Ed25519", "Ed448"),
    "Ed25519": ("Ed25519",),
    "Ed448": ("Ed448",),
}
EDWARDS = ("EdDSA", "Ed25519", "Ed448")
LEAST_MODULUS = 342
"""Characters of 2048 bits (RFC 7518 section 3.3); a shorter key is nobody's proof any more."""

MOST_KEYS = 100


def keys_in(document: JSON) -> list[Key] | None:
    """The keys of a JWK set; None when *document* is none (RFC 7517 section 5)."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        return None
    return [key for key in keys[:MOST_KEYS] if isinstance(key, dict)]


def fitting(keys: Sequence[Key], alg: str, kid: JSON) -> list[Key]:
    """Those of *keys* that may have made a signature with *alg* that names *kid*, if anything."""
    return [key for key in keys if _may_sign(key, alg) and (kid is None or _named(key, kid))]


def _named(key: Key, kid: JSON) -> bool:
    return key.get("kid", kid) == kid


def _may_sign(key: Key, alg: str) -> bool:
    if key.get("kty") != KINDS[alg[:2]] or key.get("use", "sig") != "sig":
        return False
    operations = key.get("key_ops")
    if isinstance(operations, list) and "verify" not in operations:
        return False
    if alg in CURVES and key.get("crv") not in CURVES[alg]:
        return False
    if key["kty"] == "RSA" and len(str(key.get("n"))) < LEAST_MODULUS:
        return False
    return _meant_for(key.get("alg"), alg)


def _meant_for(said: JSON, alg: str) -> bool:
    return said in (None, alg) or (said in EDWARDS and alg in EDWARDS)


def shared_key(secret: str) -> Key:
    """A secret that both sides know, as a key (RFC 7518 section 6.4)."""
    coded = base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
    return {"kty": "oct", "k": coded}
