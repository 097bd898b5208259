"""Patterns of inputs: they mean what `re` means, and none of them can hang."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.errors import FlowError
from flowrun.load import load
from flowrun.patterns import MOST_POSITIONS, pattern_of

ATOMS = st.sampled_from(
    ["a", "ab", "ab-", "-", "é", ".", "(?:)", "()", "{", "}", "a{", "$", "^", r"\x61", r"\-"]
) | st.sampled_from([r"\d", r"\W", "[ab]", "[^a]", "[a-]", "[]a]", r"[\w-]", r"[^\W_]"])
QUANTIFIERS = st.sampled_from(
    ["", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "{,2}", "{0}", "*?", "{2,3}?"]
)


def joined(parts: list[str]) -> str:
    return "".join(parts)


def grouped(branches: list[str], quantifier: str) -> str:
    return f"({'|'.join(branches)}){quantifier}"


# Not deeper, since this is compared with an engine that may backtrack for years.
PARTS = st.builds(joined, st.lists(st.tuples(ATOMS, QUANTIFIERS).map("".join), max_size=3))
GROUPS = st.builds(grouped, st.lists(PARTS, min_size=1, max_size=3), QUANTIFIERS)
NESTED = st.builds(grouped, st.lists(PARTS | GROUPS, min_size=1, max_size=2), st.just("?"))
PATTERNS = st.builds(joined, st.lists(PARTS | GROUPS | NESTED, max_size=3))


@given(PATTERNS, st.text("ab-0 é_{}\n", max_size=5))
def test_a_pattern_means_what_it_means_elsewhere(text: str, value: str) -> None:
    try:
        found = pattern_of(text).matches(value)
    except FlowError:
        return  # fewer patterns are known here

    assert found is bool(re.compile(text, re.ASCII).fullmatch(value))


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("(a+)+", "a" * 4000 + "b"),
        ("(a|a)*", "a" * 4000 + "b"),
        ("(.*)*" * 200, "ab" * 2000 + "\n"),
        ("a?" * 500, "a" * 499 + "b"),
        ("(a?){1000}a{1000}", "a" * 1999 + "b"),
        ("((a{0,9}){0,9}){0,9}", "a" * 700 + "b"),
        ("(((a?b?c?d?)*e?)*){40}", "abcd" * 1000 + "x"),
        ("((a{0}){9999}){9999}", "b"),
        ("(" * 50 + "a+" + ")+" * 50, "a" * 1000 + "b"),
    ],
)
def test_no_pattern_takes_long(pattern: str, value: str) -> None:
    begun = time.process_time()
    try:
        fits = pattern_of(pattern).matches(value)
    except FlowError as error:
        fits = error.code != "E215"

    assert not fits
    assert time.process_time() - begun < 10  # a backtracking search would take years


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?=a)", "it cannot look ahead or back"),
        ("(?P<name>a)", "name a group"),
        (r"(a)\1", r"it cannot use \1"),
        (r"\bword", r"it cannot use \b"),
        ("a++", "what repeats is repeated"),
        ("a{2}{3}", "what repeats is repeated"),
        ("*a", "there is nothing to repeat"),
        ("a|+", "there is nothing to repeat"),
        ("a{3,2}", "the most is less than the least"),
        ("(a", "this ( is not closed"),
        ("a)", "there is no ( for this )"),
        ("[a", "this [ is not closed"),
        ("[", "it ends too early"),
        ("a\\", "it ends too early"),
        ("[z-a]", "a range begins after its end"),
        ("a^b", "^ and $ are not needed"),
        ("(" * 51 + ")" * 51, "it is nested too deeply"),
        ("a" * 1001, "more than 1000 characters"),
        ("a{9999}", f"more than {MOST_POSITIONS} places"),
    ],
)
def test_what_cannot_be_a_pattern_is_told(pattern: str, reason: str) -> None:
    with pytest.raises(FlowError, match=re.escape(reason)) as caught:
        pattern_of(pattern)

    assert caught.value.code == "E205"


@pytest.mark.parametrize(("value", "fits"), [("tickets:read", True), ("tickets:raed", False)])
def test_the_patterns_of_shipped_recipes_are_taken(value: str, fits: bool) -> None:
    scope = load("zendesk").inputs["scope"]

    assert pattern_of(scope.pattern).matches(value) is fits
