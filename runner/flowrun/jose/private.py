"""
Private keys, as PEM or as JWK (RFC 7517), read by cryptography alone.

What reads the tokens of others loads several times as much, and signing needs none of it.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import FlowError
from ..secret import JSON
from .pem import numbers_in

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

    Handle = (
        bytes
        | ec.EllipticCurvePrivateKey
        | ed448.Ed448PrivateKey
        | ed25519.Ed25519PrivateKey
        | rsa.RSAPrivateKey
    )

KEY_HINT = "A private key is PEM or JWK, of the kind that the alg needs; or a JWKS with one."
CURVES = {"P-256": "SECP256R1", "P-384": "SECP384R1", "P-521": "SECP521R1"}
NAMES = {name.lower(): curve for curve, name in CURVES.items()}
RSA_BITS, SECRET_BYTES = 2048, 64


class Key(NamedTuple):
    """A private key, and what it says of its use."""

    type: str  # RSA, EC, OKP or oct
    curve: str
    handle: Handle
    about: Mapping[str, Any] = {}  # alg, kid, use, key_ops

    def __repr__(self) -> str:
        return f"Key({self.type})"


@functools.lru_cache(maxsize=8)  # a key takes longer to read than to sign with
def keys_in(text: str) -> tuple[Key, ...]:
    """The private keys in *text*: one as PEM or JWK, or each of a JWKS that can be read."""
    if not text.lstrip().startswith("{"):
        key = _from_pem(text)
        return (key,) if key else ()
    document = _document(text)
    listed = document.get("keys", [document])
    return tuple(key for each in listed if isinstance(each, dict) and (key := from_jwk(each)))


def secret_key(text: str) -> Key:
    """A secret of both sides."""
    return Key("oct", "", text.encode())


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):  # not `from error`: it holds the text
        raise FlowError("E222", "this is no key: it is not JSON", hint=KEY_HINT) from None
    return document if isinstance(document.get("keys", []), list) else {}


def _from_pem(text: str) -> Key | None:
    if usual := numbers_in(text):
        with contextlib.suppress(ValueError):
            return _from_numbers(*usual)
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        # To prove its primes takes a hundred times as long as to sign, and what a wrong key signs
        # is found out: each signature is verified before it leaves.
        handle = load_pem_private_key(text.encode(), None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return _known(handle)


def _from_numbers(type: str, curve: str, parts: list[bytes]) -> Key:
    if type == "OKP":
        return Key(type, curve, _edwards(curve, parts[0]))
    if type == "RSA":
        n, e, d, p, q = map(int.from_bytes, parts)
        return Key(type, curve, _of_primes(n, e, d, p, q))
    from cryptography.hazmat.primitives.asymmetric import ec

    secret = int.from_bytes(parts[0])
    return Key(type, curve, ec.derive_private_key(secret, getattr(ec, CURVES[curve])()))


def _known(handle: object) -> Key | None:
    """A key of one of the kinds that sign."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

    if isinstance(handle, rsa.RSAPrivateKey):
        return Key("RSA", "", handle)
    if isinstance(handle, ec.EllipticCurvePrivateKey):
        return Key("EC", NAMES.get(handle.curve.name, handle.curve.name), handle)
    if isinstance(handle, ed25519.Ed25519PrivateKey):
        return Key("OKP", "Ed25519", handle)
    return Key("OKP", "Ed448", handle) if isinstance(handle, ed448.Ed448PrivateKey) else None


def from_jwk(jwk: Mapping[str, Any]) -> Key | None:
    """The private key that *jwk* is; None when it is none, or a public one."""
    read = _READERS.get(str(jwk.get("kty")))
    try:
        return Key(str(jwk["kty"]), str(jwk.get("crv", "")), read(jwk), jwk) if read else None
    except (ValueError, TypeError, KeyError):
        return None


def _ec(jwk: Mapping[str, Any]) -> Handle:
    from cryptography.hazmat.primitives.asymmetric import ec

    curve: ec.EllipticCurve = getattr(ec, CURVES[jwk["crv"]])()
    public = ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), curve)
    return ec.EllipticCurvePrivateNumbers(_number(jwk["d"]), public).private_key()


def _okp(jwk: Mapping[str, Any]) -> Handle:
    return _edwards(jwk["crv"], _octets(jwk["d"]))


def _edwards(curve: str, secret: bytes) -> Handle:
    from cryptography.hazmat.primitives.asymmetric import ed448, ed25519

    if curve == "Ed448":
        return ed448.Ed448PrivateKey.from_private_bytes(secret)
    if curve == "Ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(secret)
    raise ValueError


def _rsa(jwk: Mapping[str, Any]) -> Handle:
    from cryptography.hazmat.primitives.asymmetric import rsa

    n, e, d = (_number(jwk[name]) for name in "ned")
    factors = (_number(jwk["p"]), _number(jwk["q"])) if "p" in jwk else None
    return _of_primes(n, e, d, *(factors or rsa.rsa_recover_prime_factors(n, e, d)))


def _of_primes(n: int, e: int, d: int, p: int, q: int) -> Handle:
    from cryptography.hazmat.primitives.asymmetric import rsa

    remainders = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, *remainders, rsa.RSAPublicNumbers(e, n))
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _oct(jwk: Mapping[str, Any]) -> Handle:
    return _octets(jwk["k"])


_READERS: dict[str, Callable[[Mapping[str, Any]], Handle]] = {
    "EC": _ec,
    "OKP": _okp,
    "RSA": _rsa,
    "oct": _oct,
}


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(text: str) -> int:
    return int.from_bytes(_octets(text))


def new_jwk(type: str, curve: str = "") -> dict[str, JSON]:
    """A new private key of that kind."""
    made = {"EC": _new_ec, "OKP": _new_okp, "RSA": _new_rsa, "oct": _new_oct}[type](curve)
    named = {"crv": curve} if curve else {}
    return {"kty": type, **named, **{name: base64url(part) for name, part in made.items()}}


def _new_ec(curve: str) -> dict[str, bytes]:
    from cryptography.hazmat.primitives.asymmetric import ec

    made = ec.generate_private_key(getattr(ec, CURVES[curve])()).private_numbers()
    public, size = made.public_numbers, -(-made.public_numbers.curve.key_size // 8)
    parts = {"x": public.x, "y": public.y, "d": made.private_value}
    return {name: number.to_bytes(size) for name, number in parts.items()}


def _new_okp(curve: str) -> dict[str, bytes]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    assert curve == "Ed25519"
    made = Ed25519PrivateKey.generate()
    return {"x": made.public_key().public_bytes_raw(), "d": made.private_bytes_raw()}


def _new_rsa(_: str) -> dict[str, bytes]:
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(65537, RSA_BITS).private_numbers()
    parts = {"n": made.public_numbers.n, "e": made.public_numbers.e, "d": made.d}
    parts |= {"p": made.p, "q": made.q, "dp": made.dmp1, "dq": made.dmq1, "qi": made.iqmp}
    return {name: number.to_bytes(-(-number.bit_length() // 8)) for name, number in parts.items()}


def _new_oct(_: str) -> dict[str, bytes]:
    return {"k": os.urandom(SECRET_BYTES)}


def base64url(octets: bytes) -> str:
    """*octets* as the parts of a token have them."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
