"""Where in an expression a word stands."""

from __future__ import annotations

import re
from collections.abc import Sequence

Span = tuple[int, int]

_TEXTS = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|"""
_LINK = r"""[\s.\['"\]]+"""  # between the words of `a.b`, `a['b']` and `a['b']['c']`


def word_in(source: str, path: Sequence[str], part: int = -1) -> Span | None:
    """Where a part of the dotted *path* stands in the expression *source*."""
    words = [re.escape(word) for word in path][: part % len(path) + 1]
    chain = _LINK.join([*words[:-1], f"({words[-1]})"])
    found = re.finditer(rf"{_TEXTS}(?<![\w.]){chain}(?!\w)", source)
    return next((each.span(1) for each in found if each[1] is not None), None)
