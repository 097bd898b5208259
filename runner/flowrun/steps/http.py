"""Any request that is not the token request."""

from __future__ import annotations

from ..document import Map
from ..errors import ProviderError
from ..message import Request, Response
from ..oauth.answer import refusal_in, refused
from ..oauth.tokens import HINTS, inactive, is_inactive
from ..secret import reveal
from ..services import Outputs, Services
from ..urls import origin
from . import exchange as asked
from .answers import answer_of, scrubbed
from .clients import hints
from .exchange import LATE, exchange, expected, opened, request_of
from .kind import Options

__all__ = ["LATE", "URLS", "hands_on", "preview", "run"]

URLS = asked.URLS | {"jwks"}


def run(options: Options, services: Services) -> Outputs:
    request = request_of(options, services)
    response = _answered(options, services, request)
    try:
        expected(options, response, lambda: _failure(options, request, response))
    except ProviderError:
        if not (response.ok and is_inactive(response.json)):
            raise
        raise inactive(origin(str(reveal(request.url)))) from None
    if "subject" in options:
        from .vouched import check_subject

        check_subject(options, response)
    outputs = options.late_fields("outputs", response=answer_of(response))
    if "oauth1" in options:
        from .consumer import temporary

        outputs = {**temporary(options, origin(str(reveal(request.url))), response), **outputs}
    return opened(options, outputs)


def _answered(options: Options, services: Services, request: Request) -> Response:
    """The answer, once its signature is found good where it has to have one."""
    if "signed" not in options:
        return exchange(options, services, request)
    from .vouched import asking, rules_for, vouched

    rules = rules_for(options, services)
    response = exchange(options, services, asking(request))
    return vouched(services, rules, request, response)


def preview(options: Options) -> Request | None:
    if "signed" in options:
        from .verified import look
        from .vouched import asking

        look(options, "signed")
        return asking(request_of(options))
    return request_of(options)


def hands_on(options: Map) -> frozenset[str] | None:
    outputs = options.get("outputs")
    oauth1, temporary = options.get("oauth1"), frozenset[str]()
    if isinstance(oauth1, Map) and oauth1.get("callback") is not None:
        temporary = frozenset({"oauth_token", "oauth_token_secret"})
    return frozenset(outputs) | temporary if isinstance(outputs, Map) else temporary


def _failure(options: Options, request: Request, response: Response) -> ProviderError:
    host = origin(str(reveal(request.url)))
    if "oauth1" in options:
        from .consumer import refusal_of

        return refusal_of(options, request, host, response)
    payload = response.json if isinstance(response.json, dict) else {}
    said = scrubbed(refusal_in(payload), request)
    if request.proof:
        from .binding import proof_refused

        if unproven := proof_refused(response, said, host):
            return unproven
    if said.code == "invalid_client":
        return refused(response, said, host, hints=hints(options))
    message = f"{host} answered {response.status}"
    if said.code:
        message += f": {said.code}" + (f" ({said.text})" if said.text else "")
    if response.status == 401:
        hint = "The token is not accepted: run the flow again."
        return ProviderError("E509", message, hint=hint, outcome="ended")
    code = "E506" if 300 <= response.status < 400 else "E509"
    return ProviderError(code, message, hint=HINTS.get(said.code, ""))
