"""JSON Web Tokens and their keys; what reads those of others is slow to load, and loaded late."""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..errors import FlowError
from ..secret import JSON
from .private import KEY_HINT
from .signing import ALGORITHMS, Signer, new_key, sign, signer

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

__all__ = ["ALGORITHMS", "Signer", "claims_of", "claims_signed", "new_key", "sign", "signer"]


@functools.lru_cache(maxsize=8)  # a key takes longer to read than to sign with
def keys_in(text: str) -> tuple[ECKey | OctKey | OKPKey | RSAKey, ...]:
    """The keys that *text* holds: one as PEM or JWK, or each of a JWKS that can be read."""
    if not text.lstrip().startswith("{"):
        found = [key for kind in ("RSA", "EC", "OKP") if (key := _tried(text, kind))]
    else:
        document = _document(text)
        listed = document.get("keys", [document])
        found = [key for each in listed if isinstance(each, dict) and (key := _tried(each))]
    if not found:
        raise FlowError("E222", "this is no key", hint=KEY_HINT)
    return tuple(found)


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:  # not `from error`: it holds the text
        raise FlowError("E222", "this is no key: it is not JSON", hint=KEY_HINT) from None
    return document if isinstance(document.get("keys", []), list) else {}


def _tried(value: str | dict[str, Any], kind: str = "") -> ECKey | OctKey | OKPKey | RSAKey | None:
    from joserfc.errors import JoseError

    try:
        return _imported(value, kind)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _imported(value: str | dict[str, Any], kind: str) -> ECKey | OctKey | OKPKey | RSAKey:
    from joserfc.jwk import JWKRegistry

    with warnings.catch_warnings(action="ignore"):  # a secret that is short
        if isinstance(value, dict):
            return JWKRegistry.import_key(value)
        return JWKRegistry.import_key(value, kind)


def claims_signed(token: str, key: str, *, shared: bool = False) -> dict[str, JSON] | None:
    """The claims of *token*, if *key*, whole or public, has signed them; for the sandbox."""
    from joserfc import jwt
    from joserfc.errors import JoseError

    for each in (_imported(key, "oct"),) if shared else keys_in(key):
        with warnings.catch_warnings(action="ignore"), suppress(JoseError, ValueError, TypeError):
            return dict(jwt.decode(token, each, algorithms=list(ALGORITHMS)).claims)
    return None


def claims_of(proof: str, algorithms: Sequence[str]) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """
    The header and the claims of a *proof* that is signed with the key in its own header.

    Raises:
        ValueError: it is no such JWT, it holds a private key, or its signature is another's.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry
    from joserfc.jws import JWSRegistry, extract_compact

    registry = JWSRegistry(algorithms=[*algorithms])
    registry.max_header_length = PROOF_HEADER_BYTES
    try:
        header = extract_compact(proof.encode(), registry=registry).headers()
        key = JWKRegistry.import_key(header["jwk"])
        if header.get("typ") != "dpop+jwt" or key.is_private:
            raise KeyError
        with warnings.catch_warnings(action="ignore"):  # EdDSA's name
            claims = jwt.decode(proof, key, registry=registry).claims
    except (JoseError, KeyError, TypeError, ValueError):
        raise ValueError("is none, or not signed by the key that it names") from None
    return {**header}, {**claims}


PROOF_HEADER_BYTES = 4096
"""A proof brings its key along; that of RSA is longer than the header of other tokens."""
