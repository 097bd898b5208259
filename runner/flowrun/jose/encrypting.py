"""Encrypted tokens in their compact form (RFC 7516 section 5.1)."""

from __future__ import annotations

import json
import warnings

from ..errors import FlowError


def encrypted(text: str, key: str, *, alg: str, enc: str, kid: str = "") -> str:
    """
    *text*, a signed token, encrypted for whoever has the private half of *key*, a JWK.

    Raises:
        FlowError: the key cannot encrypt that way (E222); it is not shown.
    """
    from joserfc import jwe
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry

    header: dict[str, object] = {
        "alg": alg,
        "enc": enc,
        "cty": "JWT",
        **({"kid": kid} if kid else {}),
    }
    try:
        with warnings.catch_warnings(action="ignore"):
            public = JWKRegistry.import_key(json.loads(key))
            return jwe.encrypt_compact(header, text, public, algorithms=[alg, enc])
    except (JoseError, ValueError, TypeError):
        message = f"the key cannot encrypt with {alg} and {enc}"
        raise FlowError("E222", message, hint="It is a JWK of the kind that alg needs.") from None
