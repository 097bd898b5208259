"""Signs JSON Web Tokens (RFC 7515, RFC 7519)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import FlowError
from ..secret import JSON
from .private import KEY_HINT, Key, base64url, keys_in, new_jwk, secret_key

KEY_TYPES = {"HS": "oct", "RS": "RSA", "PS": "RSA", "ES": "EC", "EC": "EC", "Ed": "OKP"}
CURVES = {
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
    "ECDH-ES": "P-256",  # which closes; it has a key all the same
    "EdDSA": "Ed25519",
    "Ed25519": "Ed25519",
}
ALGORITHMS = (
    *("HS256", "HS384", "HS512", "RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
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
    alg = str(header["alg"])
    bare = KEY_TYPES[alg[:2]] == "oct" and not key.lstrip().startswith("{")
    try:
        keys = (secret_key(key),) if bare else keys_in(key)
    except FlowError:
        keys = ()
    if not keys:
        raise _unfit(alg) from None
    return _compact({"typ": "JWT", **header}, claims, keys[0])


class Signer(NamedTuple):
    """A key that signs, the algorithm that it signs with, and the id that it is known by."""

    key: Key
    alg: str
    key_id: str

    def sign(self, claims: Mapping[str, JSON], *, type: str = "JWT") -> str:
        """The compact serialisation of *claims*."""
        named = {"kid": self.key_id} if self.key_id else {}
        return _compact({"alg": self.alg, "typ": type, **named}, claims, self.key)


def signer(text: str, *, alg: str = "", key_id: str = "", shared: bool = False) -> Signer:
    """
    The key in *text* that signs.

    Args:
        text: a private key as PEM or JWK, or a JWKS with several; a *shared* secret as it is.
        alg: what to sign with; when not given, what the key says, or is usually used for.
        key_id: the id that it is known by; it chooses in a JWKS.
        shared: the text is a secret of both sides.

    Raises:
        FlowError: there is no such key (E222); none is shown.
    """
    if shared:
        return Signer(secret_key(text), alg or "HS256", key_id)
    keys = keys_in(text)
    for key in keys:
        own, id = key.about.get("alg"), key.about.get("kid")
        fitting = alg or own or _usual(key)
        if (not key_id or id in (key_id, None) or len(keys) == 1) and _is_for(key, fitting):
            return Signer(key, fitting, key_id or id or "")
    if not keys and not re.search('"kty"|PUBLIC KEY', text):
        raise FlowError("E222", "this is no key", hint=KEY_HINT)
    if len(keys) == 1 and alg:
        raise _unfit(alg)
    wanted = " and ".join(filter(None, [alg, key_id and f"kid {key_id}"]))
    message = "no private key that signs" + (f" with {wanted}" if wanted else "")
    raise FlowError("E222", f"the key set holds {message}", hint=KEY_HINT)


def _unfit(alg: str) -> FlowError:
    return FlowError("E222", f"the key cannot sign with {alg}", hint=KEY_HINT)


def _usual(key: Key) -> str:
    """What a key is usually used for that does not say it."""
    by_curve = {curve: alg for alg, curve in CURVES.items() if alg[:2] == "ES"}
    return {"RSA": "RS256", "OKP": "EdDSA"}.get(key.type) or by_curve.get(key.curve, "HS256")


def _is_for(key: Key, alg: str) -> bool:
    """Whether *key* can sign with *alg*, and is meant to."""
    about = key.about
    meant = about.get("alg") in (alg, None) and about.get("use") in ("sig", None)
    return meant and "sign" in about.get("key_ops", ["sign"]) and _fits(key, alg)


def _fits(key: Key, alg: str) -> bool:
    curves = (CURVES.get(alg, ""), "Ed448" if alg == "EdDSA" else CURVES.get(alg, ""))
    return alg in ALGORITHMS and key.type == KEY_TYPES[alg[:2]] and key.curve in curves


def _compact(header: Mapping[str, JSON], claims: Mapping[str, JSON], key: Key) -> str:
    alg = str(header["alg"])
    if not _fits(key, alg):
        raise _unfit(alg)
    parts = (json.dumps(part, separators=(",", ":"), allow_nan=False) for part in (header, claims))
    try:
        text = ".".join(base64url(part.encode()) for part in parts)
        signed = signature(key.handle, alg, text.encode())
    except (ValueError, TypeError):
        # Not `from error`: it may show the key.
        raise _unfit(alg) from None
    return f"{text}.{base64url(signed)}"


def signature(handle: Any, alg: str, data: bytes) -> bytes:
    """The signature over *data*, as RFC 7518 section 3 and RFC 8037 have it."""
    if alg[:2] == "HS":
        import hmac

        return hmac.digest(handle, data, f"sha{alg[2:]}")
    if alg[:2] == "Ed":
        return bytes(handle.sign(data))
    from cryptography.hazmat.primitives import hashes

    digest = getattr(hashes, f"SHA{alg[2:]}")()
    if alg[:2] == "ES":
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        size = -(-handle.curve.key_size // 8)
        pair = utils.decode_dss_signature(handle.sign(data, ec.ECDSA(digest)))
        return b"".join(number.to_bytes(size) for number in pair)
    return _rsa_signature(handle, alg, data, digest)


def _rsa_signature(handle: Any, alg: str, data: bytes, digest: Any) -> bytes:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding

    mask = padding.MGF1(digest)
    padded = padding.PSS(mask, digest.digest_size) if alg[:2] == "PS" else padding.PKCS1v15()
    signed: bytes = handle.sign(data, padded, digest)
    try:
        handle.public_key().verify(signed, data, padded, digest)
    except InvalidSignature:  # the key's parts do not belong together
        raise ValueError from None
    return signed


def new_key(alg: str) -> str:
    """A private key that can sign with *alg*, as JWK."""
    return json.dumps(new_jwk(KEY_TYPES[alg[:2]], CURVES.get(alg, "")))
