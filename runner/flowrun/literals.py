"""What is written out in a flow file: nothing is put in for `{{ }}` there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .document import Items, Map, Node
from .errors import Problem
from .flow import SECTIONS
from .place import Place, place_of
from .spelling import place_in
from .template import BRACES

OF_FILE = ("requires", "name", "title", "docs", "extends", "values", "inputs", "profiles", "hosts")
OF_STEP = ("id", "title", "use", "retry")
OF_TOKEN = ("name", "grace", "rotates")
OF_ERRORS = ("hints", "ends")

_VAR = 'A value that is made of others is a var: vars: {NAME: "{{ ... }}"}'
HINTS = {
    "name": "What differs from one tenant to the next goes into `save`.",
    "extends": "Write a file for each recipe that it may be.",
    "hosts": "A host that an input decides is allowed by the URL in which it stands.",
    "default": _VAR,
    "values": _VAR,
    "profiles": _VAR,
}
"""What to do instead."""


def problem(name: str, text: object, place: Place | None, hint: str = "") -> Problem:
    """E228 for the template *text* at *name*."""
    found = BRACES.search(str(text))
    at = (found and place_in(text, found[1], found.start(1))) or place
    return Problem("E228", f"{name} takes no {{{{ }}}}: it is taken as it is written", hint, at)


def templates(document: Map) -> Iterator[Problem]:
    """E228 for every template in *document* that would be taken as it is written."""
    yield from _chosen(document, OF_FILE, HINTS)
    defaults = document.get("defaults")
    groups = [document.get(section) for section in SECTIONS]
    for step in [
        defaults,
        *(step for steps in groups if isinstance(steps, Items) for step in steps),
    ]:
        yield from _chosen(step, OF_STEP)
        token = step.get("token") if isinstance(step, Map) else None
        yield from _chosen(token, OF_TOKEN)
        yield from _chosen(token.get("errors") if isinstance(token, Map) else None, OF_ERRORS)
    for key, value in document.items():
        if key != "sandbox" and not key.startswith("x-"):
            yield from _keys(value)


def _chosen(node: Node, keys: tuple[str, ...], hints: Mapping[str, str] = {}) -> Iterator[Problem]:
    for key in keys:
        if isinstance(node, Map) and key in node:
            yield from _values(node[key], key, hints, hints.get(key, ""))


def _values(node: Node, name: str, hints: Mapping[str, str], hint: str) -> Iterator[Problem]:
    if isinstance(node, str) and "{{" in node:
        yield problem(repr(name), node, place_of(node), hint)
    elif isinstance(node, Map):
        for key, item in node.items():
            yield from _values(item, key, hints, hints.get(key, hint))
    elif isinstance(node, Items):
        for item in node:
            yield from _values(item, name, hints, hint)


def _keys(node: Node) -> Iterator[Problem]:
    if isinstance(node, Map):
        for key, item in node.items():
            if "{{" in key:
                yield problem("a key", key, node.keys_at[key])
            yield from _keys(item)
    elif isinstance(node, Items):
        for item in node:
            yield from _keys(item)
