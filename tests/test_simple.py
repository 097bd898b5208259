"""Expressions that are read without Jinja mean what they mean with it."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.errors import FlowError
from flowrun.filters import FILTERS
from flowrun.operators import Run
from flowrun.scope import ROOTS
from flowrun.secret import Secret, Value, reveal
from flowrun.simple import Paths, simple
from flowrun.taint import Unknown, contains
from flowrun.template import Scope
from flowrun.tree import paths_of, tree_of, value_of

VALUES: dict[str, Value] = {
    "inputs": {"scope": ["read", "write"], "key": Secret("fake-key"), "empty": "", "n": 2},
    "callback": Unknown("callback"),
    "response": {"json": {"items": [{"id": 7}, {"id": 8}], "ok": True}, "status": 200},
    "saved": {},
}


def by_jinja(text: str) -> tuple[Run, Paths]:
    tree = tree_of(text)
    return partial(value_of, tree), list(paths_of(tree))


def outcome(run: Run, *, lenient: bool) -> tuple[object, bool]:
    """What running gives, or its error; and whether it is secret."""
    scope = Scope(VALUES, {"by": ",", "nothing": None})
    scope.lenient = lenient
    try:
        value = run(scope)
    except FlowError as error:
        return [(each.code, each.message, each.hint) for each in error.problems], False
    return reveal(value), contains(value, Secret)


@pytest.mark.parametrize(
    "text",
    [
        "inputs.scope | join(' ')",
        " inputs.scope|join( vars.by ) or none ",
        "vars.nothing or none",
        "saved.refresh_token | default(saved.access_token)",
        "response.json.items[1].id | default('none')",
        "response.json.ok == true",
        "inputs.empty != ''",
        "inputs.key | base64url",
        "response.json.items | map('id') | first == 7",
        "inputs.key | replace('a', \"b\") | upper",
        "2",
    ],
)
def test_the_common_ones_need_no_jinja(text: str) -> None:
    found = simple(text)

    assert found
    assert found[1] == by_jinja(text)[1]
    for lenient in (False, True):
        assert outcome(found[0], lenient=lenient) == outcome(by_jinja(text)[0], lenient=lenient)


@pytest.mark.parametrize(
    "text",
    [
        *("", "input.key", "inputs.", "inputs.key key", "inputs.key | nothing", "inputs['key']"),
        *("inputs.scope | join", "inputs.scope | join(' '", "'a' 'b'", "'\\n'", "not inputs.key"),
        *("inputs.n + 1", "inputs.n < 1", "1.5", "01", "1_0", "-1", "None", "now('s')", "[1]"),
        *(
            "inputs.key == 1 == 1",
            "inputs.key and 1",
            "inputs.key(1)",
            "inputs.key |",
            "é",
            "a" * 201,
        ),
    ],
)
def test_what_it_does_not_know_for_certain_is_left_to_jinja(text: str) -> None:
    assert simple(text) is None


PATHS = [
    *("inputs.scope", "inputs.key", "inputs.none", "vars.by", "vars.nothing", "callback.code"),
    *("response.json.items", "response.json.items[0].id", "response.json.ok", "inputs.n", *ROOTS),
]
OPERANDS = [*PATHS, "none", "true", "false", "0", "7", "12345678901234", "''", '" "', "'id'", "'é'"]
MARKS = ["|", "(", ")", ",", "==", "!=", "or", "and", "not", "~", ".", "[0]", "-", "'", *FILTERS]
WORDS = st.sampled_from([*OPERANDS, *MARKS])


def called(name: str) -> st.SearchStrategy[str]:
    count = st.sampled_from([*FILTERS[name].counts, 1])
    arguments = count.flatmap(lambda n: st.lists(st.sampled_from(OPERANDS), min_size=n, max_size=n))
    return arguments.map(lambda given: f"{name}({', '.join(given)})" if given else name)


def behind(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    calls = st.sampled_from(sorted(FILTERS)).flatmap(called)
    return st.one_of(
        st.builds("{} | {}".format, inner, calls),
        st.builds("{} {} {}".format, inner, st.sampled_from(["==", "!=", "or"]), inner),
    )


EXPRESSIONS = st.recursive(st.sampled_from(OPERANDS), behind, max_leaves=4)
SOUP = st.lists(WORDS, min_size=1, max_size=7).map(" ".join)


@given(EXPRESSIONS | SOUP, st.booleans())
def test_both_give_the_same(text: str, lenient: bool) -> None:
    if not (found := simple(text)):
        return  # it is left to Jinja, whatever it is

    run, paths = by_jinja(text)
    assert found[1] == paths
    assert outcome(found[0], lenient=lenient) == outcome(run, lenient=lenient)
