"""Where something stands in a file that a person wrote."""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """A text and the name under which a person knows it."""

    name: str
    text: str
    shown: bool = True  # nobody wrote the plan that a record carries

    def line(self, number: int) -> str:
        lines = self.text.splitlines()
        return lines[number - 1] if number <= len(lines) else ""


class Place(NamedTuple):
    """A stretch of one line; *line* and *column* count from 1, *column* in characters."""

    source: Source
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    def excerpt(self) -> str:
        """The source line with a caret under the place."""
        text, gutter = self.source.line(self.line), f"{self.line:>5} | "
        before = "".join(
            "\t" if character == "\t" else " " for character in text[: self.column - 1]
        )
        carets = "^" * max(1, min(self.width, len(text) - self.column + 1))
        return f"{gutter}{text}\n{' ' * (len(gutter) - 2)}| {before}{carets}"


class Text(str):
    """A text from a file, which remembers where it stands."""

    __slots__ = ("place",)

    place: Place

    @classmethod
    def at(cls, place: Place, text: str) -> Text:
        self = cls(text)
        self.place = place
        return self


def place_of(value: object) -> Place | None:
    """Where *value* was written, if it came from a file."""
    return getattr(value, "place", None)
