"""The example flows: which keys each shows, and the lines that do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from flowrun.flow import SECTIONS

from .keys import ANY, MODIFIERS, kinds

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
Lines = frozenset[int]


class Example(NamedTuple):
    """A flow file that begins with what it is about and with the keys that it shows."""

    name: str
    text: str

    @property
    def about(self) -> str:
        return self.text.partition("\n")[0].removeprefix("# ")

    @property
    def shows(self) -> list[str]:
        """Keys, and filters as `| join` and functions as `now()`."""
        lines = re.findall(r"^# shows: (.*)$", self.text, flags=re.MULTILINE)
        return [name.strip() for line in lines for name in line.split(",")]

    def lines(self, name: str) -> list[str]:
        """The lines that show *name*, below those that it belongs to; none when it is not there."""
        root = yaml.compose(self.text, yaml.SafeLoader) or yaml.MappingNode("", [])
        found = next(_shown(root, name), Lines())
        lines = dict(enumerate(self.text.splitlines()))
        while found and re.match(r"\s*(#|$)", lines[max(found)]):
            found -= {max(found)}
        return [lines[number] for number in sorted(found)]


@cache
def examples() -> list[Example]:
    """All of them, by name."""
    return [Example(file.name, file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.yaml"))]


def example_of(name: str) -> Example | None:
    """The first example that shows *name*."""
    return next((each for each in examples() if name in each.shows), None)


def _shown(root: yaml.Node, name: str) -> Iterator[Lines]:
    """The lines of each place where the file shows *name*."""
    path = tuple(name.split("."))
    if name.startswith("|"):
        yield from _texts(root, re.compile(rf"\|\s*{name[2:]}\b"))
    elif name.endswith("()"):
        yield from _texts(root, re.compile(rf"\b{name[:-2]}\("))
    elif path[0] == MODIFIERS:
        for section in SECTIONS:
            yield from _keys(root, (section, *path[1:]))
    elif path[0] in kinds():
        for section in (*SECTIONS, "defaults"):
            yield from _keys(root, (section, *path))
    else:
        yield from _keys(root, path)


def _keys(node: yaml.Node, path: tuple[str, ...]) -> Iterator[Lines]:
    """The lines of the value at *path*, wherever in a list that is."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from (found | {item.start_mark.line} for found in _keys(item, path))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not re.fullmatch(re.escape(path[0]).replace(ANY, ".*"), key.value):
                continue
            if path[1:]:
                yield from (found | {key.start_mark.line} for found in _keys(value, path[1:]))
            else:
                yield Lines(range(key.start_mark.line, _end(value)))


def _texts(node: yaml.Node, word: re.Pattern[str]) -> Iterator[Lines]:
    """The lines of each text that has *word* in it."""
    if isinstance(node, yaml.ScalarNode):
        if word.search(node.value):
            yield Lines(range(node.start_mark.line, _end(node)))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from (found | {item.start_mark.line} for found in _texts(item, word))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (found | {key.start_mark.line} for found in _texts(value, word))


def _end(node: yaml.Node) -> int:
    """The line after *node*; YAML ends a block where the next thing begins."""
    block = getattr(node, "flow_style", None) is False or getattr(node, "style", None) in ("|", ">")
    return int(node.end_mark.line) + (not block or node.end_mark.line == node.start_mark.line)
