"""Private keys of every kind, as files hold them."""

from __future__ import annotations

import json
import warnings
from functools import cache

from joserfc.jwk import ECKey, JWKRegistry, OctKey, OKPKey, RSAKey

Key = RSAKey | ECKey | OKPKey | OctKey

CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


@cache
def key_for(alg: str) -> Key:
    """A new private key that can sign with *alg*; RS and PS share one."""
    if alg in CURVES:
        return ECKey.generate_key(CURVES[alg])
    if alg[:2] == "Ed":
        return OKPKey.generate_key("Ed25519") if alg == "EdDSA" else key_for("EdDSA")
    return RSAKey.generate_key(2048) if alg == "RS256" else key_for("RS256")


def pem(key: Key) -> str:
    assert not isinstance(key, OctKey)
    return key.as_pem(private=True).decode()


def jwk(key: Key, **more: str) -> str:
    return json.dumps({**key.as_dict(private=True), **more})


def jwks(*keys: str) -> str:
    """A JWKS that holds *keys*, each a JWK."""
    return json.dumps({"keys": [json.loads(key) for key in keys]})


def read(token: str, key: Key | str, alg: str) -> tuple[dict[str, object], dict[str, object]]:
    """The header and the claims of *token*, which *key* must have signed."""
    from joserfc import jwt

    with warnings.catch_warnings(action="ignore"):
        key = JWKRegistry.import_key(key, "oct") if isinstance(key, str) else key
        found = jwt.decode(token, key, algorithms=[alg])
    return dict(found.header), dict(found.claims)
