"""What is said about a key: its type, its default, and what its step does with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from flowrun.document import Map
from flowrun.place import Place, Source
from flowrun.steps import KINDS

from .keys import Key, Schema
from .markdown import code

TYPES = {
    "array": "list",
    "boolean": "true or false",
    "integer": "whole number",
    "null": "null",
    "number": "number",
    "object": "map",
    "string": "text",
}
SHAPES = {
    "duration": "duration",
    "expression": "expression",
    "on_off": "`on` or `off`",
    "steps": "list of steps",
    "template": "anything",
}
"""Definitions of the schema whose name says more than their type."""


def about(key: Key) -> str:
    """What the schema says of the key, in one line."""
    return " ".join(str(key.says.get("description", "")).split())


def facts(key: Key) -> str:
    """The line about a key's value."""
    return "; ".join(_facts(key))


def _facts(key: Key) -> Iterator[str]:
    kind, option = KINDS.get(key.path[0]), ".".join(key.path[1:])
    yield type_of(key.says)
    if key.required:
        yield "required"
    if "default" in key.says:
        yield f"{_value(key.says['default'])} when not given"
    if kind and option in kind.URLS:
        yield "escaped as a URL"
    if kind and option in kind.LATE:
        yield "may read `request`" if option == "headers" else "waits for what comes back"


def handed_on(kind: str) -> str:
    """What a step of *kind* hands on, whatever its options are."""
    names = getattr(KINDS.get(kind), "hands_on", lambda _: ())(Map(Place(Source("", ""), 0, 0)))
    if names is None:
        return "Hands on everything that comes back."
    return f"Hands on {', '.join(map(code, sorted(names)))}." if names else ""


def type_of(says: Schema) -> str:
    """What a value must be."""
    shape = str(says.get("$ref", "")).rpartition("/")[2]
    choices = says.get("enum", [says["const"]] if "const" in says else None)
    if shape in SHAPES:
        return SHAPES[shape]
    if isinstance(choices, list):
        return either([_value(each) for each in choices])
    kinds, branches = says.get("type", []), says.get("anyOf", says.get("oneOf", []))
    named = [TYPES[str(each)] for each in (kinds if isinstance(kinds, list) else [kinds])]
    words = [word for word in named if word != "null"]
    if not words and isinstance(branches, list):
        words = [type_of(each) for each in branches if isinstance(each, Mapping)]
    return either(list(dict.fromkeys(words)) or ["anything"])


def _value(value: object) -> str:
    return code(value if isinstance(value, str) and value else json.dumps(value))


def either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
