"""Requests that are signed as OAuth 1.0a has it (RFC 5849), which `oauth1` asks for."""

from __future__ import annotations

from collections.abc import Mapping

from ..document import Map
from ..errors import FlowError, ProviderError
from ..message import Body, Request, Response
from ..near import did_you_mean
from ..oauth.oauth1 import check_temporary, problem_in, refused
from ..oauth1 import METHODS, RSAS, Signing, header, signed
from ..place import Place, place_of
from ..secret import JSON, Secret, Value
from ..services import Services
from ..taint import Unknown, contains
from ..urls import origin
from ..wire import encode
from .answers import scrubbed
from .kind import Options, text_of

PLACES = ("header", "query", "body")
PLAIN = ("oauth_signature_method", "oauth_timestamp", "oauth_nonce", "oauth_version")
"""What of the parameters is no secret; the consumer's key is as secret as the recipe has it."""

SIGNED_WITH = ("consumer_secret", "private_key", "token_secret")


def proved(request: Request, options: Options, services: Services | None) -> Request:
    """*request* with what OAuth 1 adds; only with *services* is it really signed."""
    said = options.get("oauth1")
    assert isinstance(said, Mapping)
    _check(options, said)
    place = _one_of(options, said, "in", PLACES)
    if place == "body" and request.body and request.body.kind != "form":
        message = "only a form has a place for the parameters of OAuth 1"
        raise FlowError("E205", message, hint="Say `in: header`.", place=_place(options, "in"))
    if services is None or contains([dict(said), request.url], Unknown):
        return _imagined(request, said, place)
    return _placed(request, _protocol(request, said, services), place, text_of(said.get("realm")))


def refusal_of(options: Options, request: Request, host: str, response: Response) -> ProviderError:
    """The error for an answer of an OAuth 1 server that is none."""
    said = options.get("oauth1")
    shared = [said.get(key) for key in SIGNED_WITH] if isinstance(said, Mapping) else []
    return refused(host, response.status, scrubbed(problem_in(response), request, *shared))


def temporary(options: Options, host: str, response: Response) -> dict[str, Value]:
    """The temporary credentials in *response*, when the step has asked for some."""
    said = options.get("oauth1")
    if not isinstance(said, Mapping) or said.get("callback") is None:
        return {}
    fields: Mapping[str, JSON] = response.json if isinstance(response.json, dict) else {}
    check_temporary(fields, host)
    # The token has to stand in the URL that a person opens; it is worth nothing by itself.
    token, secret = (str(fields[name]) for name in ("oauth_token", "oauth_token_secret"))
    return {"oauth_token": token, "oauth_token_secret": Secret(secret)}


def _check(options: Options, said: Mapping[str, Value]) -> None:
    method = _one_of(options, said, "method", METHODS)
    needed = "private_key" if method in RSAS else "consumer_secret"
    for key in ("consumer_key", needed):
        if said.get(key) is None:
            message = f"'oauth1' needs a key {key!r} for {method}"
            raise FlowError("E207", message, place=_place(options, "method"))
    for key in ("bearer", "basic"):
        if key in options:
            message = f"a request that OAuth 1 signs has no {key}"
            raise FlowError("E205", message, place=place_of(options.step.options.get(key)))


def _one_of(options: Options, said: Mapping[str, Value], key: str, choices: tuple[str, ...]) -> str:
    value = said.get(key)
    if value is None or isinstance(value, Unknown):
        return choices[0]
    if (word := text_of(value)) not in choices:
        hint = did_you_mean(word, choices) or f"One of {', '.join(choices)}."
        message = f"{key} cannot be {word!r}"
        raise FlowError("E205", message, hint=hint, place=_place(options, key))
    return word


def _protocol(
    request: Request, said: Mapping[str, Value], services: Services
) -> list[tuple[str, str]]:
    """The oauth_ parameters of *request*, its signature the last."""
    import secrets

    sent = encode(request)
    now = int(services.now_at(origin(sent.url)))
    named = {name: text_of(said.get(key)) for name, key in SENT.items()}
    own = {"oauth_timestamp": str(now), "oauth_nonce": secrets.token_hex(12)}
    protocol = {name: text for name, text in named.items() if text} | own
    form = (sent.body or b"").decode() if request.body and request.body.kind == "form" else ""
    signing = Signing(
        text_of(said.get("method")) or METHODS[0],
        *(text_of(said.get(key)) for key in ("consumer_secret", "token_secret", "private_key")),
    )
    return [*signed(signing, sent.method, sent.url, form, {**protocol, "oauth_version": "1.0"})]


SENT = {
    "oauth_consumer_key": "consumer_key",
    "oauth_token": "token",
    "oauth_callback": "callback",
    "oauth_verifier": "verifier",
}


def _placed(request: Request, protocol: list[tuple[str, str]], place: str, realm: str) -> Request:
    if place == "header":
        value = Secret(header(protocol, realm))
        return request._replace(headers={**request.headers, "Authorization": value})
    sealed = {name: text if name in PLAIN else Secret(text) for name, text in protocol}
    return _carrying(request, sealed, place)


def _carrying(request: Request, added: Mapping[str, Value], place: str) -> Request:
    if place == "query":
        return request._replace(query={**request.query, **added})
    content = request.body.content if request.body else {}
    fields = content if isinstance(content, Mapping) else {}
    return request._replace(body=Body("form", {**fields, **added}))


def _imagined(request: Request, said: Mapping[str, Value], place: str) -> Request:
    """*request* as it can be shown before it is signed."""
    sent = {name: said.get(key) for name, key in SENT.items() if said.get(key) is not None}
    added = {**sent, "oauth_signature": Unknown("oauth_signature")}
    if place == "header":
        shown: Value = Unknown("signed by OAuth 1")
        return request._replace(headers={**request.headers, "Authorization": shown})
    return _carrying(request, added, place)


def _place(options: Options, key: str) -> Place | None:
    said = options.step.options.get("oauth1")
    found = place_of(said.get(key)) if isinstance(said, Map) else None
    return found or (said.place if isinstance(said, Map) else options.step.place)
