"""The client of a request: what it proves itself with, signed where it has to be."""

from __future__ import annotations

from collections.abc import Mapping

from ..document import Map
from ..errors import FlowError, located
from ..message import Certificate
from ..oauth.assertion import ALGORITHMS, claims_of, fitting
from ..oauth.client import Client, Parts, authenticate, check_auth
from ..place import Place, place_of
from ..secret import JSON, Secret, Value, reveal
from ..services import Services
from ..taint import Unknown, contains
from ..urls import origin
from .kind import Options, text_of

HINTS = {
    "tls": "Check the client's id, and that its certificate is registered: by the subject that it "
    "names, or itself where it has signed itself.",
    "client_secret_jwt": "Check the client's id and secret, the alg, and whom the assertion is for "
    "(`client: {audience: ISSUER}`).",
    "private_key_jwt": "Check the client's id, that the public half of the key is registered, its "
    "key_id and alg, and whom the assertion is for (`client: {audience: ISSUER}`).",
}
"""What may be wrong with a client that is refused, by how it authenticates."""


def auth_of(options: Options) -> str:
    """How the client of a step authenticates; nothing when that is not known, or there is none."""
    client = options.get("client")
    if not isinstance(client, Mapping) or isinstance(client.get("auth"), Unknown):
        return ""
    return text_of(client.get("auth")) or "post"


def signs(options: Options) -> bool:
    """Whether the client signs each request that it sends."""
    return auth_of(options) in ALGORITHMS


def parts_of(options: Options, endpoint: Value, services: Services | None) -> Parts:
    """
    What the client of a step adds to a request that goes to *endpoint*.

    Nothing is signed without *services*: the request is only looked at.
    """
    client = options.get("client")
    if not isinstance(client, Mapping):
        return {}, {}
    auth = auth_of(options) or "post"
    with located(_place(options, "auth")):
        check_auth(auth)
        assertion = None
        if auth in ALGORITHMS and client.get("id") is not None:
            assertion = _assertion(options, client, endpoint, services)
        return authenticate(Client(client.get("id"), client.get("secret"), auth, assertion))


def certificate_of(options: Options) -> Certificate | None:
    """What the client of a step, or the step itself, shows when it is connected."""
    name = "client" if auth_of(options) == "tls" else "certificate"
    said = options.get(name)
    if not isinstance(said, Mapping) or (name == "certificate" and not any(said.values())):
        return None
    for key in ("certificate", "key"):
        if said.get(key) is None:
            hint = f"{key}: the {'certificate' if key != 'key' else 'private key'}, as PEM"
            place = place_of(options.step.options.get(name)) or options.step.options.keys_at.get(
                name
            )
            raise FlowError("E207", f"{name!r} needs a key {key!r}", hint=hint, place=place)
    return Certificate(said["certificate"], said["key"])


def hints(options: Options) -> dict[str, str]:
    """What a person should do about a refusal, beside what is usual."""
    hint = HINTS.get(auth_of(options))
    return {"invalid_client": hint} if hint else {}


def _assertion(
    options: Options, client: Mapping[str, Value], endpoint: Value, services: Services | None
) -> Value:
    auth = auth_of(options)
    name = "secret" if auth == "client_secret_jwt" else "key"
    key, alg = client.get(name), client.get("alg")
    if key is None:
        hint = f"{name}: what it signs with"
        raise FlowError("E207", f"a client with {auth} needs a key {name!r}", hint=hint)
    if not isinstance(alg, Unknown):
        with located(_place(options, "alg")):
            fitting(auth, text_of(alg))
    if contains([key, alg, client.get("key_id")], Unknown):
        return Unknown("client_assertion")
    from ..jose import signer

    with located(_place(options, name)):
        signing = signer(
            text_of(key),
            alg=text_of(alg),
            key_id=text_of(client.get("key_id")),
            shared=name == "secret",
        )
        fitting(auth, signing.alg)
    if services is None:
        return Unknown("client_assertion")
    audience = client.get("audience") or str(reveal(endpoint)).partition("?")[0]
    at = services.now_at(origin(text_of(endpoint)))
    return Secret(signing.sign(_claims(client, text_of(audience), at)))


def _claims(client: Mapping[str, Value], audience: str, at: float) -> dict[str, JSON]:
    from secrets import token_urlsafe

    return claims_of(text_of(client.get("id")), audience, at=at, id=token_urlsafe(18))


def _place(options: Options, key: str) -> Place | None:
    client = options.step.options.get("client")
    return place_of(client.get(key)) if isinstance(client, Map) else None
