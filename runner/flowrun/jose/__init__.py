"""Signs JSON Web Tokens (RFC 7515, RFC 7519)."""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import FlowError
from ..secret import JSON

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

KEY_TYPES = {"HS": "oct", "RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
CURVES: dict[str, str | int] = {
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
    "EdDSA": "Ed25519",
    "Ed25519": "Ed25519",
    "HS256": 256,
    "HS384": 384,
    "HS512": 512,
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
    from joserfc import jwt
    from joserfc.errors import JoseError

    alg = str(header["alg"])
    try:
        with warnings.catch_warnings(action="ignore"):  # EdDSA's name, a secret that is short
            signed = jwt.encode({**header}, {**claims}, _key(key, alg), algorithms=[alg])
    except (JoseError, ValueError, TypeError):
        # Not `from error`: it may show the key.
        raise _unfit(alg) from None
    return signed


def _key(text: str, alg: str) -> ECKey | OctKey | OKPKey | RSAKey:
    from joserfc.jwk import JWKRegistry

    kind = KEY_TYPES[alg[:2]]
    if text.lstrip().startswith("{"):
        return JWKRegistry.import_key(json.loads(text))
    return JWKRegistry.import_key(text, kind)


class Signer(NamedTuple):
    """A key that signs, the algorithm that it signs with, and the id that it is known by."""

    key: ECKey | OctKey | OKPKey | RSAKey
    alg: str
    key_id: str

    def sign(self, claims: Mapping[str, JSON], *, type: str = "JWT") -> str:
        """The compact serialisation of *claims*."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        header = {"alg": self.alg, "typ": type, **({"kid": self.key_id} if self.key_id else {})}
        try:
            with warnings.catch_warnings(action="ignore"):
                return jwt.encode(header, {**claims}, self.key, algorithms=[self.alg])
        except (JoseError, ValueError, TypeError):
            raise _unfit(self.alg) from None


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
        return Signer(_imported(text, "oct"), alg or "HS256", key_id)
    keys = _keys_in(text)
    for key in keys:
        fitting = alg or key.alg or _usual(key)
        named = not key_id or key.kid in (key_id, None) or len(keys) == 1
        if named and key.is_private and _signs(key, fitting):
            return Signer(key, fitting, key_id or key.kid or "")
    if len(keys) == 1 and alg:
        raise _unfit(alg)
    wanted = " and ".join(filter(None, [alg, key_id and f"kid {key_id}"]))
    message = "no private key that signs" + (f" with {wanted}" if wanted else "")
    raise FlowError("E222", f"the key set holds {message}", hint=KEY_HINT)


KEY_HINT = "A private key is PEM or JWK, of the kind that the alg needs; or a JWKS with one."


def _unfit(alg: str) -> FlowError:
    return FlowError("E222", f"the key cannot sign with {alg}", hint=KEY_HINT)


@functools.lru_cache(maxsize=8)  # a key takes longer to read than to sign with
def _keys_in(text: str) -> tuple[ECKey | OctKey | OKPKey | RSAKey, ...]:
    """The keys that *text* holds: one as PEM or JWK, or each of a JWKS that can be read."""
    if not text.lstrip().startswith("{"):
        found = [key for kind in ("RSA", "EC", "OKP") if (key := _tried(text, kind))]
    else:
        document = _document(text)
        listed = document.get("keys", [document])
        found = [key for each in listed if isinstance(each, dict) and (key := _tried(each))]
    if not found:
        raise FlowError("E222", "this is no key", hint=KEY_HINT)
    return tuple(found)


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:  # not `from error`: it holds the text
        raise FlowError("E222", "this is no key: it is not JSON", hint=KEY_HINT) from None
    return document if isinstance(document.get("keys", []), list) else {}


def _tried(value: str | dict[str, Any], kind: str = "") -> ECKey | OctKey | OKPKey | RSAKey | None:
    from joserfc.errors import JoseError

    try:
        return _imported(value, kind)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _imported(value: str | dict[str, Any], kind: str) -> ECKey | OctKey | OKPKey | RSAKey:
    from joserfc.jwk import JWKRegistry

    with warnings.catch_warnings(action="ignore"):  # a secret that is short
        if isinstance(value, dict):
            return JWKRegistry.import_key(value)
        return JWKRegistry.import_key(value, kind)


def _usual(key: ECKey | OctKey | OKPKey | RSAKey) -> str:
    """What a key is usually used for that does not say it."""
    by_curve = {curve: alg for alg, curve in CURVES.items() if alg[:2] == "ES"}
    curve = str(key.get("crv", ""))
    return {"RSA": "RS256", "OKP": "EdDSA"}.get(key.key_type) or by_curve.get(curve, "HS256")


def _signs(key: ECKey | OctKey | OKPKey | RSAKey, alg: str) -> bool:
    """Whether *key* is of the kind that *alg* needs, and meant for it."""
    operations, curve = key.get("key_ops"), key.get("crv")
    of_kind = alg in ALGORITHMS and key.key_type == KEY_TYPES[alg[:2]]
    return (
        of_kind
        and key.alg in (alg, None)
        and key.get("use") in ("sig", None)
        and (operations is None or "sign" in operations)
        and (alg[:2] != "ES" or CURVES[alg] == curve)
        and (key.key_type != "OKP" or curve in ("Ed25519", "Ed448"))
    )


def claims_signed(token: str, key: str, *, shared: bool = False) -> dict[str, JSON] | None:
    """The claims of *token*, if *key*, whole or public, has signed them; for the sandbox."""
    from joserfc import jwt
    from joserfc.errors import JoseError

    for each in (_imported(key, "oct"),) if shared else _keys_in(key):
        with warnings.catch_warnings(action="ignore"), suppress(JoseError, ValueError, TypeError):
            return dict(jwt.decode(token, each, algorithms=list(ALGORITHMS)).claims)
    return None


def new_key(alg: str) -> str:
    """A private key that can sign with *alg*, as JWK; for the sandbox, where none is real."""
    from joserfc.jwk import JWKRegistry

    kind, curve = KEY_TYPES[alg[:2]], CURVES.get(alg, 2048)
    return json.dumps(JWKRegistry.generate_key(kind, curve, private=True).as_dict(private=True))


def claims_of(proof: str, algorithms: Sequence[str]) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """
    The header and the claims of a *proof* that is signed with the key in its own header.

    Raises:
        ValueError: it is no such JWT, it holds a private key, or its signature is another's.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry
    from joserfc.jws import JWSRegistry, extract_compact

    registry = JWSRegistry(algorithms=[*algorithms])
    registry.max_header_length = PROOF_HEADER_BYTES
    try:
        header = extract_compact(proof.encode(), registry=registry).headers()
        key = JWKRegistry.import_key(header["jwk"])
        if header.get("typ") != "dpop+jwt" or key.is_private:
            raise KeyError
        with warnings.catch_warnings(action="ignore"):  # EdDSA's name
            claims = jwt.decode(proof, key, registry=registry).claims
    except (JoseError, KeyError, TypeError, ValueError):
        raise ValueError("is none, or not signed by the key that it names") from None
    return {**header}, {**claims}


PROOF_HEADER_BYTES = 4096
"""A proof brings its key along; that of RSA is longer than the header of other tokens."""
