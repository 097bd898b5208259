"""
Regular expressions for whole values, matched without backtracking.

A recipe is written by strangers, and with `re` a few characters of theirs can take years. Here a
pattern becomes the automaton of its positions (Glushkov), and all that may have been matched so
far is one set of them, so that the steps grow with the length of the value alone.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import lru_cache, reduce
from typing import NamedTuple

from .errors import FlowError
from .notation import Branches, Chars, Repeat, read

MOST_POSITIONS = 2048  # with every {n} written out
MOST_STEPS = 1 << 18  # less than a second


class Part(NamedTuple):
    """A part of a pattern; sets of positions are the bits of a number."""

    empty: bool = True  # the empty text fits, too
    first: int = 0
    last: int = 0


@lru_cache(maxsize=256)
def pattern_of(text: str) -> Pattern:
    """The pattern that *text* is; raises `FlowError` E205."""
    return Pattern(read(text))


class Pattern:
    """A pattern that can be matched against values."""

    def __init__(self, branches: Branches) -> None:
        self._follow: list[int] = []
        self._literals: dict[str, int] = {}  # the positions of each character
        self._sets: list[tuple[int, Chars]] = []
        self._whole = self._either(branches)
        self._at: dict[str, int] = {}
        self._after: dict[int, int] = {}
        self._steps = 0

    def matches(self, text: str) -> bool:
        """Whether all of *text* fits; raises `FlowError` E215 when that takes too long to say."""
        possible, reached, self._steps = self._whole.first, 0, 0
        for character in text:
            reached = possible & self._positions_of(character)
            possible = self._next(reached)
            if self._steps > MOST_STEPS:
                raise FlowError("E215", "a value is too long for such a pattern")
        return bool(reached & self._whole.last) if text else self._whole.empty

    def _positions_of(self, character: str) -> int:
        if character not in self._at:
            self._steps += len(self._sets)
            found = (position for position, chars in self._sets if chars.hold(character))
            self._at[character] = self._literals.get(character, 0) | sum(found)
        return self._at[character]

    def _next(self, reached: int) -> int:
        """The positions that may follow those that are *reached*."""
        if reached not in self._after:
            self._steps += reached.bit_count()
            self._after[reached] = _union(self._follow[at] for at in _bits(reached))
        return self._after[reached]

    def _either(self, branches: Branches) -> Part:
        parts = [reduce(self._joined, map(self._repeated, each), Part()) for each in branches]
        firsts, lasts = (part.first for part in parts), (part.last for part in parts)
        return Part(any(part.empty for part in parts), _union(firsts), _union(lasts))

    def _repeated(self, item: Repeat) -> Part:
        least, most = item.least, item.most
        result = Part()
        if most is None:
            again = self._one(item)
            result = self._joined(again, again)._replace(empty=again.empty or not least)
            least, most = max(0, least - 1), 0
        for _ in range(most - least):  # from the end: each is there only with all before it
            result = self._joined(self._one(item), result)._replace(empty=True)
        for _ in range(least):
            result = self._joined(self._one(item), result)
        return result

    def _one(self, item: Repeat) -> Part:
        if isinstance(item.what, list):
            return self._either(item.what)
        if isinstance(item.what, str):
            return self._literal(item.what)
        self._sets.append((1 << len(self._follow), item.what))
        return self._chain(1)

    def _literal(self, text: str) -> Part:
        for position, character in enumerate(text, len(self._follow)):
            self._literals[character] = self._literals.get(character, 0) | 1 << position
        return self._chain(len(text))

    def _chain(self, length: int) -> Part:
        """As many new positions, each behind the other."""
        start = len(self._follow)
        end = start + length
        if end > MOST_POSITIONS:
            raise FlowError("E205", f"the pattern has more than {MOST_POSITIONS} places to fill")
        self._follow += [*(2 << position for position in range(start, end - 1)), 0]
        return Part(empty=False, first=1 << start, last=1 << end - 1)

    def _joined(self, left: Part, right: Part) -> Part:
        for at in _bits(left.last):
            self._follow[at] |= right.first
        return Part(
            left.empty and right.empty,
            left.first | (right.first if left.empty else 0),
            right.last | (left.last if right.empty else 0),
        )


def _union(sets: Iterator[int]) -> int:
    return reduce(operator.or_, sets, 0)


def _bits(number: int) -> Iterator[int]:
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low
