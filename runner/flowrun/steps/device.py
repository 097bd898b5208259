"""Ask for a device code and show the user code that goes with it (RFC 8628 section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping

from ..document import Map
from ..message import Request
from ..oauth.answer import said
from ..secret import JSON
from ..services import Outputs, Services
from .exchange import LATE, URLS, exchange, request_of
from .invitation import fields_of, handed_on
from .kind import Options

__all__ = ["LATE", "URLS", "hands_on", "preview", "run"]

NEEDED = ("device_code", "user_code", "verification_uri")


def run(options: Options, services: Services) -> Outputs:
    request, sent_at = request_of(options, services), services.now()
    response = exchange(options, services, request)
    fields = fields_of(options, request, response, needed=NEEDED)
    _invite(fields, services)
    made = handed_on(options, fields, sent_at=sent_at)
    return {"verification_uri_complete": None, **made}


def preview(options: Options) -> Request | None:
    return request_of(options)


def hands_on(options: Map) -> frozenset[str] | None:
    return None


def _invite(fields: Mapping[str, JSON], services: Services) -> None:
    names = ("verification_uri", "user_code", "verification_uri_complete")
    where, code, whole = (said(str(fields.get(name) or "")) for name in names)
    services.tell(f"open {where} in any browser and enter the code {code}")
    if whole:
        services.tell(f"or open {whole}, which holds it; the code there must be the same")
    url = whole or where
    if url.startswith(("https://", "http://")):
        services.person.show_code(url)
