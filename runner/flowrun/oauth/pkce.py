"""Proof Key for Code Exchange (RFC 7636)."""

from __future__ import annotations

METHODS = ("S256", "plain", "off")


def new_verifier() -> str:
    """A code verifier of 43 characters (RFC 7636 section 4.1)."""
    import secrets

    return secrets.token_urlsafe(32)


def challenge_of(verifier: str, method: str = "S256") -> str:
    """The code challenge of *verifier* (RFC 7636 section 4.2)."""
    import base64
    import hashlib

    if method == "plain":
        return verifier
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
