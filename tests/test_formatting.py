"""Formatting: the same flow, with the same comments, written down the one way."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from flowrun.document import parse, plain
from flowrun.errors import FlowError
from flowrun.formatting import formatted
from flowrun.library import find, shipped
from flowrun.order import ORDERS
from flowrun.place import Source
from flowrun.schema import schema_text

TESTS = Path(__file__).parent
EXAMPLE = re.compile(r"^```yaml\n(flowrun: 1\n.*?)^```", re.DOTALL | re.MULTILINE)


def fmt(text: str) -> str:
    return formatted(Source("flow.yaml", text))


def unordered(text: str) -> str:
    return json.dumps(plain(parse(Source("flow.yaml", text))), sort_keys=True)


def lines(text: str) -> str:
    """The lines of a flow below its first, formatted."""
    return fmt(f"flowrun: 1\n{text}").removeprefix("flowrun: 1\n")


def test_comments_move_with_what_they_are_about() -> None:
    before = """\
# yaml-language-server: $schema=flow.schema.json
# A recipe.

# what it is called
name: acme # for now
flowrun: 1
# how to log in
steps:
# the first
- http: # beside http
    form: {b: c, # in braces
      a: 00123}
    # the URL
    get: 'https://id.example/'   # beside get
    # the end of http
  # about id
  id: first
- {token: {params: {code: 1}, post: "https://id.example/token"}} # beside token
  # the end of steps

# how to renew
refresh:
    - token:
        # nothing here yet
        {}
# the end
"""

    assert (
        fmt(before)
        == """\
# yaml-language-server: $schema=flow.schema.json
# A recipe.

flowrun: 1
# what it is called
name: acme # for now

# how to log in
steps:
  # the first
  # about id
  - id: first
    http: # beside http
      # the URL
      get: "https://id.example/" # beside get
      form:
        b: c # in braces
        a: 00123
      # the end of http
  # beside token
  - token: {post: "https://id.example/token", params: {code: 1}}
  # the end of steps

# how to renew
refresh:
  # nothing here yet
  - token: {}
# the end
"""
    )


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ("vars: {a: 00123, b: off, c: 1:30, d: 1.10, e: ~, f: 2024-01-01, g: 1e3}\n", ""),
        ("vars: {a: 'it''s', b: 'x', c: '{{ y }}', d: '\\', e: \"off\"}\n",
         "vars: {a: \"it's\", b: x, c: \"{{ y }}\", d: '\\', e: \"off\"}\n"),
        ("vars:\n    a:\n        [1,2]\n    b:    c   \n", "\nvars:\n  a: [1, 2]\n  b: c\n"),
        ("vars: {a: {}, b: [ ],}\n", "vars: {a: {}, b: []}\n"),
        ("vars: {a: " + "x" * 124 + "}\n", ""),
        ("vars: {a: " + "x" * 130 + "}\n", "\nvars:\n  a: " + "x" * 130 + "\n"),
        ("setup: one\n    two\n", "\nsetup: one\n  two\n"),
        ("setup: |\n   one  \n\n     two", "\nsetup: |-\n  one  \n\n    two\n"),
        ("setup: |4\n      one\n", "\nsetup: |2\n    one\n"),
        ("setup: >+ # why\n one\n\n\nname: x\n", "name: x\n\nsetup: >+ # why\n  one\n\n\n"),
        ("vars: &a {b: c}\nname: d\nx-e: *a\n", ""),
        ("vars:\n  # gone\n\n\n\n  # and gone\n\n\n\n  a:\n",
         "\nvars:\n  # gone\n\n  # and gone\n\n  a:\n"),
        ("name: a\n...\n# end\n", "name: a\n# end\n"),
        ("name: a\t# tab\tand tab\n", "name: a # tab\tand tab\n"),
        ("steps:\n- \n- - a\n  - # b\n    c: 🙂\n",
         "\nsteps:\n  -\n  - - a\n    # b\n    - c: 🙂\n"),
        ("extra: 1\nname: a\nsteps: [{http: {}, extra: 1, if: a}]\n",
         "name: a\n\nsteps:\n  - if: a\n    http: {}\n    extra: 1\n\nextra: 1\n"),
    ],
)  # fmt: skip
def test_what_is_written_becomes(written: str, becomes: str) -> None:
    assert lines(written) == (becomes or written)


def test_names_that_a_person_chose_keep_their_order() -> None:
    text = (
        "vars: {url: b, post: a}\nsteps:\n  - http: {post: a, form: {url: 1, get: 2, client: 3}}\n"
    )

    assert lines(text).replace("\n\n", "\n") == text


def test_bytes_that_say_nothing_go() -> None:
    assert fmt("\ufeff---\nflowrun: 1  ") == "flowrun: 1\n"


@pytest.mark.parametrize("name", shipped())
def test_shipped_recipes_are_formatted(name: str) -> None:
    source, _ = find(name)

    assert formatted(source) == source.text


def written_texts() -> list[str]:
    files = [*TESTS.glob("flows/**/*.yaml"), *TESTS.glob("recipes/*.yaml")]
    files += TESTS.parent.glob("docs/**/*.yaml")
    texts = [path.read_bytes().decode("utf-8", "replace") for path in sorted(files)]
    pages = [path.read_text("utf-8") for path in sorted(TESTS.parent.glob("docs/*.md"))]
    return texts + [found for page in pages for found in EXAMPLE.findall(page)]


def test_what_we_have_written_says_the_same() -> None:
    texts = [text.replace("\r\n", "\n") for text in written_texts()]
    read = 0
    for text in texts:
        try:
            once = fmt(text)
        except FlowError:
            continue
        read += 1

        assert unordered(once) == unordered(text.removeprefix("\ufeff"))
        assert once.count("#") == text.count("#")
        assert fmt(once) == once
    assert read > 150


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("name: acme\n", "E207"),
        ("flowrun: 2\n", "E218"),
        ("flowrun: 1\nflowrun: 1\n", "E204"),
        ("flowrun: 1\nname: {{ a }}\n", "E202"),
        ("flowrun: 1\nname: !x a\n", "E202"),
        ("flowrun: 1\n---\nflowrun: 1\n", "E202"),
        ("- flowrun: 1\n", "E205"),
        ("flowrun: 1\nx-a: " + "[" * 400 + "]" * 400, "E202"),
    ],
)
def test_what_is_no_flow_is_refused(text: str, code: str) -> None:
    with pytest.raises(FlowError) as caught:
        fmt(text)

    assert caught.value.code == code


def test_the_order_knows_the_schema() -> None:
    definitions = json.loads(schema_text())
    definitions = {"flow": definitions, **definitions["definitions"]}
    known = {key for name in ORDERS for key in definitions[name]["properties"]}
    named = {key for order in ORDERS.values() for key in order.split()}

    assert named - known == {"..."}


# What a person may write, as badly as YAML allows.

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
            deeper = depth and self.maybe(40)
            value = self.flow(column, depth - 1) if deeper else self.draw(WORDS)
            parts.append(self.gap(column) + (f"{name}: {value}" if keyed else value))
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
@settings(max_examples=150, deadline=None)
def test_what_is_formatted_says_the_same(text: str) -> None:
    try:
        meant = unordered(text)
    except FlowError:
        reject()
    once = fmt(text)

    assert unordered(once) == meant
    assert comments(once) == comments(text)
    assert fmt(once) == once
