"""Strict YAML: what is written is what is meant, and every part knows where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import FlowError, Problem
from ..place import Place, Source, Text, place_of
from ..scalar import meant
from .nodes import Items as Items
from .nodes import Map as Map
from .nodes import Node as Node
from .nodes import placed as placed
from .nodes import plain as plain
from .nodes import value_at as value_at

if TYPE_CHECKING:
    import yaml

MAX_CHARACTERS = 1 << 20
"""A recipe is a page or two; whoever sends a megabyte of YAML has something else in mind."""

MAX_NODES = 20_000
"""Counted with aliases followed, so that a few lines cannot stand for billions of nodes."""


def parse(source: Source) -> Map:
    """
    The mapping that *source* holds.

    Raises:
        FlowError: it is not YAML (E202), a key stands twice (E204), or it is no mapping (E205).
    """
    document, problems = read(source)
    if problems:
        raise FlowError.of(problems)
    return document


def read(source: Source) -> tuple[Map, list[Problem]]:
    """The mapping that *source* holds, and what is wrong with it without making it unreadable."""
    reader = _Reader(source)
    root = reader.read()
    if isinstance(root, Map):
        return root, reader.problems
    hint, place = "It begins with `flowrun: 1`.", Place(source, 1, 1)
    no_mapping = Problem("E205", "a flow file is a mapping", hint, place)
    raise FlowError.of(reader.problems or [no_mapping])


# Line ends to YAML 1.1 and to no editor, and what makes a line read in another order.
_UNSEEN = re.compile("[\x85\u2028-\u202e\u2066-\u2069]")
_CUT_ANCHOR = re.compile(r"&[\w-]+[?:]", re.ASCII)
QUOTE_BRACES = 'A value that begins with {{ must be quoted: "{{ ... }}".'

AFTER_A_QUOTE = "A quoted text ends before it: put all of it in quotes, or close one that is open."
UNEVEN = (
    "The keys of one mapping begin in the same column; only what belongs to a list has a hyphen."
)

_HINTS = {
    "mapping values are not allowed": "A text that holds a colon and a space must be quoted.",
    "cannot start any token": "A text that begins with such a sign must be quoted.",
}


_Whole: TypeAlias = "yaml.ScalarEvent | yaml.CollectionStartEvent"


class _Reader:
    """Builds values from parser events; one for each text."""

    def __init__(self, source: Source) -> None:
        import yaml

        self.source = source
        self.text = source.text.removeprefix("\ufeff")  # which libyaml does not count
        self.problems: list[Problem] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.nodes = 0
        self.doubtful = "?" in self.text or "&" in self.text
        # Bound once for all: what follows runs for every word of a file.
        self.end_of_map, self.end_of_items = yaml.MappingEndEvent, yaml.SequenceEndEvent
        self.alias_event, self.scalar_event = yaml.AliasEvent, yaml.ScalarEvent
        self.make: dict[type, Callable[[Any, Place], Node]] = {
            yaml.MappingStartEvent: self.map,
            yaml.ScalarEvent: self.scalar,
            yaml.SequenceStartEvent: self.items,
        }

    def read(self) -> Node:
        import yaml

        if len(self.source.text) > MAX_CHARACTERS:
            raise FlowError("E202", f"a flow file has at most {MAX_CHARACTERS} characters")
        if unseen := _UNSEEN.search(self.source.text):
            at = self.at(len(self.source.text[: unseen.start()].encode()))
            message = f'a character that nobody sees; write "\\u{ord(unseen[0]):04x}"'
            raise FlowError("E202", message, place=at)
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            self.next: Callable[[], Any] = loader(self.text).get_event
            self.next()  # the start of the stream
            if isinstance(self.next(), yaml.StreamEndEvent):
                return None
            root = self.node(event := self.next(), self.place(event))
            self.next()  # the end of the document
            if not isinstance(another := self.next(), yaml.StreamEndEvent):
                self.refuse(another, "a flow file is one document")
        except yaml.MarkedYAMLError as error:
            raise self.not_yaml(error) from None
        except (yaml.YAMLError, RecursionError) as error:
            reason, place = str(error).partition("\n")[0], self.at(getattr(error, "position", 0))
            raise FlowError("E202", f"not YAML: {reason}", place=place) from None
        return root

    def at(self, offset: int) -> Place:
        before = (self.source.text.encode()[:offset].decode("utf-8", "replace") + "x").splitlines()
        return Place(self.source, len(before), len(before[-1]))

    def not_yaml(self, error: yaml.MarkedYAMLError) -> FlowError:
        mark = error.problem_mark or error.context_mark
        place = Place(self.source, mark.line + 1, mark.column + 1) if mark else None
        line = self.source.line(mark.line + 1) if mark else ""
        hint = next((hint for words, hint in _HINTS.items() if words in str(error.problem)), "")
        if "\t" in line[: len(line) - len(line.lstrip())]:
            hint = "Indent with spaces; YAML takes no tabs."
        elif place and (braces := re.search(r"(?:[:,\-\[]\s+|\{)\{\{", line)):
            hint, place = QUOTE_BRACES, place._replace(column=braces.end() - 1, width=2)
        elif "flow" in str(error.context) and (begun := error.context_mark):
            hint = f"What begins in line {begun.line + 1}, column {begun.column + 1} is not closed."
            if "','" in str(error.problem):
                hint = f"A comma is missing before it. Or: {hint[0].lower()}{hint[1:]}"
        elif "expected key" in str(error.problem) and mark:
            quoted = line[: mark.column].rstrip().endswith(("'", '"'))
            hint = AFTER_A_QUOTE if quoted else UNEVEN
        return FlowError("E202", f"not YAML: {error.problem}", hint=hint, place=place)

    def place(self, event: yaml.Event) -> Place:
        start, end = event.start_mark, event.end_mark
        assert start is not None
        assert end is not None
        line, column = start.line, start.column
        width = end.column - column if end.line == line else 1
        return Place(self.source, line + 1, column + 1, width or 1)

    def refuse(
        self, event: yaml.Event, message: str, *, code: str = "E202", hint: str = ""
    ) -> None:
        self.problems.append(Problem(code, message, hint, self.place(event)))

    def node(self, event: _Whole | yaml.AliasEvent, place: Place) -> Node:
        if isinstance(event, self.alias_event):
            return self.alias(event, place)
        self.one(event, place)
        if event.tag is not None and event.tag != "!":
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.refuse(event, f"tags such as {shown} are not used in a flow")
        before = self.nodes
        value = self.make[type(event)](event, place)
        if event.anchor:
            self.anchors[event.anchor] = (value, self.nodes - before + 1)
        return value

    def one(self, event: _Whole, place: Place) -> None:
        """Count it; refuse what is one word to YAML 1.2, and two to the parser, which knows 1.1."""
        self.count(1, place)
        if not self.doubtful:
            return
        at = event.start_mark.index if event.start_mark else 0
        if self.text[at - 1 : at] == "?" or _CUT_ANCHOR.match(self.text, at):
            self.refuse(event, "? and & stand before a word of their own", hint="Quote the text.")

    def alias(self, event: yaml.AliasEvent, place: Place) -> Node:
        if event.anchor not in self.anchors:
            self.refuse(event, f"no &{event.anchor} is complete before this *{event.anchor}")
            return None
        value, size = self.anchors[event.anchor]
        self.count(size, place)
        return value

    def count(self, nodes: int, place: Place) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            message = f"a flow file has at most {MAX_NODES} values, aliases followed"
            raise FlowError("E202", message, place=place)

    def scalar(self, event: yaml.ScalarEvent, place: Place) -> Node:
        text = event.value if event.style else meant(event.value)
        return Text.at(place, text) if isinstance(text, str) else text

    def items(self, _: yaml.Event, place: Place) -> Items:
        items = Items(place)
        while not isinstance(event := self.next(), self.end_of_items):
            items.items_at.append(at := self.place(event))
            items.append(self.node(event, at))
        return items

    def map(self, _: yaml.Event, place: Place) -> Map:
        result = Map(place)
        while not isinstance(event := self.next(), self.end_of_map):
            at = self.place(event)
            key = self.key(event, at)
            if key in result:
                first = result.keys_at[key].line
                self.refuse(event, f"{key!r} is given twice, first in line {first}", code="E204")
            said = self.next()
            place = self.place(said)
            result[key], result.keys_at[key] = self.node(said, place), at
            if place_of(result[key]) is None:
                result.values_at[key] = place
        return result

    def key(self, event: _Whole | yaml.AliasEvent, place: Place) -> str:
        if isinstance(event, self.scalar_event) and event.tag in (None, "!"):
            self.one(event, place)
            return str(event.value)
        self.node(event, place)
        templated = self.source.line(place.line)[max(0, place.column - 2) :].startswith("{{")
        self.refuse(event, "a key is a text", hint=QUOTE_BRACES if templated else "")
        return ""
