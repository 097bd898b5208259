"""Hand in the authorization request before anybody is sent to the provider (RFC 9126)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..message import Body, Request
from ..oauth.answer import refusal_in
from ..oauth.pushed import Pushed, pushed, refused
from ..secret import Value
from ..services import Services
from ..urls import origin
from .answers import scrubbed
from .clients import certificate_of, hints, parts_of
from .exchange import exchange
from .kind import Options, text_of
from .parameters import texts, written


def pushed_request(
    options: Options, asked: Mapping[str, Value], services: Services | None = None
) -> Request:
    """The request that hands in what is *asked*, from the client that the options name."""
    endpoint = options.get("par")
    added, headers = parts_of(options, endpoint, services)
    form = written(texts({**asked, **added}), options)
    request = Request("POST", options.address("par"), {}, headers, Body("form", form))
    return request._replace(certificate=certificate_of(options))


Asked = Callable[[], Mapping[str, Value]]


def push(options: Options, asked: Asked, services: Services) -> Pushed:
    """Hand in what is *asked*; raises E517 when it is refused, before anybody is asked."""

    def made() -> Request:
        return pushed_request(options, asked(), services)

    request = made()
    response = exchange(options, services, request, again=made)
    host = origin(text_of(request.url))
    payload = response.json
    refusal = scrubbed(refusal_in(payload), request) if isinstance(payload, dict) else None
    if not response.ok and refusal and refusal.code:
        raise refused(host, refusal, hints(options))
    return pushed(response, host)
