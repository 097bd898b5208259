"""How a file changes the recipe that it extends."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.document import Items, Map, parse, plain
from flowrun.errors import FlowError
from flowrun.merge import by_id, extend, id_of, merge
from flowrun.place import Source, place_of
from flowrun.secret import JSON


def read(text: str, name: str = "flow.yaml") -> Map:
    return parse(Source(name, text))


def steps(base: str, change: str) -> list[JSON]:
    """The steps of *base* as *change* makes them; each is given as the items of a list."""
    child = read(f"steps: [{change}]", "child.yaml")
    merged = plain(extend(read(f"steps: [{base}]"), child)["steps"])
    assert isinstance(merged, list)
    return merged


KEYS = st.sampled_from("abcd")
LEAVES: st.SearchStrategy[JSON] = st.integers(0, 9) | st.text("xyz", max_size=3) | st.booleans()
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES | st.lists(LEAVES, max_size=3),
        lambda inner: st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


def tree(value: dict[str, JSON]) -> Map:
    return read(json.dumps(value))


@given(TREES)
def test_an_empty_change_changes_nothing(base: dict[str, JSON]) -> None:
    assert plain(merge(tree(base), tree({}))) == base
    assert plain(extend(tree(base), tree({}))) == base


@given(TREES)
def test_a_change_to_nothing_is_all_there_is(change: dict[str, JSON]) -> None:
    assert plain(merge(tree({}), tree(change))) == change


@given(TREES)
def test_what_is_said_again_changes_nothing(base: dict[str, JSON]) -> None:
    assert plain(merge(tree(base), tree(base))) == base


@given(TREES, TREES, TREES)
def test_it_does_not_matter_in_which_order_files_are_merged(
    one: dict[str, JSON], two: dict[str, JSON], three: dict[str, JSON]
) -> None:
    first = merge(merge(tree(one), tree(two)), tree(three))
    last = merge(tree(one), merge(tree(two), tree(three)))

    # A map that replaces a leaf is the one case in which what was below it counts.
    if all(isinstance(v, dict) == isinstance(w, dict) for v, w in shared(one, two, three)):
        assert plain(first) == plain(last)


def shared(*trees: JSON) -> list[tuple[JSON, JSON]]:
    """The values that stand at the same path of two trees."""
    found = []
    for left in trees:
        for right in trees:
            if isinstance(left, dict) and isinstance(right, dict):
                for key in left.keys() & right.keys():
                    found += [(left[key], right[key]), *shared(left[key], right[key])]
    return found


@given(TREES, KEYS)
def test_null_deletes(base: dict[str, JSON], key: str) -> None:
    assert plain(merge(tree(base), tree({key: None}))) == {
        name: value for name, value in base.items() if name != key
    }


@given(TREES, TREES)
def test_merging_leaves_both_as_they_were(base: dict[str, JSON], change: dict[str, JSON]) -> None:
    left, right = tree(base), tree(change)

    extend(left, right)

    assert (plain(left), plain(right)) == (base, change)


@pytest.mark.parametrize(
    ("base", "change", "merged"),
    [
        pytest.param("token: {a: 1}", "token: {b: 2}", [{"token": {"a": 1, "b": 2}}], id="deeply"),
        pytest.param(
            "token: {a: {b: 1, c: 2}}",
            "token: {a: {b: null}}",
            [{"token": {"a": {"c": 2}}}],
            id="null deletes inside",
        ),
        pytest.param("token: {a: [1, 2]}", "token: {a: [3]}", [{"token": {"a": [3]}}], id="lists"),
        pytest.param("token: {a: 1}", "http: {b: 2}", [{"token": {"a": 1}}, {"http": {"b": 2}}]),
        pytest.param("show: a, token: {}", "", [{"show": "a", "token": {}}], id="nothing"),
        pytest.param("{show: a}, {token: {}}", "{token: null}", [{"show": "a"}], id="removed"),
        pytest.param(
            "{show: a}",
            "{token: null}",
            [{"show": "a"}, {"token": None}],
            id="nothing to remove",
        ),
        pytest.param(
            "{id: x, token: {a: 1}}",
            "{id: x, http: {b: 2}}",
            [{"id": "x", "http": {"b": 2}}],
            id="another kind",
        ),
        pytest.param(
            "{token: {post: u, form: f}}",
            "{token: {get: v}}",
            [{"token": {"form": "f", "get": "v"}}],
            id="another method",
        ),
        pytest.param(
            "{token: {post: u, form: f}}",
            "{token: {answer: a}}",
            [{"token": {"form": "f", "answer": "a"}}],
            id="an answer in the place of a request",
        ),
        pytest.param(
            "{token: {post: u}, title: t}",
            "{token: {}, if: a}",
            [{"token": {"post": "u"}, "title": "t", "if": "a"}],
            id="modifiers",
        ),
        pytest.param(
            "{use: verify.me}, {token: {}}",
            "{id: me, title: t, use: verify.me}",
            [{"use": "verify.me", "id": "me", "title": "t"}, {"token": {}}],
            id="use is called as what it uses",
        ),
    ],
)
def test_steps_are_merged_by_id(base: str, change: str, merged: list[JSON]) -> None:
    def items(text: str) -> str:
        return text if text.startswith("{") or not text else f"{{{text}}}"

    assert steps(items(base), items(change)) == merged


@pytest.mark.parametrize(
    ("base", "change", "order"),
    [
        ("a b c", "", "a b c"),
        ("a b c", "x", "a b c x"),
        ("a b c", "x b", "a x b c"),
        ("a b c", "x a", "x a b c"),
        ("a b c", "x y c z", "a b x y c z"),
        ("a b c", "c x a", "x a b c"),
        ("a b", "x b y", "a x b y"),
        ("", "x y", "x y"),
    ],
)
def test_a_new_step_goes_before_the_next_that_both_have(base: str, change: str, order: str) -> None:
    def named(names: str) -> str:
        return ", ".join(f"{{id: {name}, http: {{}}}}" for name in names.split())

    merged = steps(named(base), named(change))

    assert [step["id"] for step in merged if isinstance(step, dict)] == order.split()


@given(st.permutations(list("abcde")), st.lists(st.sampled_from("abcdexyz"), unique=True))
def test_no_step_is_lost_or_there_twice(base: list[str], change: list[str]) -> None:
    def named(names: list[str]) -> str:
        return ", ".join(f"{{id: {name}, http: {{}}}}" for name in names)

    ids = [step["id"] for step in steps(named(base), named(change)) if isinstance(step, dict)]

    assert sorted(map(str, ids)) == sorted({*base, *change})
    assert [name for name in ids if name in base] == base


def test_places_survive_merging() -> None:
    base = read("steps:\n  - token:\n      post: u\n      form: {a: b}\n", "base.yaml")
    child = read("title: t\nsteps:\n  - token:\n      form: {c: d}\n", "child.yaml")

    merged_steps = extend(base, child)["steps"]

    assert isinstance(merged_steps, Items)
    step = merged_steps[0]
    assert isinstance(step, Map)
    token = step["token"]
    assert isinstance(token, Map)
    form = token["form"]
    assert isinstance(form, Map)
    assert str(place_of(token["post"])) == "base.yaml:3:13"
    assert str(form.keys_at["a"]) == "base.yaml:4:14"
    assert str(form.keys_at["c"]) == "child.yaml:4:14"


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("token: {}", "token"),
        ("{id: x, token: {}}", "x"),
        ("{token: {}, id: x}", "x"),
        ("use: verify.me", "me"),
        ("{use: verify.me, id: x}", "x"),
        ("{title: t, http: {}}", "http"),
    ],
)
def test_a_step_is_called_by_its_id_or_else_its_kind(step: str, name: str) -> None:
    assert id_of(read(step)) == name


def test_two_steps_of_one_name_are_refused() -> None:
    items = read("steps: [{http: {}}, {id: http, token: {}}]")["steps"]
    assert isinstance(items, Items)

    with pytest.raises(FlowError, match="two steps are called 'http'") as caught:
        by_id(items)

    assert str(caught.value.problems[0].place) == "flow.yaml:1:21"
