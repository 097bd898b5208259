"""RSA signatures that are no JSON Web Signatures (RFC 8017 section 8.2)."""

from __future__ import annotations

from typing import Any

from ..errors import FlowError
from .private import KEY_HINT, keys_in

HASHES = ("SHA1", "SHA256", "SHA512")


def rsa_signature(message: bytes, key: str, hash: str) -> bytes:
    """
    The PKCS #1 v1.5 signature of *message* by *key*, a private key as PEM or JWK.

    Raises:
        FlowError: the key is no private RSA key (E222); it is not shown.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    assert hash in HASHES
    for found in keys_in(key):
        if found.type == "RSA":
            private: Any = found.handle
            signature: bytes = private.sign(message, PKCS1v15(), getattr(hashes, hash)())
            return signature
    raise FlowError("E222", "the key is no private RSA key", hint=KEY_HINT)
