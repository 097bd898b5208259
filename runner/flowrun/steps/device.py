"""Ask for a device code and show the user code that goes with it (RFC 8628 section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping

from ..document import Map
from ..errors import ProviderError
from ..message import Request, Response
from ..oauth.answer import payload_of, refusal_in, refused, said
from ..oauth.polling import interval, lives_until
from ..secret import JSON, reveal, seal
from ..services import Outputs, Services
from ..urls import origin
from . import exchange
from .answers import answer_of
from .clients import hints
from .exchange import LATE, URLS, request_of, scrubbed
from .kind import Options, text_of

__all__ = ["LATE", "URLS", "hands_on", "preview", "run"]

NEEDED = ("device_code", "user_code", "verification_uri")


def run(options: Options, services: Services) -> Outputs:
    request, sent_at = request_of(options, services), services.now()
    fields = _invited(options, request, exchange.exchange(options, services, request))
    _invite(fields, services)
    fields |= {"interval": interval(fields), "expires_at": lives_until(fields, sent_at=sent_at)}
    sealed = seal(fields)
    assert isinstance(sealed, Mapping)
    return {"verification_uri_complete": None, **exchange.opened(options, sealed)}


def preview(options: Options) -> Request | None:
    return request_of(options)


def hands_on(options: Map) -> frozenset[str] | None:
    return None


def _invited(options: Options, request: Request, response: Response) -> dict[str, JSON]:
    """The fields of an answer that a person can be invited with; raises for any other."""
    host = origin(text_of(request.url))
    fields = dict(payload_of(response, host))
    if not fields.get("verification_uri"):
        fields["verification_uri"] = fields.get("verification_url")  # as a draft had it
    if response.ok:
        mapped = options.late_fields("outputs", response=answer_of(response))
        fields |= {name: reveal(value) for name, value in mapped.items()}
    refusal = scrubbed(refusal_in(fields), request)
    missing = [name for name in NEEDED if not fields.get(name)]
    if missing and (refusal.code or not response.ok):
        raise refused(response, refusal, host, hints=hints(options))
    if missing:
        message = f"{host} answered {response.status}, without {' and '.join(missing)}"
        raise ProviderError("E507", message, place=options.step.place, outcome="unspent")
    exchange.expected(options, response, lambda: refused(response, refusal, host))
    return fields


def _invite(fields: Mapping[str, JSON], services: Services) -> None:
    names = ("verification_uri", "user_code", "verification_uri_complete")
    where, code, whole = (said(str(fields.get(name) or "")) for name in names)
    services.tell(f"open {where} in any browser and enter the code {code}")
    if whole:
        services.tell(f"or open {whole}, which holds it; the code there must be the same")
    url = whole or where
    if url.startswith(("https://", "http://")):
        services.person.show_code(url)
