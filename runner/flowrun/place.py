"""Where something stands in a file that a person wrote."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import ClassVar, NamedTuple, Self


@lru_cache(maxsize=16)
def _lines(text: str) -> list[str]:
    return text.splitlines()  # once, however many places are shown of it


class Source(NamedTuple):
    """A text and the name under which a person knows it."""

    name: str
    text: str
    shown: bool = True  # nobody wrote the plan that a record carries
    extended_at: Place | None = None  # the `extends` that led here

    def line(self, number: int) -> str:
        lines = _lines(self.text)
        return lines[number - 1] if number <= len(lines) else ""


class Place(NamedTuple):
    """A stretch of one line; *line* and *column* count from 1, *column* in characters."""

    source: Source
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    def extended(self) -> Iterator[Place]:
        """Each `extends` that led to this file, back to the file that a person named."""
        place = self.source.extended_at
        while place:
            yield place
            place = place.source.extended_at

    def masked(self, value: str) -> Source:
        """The source with *value*, which stands in this line behind the place, hidden."""
        lines = self.source.text.splitlines(keepends=True)
        if self.line <= len(lines):
            line = lines[self.line - 1]
            before, after = line[: self.column - 1], line[self.column - 1 :]
            lines[self.line - 1] = before + after.replace(value, "*" * len(value), 1)
        return self.source._replace(text="".join(lines))

    def excerpt(self) -> str:
        """The source line with a caret under the place."""
        text, gutter = self.source.line(self.line), f"{self.line:>5} | "
        start, end = self.column - 1, self.column - 1 + self.width
        before = "".join("\t" if each == "\t" else " " * _cells(each) for each in text[:start])
        carets = "^" * max(1, sum(map(_cells, text[start:end])))
        return f"{gutter}{text}\n{' ' * (len(gutter) - 2)}| {before}{carets}"


def _cells(character: str) -> int:
    """How many columns of a terminal *character* takes."""
    if character.isascii():
        return 1
    from unicodedata import category, east_asian_width

    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


class Text(str):
    """A text from a file, which remembers where it stands."""

    __slots__ = ("place",)

    place: Place
    added: ClassVar[int] = 0  # characters before what the file says

    @classmethod
    def at(cls, place: Place, text: str) -> Self:
        self = cls(text)
        self.place = place
        return self


class Braced(Text):
    """An expression that has braces here, and none in its file."""

    __slots__ = ()

    added = 3


def place_of(value: object) -> Place | None:
    """Where *value* was written, if it came from a file."""
    return getattr(value, "place", None)
