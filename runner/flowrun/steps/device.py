"""Ask for a device code and show the user code that goes with it (RFC 8628 section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping

from ..document import Map
from ..errors import ProviderError
from ..message import Request
from ..oauth.answer import payload_of, refusal_in, refused
from ..secret import JSON, reveal, seal
from ..services import Outputs, Services
from ..urls import origin
from . import exchange
from .clients import hints
from .exchange import LATE, URLS, answer_of, request_of, scrubbed
from .kind import Options, text_of

__all__ = ["LATE", "URLS", "hands_on", "preview", "run"]

INTERVAL_S = 5
"""When the server does not say how often it may be asked (RFC 8628 section 3.2)."""


def run(options: Options, services: Services) -> Outputs:
    request = request_of(options, services)
    response = exchange.exchange(options, services, request)
    host = origin(text_of(request.url))
    fields: dict[str, JSON] = {"interval": INTERVAL_S, **payload_of(response, host)}
    if response.ok:
        mapped = options.late_fields("outputs", response=answer_of(response))
        fields |= {name: reveal(value) for name, value in mapped.items()}
    if not (response.ok and fields.get("device_code") and fields.get("user_code")):
        refusal = scrubbed(refusal_in(fields), request)
        raise refused(response, refusal, host, hints=hints(options))
    exchange.expected(options, response, lambda: _unexpected(host, response.status))
    services.tell(_invitation(fields))
    sealed = seal(fields)
    assert isinstance(sealed, Mapping)
    return {"verification_uri_complete": None, **exchange.opened(options, sealed)}


def preview(options: Options) -> Request | None:
    return request_of(options)


def hands_on(options: Map) -> frozenset[str] | None:
    return None


def _unexpected(host: str, status: int) -> ProviderError:
    return ProviderError("E507", f"{host} answered {status}", outcome="unspent")


def _invitation(fields: Mapping[str, JSON]) -> str:
    code = fields["user_code"]
    where = fields.get("verification_uri") or fields.get("verification_url")
    line = f"open {where} in any browser and enter the code {code}"
    whole = fields.get("verification_uri_complete")
    return f"{line}\nor open {whole}, which holds it" if whole else line
