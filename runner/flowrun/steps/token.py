"""Ask the token endpoint, and judge what it answers apart from the status."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from ..document import Items, Map
from ..errors import ProviderError
from ..flow import Step
from ..message import Request, Response
from ..oauth.answer import Refusal, payload_of, refusal_in, refused
from ..secret import JSON, Value, reveal, seal
from ..services import Outputs, Services
from ..template import reads
from ..urls import origin
from . import exchange
from .answers import answer_of, scrubbed
from .clients import hints
from .exchange import request_of
from .expiry import with_expiry
from .kind import Options, is_off, text_of

if TYPE_CHECKING:
    from .verified import Rules

URLS = exchange.URLS | {"jwks"}
LATE = exchange.LATE | {"unwrap", "expires", "refresh_expires", "errors"}


def redeems(step: Step, vars: Mapping[str, object]) -> bool:
    """Whether *step* sends what may work only once: something of a redirect, or of the record."""
    return any(path[0] in ("callback", "saved") for path in reads(step.options, vars))


def run(options: Options, services: Services) -> Outputs:
    sent_at = services.now()
    rules = _rules(options, services)  # now: a server that is away must not cost a code
    fields, response = _answered(options, services)
    known = _identity(options, services, rules, fields, response)
    token = with_expiry(options, fields, response, sent_at=sent_at, known=known)
    sealed = seal(token)
    assert isinstance(sealed, Mapping)
    return exchange.opened(options, sealed)


def _rules(options: Options, services: Services) -> Rules | None:
    """What holds for an id_token, where there are keys to ask for."""
    if is_off(options) or not options.get("jwks"):
        return None
    from .verified import rules_of

    return rules_of(options, services)


def _identity(
    options: Options,
    services: Services,
    rules: Rules | None,
    fields: Mapping[str, JSON],
    response: Response,
) -> dict[str, JSON]:
    """What is known of the person from an id_token, if there is one to believe."""
    if is_off(options):
        return {}
    if fields.get("id_token") is None:
        if options.authorization.get("max_age") or options.authorization.get("claims"):
            from .identity import check_missing

            check_missing(options)
        return {}
    from .identity import of_answer
    from .verified import rules_of

    rules = rules or rules_of(options, services)
    return {"identity": of_answer(options, services, rules, fields, response)}


def preview(options: Options) -> Request | None:
    if isinstance(said := options.get("id_token"), Mapping) and said.get("alg"):
        from .verified import look

        look(options)
    return None if "answer" in options else request_of(options)


def hands_on(options: Map) -> frozenset[str] | None:
    return None


class _Asked(NamedTuple):
    """Who was asked for a token, with what."""

    host: str
    request: Request


def _answered(options: Options, services: Services) -> tuple[dict[str, JSON], Response]:
    if "answer" in options:
        return _judged(options, _Asked("the answer", Request("GET", "")), _given(options))
    request = request_of(options, services)
    once = redeems(options.step, options.scope.vars)

    def said(response: Response) -> Refusal:
        return scrubbed(_refused(options, response), request)

    response = exchange.exchange(options, services, request, redeems=once, said=said)
    return _judged(options, _Asked(origin(text_of(request.url)), request), response)


def _given(options: Options) -> Response:
    """The answer that an earlier step has brought, as if it came now."""
    body = json.dumps(reveal(options.get("answer"))).encode()
    return Response(200, {"content-type": "application/json"}, body)


def _judged(
    options: Options, asked: _Asked, response: Response
) -> tuple[dict[str, JSON], Response]:
    """The token that the answer holds, and the answer; raises the error that it stands for."""
    if "oauth1" in options and not response.ok:
        raise _unsigned(options, asked, response)
    payload, answer = _payload(options, asked, response), answer_of(response)
    lacking, fields = _fields(options, payload, answer)
    if "oauth1" in options:
        fields["access_token"] = fields.get("access_token") or fields.get("oauth_token")
    held = options.held("expect", response=answer)
    token = fields.get("access_token")
    if isinstance(token, str) and token and held is not False and response.status < 400:
        if asked.request.proof:
            from .binding import require_bound

            require_bound(fields, asked.host)
        return _sound(fields, asked.host), response
    refusal = scrubbed(_refusal(options, payload, answer), asked.request)
    if held is False and not refusal.code:
        expect = options.step.options["expect"]
        message = f"{asked.host} answered {response.status}; the recipe expects {expect}"
        raise ProviderError("E507", message, place=options.step.place)
    if lacking and response.ok and not refusal.code:
        raise lacking
    if "oauth1" in options:
        raise _unsigned(options, asked, response)
    rules = options.step.options.get("errors")
    helps = {**hints(options), **_hints(rules)}
    raise refused(response, refusal, asked.host, ends=_texts(rules, "ends"), hints=helps)


def _unsigned(options: Options, asked: _Asked, response: Response) -> ProviderError:
    from .consumer import refusal_of

    return refusal_of(options, asked.request, asked.host, response)


def _payload(options: Options, asked: _Asked, response: Response) -> Mapping[str, JSON]:
    """The fields of the answer; none when the recipe finds the token elsewhere in it."""
    mapped = {"unwrap", "outputs"} & options.step.options.keys()
    if mapped and response.ok and not isinstance(response.json, dict):
        return {}
    return payload_of(response, asked.host)


def _fields(
    options: Options, payload: Mapping[str, JSON], answer: Mapping[str, Value]
) -> tuple[ProviderError | None, dict[str, JSON]]:
    """The fields as the recipe maps them, or what they lack for that."""
    try:
        inner = reveal(options.late("unwrap", response=answer))
        fields = dict(inner) if isinstance(inner, dict) else dict(payload)
        for name, value in options.late_fields("outputs", response=answer).items():
            fields[name] = reveal(value)
    except ProviderError as lacking:
        return lacking, {}
    return None, fields


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
    found = options.late_known("errors", "code", "text", response=answer)
    return Refusal(
        text_of(found.get("code")) or usual.code, text_of(found.get("text")) or usual.text
    )


def _refused(options: Options, response: Response) -> Refusal:
    payload = response.json if isinstance(response.json, dict) else {}
    return _refusal(options, payload, answer_of(response))


def _texts(rules: object, key: str) -> list[str]:
    items = rules.get(key) if isinstance(rules, Map) else None
    return [str(item) for item in items] if isinstance(items, Items) else []


def _hints(rules: object) -> dict[str, str]:
    hints = rules.get("hints") if isinstance(rules, Map) else None
    return {name: str(hint) for name, hint in hints.items()} if isinstance(hints, Map) else {}
