"""Strict YAML: scalars as written, JSON as JSON, limits, places."""

from __future__ import annotations

import contextlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.document import MAX_CHARACTERS, MAX_NODES, Items, Map, parse, plain, value_at
from flowrun.errors import FlowError
from flowrun.merge import merge
from flowrun.place import Source, place_of
from flowrun.secret import JSON


def read(text: str) -> Map:
    return parse(Source("flow.yaml", text))


def refused(text: str) -> FlowError:
    with pytest.raises(FlowError) as caught:
        read(text)
    return caught.value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("00123", "00123"),
        ("off", "off"),
        ("yes", "yes"),
        ("True", "True"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("1.10", "1.10"),
        ("1.0", 1.0),
        ("~", "~"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        (".5", ".5"),
        ("5.", "5."),
        ("+5", "+5"),
        ("1e3", "1e3"),
        ("1e400", "1e400"),
        ("NaN", "NaN"),
        (".inf", ".inf"),
        ("12345678901234567890", "12345678901234567890"),
        ("123456789012345", 123456789012345),
        ("1234567890123456", "1234567890123456"),
        ("0", 0),
        ("-7", -7),
        ("-0", 0),
        ("0.5", 0.5),
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ('""', ""),
        ("'null'", "null"),
        ('"5"', "5"),
        ("=", "="),
    ],
)
def test_a_scalar_is_what_is_written(written: str, value: JSON) -> None:
    read_value = read(f"key: {written}\n")["key"]

    assert read_value == value
    assert isinstance(read_value, type(value))


def test_a_key_is_a_text_whatever_it_looks_like() -> None:
    assert plain(read("1: a\ntrue: b\nnull: c\n2024-01-01: d\n")) == {
        "1": "a",
        "true": "b",
        "null": "c",
        "2024-01-01": "d",
    }


# JSON may spell what lies beyond U+FFFF as two escapes, which YAML does not take; nor does it take
# control characters as they are. Line separators and what turns a line round are refused.
TEXTS = st.text(
    st.characters(
        max_codepoint=0xFFFD,
        exclude_categories=["Cc", "Cs", "Zl", "Zp"],
        exclude_characters="\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    )
    | st.sampled_from("\n\t\r\b\0"),
    max_size=100,  # a key in one line has at most 1024 characters, its escapes counted
)
DOCUMENTS = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**13), 10**13)
        | st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 3))
        | TEXTS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
)


@given(DOCUMENTS, st.sampled_from([None, 1]), st.booleans())
def test_every_json_document_loads_as_json_says(
    document: dict[str, JSON], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)

    assert plain(read(text)) == json.loads(text)


def test_every_part_knows_its_place() -> None:
    document = read('first: one\nlist:\n  - "two"\n  - {deep: three}\n')
    items = document["list"]
    assert isinstance(items, Items)
    inner = items[1]
    assert isinstance(inner, Map)

    assert str(place_of(document["first"])) == "flow.yaml:1:8"
    assert str(document.keys_at["list"]) == "flow.yaml:2:1"
    assert str(place_of(items[0])) == "flow.yaml:3:5"
    assert str(items.items_at[1]) == "flow.yaml:4:5"
    assert str(inner.keys_at["deep"]) == "flow.yaml:4:6"
    assert str(place_of(inner["deep"])) == "flow.yaml:4:12"


def test_an_alias_stands_where_its_anchor_does() -> None:
    document = read("one: &shared {key: value}\ntwo: *shared\n")

    assert plain(document["two"]) == {"key": "value"}
    assert str(place_of(document["two"])) == "flow.yaml:1:6"


def test_a_byte_order_mark_is_no_part_of_a_key() -> None:
    assert plain(read("\ufeffkey: value\n")) == {"key": "value"}


@pytest.mark.parametrize(
    "text",
    [
        "a: 1 # safe\u2028hosts: [evil.com]\n",
        "a: 1 # safe\x85b: 2",
        'a: "\u202e}moc.live"',
        "\u2066a: 1",
    ],
    ids=["line separator", "next line", "right to left", "isolate"],
)
def test_what_nobody_sees_is_refused(text: str) -> None:
    error = refused(text)

    assert error.code == "E202"
    assert re.search(r"""write "\\u(2028|0085|202e|2066)\"""", str(error))
    assert error.problems[0].place is not None


def test_what_nobody_sees_may_be_written_out() -> None:
    assert read('a: "\\u202e\\u2028"') == {"a": "\u202e\u2028"}


@pytest.mark.parametrize(
    "text", ["a: {?b: 1}", "a: [?b]", 'a: {?"b": 1}', "\ufeffa: [?b]", "a: &b:c d", "a: &b?c"]
)
def test_what_the_parser_would_cut_in_two_is_refused(text: str) -> None:
    assert refused(text).code == "E202"


@pytest.mark.parametrize(
    "text", ["? a\n: b", "{? a : b}", "a?: b", "a: &x b", "a: [&x b, c?d]", "a: '&b:c ?d'", "?a: b"]
)
def test_what_only_looks_cut_is_read(text: str) -> None:
    assert len(read(text)) == 1


def test_a_megabyte_is_refused_unread() -> None:
    error = refused("#" * (MAX_CHARACTERS + 1))

    assert error.code == "E202"
    assert str(MAX_CHARACTERS) in str(error)


def test_as_much_as_is_allowed_is_read() -> None:
    text = "key: value\n"

    assert plain(read(text + "#" * (MAX_CHARACTERS - len(text)))) == {"key": "value"}


def test_aliases_count_for_what_they_stand_for() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    error = refused("\n".join(lines))

    assert error.code == "E202"
    assert f"{MAX_NODES} values" in str(error)


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    assert refused("key: " + "[" * 50_000).code == "E202"
    assert refused("key: " + "[" * 5_000 + "]" * 5_000).code == "E202"


def test_all_duplicates_are_told_at_once() -> None:
    error = refused("a: 1\na: 2\nb: {c: 1, c: 2}\n")

    assert [str(problem.place) for problem in error.problems] == ["flow.yaml:2:1", "flow.yaml:3:11"]
    assert {problem.code for problem in error.problems} == {"E204"}


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(FlowError):
        read(text)


def test_every_value_of_a_mapping_has_a_place() -> None:
    base = read("a: 1\nb: &x true\nc:\n  null\nd: [1]\ne: {}\nf: text\ng: *x\nh:\n")
    merged = merge(base, read("a:   2\nb:  yes\nz:    false\n"))

    assert [str(value_at(base, key)) for key in base] == [
        *("flow.yaml:1:4", "flow.yaml:2:4", "flow.yaml:4:3", "flow.yaml:5:4"),
        *("flow.yaml:6:4", "flow.yaml:7:4", "flow.yaml:8:4", "flow.yaml:9:3"),
    ]
    assert str(value_at(merged, "a")) == "flow.yaml:1:6"
    assert str(value_at(merged, "b")) == "flow.yaml:2:5"
    assert str(value_at(merged, "z")) == "flow.yaml:3:7"
