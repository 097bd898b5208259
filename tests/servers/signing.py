"""The keys of a provider in the tests, and the tokens that it signs with them."""

from __future__ import annotations

import base64
import functools
import json
import secrets

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

Claims = dict[str, object]
Key = ECKey | OctKey | RSAKey


class Signer:
    """Signs with one key of those that it publishes, the last one."""

    def __init__(self, alg: str, *, secret: str, has_kid: bool = True, keys: int = 1) -> None:
        self.alg = alg
        self._secret = secret
        self._has_kid = has_kid
        self._count = keys
        self._first = 0

    @property
    def jwks(self) -> Claims:
        kind = "ES256" if self.alg == "ES256" else "RS256"
        published = [_key(kind, number) for number in self._numbers()]
        return {"keys": [self._public(key) for key in published]}

    def rotate(self) -> None:
        self._first += self._count

    def sign(self, claims: Claims, *, is_broken: bool = False) -> str:
        """The claims as a JWT; when *is_broken* with a signature that no key has made."""
        if self.alg == "none":
            return f"{_part({'alg': 'none'})}.{_part(claims)}."
        key = self._key()
        header = {"alg": self.alg} | ({"kid": key.thumbprint()} if self._has_kid else {})
        token: str = jwt.encode(header, claims, key, algorithms=[self.alg])
        head, _, signature = token.rpartition(".")
        forged = _encoded(secrets.token_bytes(len(signature) * 3 // 4))
        return f"{head}.{forged}" if is_broken else token

    def _key(self) -> Key:
        if self.alg.startswith("HS"):
            return OctKey.import_key(self._secret)
        return _key(self.alg, list(self._numbers())[-1])

    def _numbers(self) -> range:
        return range(self._first, self._first + self._count)

    def _public(self, key: Key) -> Claims:
        named: Claims = {"kid": key.thumbprint()} if self._has_kid else {}
        return {**key.as_dict(private=False), "use": "sig", **named}


@functools.cache
def _key(alg: str, number: int) -> ECKey | RSAKey:
    """The same key for the same number: making one takes a tenth of a second."""
    if alg == "ES256":
        return ECKey.generate_key("P-256", auto_kid=False)
    return RSAKey.generate_key(2048, auto_kid=False)


def claims_of(token: str) -> Claims:
    """What a JWT says, whoever has signed it."""
    payload = token.split(".")[1]
    claims: Claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


def _part(fields: Claims) -> str:
    return _encoded(json.dumps(fields).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
