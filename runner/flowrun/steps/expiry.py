"""When a token that was answered ends, as the recipe or the answer says."""

from __future__ import annotations

from collections.abc import Mapping

from ..document import Map
from ..message import Response
from ..oauth.expiry import expires_at, moment, moment_in, refresh_expires_at, seconds
from ..secret import JSON, reveal
from .answers import answer_of
from .kind import UNITS_S, Options, seconds_of

LIFETIME_UNITS_S = {"ms": 0.001, **UNITS_S}


def with_expiry(
    options: Options,
    payload: dict[str, JSON],
    response: Response,
    *,
    sent_at: float,
    known: Mapping[str, JSON] = {},
) -> dict[str, JSON]:
    """*payload* with `expires_at` where it can be known, and what else is *known* about it."""
    known = {"issued_at": int(sent_at), **known}
    if (over := _refresh_ends(options, payload, response, sent_at)) is not None:
        known["refresh_expires_at"] = over
    ends = _ends(options, payload, response, sent_at)
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


def _ends(
    options: Options, payload: Mapping[str, JSON], response: Response, sent_at: float
) -> int | None:
    rule = options.step.options.get("expires")
    if rule is None:
        return expires_at(payload, sent_at=sent_at)
    return None if rule == "never" else _as_said(options, "expires", response, sent_at)


def _refresh_ends(
    options: Options, payload: Mapping[str, JSON], response: Response, sent_at: float
) -> int | None:
    if options.step.options.get("refresh_expires") is None:
        return refresh_expires_at(payload, sent_at=sent_at)
    if not payload.get("refresh_token"):  # the one that was there ends when it would have
        return None
    return _as_said(options, "refresh_expires", response, sent_at)


def _as_said(options: Options, key: str, response: Response, sent_at: float) -> int | None:
    """The end that the recipe's *key* gives."""
    rule = options.step.options[key]
    assert isinstance(rule, Map)
    found = options.late_known(key, "in", "at", response=answer_of(response))
    if "at" in rule:
        at = reveal(found.get("at"))
        return moment_in(at, str(rule["format"])) if "format" in rule else moment(at)
    unit_s = LIFETIME_UNITS_S[str(rule.get("unit", "s"))]
    lifetime = seconds(reveal(found.get("in")), unit_s=unit_s)
    return lifetime and int(sent_at) + lifetime
