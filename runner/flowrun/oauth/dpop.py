"""Demonstrating proof of possession (RFC 9449): what a proof says, and what is said of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from ..message import Response
from ..secret import JSON

ALGORITHMS = (
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
)
DEFAULT = "ES256"
"""What every server that knows DPoP takes, and what takes least time."""

PUBLIC = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
"""The members that make a public key, in the order of RFC 7638 section 3.2."""

REFUSED = ("invalid_dpop_proof", "use_dpop_nonce")
"""Errors that are about the proof alone: nothing else of the request was used."""

PORTS = {"http": 80, "https": 443}


def public(jwk: Mapping[str, JSON]) -> dict[str, JSON]:
    """The public half of *jwk*, and nothing else of it."""
    return {name: jwk[name] for name in PUBLIC[str(jwk["kty"])]}


def thumbprint(jwk: Mapping[str, JSON]) -> str:
    """The SHA-256 thumbprint of *jwk* (RFC 7638 section 3)."""
    return _hash(json.dumps(public(jwk), separators=(",", ":"), ensure_ascii=False))


def header(jwk: Mapping[str, JSON], alg: str) -> dict[str, JSON]:
    """The JOSE header of a proof that is signed with *jwk* (RFC 9449 section 4.2)."""
    return {"typ": "dpop+jwt", "alg": alg, "jwk": public(jwk)}


def claims(
    method: str, url: str, *, id: str, at: float, token: str | None = None, nonce: str = ""
) -> dict[str, JSON]:
    """
    What the proof for one request says.

    Args:
        method: the request's method.
        url: where it goes.
        id: of this proof, never used before.
        at: the time at the server.
        token: the access token that goes with it.
        nonce: the one that the server has handed out.
    """
    made: dict[str, JSON] = {"jti": id, "htm": method, "htu": target_of(url), "iat": int(at)}
    made |= {} if token is None else {"ath": _hash(token)}
    return made | ({"nonce": nonce} if nonce else {})


def target_of(url: str) -> str:
    """*url* without its query and fragment, in the form that RFC 3986 section 6.2 has for it."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path or '/'}"


def error_of(response: Response) -> str:
    """The error that *response* names, in its body or in its challenge (RFC 9449 8 and 9)."""
    challenge = response.headers.get("www-authenticate", "")
    if found := _ERROR.search(challenge):
        return found[1]
    error = response.json.get("error") if isinstance(response.json, dict) else None
    return error if isinstance(error, str) else ""


_ERROR = re.compile(r'\bDPoP\b(?:(?!\bBearer\b).)*?\berror="?([a-z_]+)', re.IGNORECASE)


def nonce_of(response: Response) -> str:
    """The nonce for the next proof, where *response* hands one out that can be one."""
    nonce = response.headers.get("dpop-nonce", "")
    return nonce if _NONCE.fullmatch(nonce) else ""


_NONCE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,1000}")  # RFC 9449 section 8.1, and a bound


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
