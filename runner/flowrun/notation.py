"""How a pattern is written: what `re` reads, but for what looks around or back."""

from __future__ import annotations

import re
from typing import NamedTuple

from .errors import FlowError
from .scope import Slip

LONGEST = 1000
MOST_DEPTH = 50


class Chars(NamedTuple):
    """The characters that may stand at one place."""

    ranges: tuple[tuple[str, str], ...] = ()
    others: tuple[Chars, ...] = ()
    negated: bool = False

    def hold(self, character: str) -> bool:
        within = any(low <= character <= high for low, high in self.ranges)
        return (within or any(each.hold(character) for each in self.others)) is not self.negated


class Repeat(NamedTuple):
    """One part of a pattern, and how often it comes; *most* None: without end."""

    what: str | Chars | Branches
    least: int = 1
    most: int | None = 1


Branches = list[list[Repeat]]
"""The parts of each alternative, in order."""

_DIGITS = (("0", "9"),)
_WORD = (("a", "z"), ("A", "Z"), ("0", "9"), ("_", "_"))
_SPACES = ((" ", " "), ("\t", "\r"))
CLASSES = {"d": Chars(_DIGITS), "s": Chars(_SPACES), "w": Chars(_WORD)}
CLASSES |= {name.upper(): each._replace(negated=True) for name, each in CLASSES.items()}
ESCAPES = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
ANY = Chars((("\n", "\n"),), negated=True)

_QUANTIFIER = re.compile(r"([*+?])|\{(?=\d|,\d)(\d{0,4})(,?)(\d{0,4})\}")
_COUNTS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_CODE = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})")


def read(text: str) -> Branches:
    """What the pattern *text* says; raises `FlowError` E205."""
    reader = _Reader(text)
    branches = reader.branches()
    if reader.at < len(text):
        raise reader.wrong("there is no ( for this )")
    return branches


_PLAIN = re.compile(r"[\w:/@#%&=,;!~<> -]+(?![*+?{])", re.ASCII)


def _one(character: str) -> Chars:
    return Chars(((character, character),))


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0
        if len(text) > LONGEST:
            raise self.wrong(f"it has more than {LONGEST} characters")

    def wrong(self, why: str, at: int | None = None) -> FlowError:
        at = self.at if at is None else at
        return Slip("E205", f"the pattern cannot be read: {why}", at=min(at, len(self.text) - 1))

    def taken(self, text: str) -> bool:
        found = self.text.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found

    def next(self) -> str:
        if self.at == len(self.text):
            raise self.wrong("it ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def branches(self) -> Branches:
        found = [self.branch()]
        while self.taken("|"):
            found.append(self.branch())
        return found

    def branch(self) -> list[Repeat]:
        parts: list[Repeat] = []
        outside = self.depth == 0
        self.taken("^" if outside else "\0")  # the whole value has to fit all the same
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            if plain := _PLAIN.match(self.text, self.at):
                self.at = plain.end()
                parts.append(Repeat(plain[0]))
            elif outside and re.match(r"\$(\||$)", self.text[self.at :]):
                self.at += 1
            else:
                parts += self.part()
        return parts

    def part(self) -> list[Repeat]:
        """The next part; none when that can only be the empty text."""
        start = self.at
        if self.quantifier():
            raise self.wrong("there is nothing to repeat", start)
        what = self.atom()
        least, most = self.quantifier() or (1, 1)
        self.taken("?")  # as few as possible: of a whole value that says nothing
        start = self.at
        if self.quantifier():
            raise self.wrong("what repeats is repeated; put it in ( )", start)
        blank = most == 0 or not any(what)
        return [] if blank else [Repeat(what, least, most)]

    def quantifier(self) -> tuple[int, int | None] | None:
        found = _QUANTIFIER.match(self.text, self.at)
        if not found:
            return None
        sign, least, comma, most = found.groups()
        self.at = found.end()
        if sign:
            return _COUNTS[sign]
        counts = int(least or 0), int(most or least) if most or not comma else None
        if counts[1] is not None and counts[1] < counts[0]:
            raise self.wrong("the most is less than the least", found.start())
        return counts

    def atom(self) -> Chars | Branches:
        match self.next():
            case "(":
                return self.group()
            case "[":
                return self.set()
            case ".":
                return ANY
            case "\\":
                return self.escaped()
            case "^" | "$":
                why = "the whole value has to fit, so ^ and $ are not needed"
                raise self.wrong(why, self.at - 1)
            case character:
                return _one(character)

    def group(self) -> Branches:
        start = self.at - 1
        if self.taken("?") and not self.taken(":"):
            raise self.wrong("it cannot look ahead or back, name a group or switch", start)
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise self.wrong("it is nested too deeply")
        branches = self.branches()
        if not self.taken(")"):
            raise self.wrong("this ( is not closed", start)
        self.depth -= 1
        return branches

    def escaped(self) -> Chars:
        if code := _CODE.match(self.text, self.at):
            self.at = code.end()
            return _one(chr(int(code[1] or code[2], 16)))
        character = self.next()
        if character.isalnum() and character not in {**CLASSES, **ESCAPES}:
            raise self.wrong(f"it cannot use \\{character}", self.at - 2)
        return CLASSES.get(character) or _one(ESCAPES.get(character, character))

    def set(self) -> Chars:
        start, negated = self.at - 1, self.taken("^")
        members = [self.member()]  # a ] that comes first is one of them
        while not self.taken("]"):
            if self.at == len(self.text):
                raise self.wrong("this [ is not closed", start)
            members.append(self.member())
        ranges = tuple(each for member in members for each in member.ranges if not member.negated)
        others = tuple(member for member in members if member.negated)
        return Chars(ranges, others, negated)

    def member(self) -> Chars:
        """A character of a set, or a range or class of them."""
        start = self.at
        low = self.escaped() if (character := self.next()) == "\\" else _one(character)
        if len(low.ranges) > 1 or not re.match(r"-[^\]]", self.text[self.at :]):
            return low
        self.at += 1
        high = self.escaped() if (character := self.next()) == "\\" else _one(character)
        if low.ranges[0][0] > high.ranges[0][0] or low.ranges[0][0] != low.ranges[0][1]:
            raise self.wrong("a range begins after its end", start)
        return Chars(((low.ranges[0][0], high.ranges[0][0]),))
