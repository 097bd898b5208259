"""What the examples leave out, and what they claim to show and do not."""

from __future__ import annotations

from collections.abc import Iterator

from flowrun import filters, scope

from .examples import example_of, examples
from .keys import every_key


def everything() -> list[str]:
    """What an example has to show: every key, filter and function."""
    return [
        *(key.name for key in every_key()),
        *(f"| {name}" for name in filters.FILTERS),
        *(f"{name}()" for name in scope.FUNCTIONS),
    ]


def gaps() -> Iterator[str]:
    known = everything()
    for name in known:
        if not example_of(name):
            yield f"docs/examples: no file shows {name}"
    for example in examples():
        for name in example.shows:
            if name not in known:
                yield f"docs/examples/{example.name}: there is no {name} to show"
            elif not example.lines(name):
                yield f"docs/examples/{example.name} does not hold the {name} that it shows"
    for what, table, about in (
        ("filters.ABOUT", filters.FILTERS.keys(), filters.ABOUT.keys()),
        ("scope.ABOUT", scope.FUNCTIONS.keys(), scope.ABOUT.keys()),
    ):
        for name in sorted(table ^ about):
            yield f"{what} and its table differ about {name}"
