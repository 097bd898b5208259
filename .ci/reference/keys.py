"""Every key of a flow file, at every level, in the schema's order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

from flowrun.schema import schema_text

Schema = Mapping[str, object]
ANY = "NAME"
"""Stands for a key that the author of a flow chooses."""
MODIFIERS = "step"
"""What stands beside a kind is called `step.if`, to tell it from a key of the file."""


class Key(NamedTuple):
    """A key, by the path that leads to it, and what the schema says about it."""

    path: tuple[str, ...]
    says: Schema
    required: bool = False

    @property
    def name(self) -> str:
        return ".".join(self.path)


def part(schema: object, *path: str) -> Schema:
    """The object at *path* of a JSON schema; empty when it is not there."""
    for key in path:
        schema = schema.get(key, {}) if isinstance(schema, Mapping) else {}
    return schema if isinstance(schema, Mapping) else {}


SCHEMA: Schema = json.loads(schema_text())
STEP = part(SCHEMA, "definitions", "step")


def resolved(says: Schema) -> Schema:
    """*says* with all that it refers to below it; its own words win, the last reference stays."""
    if "$ref" not in says:
        return says
    reference = str(says["$ref"])
    below = resolved(part(SCHEMA, *reference.split("/")[1:]))
    return {"$ref": reference, **below, **{k: v for k, v in says.items() if k != "$ref"}}


def kinds() -> list[str]:
    """The kinds of a step, in the schema's order."""
    required = cast("list[Mapping[str, list[str]]]", STEP["oneOf"])
    return [name for each in required for name in each["required"]]


def keys_of_file() -> list[Key]:
    """The keys of a file, without those of its steps."""
    keys = list(_below((), SCHEMA))
    free = part(SCHEMA, "patternProperties").items()
    return [*keys, *(Key((pattern.strip("^") + ANY,), cast("Schema", it)) for pattern, it in free)]


def keys_of_step() -> list[Key]:
    """What may stand beside a kind."""
    known = kinds()
    return [key for key in _below((MODIFIERS,), STEP) if key.path[1] not in known]


def keys_of_kind(kind: str) -> list[Key]:
    """The kind itself, then its options."""
    says = resolved(part(STEP, "properties", kind))
    return [Key((kind,), says), *_below((kind,), says)]


def every_key() -> list[Key]:
    each = (key for kind in kinds() for key in keys_of_kind(kind))
    return [*keys_of_file(), *keys_of_step(), *each]


def _below(path: tuple[str, ...], says: Schema) -> Iterator[Key]:
    for branch in (says, *_alternatives(says)):
        required = branch.get("required")
        for name, item in part(branch, "properties").items():
            needed = isinstance(required, list) and name in required
            yield from _key((*path, name), cast("Schema", item), required=needed)
        if more := part(branch, "additionalProperties"):
            yield from _below((*path, ANY), resolved(more))
        if items := part(branch, "items"):
            yield from _below(path, resolved(items))


def _key(path: tuple[str, ...], says: Schema, *, required: bool) -> Iterator[Key]:
    whole = resolved(says)
    yield Key(path, whole, required)
    if str(says.get("$ref", "")).rpartition("/")[2] not in ("steps", *kinds()):
        yield from _below(path, whole)


def _alternatives(says: Schema) -> Iterator[Schema]:
    for word in ("anyOf", "oneOf", "allOf"):
        branches = says.get(word)
        for branch in branches if isinstance(branches, list) else []:
            yield resolved(branch)
