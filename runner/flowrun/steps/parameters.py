"""How a provider wants parameters written: their names, their order, and what is not encoded."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import FlowError
from ..filters import spelled
from ..message import Verbatim
from ..place import place_of
from ..secret import Value, reveal
from ..taint import Unknown, is_list, sealed
from .kind import Options

# RFC 3986 section 3.4, but for the & that would begin another parameter.
_VERBATIM = re.compile(r"(?:[A-Za-z0-9._~!$'()*,;:@/?=+-]|%[0-9A-Fa-f]{2})*")


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
