"""What is in an encrypted token (RFC 7516 section 5.2)."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING

from ..secret import JSON

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

AGREED = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW")
SHARED_BITS = {"A128KW": 128, "A192KW": 192, "A256KW": 256, "A128GCMKW": 128, "A256GCMKW": 256}
CONTENT_BITS = {
    "A128CBC-HS256": 256,
    "A192CBC-HS384": 384,
    "A256CBC-HS512": 512,
    "A128GCM": 128,
    "A192GCM": 192,
    "A256GCM": 256,
}
ALGORITHMS = ("RSA-OAEP", "RSA-OAEP-256", *AGREED, *SHARED_BITS, "dir")
"""Not RSA1_5, which tells whoever asks often enough, nor PBES2, which makes others work."""

MOST_BYTES = 1 << 17


def decrypted(token: str, header: dict[str, JSON], key: str) -> str | None:
    """
    The text in *token*; None when *key* does not open it.

    Args:
        token: its compact form.
        header: its header, as it was read.
        key: a private key as PEM, JWK or JWK set, or a secret that both sides know.
    """
    from joserfc import jwe
    from joserfc.errors import JoseError

    alg, enc = str(header.get("alg")), str(header.get("enc"))
    if alg not in ALGORITHMS or enc not in CONTENT_BITS:
        return None
    # Without `zip`: a few bytes that become a million are no token.
    registry = jwe.JWERegistry(algorithms=[alg, enc], strict_check_header=False)
    registry.max_ciphertext_length = registry.max_protected_header_length = MOST_BYTES
    for each in _keys(key, header, alg, enc) if "zip" not in header else ():
        try:
            with warnings.catch_warnings(action="ignore"):
                found = jwe.decrypt_compact(token, each, registry=registry)
            return (found.plaintext or b"").decode("ascii")
        except (JoseError, ValueError, TypeError):  # it may show the key
            continue
    return None


def _keys(
    text: str, header: dict[str, JSON], alg: str, enc: str
) -> list[ECKey | OctKey | OKPKey | RSAKey]:
    """The keys in *text* that the token may be for."""
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry

    if not text.lstrip().startswith(("{", "-----")):
        return [_shared(text, SHARED_BITS.get(alg) or CONTENT_BITS[enc])]
    try:
        if not text.lstrip().startswith("{"):
            kind = "RSA" if alg.startswith("RSA") else "OKP" if " X25519" in text else "EC"
            return [JWKRegistry.import_key(text, kind)]
        document = json.loads(text)
        jwks = document.get("keys", [document])
        kid = header.get("kid")
        meant = [jwk for jwk in jwks if kid is None or jwk.get("kid", kid) == kid]
        return [JWKRegistry.import_key(_bare(jwk)) for jwk in meant if jwk.get("use") != "sig"]
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return []


MEMBERS = ("kty", "crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi", "k")


def _bare(jwk: dict[str, JSON]) -> dict[str, str | list[str]]:
    return {name: str(jwk[name]) for name in MEMBERS if name in jwk}


def _shared(secret: str, bits: int) -> OctKey:
    """The key that both sides make of a client's secret (OpenID Connect Core section 10.2)."""
    import hashlib

    from joserfc.jwk import OctKey

    digest = hashlib.sha512 if bits > 384 else hashlib.sha384 if bits > 256 else hashlib.sha256
    return OctKey.import_key(digest(secret.encode()).digest()[: bits // 8])
