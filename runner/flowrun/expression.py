"""One `{{ expression }}`: a simple one is read as it stands, everything else as a tree."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

from .errors import FlowError
from .scope import Names
from .scope import Undefined as Undefined
from .secret import Value
from .simple import simple
from .taint import Unknown as Unknown
from .taint import settled


class Expression(NamedTuple):
    """A parsed expression: its text, the paths it reads, and how its value is found."""

    source: str
    paths: tuple[tuple[str, ...], ...]
    run: Callable[[Names], Value]

    def evaluate(self, scope: Names) -> Value:
        """Its value, secret if anything secret was read; raises `FlowError` E209 or E222."""
        try:
            return settled(self.run(scope))
        except RecursionError:
            raise FlowError("E222", "a template met a value that is nested too deeply") from None


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The expression that *text* is; raises `FlowError` E208, E209 or E210."""
    if found := simple(text):
        return Expression(text, tuple(found[1]), found[0])
    from .tree import paths_of, tree_of, value_of

    tree = tree_of(text)
    return Expression(text, tuple(paths_of(tree)), partial(value_of, tree))
