"""How a provider wants parameters written: their names, their order, and what is not encoded."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ..errors import FlowError
from ..filters import spelled
from ..message import Verbatim
from ..place import place_of
from ..secret import Value, masked, reveal
from ..taint import Unknown, contains, is_list, sealed
from ..wire import without_nulls
from .kind import Options

# RFC 3986 section 3.4, but for the & that would begin another parameter.
_VERBATIM = re.compile(r"(?:[A-Za-z0-9._~!$'()*,;:@/?=+-]|%[0-9A-Fa-f]{2})*")


WISHES = ("claims",)
"""Parameters whose nulls say something (OpenID Connect Core section 5.5.1)."""


def texts(fields: Mapping[str, Value]) -> dict[str, Value]:
    """*fields* as parameters: a map, or a list of maps, as JSON (RFC 9396, OpenID Connect 5.5)."""
    return {
        name: _json(value, wishes=name in WISHES) if _is_map(value) else value
        for name, value in fields.items()
    }


def _is_map(value: Value) -> bool:
    items = value if is_list(value) else [value]
    return any(isinstance(item, Mapping) for item in items)


def _json(value: Value, *, wishes: bool) -> Value:
    unknown = contains(value, Unknown)
    plain = masked(value) if unknown else reveal(value)
    said = plain if wishes else without_nulls(plain)
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return Unknown("", text) if unknown else sealed(text, by=value)


def written(fields: Mapping[str, Value], options: Options) -> dict[str, Value]:
    """*fields* as the step's `names` want them, and then its `raw` and `order`, by new names."""
    if not any(key in options for key in ("names", "order", "raw")):
        return dict(fields)
    names = options.get("names", {})
    assert isinstance(names, Mapping)
    kept = {name: value for name, value in fields.items() if names.get(name, name) is not None}
    renamed = {str(names.get(name, name)): value for name, value in kept.items()}
    for name in options.words("raw"):
        if name in renamed:
            renamed[name] = _verbatim(renamed[name], name, options)
    first = {name: renamed[name] for name in options.words("order") if name in renamed}
    return {**first, **renamed}


def _verbatim(value: Value, name: str, options: Options) -> Value:
    if value is None or isinstance(value, Unknown):
        return value
    if is_list(value):
        return [_verbatim(item, name, options) for item in value]
    text = spelled(reveal(value))
    if not _VERBATIM.fullmatch(text):
        hint = "Only what may stand in a query, with %XX for all else; no & and no space."
        place = place_of(options.step.options.get("raw")) or options.step.place
        raise FlowError("E222", f"{name} cannot be sent raw", hint=hint, place=place)
    return sealed(Verbatim(text), by=value)
