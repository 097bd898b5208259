"""What is said about a key: its type, its default, and what its step does with it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flowrun.document import Map
from flowrun.place import Place, Source
from flowrun.steps import KINDS

from .keys import Key, Schema, resolved
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
    "template": "any value",
    "templated": "a template",
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
    if isinstance(examples := key.says.get("examples"), list):
        yield f"such as {_value(examples[0])}"
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
    return either(list(dict.fromkeys(_types(resolved(says)))) or ["any value"])


def _types(says: Schema) -> Iterator[str]:
    shape = str(says.get("$ref", "")).rpartition("/")[2]
    choices = says.get("enum", [says["const"]] if "const" in says else None)
    kinds, branches = says.get("type", []), says.get("anyOf", [])
    if shape in SHAPES:
        yield SHAPES[shape]
    elif isinstance(choices, list):
        yield from map(_value, choices)
    elif kinds:
        named = [TYPES[str(each)] for each in (kinds if isinstance(kinds, list) else [kinds])]
        yield from (word for word in named if word != "null")
    elif isinstance(branches, list):
        for each in branches:
            yield from _types(resolved(each))


def _value(value: object) -> str:
    return code(value if isinstance(value, str) and value else json.dumps(value))


def either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
