"""The order in which a flow's own keys stand; names that a person chose keep theirs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

from .schema import schema_text
from .secret import JSON

REQUEST = (
    "get post put patch delete answer as client bearer basic ... "
    "expect unwrap outputs expires errors refresh_before refresh_expires rotates grace"
)
ORDERS = {
    "flow": "flowrun requires extends ...",
    "input": "type choices secret optional default help pattern example ...",
    "step": "id title if ... retry poll",
    "authorize": "url openid pkce state nonce ...",
    "capture": "at ...",
    "http": REQUEST,
    "token": REQUEST,
    "device": REQUEST,
    "ciba": REQUEST,
    "jwt": "...",
    "ask": "...",
    "client": "...",
}
"""For definitions of the schema, what stands first and last; the dots are the schema's order."""


class Shape(NamedTuple):
    """What the schema says of a value; *name* is that of its definition."""

    name: str
    schema: Mapping[str, Any]
    definitions: Mapping[str, Any]
    fixed: bool  # nothing changes its place

    @classmethod
    def of_flows(cls, *, fixed: bool) -> Self:
        schema = json.loads(schema_text())
        return cls("flow", schema, schema["definitions"], fixed)

    def below(self, key: str | None) -> Shape:
        """The shape of what stands under *key*; of a list's items, when that is None."""
        if key is None:
            schema = self.schema.get("items")
        else:
            other = self.schema.get("additionalProperties")
            schema = self.schema.get("properties", {}).get(key, other)
        schema = schema if isinstance(schema, Mapping) else {}
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        return self._replace(name=name, schema=self.definitions.get(name, schema))

    def arranged(self, keys: Iterable[str]) -> list[str]:
        """*keys* in their order; what is not known comes last, as it was."""
        if self.fixed or self.name not in ORDERS:
            return list(keys)
        first, _, last = (part.split() for part in ORDERS[self.name].partition("..."))
        middle = [key for key in self.schema["properties"] if key not in (*first, *last)]
        order = [*first, *middle, *last]
        return sorted(keys, key=lambda key: order.index(key) if key in order else len(order))

    def rearranged(self, node: JSON) -> JSON:
        """*node* with every mapping in it arranged."""
        if isinstance(node, dict):
            return {key: self.below(key).rearranged(node[key]) for key in self.arranged(node)}
        if isinstance(node, list):
            return [self.below(None).rearranged(item) for item in node]
        return node
