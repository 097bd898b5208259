"""A request and its answer: what `http` and `token` have in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from urllib.parse import urlsplit

from ..errors import FlowError, ProviderError, TransportError
from ..merge import METHODS
from ..message import Body, Request, Response
from ..oauth.answer import Refusal
from ..oauth.client import basic
from ..oauth.waiting import wait_s as asked_wait_s
from ..secret import Secret, Value, reveal
from ..services import Services
from ..urls import checked
from ..wire import Encoded, encode
from .answers import answer_of
from .clients import certificate_of, parts_of, signs
from .kind import Options, seconds_of
from .parameters import texts, written

URLS = frozenset(METHODS)
LATE = frozenset({"headers", "outputs", "expect"})

RETRY_WAIT_S = 2
LONGEST_WAIT_S = 60
"""A server that asks for more (Retry-After) is not tried again."""


def method_of(options: Options) -> str:
    found = [method for method in METHODS if method in options]
    if len(found) != 1:
        message = "a request has one method" + (f", not {' and '.join(found)}" if found else "")
        hint = f"One of {', '.join(METHODS)}, with the URL."
        raise FlowError("E206", message, hint=hint, place=options.step.place)
    return found[0]


def request_of(options: Options, services: Services | None = None) -> Request:
    """
    The request that the options describe, with the client in it and parameters renamed.

    Only with *services* is it one to send: then a client that signs has signed.
    """
    method = method_of(options)
    url = options.address(method)
    parts = parts_of(options, url, services)
    added, headers = dict(parts[0]), dict(parts[1])
    body, query = _body(options, added)
    request = _written(Request(method.upper(), url, query, {}, body), options)
    request = request._replace(certificate=certificate_of(options))
    seen = encode(request)  # which refuses what no request can carry
    if options.waits("headers"):
        headers |= options.late_texts("headers", request=_seen(request.method, seen))
    if options.switched_on("dpop"):
        from .binding import proof_for

        request = request._replace(proof=proof_for(options, options.get("bearer")))
    if "bearer" in options:
        scheme = "DPoP" if request.proof else "Bearer"  # RFC 9449 section 7.1
        headers["Authorization"] = Secret(f"{scheme} {reveal(options.get('bearer'))}")
    if isinstance(pair := options.get("basic"), Mapping):
        headers["Authorization"] = basic(pair.get("user"), pair.get("password"))
    request = request._replace(headers=headers)
    if "oauth1" in options:
        from .consumer import proved

        return proved(request, options, services)
    return request


def _written(request: Request, options: Options) -> Request:
    """*request* with its parameters as this provider wants them."""
    body = request.body
    if body and isinstance(body.content, Mapping):
        body = Body(body.kind, written(body.content, options))
    return request._replace(query=written(request.query, options), body=body)


def _body(options: Options, added: dict[str, Value]) -> tuple[Body | None, dict[str, Value]]:
    """The body, and the query; *added* parameters go into the body unless `as` says query."""
    query = options.fields("query")
    if "text" in options:
        if added:
            message = "a text has no place for the client's id and secret"
            hint = "Say `auth: basic`, or write them into the text."
            raise FlowError("E205", message, hint=hint, place=options.step.place)
        return Body("text", options.get("text")), query
    if "json" in options:
        content = {**added, **options.fields("json")} if added else options.get("json")
        return Body("json", content), query
    fields = {**added, **options.fields("form"), **options.fields("params")}
    how = options.one_of("as", ("form", "json", "query"), "form")
    if how == "query":
        return None, {**query, **texts(fields)}
    if how == "json":
        return (Body("json", fields) if fields else None), query
    return (Body("form", texts(fields)) if fields else None), query


def _seen(method: str, encoded: Encoded) -> Mapping[str, Value]:
    """What headers may read of the request that they belong to."""
    parts = urlsplit(encoded.url)
    return {
        "method": method,
        "url": Secret(encoded.url),
        "path": Secret(parts.path),
        "query": Secret(parts.query),
        "body": Secret((encoded.body or b"").decode("utf-8", "replace")),
    }


def exchange(
    options: Options,
    services: Services,
    request: Request,
    *,
    redeems: bool = False,
    said: Callable[[Response], Refusal] | None = None,
    again: Callable[[], Request] | None = None,
) -> Response:
    """
    Send *request* as often as `poll` says, and a token's request else only once; `retry` is
    for the others. What *redeems* is sent once whatever either says.

    With *said*, which reads what an answer refuses, `poll` waits for a person's consent.
    *again* makes the request anew, since what a client has signed is good for once.
    """
    checked(str(reveal(request.url)))
    once = signs(options) or "oauth1" in options
    anew = again or (partial(request_of, options, services) if once else None)
    requests = _each(request, anew)

    def ask() -> Response:
        return _read(options, _tried(options, services, requests, redeems=redeems))

    if redeems or options.modifier("poll") is None:
        return ask()
    from .polling import polled

    return polled(options, services, ask, said=said)


def _read(options: Options, response: Response) -> Response:
    """*response* as the kind of server means it that the step speaks to."""
    if "oauth1" not in options:
        return response
    from ..oauth.oauth1 import fields_in

    return fields_in(response)


def _each(request: Request, again: Callable[[], Request] | None) -> Iterator[Request]:
    """*request* for the first attempt, and what each further one sends."""
    while True:
        if request.proof:  # a server that wants a nonce first has it sent once more
            request.proof.again = again
        yield request
        request = again() if again else request


def _tried(
    options: Options, services: Services, requests: Iterator[Request], *, redeems: bool
) -> Response:
    retry = options.modifier("retry")
    left = int(str(retry.get("times", 3))) if retry and options.step.kind != "token" else 0
    usual_s = seconds_of(str(retry.get("wait", "")), RETRY_WAIT_S) if retry else 0
    while True:
        wait_s: float = usual_s
        try:
            response = services.http.send(next(requests), redeems=redeems)
        except TransportError:
            if not left:
                raise
        else:
            if not left or (response.status != 429 and response.status < 500):
                return response
            asked_s = asked_wait_s(response, now=services.now())
            if asked_s is not None and asked_s > LONGEST_WAIT_S:
                return response
            wait_s = usual_s if asked_s is None else asked_s
        left -= 1
        time.sleep(wait_s)


def opened(options: Options, fields: Mapping[str, Value]) -> dict[str, Value]:
    """*fields*, those that the recipe calls `public` no secrets any more."""
    public = options.words("public")
    return {name: reveal(v) if name in public else v for name, v in fields.items()}


def expected(options: Options, response: Response, failure: Callable[[], ProviderError]) -> None:
    """Raise unless the answer is what the recipe expects: its `expect`, else any 2xx."""
    held = options.held("expect", response=answer_of(response))
    if held is None and not response.ok:
        raise failure()
    if held is False:
        message = f"the answer ({response.status}) does not hold: {options.step.options['expect']}"
        raise ProviderError("E507", message, place=options.step.place)
