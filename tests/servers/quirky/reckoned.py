"""What a strict provider reckons for itself: hashes, signatures, credentials, tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import quote_plus

from joserfc import jws, jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from flowrun.secret import JSON

Given = Mapping[str, object]


def challenge_of(verifier: str) -> str:
    return _base64url(hashlib.sha256(verifier.encode()).digest())


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


SPELLINGS: Mapping[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "HEX": lambda octets: octets.hex().upper(),
    "base64": lambda octets: base64.b64encode(octets).decode(),
    "base64url": _base64url,
}


def _spelled(octets: bytes, given: Given) -> str:
    return SPELLINGS[str(given.get("as", "hex"))](octets)


def _basic(given: Given) -> str:
    pair = f"{given['basic']}:{given['password']}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _basic_form(given: Given) -> str:
    pair = f"{quote_plus(str(given['basic_form']))}:{quote_plus(str(given['password']))}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _hash(given: Given) -> str:
    return _spelled(hashlib.new(str(given["hash"]), str(given["of"]).encode()).digest(), given)


def _hmac(given: Given) -> str:
    key = str(given["key"]).encode() if "key" in given else base64.b64decode(str(given["key64"]))
    text = str(given["of"]).encode()
    return _spelled(hmac.digest(key, text, str(given["hmac"])), given)


def _sigv4(given: Given) -> str:
    """An AWS Signature Version 4 of a GET, as the documentation derives it."""
    stamp, host = str(given["stamp"]), given["host"]
    names = "host;x-amz-date"
    empty = hashlib.sha256(b"").hexdigest()
    canonical = f"GET\n/\n{given['query']}\nhost:{host}\nx-amz-date:{stamp}\n\n{names}\n{empty}"
    words = [stamp[:8], str(given["region"]), str(given["service"]), "aws4_request"]
    hashed, scope = hashlib.sha256(canonical.encode()).hexdigest(), "/".join(words)
    key = f"AWS4{given['sigv4']}".encode()
    for word in words:
        key = hmac.digest(key, word.encode(), "sha256")
    signed = hmac.digest(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}".encode(), "sha256")
    credential = f"Credential={given['id']}/{scope}, SignedHeaders={names}"
    return f"AWS4-HMAC-SHA256 {credential}, Signature={signed.hex()}"


def _base64(given: Given) -> str:
    return base64.b64encode(str(given["base64"]).encode()).decode()


def _jwt(given: Given) -> str:
    claims = given["jwt"]
    assert isinstance(claims, dict)
    return jwt.encode(
        {"alg": "HS256"}, claims, OctKey.import_key("fake-key-of-the-provider-32-bytes")
    )


RECKONED: Mapping[str, Callable[[Given], str]] = {
    "$base64": _base64,
    "$base64url": lambda given: _base64url(str(given["base64url"]).encode()),
    "$basic": _basic,
    "$basic_form": _basic_form,
    "$hash": _hash,
    "$hmac": _hmac,
    "$jwt": _jwt,
    "$sigv4": _sigv4,
}
"""By the first key of the map; an equal text is expected, or answered."""


def ec_key() -> str:
    return ECKey.generate_key("P-256").as_pem(private=True).decode()


def rsa_key() -> str:
    return RSAKey.generate_key(2048).as_pem(private=True).decode()


def claims_in(token: str, key: str, algorithm: str) -> tuple[JSON, JSON]:
    """The header and the claims of *token*, whose signature is good; raises ValueError."""
    kinds: Mapping[str, type[ECKey | OctKey | RSAKey]] = {"ES": ECKey, "HS": OctKey, "RS": RSAKey}
    imported: Key = kinds[algorithm[:2]].import_key(key)
    found = jwt.decode(token, imported, algorithms=[algorithm])
    header = jws.extract_compact(token.encode()).headers()
    return dict(header), dict(found.claims)
