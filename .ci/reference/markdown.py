"""Markdown, as GitHub reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

Row = Sequence[str]


def anchor(heading: str) -> str:
    """Where GitHub puts *heading*."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def link(text: str, heading: str, page: str = "") -> str:
    return f"[{text}]({page}#{anchor(heading)})"


def code(text: str) -> str:
    """*text* as code, in a table too."""
    return f"`{text}`".replace("|", "\\|")


def table(head: Row, rows: Iterable[Row]) -> list[str]:
    return [_row(head), "|" + "---|" * len(head), *map(_row, rows)]


def _row(cells: Row) -> str:
    return f"| {' | '.join(cells)} |".replace("  |", " |")


def yaml(lines: Sequence[str]) -> list[str]:
    return ["```yaml", *lines, "```"]
