"""Whether a signature is that of one of some keys (RFC 7515 section 5.2)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping

from ..secret import JSON

MEMBERS = ("kty", "crv", "x", "y", "n", "e", "k")
"""What makes a public key, or a secret one; all else in a JWK is about its use."""

MOST_BYTES = 1 << 17


def is_signed(token: str, alg: str, keys: Iterable[Mapping[str, JSON]]) -> bool:
    """Whether *token*, in its compact form, is signed with *alg* by one of *keys*, each a JWK."""
    return any(_is_signed_by(token, alg, key) for key in keys)


def _is_signed_by(token: str, alg: str, jwk: Mapping[str, JSON]) -> bool:
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry

    # Who read its header has refused what is critical there; any other field may stand in it.
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    registry.max_header_length = registry.max_payload_length = MOST_BYTES
    bare: dict[str, str | list[str]]
    bare = {name: str(jwk[name]) for name in MEMBERS if name in jwk}
    try:
        with warnings.catch_warnings(action="ignore"):  # of EdDSA's name, of a short secret
            jws.deserialize_compact(token, JWKRegistry.import_key(bare), registry=registry)
    except (JoseError, ValueError, TypeError):
        return False
    return True
