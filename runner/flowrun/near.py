"""Did you mean ...?"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

MOST_KNOWN = 100
"""Beyond, looking takes longer than the hint is worth."""


def near_to(word: str, known: Iterable[str]) -> list[str]:
    """What *word* was probably meant to be, the nearest first."""
    from difflib import get_close_matches

    words = list(islice(known, MOST_KNOWN))
    near = get_close_matches(word, words, n=2, cutoff=0.6)
    return near or [each for each in words if len(each) > 1 and word.endswith(each)][:2]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names what *word* was probably meant to be, or nothing."""
    near = near_to(word, known)
    return f"Did you mean {' or '.join(map(repr, near))}?" if near else ""
