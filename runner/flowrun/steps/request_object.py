"""Sign, and encrypt, what an authorization request asks for (RFC 9101)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..errors import FlowError, ProviderError, located
from ..jose import Signer, signer
from ..oauth.request_object import TYPE, claims_of
from ..place import Place
from ..secret import Value, reveal
from ..services import Services
from ..taint import Unknown, contains, sealed
from ..urls import origin
from .kind import Options, text_of
from .parameters import written

KEYS = ("key", "secret")


def signed_object(
    options: Options, asked: Mapping[str, Value], services: Services | None = None
) -> Value:
    """
    The request object that says what is *asked*; unknown without *services*.

    Raises:
        FlowError: the options do not go together (E207).
        ProviderError: it cannot be signed or encrypted (E518).
    """
    said = options.get("request_object")
    assert isinstance(said, Mapping)
    signing, wanted = _signer(options, said), said.get("encrypt")
    if isinstance(wanted, Mapping) and wanted.get("key") is None and "jwks" not in options:
        hint = "jwks: the URL of the provider's keys, beside request_object; or encrypt: {key: ...}"
        message = "`encrypt` does not say for whom"
        raise FlowError("E207", message, hint=hint, place=_at(options))
    if services is None or signing is None:
        return Unknown("request")
    client_id = text_of(asked.get("client_id"))
    audience = text_of(said.get("audience")) or origin(options.plain("url"))
    at, made_of = services.now_at(origin(options.plain("url"))), written(asked, options)
    plain = reveal(made_of)
    assert isinstance(plain, dict)
    claims = claims_of(plain, client_id, audience, at=at, id=_id())
    with _told(options):
        token = signing.sign(claims, type=TYPE)
    if isinstance(wanted, Mapping):
        return _encrypted(options, wanted, token, services)
    return sealed(token, by=made_of)


def _id() -> str:
    from uuid import uuid4

    return str(uuid4())


def _signer(options: Options, said: Mapping[str, Value]) -> Signer | None:
    """What signs; None when it is not known yet."""
    name = next((key for key in KEYS if said.get(key) is not None), "")
    if not name:
        hint = "key: the private key that signs it; or secret"
        raise FlowError("E207", "a request_object needs a key 'key'", hint=hint, place=_at(options))
    parts = [said.get(each) for each in (name, "alg", "key_id")]
    if contains(parts, Unknown):
        return None
    key, alg, key_id = map(text_of, parts)
    with _told(options):
        return signer(key, alg=alg, key_id=key_id, shared=name == "secret")


def _encrypted(
    options: Options, wanted: Mapping[str, Value], token: str, services: Services
) -> Value:
    from ..jose.encrypting import encrypted, encryption_key

    alg, key_id = text_of(wanted.get("alg")), text_of(wanted.get("key_id"))
    with _told(options):
        found = encryption_key(_keys(options, wanted, services), alg=alg, key_id=key_id)
        enc = text_of(wanted.get("enc")) or "A128CBC-HS256"
        return encrypted(token, found.key, alg=found.alg, enc=enc, kid=found.key_id)


def _keys(options: Options, wanted: Mapping[str, Value], services: Services) -> str:
    """The keys that the provider can open it with."""
    if wanted.get("key") is not None:
        return text_of(wanted.get("key"))
    from .jwks import Keys

    return json.dumps({"keys": [dict(key) for key in Keys(options.plain("jwks"), services).all]})


def _at(options: Options) -> Place | None:
    return options.step.options.keys_at.get("request_object")


class _told(located):
    """What goes wrong with keys, told as what cannot be made with them."""

    def __init__(self, options: Options) -> None:
        super().__init__(_at(options))

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        super().__exit__(kind, error, trace)
        if isinstance(error, FlowError) and error.code == "E222":
            problem = error.problems[0]
            message = f"the request object cannot be made: {problem.message}"
            raise ProviderError(
                "E518", message, hint=problem.hint, place=problem.place, outcome="unspent"
            ) from None
