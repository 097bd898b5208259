"""Ask a person for consent on a device that the provider knows (OpenID CIBA section 7)."""

from __future__ import annotations

from collections.abc import Mapping

from ..document import Map
from ..errors import FlowError
from ..message import Request
from ..oauth.answer import said
from ..secret import Value
from ..services import Outputs, Services
from ..taint import Unknown
from ..urls import origin
from .exchange import LATE, URLS, exchange, request_of
from .invitation import fields_of, handed_on
from .kind import Options, text_of

__all__ = ["LATE", "URLS", "hands_on", "preview", "run"]

NEEDED = ("auth_req_id",)
HINTS = ("login_hint", "login_hint_token", "id_token_hint")
WHO = f"Give one of {', '.join(HINTS)}, in the form."


def run(options: Options, services: Services) -> Outputs:
    request, sent_at = _request(options, services), services.now()
    response = exchange(options, services, request)
    fields = fields_of(options, request, response, needed=NEEDED)
    _tell(request, services)
    return handed_on(options, fields, sent_at=sent_at)


def preview(options: Options) -> Request | None:
    return _request(options, None)


def hands_on(options: Map) -> frozenset[str] | None:
    return None


def _request(options: Options, services: Services | None) -> Request:
    """The request, which names the person in exactly one way (CIBA section 7.1)."""
    request = request_of(options, services)
    sent = _parameters(options)
    named = [hint for hint in HINTS if sent.get(hint) is not None]
    known = [hint for hint in named if not isinstance(sent[hint], Unknown)]
    if "request" not in sent and (len(known) > 1 or not named):
        how = f"by {' and '.join(known)}" if known else "not at all"
        message = f"the request names the person {how}, and must in exactly one way"
        raise FlowError("E205", message, hint=WHO, place=options.step.place)
    return request


def _parameters(options: Options) -> Mapping[str, Value]:
    """What is sent, by the standard names, wherever it stands."""
    places = ("query", "form", "json", "params")
    return {name: value for key in places for name, value in options.fields(key).items()}


def _tell(request: Request, services: Services) -> None:
    """Say where consent is waited for, and what the device must show (CIBA section 7.1)."""
    content = request.body.content if request.body else request.query
    sent = content if isinstance(content, Mapping) else {}
    shows = said(text_of(sent.get("binding_message")))
    asked = f"{origin(text_of(request.url))} asks for consent on the person's device"
    services.tell(asked + (f", which must show {shows}" if shows else ""))
