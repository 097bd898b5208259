"""From the text of a flow file to its syntax: the parser's values, and what stands between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .errors import FlowError
from .place import Place, Source
from .syntax import Entry, Leaf, Node, Syntax, Tree

try:  # only `flowrun fmt` comes here
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import (
        AliasEvent,
        CollectionEndEvent,
        CollectionStartEvent,
        Event,
        MappingStartEvent,
        ScalarEvent,
    )
except ImportError:
    hint = "Install it: pip install 'flowrun-oauth[fmt]'"
    raise FlowError("E233", "formatting is an optional part", hint=hint) from None


def read(source: Source) -> Syntax:
    """What is written in *source*, a mapping; raises E202 where the parsers of YAML disagree."""
    reader = _Reader(source)
    root = reader.root()
    head: list[str] = []
    if root.entries:
        head, root.entries[0].above = _parted(root.entries[0].above)
    return Syntax(root, head, reader.comments, reader.anchored)


def _parted(above: list[str]) -> tuple[list[str], list[str]]:
    """What is about the file, and what is about its first key, which a blank line parts."""
    while above and not above[0]:
        above = above[1:]
    end = len(above) - above[::-1].index("") if "" in above else len(above)
    return above[:end], above[end:]


ANCHOR = re.compile(r"&[^\s,\[\]{}]+")
BEHIND_ANCHOR = re.compile(r"\s+|(?<=\s)#[^\n]*")
BETWEEN = re.compile(r"(?P<remark>#[^\n]*|\n)|%[^\n#]*|[ \t\-?:,\[\]{}.]")
"""What stands between the values; a directive and the marks of a document say nothing to us."""

TABS = re.compile(r"\t+")
DASH = re.compile(r"(?:#[^\n]*|[^#\-])*-")

ALONE = re.compile(r"[ \t\-?:,.]*")
"""What may stand before a comment that is not about something beside it."""


class _Remark(NamedTuple):
    text: str  # "" is a blank line
    column: int


class _Reader:
    """Follows the events, and picks up what stands between the values."""

    def __init__(self, source: Source) -> None:
        self.source, self.text = source, source.text
        self.events: Iterator[Event] = iter(())
        self.at = 0  # all before it has been picked up
        self.last: Entry | None = None  # in whose line we are
        self.closed: list[tuple[Tree, int]] = []  # since the last value, the innermost first
        self.remarks: list[_Remark] = []
        self.comments: list[str] = []
        self.anchored = False

    def root(self) -> Tree:
        self.events = self.parsed()
        event = next(each for each in self.events if isinstance(each, MappingStartEvent))
        self.pick_up(event.start_mark.index)
        root = self.tree(event, -1)
        self.pick_up(len(self.text))
        self.settle()
        return root

    def parsed(self) -> Iterator[Event]:
        """The parser's events; it takes no tab between two values, where the strict reader does."""
        text = self.text
        while True:
            try:
                # Only events: the round trip keeps a comment with the value before it, and so
                # gives it to another key, or loses it, when keys change places.
                return iter([*YAML(typ="safe", pure=True).parse(text)])
            except YAMLError as error:
                mark = getattr(error, "problem_mark", None)
                at = int(mark.index) if mark else 0
                if not (tabs := TABS.match(text, at)):
                    what = getattr(error, "problem", None) or str(error).partition("\n")[0]
                    raise self.unreadable(what, at) from None
                text = text[:at] + " " * len(tabs[0]) + text[tabs.end() :]

    def unreadable(self, what: str, at: int) -> FlowError:
        before = self.text[:at].split("\n")
        place = Place(self.source, len(before), len(before[-1]) + 1)
        return FlowError("E202", f"not YAML 1.2: {what}", place=place)

    def pick_up(self, until: int) -> None:
        """Gather the comments and blank lines that stand before *until*."""
        while self.at < until:
            found = BETWEEN.match(self.text, self.at)
            if not found:
                raise self.unreadable("this stands between two values", self.at)
            if found.lastgroup:
                before = self.text[self.text.rfind("\n", 0, self.at) + 1 : self.at]
                self.remark(found[0].rstrip(), before)
            self.at = found.end()

    def start(self, event: Event, *, item: bool) -> int:
        """Where *event* begins; the parser finds an empty value at what follows it."""
        if not isinstance(event, ScalarEvent) or event.end_mark.index > event.start_mark.index:
            return int(event.start_mark.index)
        dash = DASH.match(self.text, self.at) if item else None
        return dash.end() if dash else self.at

    def remark(self, text: str, before: str) -> None:
        """Keep a comment, or the end of a blank line, which has *before* before it."""
        if not text:
            self.remarks += [_Remark("", 0)] * (not before.strip())
            return
        self.comments.append(text)
        if self.last is None or ALONE.fullmatch(before):
            self.remarks.append(_Remark(text, len(before)))
        elif self.last.beside:  # there is room for one
            self.last.above.append(text)
        else:
            self.last.beside.append(text)

    def settle(self) -> list[str]:
        """Give remarks to the trees that ended before them; the rest is about what follows."""
        above: list[str] = []
        blank: list[str] = []
        for text, column in self.remarks:
            if not text:
                blank = [""]
                continue
            while self.closed and column <= self.closed[0][1]:
                self.closed.pop(0)
            owner = self.closed[0][0].tail if self.closed else above
            owner += [*blank, text]
            blank = []
        self.remarks, self.closed = [], []
        return above + blank

    def tree(self, event: Event, parent: int) -> Tree:
        keyed = isinstance(event, MappingStartEvent)
        anchor = self.anchor(event)
        tree = Tree(keyed, not _is_block(event), anchor)
        column = parent if tree.flow else event.start_mark.column
        while not isinstance(event := next(self.events), CollectionEndEvent):
            self.pick_up(self.start(event, item=not keyed))
            if anchor and not tree.entries:
                column = event.start_mark.column
            tree.entries.append(self.entry(event, column, keyed=keyed))
        if tree.flow:
            self.pick_up(event.end_mark.index)
            self.end_flow(tree)
        else:
            self.closed.append((tree, parent))
        return tree

    def end_flow(self, tree: Tree) -> None:
        remarks = self.settle()
        if tree.entries or self.last is None:
            tree.tail = remarks
        else:  # there is no inside to be in
            self.last.above += filter(None, remarks)

    def entry(self, event: Event, column: int, *, keyed: bool) -> Entry:
        entry = self.last = Entry(None, self.settle())
        if keyed:
            entry.key = self.leaf(event, column)
            event = next(self.events)
            self.pick_up(self.start(event, item=False))
        if _is_block(event):  # what has been said is about its first entry
            entry.value = self.tree(event, column)
            return entry
        entry.above += filter(None, self.settle())
        entry.value = self.node(event, column)
        self.last = entry
        return entry

    def node(self, event: Event, column: int) -> Node:
        if isinstance(event, AliasEvent):
            self.anchored, self.at = True, event.end_mark.index
            return Leaf(self.text[event.start_mark.index : self.at])
        if isinstance(event, ScalarEvent):
            return self.leaf(event, column)
        return self.tree(event, column)

    def anchor(self, event: Event) -> str:
        start = self.at
        if getattr(event, "anchor", None) and (found := ANCHOR.match(self.text, start)):
            self.anchored, self.at = True, found.end()
        return self.text[start : self.at]

    def leaf(self, event: Event, column: int) -> Leaf:
        assert isinstance(event, ScalarEvent)  # the strict reader takes no other key
        anchor = self.anchor(event)
        end = max(self.at, event.end_mark.index if event.value or event.style else 0)
        while self.at < end and (gap := BEHIND_ANCHOR.match(self.text, self.at)):
            self.pick_up(min(end, gap.end()))
        text = self.text[self.at : end]
        if text.startswith(("|", ">")):
            return self.block(anchor, text, event.value, column)
        self.at = end
        # Where a line of a text in quotes ends with an escaped space, that space counts.
        first, *more = re.sub(r"(?<!\\)[ \t]+\n", "\n", text).split("\n")
        return Leaf(first, anchor, [line.lstrip(" \t") for line in more], event.value)

    def block(self, anchor: str, text: str, value: str, column: int) -> Leaf:
        """A text with | or >, whose lines lose their indentation."""
        start, (header, *lines) = self.at, text.removesuffix("\n").split("\n")
        word = re.match(r"[|>][-+0-9]*", header)
        assert word
        self.at = start + word.end()
        self.pick_up(start + len(header))
        self.at = start + len(text)
        more = [line[_indentation(word[0], lines, column) :] for line in lines]
        keep = "+" in word[0] and value.endswith("\n") and more[-1:] == [""]
        while more and not more[-1] and not keep:
            more.pop()
            self.remarks = [_Remark("", 0)]
        deeper = next((line.startswith(" ") for line in more if line), False)
        # Where the file ends without a line break, so does the value.
        ends = "-" if more and not value.endswith("\n") else "+" if keep else ""
        return Leaf(word[0][0] + "2" * deeper + ends, anchor, more, value)


def _is_block(event: Event) -> bool:
    return isinstance(event, CollectionStartEvent) and not event.flow_style


def _indentation(header: str, lines: list[str], column: int) -> int:
    if said := re.sub(r"\D", "", header):
        return column + int(said)
    written = (len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" "))
    return next(written, max(map(len, lines), default=0))
