"""Values as YAML that our own reader takes for the same."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..scalar import meant
from ..secret import JSON

if TYPE_CHECKING:
    import yaml


def write(value: dict[str, JSON] | list[JSON]) -> str:
    """*value* in block style, one line for each text that has one."""
    import yaml

    def emit(*, allow_unicode: bool) -> str:
        start, end = yaml.DocumentStartEvent(explicit=False), yaml.DocumentEndEvent(explicit=False)
        events = [yaml.StreamStartEvent(), start, *_events(value), end, yaml.StreamEndEvent()]
        return str(yaml.emit(events, allow_unicode=allow_unicode, width=sys.maxsize))

    text = emit(allow_unicode=True)
    # What cannot be seen would not survive a terminal; as an escape it does.
    return text if text.replace("\n", "").isprintable() else emit(allow_unicode=False)


def _events(value: JSON) -> Iterator[yaml.Event]:
    import yaml

    if isinstance(value, dict):
        yield yaml.MappingStartEvent(anchor=None, tag=None, implicit=True, flow_style=False)
        for key, item in value.items():
            yield _scalar(key, style=None if key else '"')
            yield from _events(item)
        yield yaml.MappingEndEvent()
    elif isinstance(value, list):
        yield yaml.SequenceStartEvent(anchor=None, tag=None, implicit=True, flow_style=False)
        for item in value:
            yield from _events(item)
        yield yaml.SequenceEndEvent()
    elif isinstance(value, str):
        yield _scalar(value, style=_style(value))
    else:
        yield _scalar(json.dumps(value), style=None)


def _scalar(text: str, *, style: str | None) -> yaml.Event:
    import yaml

    return yaml.ScalarEvent(anchor=None, tag=None, implicit=(True, True), value=text, style=style)


def _style(text: str) -> str | None:
    """The style to prefer; where it cannot be, the emitter finds one that can."""
    if "\n" in text:
        return "|"
    quoted = text.startswith("{") and not set(text) & set('"\\')
    return '"' if quoted or meant(text) != text else None
