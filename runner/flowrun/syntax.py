"""A flow file as it is written: each value in its spelling, each comment with what it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias


@dataclass
class Leaf:
    """A scalar or an alias in its own spelling; *more* are the lines below its first."""

    text: str
    anchor: str = ""
    more: list[str] = field(default_factory=list)
    value: str = ""

    @property
    def is_block(self) -> bool:
        return self.text.startswith(("|", ">"))


@dataclass
class Tree:
    """A mapping or a list; *tail* is what stands below its last entry."""

    keyed: bool
    flow: bool  # with braces or brackets
    anchor: str
    entries: list[Entry] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)


@dataclass
class Entry:
    """A key with its value, or an item of a list."""

    key: Leaf | None
    above: list[str]  # comments, and "" for a blank line
    value: Node = field(default_factory=lambda: Leaf(""))
    beside: list[str] = field(default_factory=list)


Node: TypeAlias = "Leaf | Tree"


class Syntax(NamedTuple):
    """A whole file; *head* stands above the first key, and is about the file."""

    root: Tree
    head: list[str]
    comments: list[str]
    anchored: bool
