"""How a flow file is laid out: spaces, blank lines, quotes, and what stands in one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from .order import Shape
from .syntax import Entry, Leaf, Node, Syntax, Tree

WIDTH = 140
"""A mapping or list in braces or brackets that reaches further is written below its key."""

OPEN = {"flow", "steps", "step"}
"""What never stands in braces or brackets, unless it is empty."""

APART = {"flow": 1, "steps": 2}
"""How many of two neighbours have more than one line where a blank line is put between them."""

WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
"""What some reader of YAML takes for something else than a text."""

NEEDLESS = re.compile(r"""(["'])([^\W\d_](?:[\w./ -]*[\w./-])?)\1""")
"""A text in quotes that begins with a letter and holds nothing that means something in YAML."""


def laid_out(syntax: Syntax, shape: Shape) -> str:
    """The text of a whole file."""
    lines = [*_remarks(syntax.head, tight=True), *_lines(syntax.root, 0, shape)]
    return "\n".join(lines) + "\n"


def _lines(tree: Tree, column: int, shape: Shape) -> list[str]:
    lines: list[str] = []
    before = 0
    for entry in _ordered(tree, shape):
        hoisted, own = _entry(entry, column, shape)
        several = len(own) > 1
        forced = [""] * (before + several >= APART.get(shape.name, 3))
        # A text that keeps its last line breaks would take a blank line for one of them.
        lines += _remarks([*forced, *entry.above, *hoisted], tight=lines[-1:] in ([], [""]))
        lines += own
        before = several
    return lines + _remarks(tree.tail, tight=lines[-1:] == [""])


def _ordered(tree: Tree, shape: Shape) -> Sequence[Entry]:
    by_key = {entry.key.value: entry for entry in tree.entries if entry.key}
    return [by_key[key] for key in shape.arranged(by_key)] if by_key else tree.entries


def _remarks(remarks: Sequence[str], *, tight: bool) -> list[str]:
    """*remarks* with one blank line where there are several, and none first where it is *tight*."""
    before = ["" if tight else "#", *remarks]
    return [remark for remark, last in zip(remarks, before, strict=False) if remark or last]


def _entry(entry: Entry, column: int, shape: Shape) -> tuple[list[str], list[str]]:
    """The comments that move above the entry, and its own lines."""
    head = f"{_key(entry.key)}:" if entry.key else "-"
    value, beside = entry.value, "".join(f" {comment}" for comment in entry.beside)
    if isinstance(value, Leaf):
        own = [_words(head, value.anchor, _spelled(value)), *_indented(value.more)]
        own[0 if value.is_block else -1] += beside
        return [], own
    below = _below(entry, shape)
    line = _words(head, _inline(value, below) or "")
    if line != head and (not value.entries or column + len(line) <= WIDTH):
        return [], [line + beside]
    inner = _lines(value, column + 2, below)
    if entry.key or value.anchor:
        return [], [_words(head, value.anchor) + beside, *_indented(inner)]
    first = next(n for n, line in enumerate(inner) if line and not line.startswith("#"))
    return [*entry.beside, *inner[:first]], [f"- {inner[first]}", *_indented(inner[first + 1 :])]


def _indented(lines: Sequence[str]) -> Iterator[str]:
    return (line and f"  {line}" for line in lines)


def _words(*words: str) -> str:
    return " ".join(filter(None, words))


def _below(entry: Entry, shape: Shape) -> Shape:
    return shape.below(entry.key.value if entry.key else None)


def _inline(node: Node, shape: Shape) -> str | None:
    """*node* in one line, however long; None when that cannot be, or should not."""
    if isinstance(node, Leaf):
        return None if node.more or node.is_block else _words(node.anchor, _spelled(node))
    if not node.flow or any(node.tail) or (node.entries and shape.name in OPEN):
        return None
    opening, closing = "{}" if node.keyed else "[]"
    parts: list[str] = []
    for entry in _ordered(node, shape):
        if (part := _inline_entry(entry, shape)) is None:
            return None
        parts.append(part)
    return _words(node.anchor, f"{opening}{', '.join(parts)}{closing}")


def _inline_entry(entry: Entry, shape: Shape) -> str | None:
    value = _inline(entry.value, _below(entry, shape))
    if value is None or any(entry.above) or entry.beside:
        return None
    if not entry.key:
        return value
    return f"{_key(entry.key)}: {value}" if value else _key(entry.key)


def _key(key: Leaf) -> str:
    several = key.is_block or key.more
    return _words(key.anchor, json.dumps(key.value) if several else _spelled(key))


def _spelled(leaf: Leaf) -> str:
    """The first line of *leaf*, without quotes that it does not need."""
    text = leaf.text
    if leaf.more or not text.startswith(("'", '"')):
        return text
    if (found := NEEDLESS.fullmatch(text)) and found[2].lower() not in WORDS:
        return found[2]
    if text.startswith("'") and not {'"', "\\"} & {*text}:
        return f'"{leaf.value}"'
    return text
