"""A QR code of half blocks, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

BORDER = 2
"""Modules around the code; four are the standard's, and half of them fits 24 lines."""

HALVES = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
"""Two modules above each other; a light one is drawn, since most terminals are dark."""

COLOURS, PLAIN = "\x1b[97;40m", "\x1b[0m"
"""White on black, whatever the terminal's own colours are."""


def drawn(text: str, *, columns: int, coloured: bool) -> str:
    """*text* as lines of half blocks; empty when nothing can draw it, or it is too wide."""
    try:
        import segno
    except ImportError:
        return ""
    try:
        code = segno.make_qr(text, error="l")
    except ValueError:  # more than any code holds
        return ""
    rows = [list(row) for row in code.matrix_iter(border=BORDER)]
    if len(rows) > columns:
        return ""
    rows += [[0] * len(rows)] * (len(rows) % 2)
    lines = ["".join(map(_half, *pair)) for pair in zip(rows[::2], rows[1::2], strict=True)]
    return "\n".join(f"{COLOURS}{line}{PLAIN}" if coloured else line for line in lines)


def plain_terminal(environ: Mapping[str, str]) -> bool:
    """Whether a terminal wants no colours, or knows none."""
    return bool(environ.get("NO_COLOR")) or environ.get("TERM", "dumb") == "dumb"


def _half(upper: int, lower: int) -> str:
    return HALVES[bool(upper), bool(lower)]
