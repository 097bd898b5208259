"""Whether a value is what an input takes, and the value as the input's type."""

from __future__ import annotations

import re
from collections.abc import Callable

from .errors import FlowError
from .flow import Input
from .patterns import pattern_of
from .place import place_of
from .secret import JSON

LONGEST_SHOWN = 60
"""Characters of a pattern that still help; beyond, the input's help says more."""


def coerce(item: Input, raw: JSON) -> JSON:
    """
    *raw* as the type that the input *item* declares.

    Raises:
        FlowError: it does not fit (E215); a secret's value is not shown.
    """
    if raw is None:
        return None
    value = _TYPES[item.type](raw)
    if raw in ("", []) and item.type != "list":
        raise _unfit(item, raw, "must not be empty")
    if value is None or value == "":
        raise _unfit(item, raw, f"must be {_NAMES[item.type]}")
    for part in value if isinstance(value, list) else [value]:
        each = part if isinstance(raw, list) else raw  # which knows where it stands
        if item.pattern and not pattern_of(item.pattern).matches(str(part)):
            raise _unfit(item, each, _mismatch(item.pattern))
        if item.choices and str(part) not in item.choices:
            raise _unfit(item, each, f"is not one of {', '.join(item.choices)}")
    return value


def _mismatch(pattern: str) -> str:
    return f"does not match {pattern}" if len(pattern) <= LONGEST_SHOWN else "does not fit"


def _unfit(item: Input, raw: JSON, why: str) -> FlowError:
    shown = "its value" if item.secret else repr(str(raw))
    hint = f"For example: {item.example}" if item.example not in (None, raw) else item.help
    return FlowError(
        "E215", f"{item.name}: {shown} {why}", hint=hint, place=place_of(raw) or item.place
    )


def _integer(raw: JSON) -> int | None:
    return int(str(raw)) if re.fullmatch(r"-?[0-9]{1,18}", str(raw)) else None


def _number(raw: JSON) -> int | float | None:
    text = str(raw)
    if re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
        return float(text) if "." in text else int(text)
    return None


def _boolean(raw: JSON) -> bool | None:
    return {"true": True, "false": False}.get(str(raw).lower())


def _list(raw: JSON) -> list[JSON] | None:
    if isinstance(raw, list):
        return raw
    return [part for part in re.split(r"[\s,]+", raw) if part] if isinstance(raw, str) else None


def _host(raw: JSON) -> str | None:
    label = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    text = str(raw)
    fits = re.fullmatch(rf"{label}(?:\.{label})*(?::[0-9]{{1,5}})?", text)
    return text if fits and _url(f"https://{text}") else None


def _url(raw: JSON) -> str | None:
    from .urls import checked

    try:
        return checked(str(raw))
    except FlowError:
        return None


def _text(raw: JSON) -> str | None:
    text = _spelled(raw)
    return text if text is not None and "\0" not in text else None


def _spelled(raw: JSON) -> str | None:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return str(raw) if isinstance(raw, (str, int, float)) else None


_TYPES: dict[str, Callable[[JSON], JSON]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "list": _list,
    "host": _host,
    "url": _url,
}

_NAMES = {
    "text": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
    "host": "a host name",
    "url": "an absolute https URL (or http on loopback)",
}
