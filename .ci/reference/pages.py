"""The reference, and the tables in other pages, as they should be, and where they are not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .coverage import gaps
from .page import page
from .tables import block

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = DOCS / "reference.md"
MARKED = re.compile(r"(<!-- generated: (.+?) -->\n).*?(<!-- /generated -->)", re.DOTALL)


def wanted() -> dict[Path, str]:
    """Each page as it should be."""
    others = (file for file in sorted(DOCS.glob("*.md")) if file != REFERENCE)
    return {REFERENCE: page(), **{file: _filled(file.read_text("utf-8")) for file in others}}


def stale() -> dict[Path, str]:
    """Those that are not so."""
    return {
        file: text
        for file, text in wanted().items()
        if not file.exists() or file.read_text("utf-8") != text
    }


def drift() -> Iterator[str]:
    """What is wrong, in words."""
    found = list(gaps())
    yield from found or (
        f"docs/{file.name} is not what the code says: .ci/make-reference" for file in stale()
    )


def _filled(text: str) -> str:
    return MARKED.sub(lambda it: "\n".join([it[1], *block(it[2]), "", it[3]]), text)
