"""The values of a flow file, each of which knows where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from ..place import Place, place_of
from ..secret import JSON

Node: TypeAlias = "None | bool | int | float | str | Items | Map"


class Map(dict[str, "Node"]):
    """A mapping that knows where it and each of its keys stand."""

    place: Place

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.keys_at: dict[str, Place] = {}
        self.values_at: dict[str, Place] = {}  # of values that do not know it themselves


class Items(list["Node"]):
    """A sequence that knows where it and each of its items stand."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.items_at: list[Place] = []


def value_at(node: Mapping[str, Node], key: str) -> Place | None:
    """Where the value of *key* in *node* stands."""
    elsewhere = node.values_at.get(key) if isinstance(node, Map) else None
    return place_of(node.get(key)) or elsewhere


def plain(node: Node) -> JSON:
    """*node* as JSON, without its places."""
    if isinstance(node, Map):
        return {key: plain(item) for key, item in node.items()}
    return [plain(item) for item in node] if isinstance(node, Items) else node


def placed(value: JSON, place: Place) -> Node:
    """JSON as nodes; as YAML it could not be read when an escaped emoji is in it."""
    if isinstance(value, dict):
        result = Map(place)
        for key, item in value.items():
            result[key], result.keys_at[key] = placed(item, place), place
        return result
    if not isinstance(value, list):
        return value
    items = Items(place)
    items += [placed(item, place) for item in value]
    items.items_at = [place] * len(value)
    return items
