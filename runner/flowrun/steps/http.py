"""Any request that is not the token request."""

from __future__ import annotations

from ..document import Map
from ..errors import ProviderError
from ..message import Request, Response
from ..oauth.answer import refusal_in
from ..secret import reveal
from ..services import Outputs, Services
from ..urls import origin
from .answers import answer_of
from .exchange import LATE, URLS, exchange, expected, opened, request_of, scrubbed
from .kind import Options

__all__ = ["LATE", "URLS", "hands_on", "preview", "run"]


def run(options: Options, services: Services) -> Outputs:
    request = request_of(options, services)
    response = exchange(options, services, request)
    expected(options, response, lambda: _failure(request, response))
    return opened(options, options.late_fields("outputs", response=answer_of(response)))


def preview(options: Options) -> Request | None:
    return request_of(options)


def hands_on(options: Map) -> frozenset[str] | None:
    outputs = options.get("outputs")
    return frozenset(outputs) if isinstance(outputs, Map) else frozenset()


def _failure(request: Request, response: Response) -> ProviderError:
    host = origin(str(reveal(request.url)))
    payload = response.json if isinstance(response.json, dict) else {}
    said = scrubbed(refusal_in(payload), request)
    if request.proof:
        from .binding import proof_refused

        if refused := proof_refused(response, said, host):
            return refused
    message = f"{host} answered {response.status}"
    if said.code:
        message += f": {said.code}" + (f" ({said.text})" if said.text else "")
    if response.status == 401:
        hint = "The token is not accepted: run the flow again."
        return ProviderError("E509", message, hint=hint, outcome="ended")
    return ProviderError("E506" if 300 <= response.status < 400 else "E509", message)
