"""Encrypted tokens in their compact form (RFC 7516 section 5.1)."""

from __future__ import annotations

import json
import warnings
from typing import NamedTuple

from ..errors import FlowError
from . import keys_in

USUAL = {"RSA": "RSA-OAEP-256", "EC": "ECDH-ES", "OKP": "ECDH-ES"}
"""What a key is encrypted for with that does not say it."""


class Addressee(NamedTuple):
    """A public key, as JWK, and how to encrypt for it."""

    key: str
    alg: str
    key_id: str


def encryption_key(text: str, *, alg: str = "", key_id: str = "") -> Addressee:
    """
    The key in *text*, a PEM, a JWK or a JWKS, that is for encryption with *alg*.

    Raises:
        FlowError: there is none (E222).
    """
    for key in keys_in(text):
        usual = USUAL.get(key.key_type, "")
        found = alg or key.alg or usual
        named = not key_id or key.kid in (key_id, None)
        meant = key.get("use") in ("enc", None) and key.alg in (found, None)
        if usual and named and meant and found[:4] == usual[:4]:
            public = json.dumps(key.as_dict(private=False))
            return Addressee(public, found, key_id or key.kid or "")
    wanted = " and ".join(filter(None, [alg, key_id and f"kid {key_id}"]))
    message = "there is no key to encrypt for" + (f" with {wanted}" if wanted else "")
    raise FlowError("E222", message, hint="A key for it is a JWK of use enc, or a PEM.")


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
