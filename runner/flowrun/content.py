"""What the body of an answer says, as JSON values, in whichever form it came."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from .secret import JSON

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

DEEPEST_XML = 100
# No space is tried twice: a page of nothing else would take hours.
_CALL = re.compile(r"\s*+(?:/\*\*/\s*+)?[A-Za-z_$][\w$.]*+\s*+\((.*)\)\s*+(?:;\s*+)?", re.DOTALL)


def content_of(body: bytes, content_type: str) -> JSON:
    """
    The values in *body*: JSON, JSON inside a call (JSONP), XML, or form-encoded fields.

    None when it is none of these. A page of HTML is never taken for fields.
    """
    for read in _READERS:
        if (found := read(body, content_type)) is not None:
            return found
    return None


def _json(body: bytes, content_type: str) -> JSON:
    try:
        return read_json(body)
    except ValueError:
        return None


def _jsonp(body: bytes, content_type: str) -> JSON:
    call = _CALL.fullmatch(body.decode("utf-8", "replace"))
    return _json(call[1].encode(), content_type) if call else None


def _xml(body: bytes, content_type: str) -> JSON:
    declared = content_type.endswith(("/xml", "+xml")) and "html" not in content_type
    if not (declared or body.lstrip().startswith(b"<?xml")):
        return None
    from xml.parsers.expat import ExpatError, ParserCreate

    parser = ParserCreate(namespace_separator=" ")
    tree = _Tree(parser)
    try:
        parser.Parse(body, True)
    except (ExpatError, LookupError, ValueError):  # LookupError: an encoding of no such name
        return None
    return tree.root


class _Tree:
    """Builds maps of elements; a document type could define entities, and ends the reading."""

    def __init__(self, parser: XMLParserType) -> None:
        self.root: dict[str, JSON] = {}
        self._open: list[tuple[dict[str, JSON], list[str]]] = [(self.root, [])]
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = lambda text: self._open[-1][1].append(text)
        parser.StartDoctypeDeclHandler = self._refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > DEEPEST_XML:
            self._refuse()
        self._open.append(({f"@{_local(key)}": v for key, v in attributes.items()}, []))

    def _end(self, name: str) -> None:
        fields, parts = self._open.pop()
        text = "".join(parts).strip()
        value: JSON = {**fields, "#text": text} if fields and text else fields or text
        _added(self._open[-1][0], _local(name), value)

    def _refuse(self, *_: object) -> None:
        raise ValueError


def _added(fields: dict[str, JSON], name: str, value: JSON) -> None:
    """Put *value* into *fields*; a name that is there already becomes a list."""
    before = fields.get(name)
    if name not in fields:
        fields[name] = value
    elif isinstance(before, list):
        before.append(value)
    else:
        fields[name] = [before, value]


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _form(body: bytes, content_type: str) -> JSON:
    from urllib.parse import parse_qsl

    text = body.decode("utf-8", "replace").strip()
    if "html" in content_type or not re.match(r"[\w.-]+=", text):
        return None
    return dict(parse_qsl(text, keep_blank_values=True))


_READERS: tuple[Callable[[bytes, str], JSON], ...] = (_json, _jsonp, _xml, _form)


MOST_JSON_DEPTH = 100
"""Nobody's answer is so deep; whoever walks it would run out of stack."""


def read_json(text: str | bytes) -> JSON:
    """*text* as JSON; raises `ValueError` for what is none, and for what is too deep to walk."""
    try:
        value: JSON = json.loads(text, parse_constant=_no_json, parse_float=_number)
    except RecursionError:
        raise ValueError("too deep") from None
    level = [value]
    for _ in range(MOST_JSON_DEPTH):
        level = [item for each in level for item in _items(each)]
    if level:
        raise ValueError("too deep")
    return value


def _items(value: JSON) -> list[JSON]:
    return (
        [*value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    )


def _number(text: str) -> float | str:
    # 1e999 would be infinity, which nobody could write as JSON again.
    return number if math.isfinite(number := float(text)) else text


def _no_json(word: str) -> JSON:
    raise ValueError(f"{word} is Python's, not JSON")
