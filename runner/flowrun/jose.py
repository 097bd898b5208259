"""Signs JSON Web Tokens (RFC 7515, RFC 7519)."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .errors import FlowError
from .secret import JSON

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

KEY_TYPES = {"HS": "oct", "RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
CURVES: dict[str, str | int] = {
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
    "EdDSA": "Ed25519",
    "HS256": 256,
    "HS384": 384,
    "HS512": 512,
}
ALGORITHMS = (
    *("HS256", "HS384", "HS512", "RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"),
)


def sign(header: Mapping[str, JSON], claims: Mapping[str, JSON], key: str) -> str:
    """
    The compact serialisation of *claims*, signed with *key* as `alg` in *header* says.

    Args:
        header: the JOSE header; its `alg` is one of `ALGORITHMS`.
        claims: the claims set.
        key: a private key as PEM or as JWK; for HS256 and its kin the shared secret.

    Raises:
        FlowError: the key cannot sign that way (E222); it is not shown.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError

    alg = str(header["alg"])
    try:
        with warnings.catch_warnings(action="ignore"):  # EdDSA's name, a secret that is short
            signed = jwt.encode({**header}, {**claims}, _key(key, alg), algorithms=[alg])
    except (JoseError, ValueError, TypeError):
        # Not `from error`: it may show the key.
        hint = "A private key is PEM or JWK, of the kind that the alg needs."
        raise FlowError("E222", f"the key cannot sign with {alg}", hint=hint) from None
    return signed


def _key(text: str, alg: str) -> ECKey | OctKey | OKPKey | RSAKey:
    from joserfc.jwk import JWKRegistry

    kind = KEY_TYPES[alg[:2]]
    if text.lstrip().startswith("{"):
        return JWKRegistry.import_key(json.loads(text))
    return JWKRegistry.import_key(text, kind)


def new_key(alg: str) -> str:
    """A private key that can sign with *alg*, as JWK; for the sandbox, where none is real."""
    from joserfc.jwk import JWKRegistry

    kind, curve = KEY_TYPES[alg[:2]], CURVES.get(alg, 2048)
    return json.dumps(JWKRegistry.generate_key(kind, curve, private=True).as_dict(private=True))
