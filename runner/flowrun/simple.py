"""
Expressions as most recipes have them, read without Jinja, which takes longer to load than all else.

Paths, texts and numbers; filters behind them; ==, != and or. What this does not know for certain,
right or wrong, is left to `tree`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import takewhile

from .filters import FILTERS
from .operators import Run, compared, either, filtered
from .scope import ROOTS, Names, inside
from .secret import Value

MOST_CHARACTERS = 200
_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<path>(?:{"|".join(ROOTS)})\b(?:\.[A-Za-z_]\w*|\[[0-9]{{1,9}}\])*)
    |(?P<text>'[^'\\\r\n]*'|"[^"\\\r\n]*")
    |(?P<number>(?:0|[1-9][0-9]{{0,14}})(?![\w.]))
    |(?P<word>[A-Za-z_]\w*)
    |(?P<mark>==|!=|[|(),])
    )""",
    re.ASCII | re.VERBOSE,
)
_KEY = re.compile(r"[A-Za-z_]\w*|[0-9]+", re.ASCII)
_WORDS = {"none": None, "true": True, "false": False}
_COMPARISONS = {"==": "eq", "!=": "ne"}
Paths = list[tuple[str, ...]]


class _Unsure(Exception):
    """It is for somebody else to read."""


def simple(text: str) -> tuple[Run, Paths] | None:
    """How the value of *text* is found, and the paths that it reads; None for one to read whole."""
    try:
        reader = _Reader(text)
        run = reader.alternatives()
        return (run, reader.paths) if reader.kind == "end" else None
    except _Unsure:
        return None


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    text, at = text.rstrip(" \t\n\r"), 0
    if len(text) > MOST_CHARACTERS:
        raise _Unsure
    while at < len(text):
        if not (found := _TOKEN.match(text, at)):
            raise _Unsure
        at = found.end()
        yield str(found.lastgroup), found[str(found.lastgroup)]
    while True:
        yield "end", ""


class _Reader:
    """Goes from token to token; each method reads one thing and stands behind it."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.paths: Paths = []
        self.kind, self.now = next(self.tokens)

    def advance(self) -> str:
        """The token that was current, with the next one current."""
        before = self.now
        self.kind, self.now = next(self.tokens)
        return before

    def alternatives(self) -> Run:
        run = self.comparison()
        while (self.kind, self.now) == ("word", "or"):
            self.advance()
            run = partial(either, run, self.comparison(), ends=True)
        return run

    def comparison(self) -> Run:
        run = self.filtered()
        if how := _COMPARISONS.get(self.now):
            self.advance()
            run = partial(compared, how, run, self.filtered())
        return run

    def filtered(self) -> Run:
        run = self.operand()
        while self.now == "|":
            self.advance()
            name = self.name()
            arguments = self.arguments()
            if name not in FILTERS or len(arguments) not in FILTERS[name].counts:
                raise _Unsure
            run = partial(filtered, name, run, arguments)
        return run

    def name(self) -> str:
        if self.kind != "word":
            raise _Unsure
        return self.advance()

    def arguments(self) -> list[Run]:
        if self.now != "(":
            return []
        self.advance()
        found = [self.alternatives()]
        while self.now == ",":
            self.advance()
            found.append(self.alternatives())
        if self.advance() != ")":
            raise _Unsure
        return found

    def operand(self) -> Run:
        kind, token = self.kind, self.advance()
        if kind == "path":
            return self.path(token)
        if kind == "text":
            return _constant(token[1:-1])
        if kind == "number":
            return _constant(int(token))
        if kind == "word" and token in _WORDS:
            return _constant(_WORDS[token])
        raise _Unsure

    def path(self, token: str) -> Run:
        keys = [int(key) if key.isdigit() else key for key in _KEY.findall(token)]
        self.paths.append(tuple(map(str, takewhile(lambda key: isinstance(key, str), keys))))
        return lambda scope: inside(scope.values, keys)


def _constant(value: Value) -> Callable[[Names], Value]:
    return lambda _: value
