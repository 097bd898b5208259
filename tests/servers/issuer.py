"""An issuer of tokens: its keys, and whatever it is told to sign, right or wrong."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from functools import cache

from joserfc import jwe, jws
from joserfc.jwk import ECKey, JWKRegistry, OctKey, OKPKey, RSAKey

from flowrun.oauth.id_token import hash_of
from flowrun.secret import JSON
from servers.kinds import NOON

Key = ECKey | OctKey | OKPKey | RSAKey

ISSUER, CLIENT, NONCE = "https://id.example", "acme", "nonce-of-this-login"
KINDS: Mapping[str, tuple[str, str | int]] = {
    "RS256": ("RSA", 2048),
    "PS256": ("RSA", 2048),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
    "Ed448": ("OKP", "Ed448"),
}


@cache
def key_of(alg: str, kid: str = "one") -> Key:
    """The private key of that name; made once, since RSA takes a while."""
    kind, size = KINDS[alg]
    key = JWKRegistry.generate_key(kind, size, {"kid": kid}, private=True)
    assert isinstance(key, Key)
    return key


def public(alg: str = "RS256", kid: str = "one", /, **more: JSON) -> dict[str, JSON]:
    """A key as the issuer publishes it."""
    shown: dict[str, JSON] = json.loads(json.dumps(key_of(alg, kid).as_dict(private=False)))
    return {**shown, **more}


def pem_of(alg: str) -> bytes:
    """The same in the other form that a key has."""
    key = key_of(alg)
    assert not isinstance(key, OctKey)
    return key.as_pem(private=False)


def jwks(*keys: Mapping[str, JSON]) -> dict[str, JSON]:
    return {"keys": [dict(key) for key in keys or (public(),)]}


def claims(**changes: JSON) -> dict[str, JSON]:
    """The claims of a good id_token with *changes*; None takes one away."""
    usual: dict[str, JSON] = {
        "iss": ISSUER,
        "sub": "alice",
        "aud": CLIENT,
        "exp": NOON + 300,
        "iat": NOON,
        "nonce": NONCE,
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def signed(
    payload: Mapping[str, JSON],
    alg: str = "RS256",
    *,
    kid: str | None = "one",
    key: Key | str | None = None,
    **header: JSON,
) -> str:
    """*payload* as a signed token; *key* signs it, else the one of that name."""
    head: dict[str, JSON] = {"alg": alg, **({"kid": kid} if kid else {}), **header}
    using = OctKey.import_key(key) if isinstance(key, str) else key or key_of(alg, kid or "one")
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    with warnings.catch_warnings(action="ignore"):
        return jws.serialize_compact(head, json.dumps(payload), using, registry=registry)


def id_token(alg: str = "RS256", /, **changes: JSON) -> str:
    return signed(claims(**changes), alg)


def encrypted(text: str, key: Key, alg: str, enc: str = "A256GCM") -> str:
    head = {"alg": alg, "enc": enc, "cty": "JWT"}
    with warnings.catch_warnings(action="ignore"):
        return jwe.encrypt_compact(head, text, key, algorithms=[alg, enc])


__all__ = ["CLIENT", "ISSUER", "NONCE", "claims", "encrypted", "hash_of", "id_token", "jwks"]
