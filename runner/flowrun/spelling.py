"""Where a part of a text stands in its file, in whatever style YAML has it there."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate, islice

from .place import Place, Text
from .spans import Span

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")  # an anchor stands before the value that it names
_HEADER = re.compile(r"[|>][^\r\n\x85\u2028\u2029]*|[\"']?")
_HEX = "[0-9A-Fa-f]"
_PLAIN = re.compile(r"\S")
_QUOTED = {
    "'": re.compile(r"''|\S"),
    '"': re.compile(
        rf"\\(?:x{_HEX}{{2}}|u{_HEX}{{4}}|U00(?:0{_HEX}|10){_HEX}{{4}}|.)|\S", re.DOTALL
    ),
}
_ESCAPES = dict(zip("0abtnvfreNLP_", "\0\a\b\t\n\v\f\r\x1b\x85\u2028\u2029\xa0", strict=True))


def place_in(text: object, source: str, at: int = 0, span: Span | None = None) -> Place | None:
    """Where the expression *source*, which begins *at* in *text*, stands; or a *span* of it."""
    if not isinstance(text, Text):
        return None
    if span:
        return part_of(text, at + span[0], span[1] - span[0])
    if not (inner := source.strip()):
        return part_of(text, at - 2, len(source) + 4)
    return part_of(text, at + len(source) - len(source.lstrip()), len(inner))


def part_of(text: Text, at: int, length: int) -> Place:
    """Where the *length* characters of *text* from *at* on stand; its own place if they do not."""
    place, at = text.place, max(0, at - text.added)
    source, said = place.source.text, text[text.added :][: at + length]
    starts = _line_starts(source)
    content = _content(source, starts[min(place.line, len(starts)) - 1] + place.column - 1)
    if source.startswith(said, content):  # the common case: what is said is what is written
        return _stretch(place, content + at, content + at + length)
    wanted = "".join(said.split())
    written = list(islice(_written(source, content), len(wanted)))
    first = len("".join(said[:at].split()))
    if first == len(wanted) or "".join(character for character, _, _ in written) != wanted:
        return place
    return _stretch(place, written[first][1], written[-1][2])


@lru_cache(maxsize=16)
def _line_starts(source: str) -> list[int]:
    return [0, *accumulate(map(len, source.splitlines(keepends=True)))]


def _content(source: str, start: int) -> int:
    """Where the scalar that begins at *start* begins to say something."""
    found = _PROPERTIES.match(source, start)
    found = _HEADER.match(source, found.end() if found else start)
    return found.end() if found else start


def _written(source: str, content: int) -> Iterator[tuple[str, int, int]]:
    """
    What stands from *content* on: each character, where its spelling begins, and where it ends.

    White space is left out, since it is all that folding and indenting change.
    """
    for unit in _QUOTED.get(source[content - 1 : content], _PLAIN).finditer(source, content):
        if not (character := _character(unit[0])).isspace():
            yield character, unit.start(), unit.end()


def _character(spelled: str) -> str:
    if len(spelled) > 2 and spelled[1] in "xuU":
        return chr(int(spelled[2:], 16))
    return _ESCAPES.get(spelled[1], spelled[1]) if len(spelled) > 1 else spelled


def _stretch(place: Place, start: int, end: int) -> Place:
    """The place of the characters from *start* to *end*, or to the end of their line."""
    starts = _line_starts(place.source.text)
    line = bisect(starts, start)
    of_line = place.source.line(line)[start - starts[line - 1] :]
    width = min(end - start, len(of_line.rstrip()))
    return Place(place.source, line, start - starts[line - 1] + 1, max(1, width))
