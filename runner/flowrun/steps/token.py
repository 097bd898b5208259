"""Ask the token endpoint, and judge what it answers apart from the status."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..document import Items, Map
from ..errors import ProviderError
from ..message import Request, Response
from ..oauth.answer import Refusal, payload_of, refusal_in, refused
from ..oauth.expiry import expires_at, moment, seconds
from ..secret import JSON, Value, reveal, seal
from ..services import Outputs, Services
from ..urls import origin
from . import exchange
from .exchange import answer_of, request_of, scrubbed
from .kind import Options, seconds_of, text_of

URLS = exchange.URLS
LATE = exchange.LATE | {"unwrap", "expires", "errors"}


def run(options: Options, services: Services) -> Outputs:
    request = request_of(options)
    sent_at = services.now()
    named = "name" in options
    response = exchange.exchange(options, services, request, redeems=not named)
    payload = _judged(options, request, response)
    fields = _with_expiry(options, payload, sent_at)
    sealed = seal(fields)
    assert isinstance(sealed, Mapping)
    return sealed


def preview(options: Options) -> Request | None:
    return request_of(options)


def _judged(options: Options, request: Request, response: Response) -> dict[str, JSON]:
    """The token that the answer holds, or the error that it stands for."""
    host = origin(text_of(request.url))
    payload = payload_of(response, host)
    answer = {**answer_of(response), "json": seal(payload)}
    inner = reveal(options.late("unwrap", response=answer))
    fields = dict(inner) if isinstance(inner, dict) else dict(payload)
    for name, value in options.late_fields("outputs", response=answer).items():
        fields[name] = reveal(value)
    held = options.held("expect", response=answer)
    token = fields.get("access_token")
    if isinstance(token, str) and token and held is not False and response.status < 400:
        return _sound(fields, host)
    refusal = scrubbed(_refusal(options, payload, answer), request)
    if held is False and not refusal.code:
        expect = options.step.options["expect"]
        message = f"{host} answered {response.status}; the recipe expects {expect}"
        raise ProviderError("E507", message, place=options.step.place)
    rules = options.step.options.get("errors")
    raise refused(response, refusal, host, ends=_texts(rules, "ends"), hints=_hints(rules))


def _sound(fields: dict[str, JSON], host: str) -> dict[str, JSON]:
    """*fields*, unless a token among them is none (RFC 6749 appendix A.12 and A.17)."""
    for name in ("access_token", "refresh_token"):
        token = fields.get(name)
        if token is not None and not (isinstance(token, str) and _TOKEN.fullmatch(token)):
            message = f"{host} answered with something for a {name} that can be none"
            raise ProviderError("E505", message)
    return fields


_TOKEN = re.compile(r"[\x20-\x7e]*")


def _refusal(options: Options, payload: Mapping[str, JSON], answer: Mapping[str, Value]) -> Refusal:
    usual = refusal_in(payload)
    found = options.late_fields("errors", response=answer)
    return Refusal(
        text_of(found.get("code")) or usual.code, text_of(found.get("text")) or usual.text
    )


def _texts(rules: object, key: str) -> list[str]:
    items = rules.get(key) if isinstance(rules, Map) else None
    return [str(item) for item in items] if isinstance(items, Items) else []


def _hints(rules: object) -> dict[str, str]:
    hints = rules.get("hints") if isinstance(rules, Map) else None
    return {name: str(hint) for name, hint in hints.items()} if isinstance(hints, Map) else {}


def _with_expiry(options: Options, payload: dict[str, JSON], sent_at: float) -> dict[str, JSON]:
    """*payload* with `expires_at` where it can be known, and what flowrun knows about it."""
    known: dict[str, JSON] = {"issued_at": int(sent_at)}
    ends = _ends(options, payload, sent_at)
    original: dict[str, JSON]
    original = {key: payload.pop(key) for key in ("expires_at", "flowrun") if key in payload}
    if original.get("expires_at") == ends:
        original.pop("expires_at", None)
    if original:
        known["original"] = original
    if ends is not None:
        payload["expires_at"] = ends
    if "refresh_before" in options:
        known["refresh_before"] = seconds_of(options.plain("refresh_before"), 0)
    return {**payload, "flowrun": known}


def _ends(options: Options, payload: Mapping[str, JSON], sent_at: float) -> int | None:
    rule = options.step.options.get("expires")
    if rule == "never":
        return None
    if isinstance(rule, Map):
        found = options.late_fields("expires", response={"json": seal(dict(payload))})
        if "at" in found:
            return moment(reveal(found["at"]))
        lifetime = seconds(reveal(found.get("in")))
        return lifetime and int(sent_at) + lifetime
    return expires_at(payload, sent_at=sent_at)
