"""Formatting: the same flow, with the same comments, written down the one way."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

from hypothesis import given, reject, settings
from hypothesis import strategies as st

from flowrun.document import parse, plain
from flowrun.errors import FlowError
from flowrun.formatting import formatted
from flowrun.place import Source
from flowrun.secret import JSON

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"
FILES = sorted(
    [*TESTS.glob("flows/**/*.yaml"), *TESTS.glob("recipes/*.yaml")], key=lambda path: str(path)
)
EXAMPLE = re.compile(r"^```yaml\n(flowrun: 1\n.*?)^```", re.DOTALL | re.MULTILINE)


def fmt(text: str) -> str:
    return formatted(Source("flow.yaml", text))


def said(text: str) -> JSON:
    return plain(parse(Source("flow.yaml", text)))


def unordered(text: str) -> str:
    return json.dumps(said(text), sort_keys=True)


def flow(*lines: str) -> str:
    return "\n".join(["flowrun: 1", *lines]) + "\n"


WORDS = st.sampled_from(
    [
        "off", "00123", "1:30", "1.10", "2024-01-01", "~", "null", "1_000", "0x1f", ".5", "a b",
        "a  b", "x-1", "Größe", "https://id.example/a?b#c", "it's", "a:b", "-1", "1.0", "true",
        '"{{ a }}"', "'{{ a }}'", "'it''s'", '"a # b"', '"a: b"', "'a \"b\"'", '"\\u00e9\\n"',
        '"true"', '"off"', "'word'", '"two words"', '"1"', '""', "''", '"a\\\\"', '"🙂"', "a🙂b",
    ]
)  # fmt: skip
NAMES = st.sampled_from(
    ["name", "a", "b1", "c-d", '"on"', "'k'", '"a b"', "1", "<<", "x-y", "url", "post", "id", "if",
     "json", "form", "query", "client", "secret", "null", "Ä", "http", "token", "poll", "title"]
)  # fmt: skip
ROOT_NAMES = [
    "flowrun", "name", "steps", "inputs", "x-a", "defaults", "vars", "verify", "setup", "extends",
]  # fmt: skip
COMMENTS = st.sampled_from(["", " one", " {x: y}", " it's \"\t#", ": - a", " 🙂: ", "&a"])
BLOCKS = st.sampled_from(
    [
        ("|", ["text # no comment", "  deeper", "", "   ", "end"]),
        (">", ["folded", "folded too", "", "more"]),
        ("|-", ["text: {a}"]),
        ("|+", ["kept", "", ""]),
        ("|+", ["kept"]),
        (">-", ["one", " two"]),
        ("|2", ["  deeper", "text"]),
        ("|", []),
        ("|+", ["", ""]),
    ]
)
SEVERAL = st.sampled_from([('"one  ', 'two"'), ("'one", "two'"), ("one", "two"), ('"a\\', '\\ b"')])
ENDS = st.sampled_from(["", "\n", "\n\n# end\n", "\n  # end", "\n...\n", "\n# e\n...\n# f\n"])
BEGINS = st.sampled_from(["", "", "---\n", "# a\n---\n# b\n", "# head\n\n", "\n\n# c\n", "# d\n"])


class Writer:
    """Writes documents down as badly as YAML allows, by what *draw* says."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw, self.lines = draw, list[str]()
        self.numbers = itertools.count(100)

    def said(self) -> str:
        return f"#{next(self.numbers)}{self.draw(COMMENTS)}"

    def maybe(self, percent: int) -> bool:
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def comment(self) -> str:
        gap = self.draw(st.sampled_from([" ", "   ", "\t"]))
        return gap + self.said() if self.maybe(25) else " " * self.maybe(10)

    def remarks(self, column: int) -> None:
        while self.maybe(25):
            at = self.draw(st.sampled_from([column, 0, column + 1, max(0, column - 1)]))
            self.lines.append("" if self.maybe(40) else " " * at + self.said())

    def keys(self) -> list[str]:
        return self.draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))

    def collection(self, names: list[str], column: int, depth: int) -> None:
        for name in names:
            self.remarks(column)
            head = " " * column + (name if name == "-" else f"{name}:")
            if name == "flowrun":
                self.lines.append(f"{head} 1{self.comment()}")
            else:
                self.entry(head, column, depth)
        if self.maybe(20):
            self.remarks(column)

    def entry(self, head: str, column: int, depth: int) -> None:
        how = self.draw(st.integers(0, 9 if depth else 5))
        if how == 0:
            word, lines = self.draw(BLOCKS)
            inner = column + (2 if "2" in word else self.draw(st.integers(1, 4)))
            self.lines.append(f"{head} {word}{self.comment()}")
            self.lines += [" " * inner + line if line else "" for line in lines]
        elif how == 1:
            first, last = self.draw(SEVERAL)
            self.lines += [f"{head} {first}", " " * (column + 3) + last + self.comment()]
        elif how == 2:
            self.lines.append(f"{head} {self.flow(column + 1, 2)}{self.comment()}")
        elif how <= 5:
            empty = self.maybe(10)
            self.lines.append(head + ("" if empty else f" {self.draw(WORDS)}") + self.comment())
        else:
            self.lines.append(head + self.comment())
            self.remarks(column + 2)
            names = self.keys() if self.maybe(60) else ["-"] * self.draw(st.integers(1, 3))
            less = 0 if names[0] == "-" and not head.endswith("-") and self.maybe(30) else 1
            self.collection(names, column + self.draw(st.integers(less, 4)), depth - 1)

    def flow(self, column: int, depth: int) -> str:
        """Something in braces or brackets, which may go on in other lines."""
        keyed, parts = self.maybe(60), list[str]()
        for name in self.keys() if self.maybe(85) else []:
            value = self.flow(column, depth - 1) if depth and self.maybe(40) else self.draw(WORDS)
            parts.append(
                f"{self.gap(column)}{name}: {value}" if keyed else self.gap(column) + value
            )
        opening, closing = "{}" if keyed else "[]"
        comma = "," * (bool(parts) and self.maybe(20))
        return f"{opening}{','.join(parts)}{comma}{self.gap(column)}{closing}"

    def gap(self, column: int) -> str:
        below = "\n" + " " * column
        gaps = ["", " ", " ", below, f" {self.said()}{below}", f"\n{below}{self.said()}{below}"]
        return self.draw(st.sampled_from(gaps))


@st.composite
def flows(draw: st.DrawFn) -> str:
    """Documents with all that YAML offers; nearly all of them can be read."""
    names = draw(st.permutations(ROOT_NAMES))[: draw(st.integers(1, len(ROOT_NAMES)))]
    writer = Writer(draw)
    writer.collection(["flowrun", *(name for name in names if name != "flowrun")], 0, 3)
    return draw(BEGINS) + "\n".join(writer.lines) + draw(ENDS)


def comments(text: str) -> list[str]:
    """The comments of what `flows` writes: each has a number of its own."""
    return sorted(re.findall(r"#\d+", text))


@given(flows())
@settings(max_examples=300, deadline=None)
def test_what_is_formatted_says_the_same(text: str) -> None:
    try:
        meant = unordered(text)
    except FlowError:
        reject()
    once = fmt(text)

    assert unordered(once) == meant
    assert comments(once) == comments(text)
    assert fmt(once) == once
