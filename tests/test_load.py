"""From files to a `Flow`; what is wrong with files stands in tests/flows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowrun.checks import check
from flowrun.document import plain
from flowrun.errors import FlowError, located
from flowrun.flow import digest
from flowrun.library import find, shipped
from flowrun.load import LONGEST_CHAIN, load, load_plan, load_source
from flowrun.near import did_you_mean
from flowrun.place import Place, Source, Text, place_of

STEPS = 'steps:\n  - token: {post: "https://id.example/token"}\n'


def test_a_bare_word_is_a_shipped_recipe_whatever_lies_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zendesk").write_text("not a flow")

    assert load("zendesk").title == "Zendesk Support"


def test_a_file_wins_over_the_shipped_recipe_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, from_flowrun = find("zendesk.yaml")
    (tmp_path / "zendesk.yaml").write_text(f"flowrun: 1\nname: mine\n{STEPS}")

    assert from_flowrun
    assert load("zendesk.yaml").name == "mine"


@pytest.mark.parametrize(
    ("flow", "message", "hint"),
    [
        ("zendeks", "no recipe called 'zendeks' is shipped", "Did you mean 'zendesk'?"),
        ("zebra", "no recipe called 'zebra'", "./FILE.yaml"),
        ("./zendeks.yaml", "there is no file ./zendeks.yaml", "Did you mean 'zendesk'?"),
        ("./", "cannot read ./: Is a directory", ""),
    ],
)
def test_what_is_no_flow_is_told(flow: str, message: str, hint: str) -> None:
    with pytest.raises(FlowError) as caught:
        find(flow)

    assert caught.value.code == "E201"
    assert message in str(caught.value)
    assert hint in caught.value.problems[0].hint


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_recipe_is_called_as_its_file(name: str) -> None:
    flow = load(name)

    assert flow.name == name.rpartition("/")[2]
    assert flow.files[0] == f"flowrun:{name}"


def test_an_inherited_place_points_into_its_own_file(tmp_path: Path) -> None:
    base, child = tmp_path / "base.yaml", tmp_path / "child.yaml"
    base.write_text(f"flowrun: 1\nname: acme\nvars: {{site: x}}\n{STEPS}")
    child.write_text("flowrun: 1\nextends: ./base.yaml\ntitle: Beta\n")

    flow = load(str(child))

    assert flow.files == (str(child), str(base))
    assert str(place_of(flow.vars["site"])) == f"{base}:3:14"
    assert str(flow.steps("steps")[0].place) == f"{base}:5:5"


def test_a_chain_has_an_end(tmp_path: Path) -> None:
    for number in range(LONGEST_CHAIN + 1):
        text = f"flowrun: 1\nextends: ./{number + 1}.yaml\n"
        (tmp_path / f"{number}.yaml").write_text(text)
    (tmp_path / f"{LONGEST_CHAIN + 1}.yaml").write_text(f"flowrun: 1\nname: acme\n{STEPS}")

    assert load(str(tmp_path / "2.yaml")).name == "acme"
    with pytest.raises(FlowError, match=f"more than {LONGEST_CHAIN} files"):
        load(str(tmp_path / "0.yaml"))


def test_defaults_lie_under_every_step_of_their_kind() -> None:
    flow = load_source(
        Source(
            "flow.yaml",
            "flowrun: 1\nname: acme\ndefaults: {token: {form: {a: 1, b: 2}, as: json}}\n"
            "steps:\n  - token: {post: u, form: {b: 3, a: null}}\nrefresh:\n  - token: {post: v}\n",
        )
    )

    first, again = flow.steps("steps")[0], flow.steps("refresh")[0]
    assert plain(first.options) == {"form": {"b": 3}, "as": "json", "post": "u"}
    assert plain(again.options) == {"form": {"a": 1, "b": 2}, "as": "json", "post": "v"}


def test_what_stands_beside_use_is_said_of_this_run() -> None:
    flow = load_source(
        Source(
            "flow.yaml",
            f"flowrun: 1\nname: acme\n{STEPS}"
            "verify:\n  - http: {get: u}\n    title: one\n"
            "revoke:\n  - use: verify.http\n    id: me\n    if: saved.a\n",
        )
    )

    (step,) = flow.steps("revoke")
    assert (step.section, step.id, step.kind) == ("revoke", "me", "http")
    assert plain(step.options) == {"get": "u"}
    assert step.modifiers["if"] == "{{ saved.a }}"
    assert step.modifiers["title"] == "one"


def test_the_token_is_the_last_without_a_name() -> None:
    text = "steps:\n" + "".join(
        f"  - id: {name}\n    token: {{post: u{', name: x' if name == 'c' else ''}}}\n"
        for name in "abc"
    )
    flow = load_source(Source("flow.yaml", f"flowrun: 1\nname: acme\n{text}"))

    assert flow.token is not None
    assert flow.token.id == "b"


PLAN = {
    "flowrun": 1,
    "name": "acme",
    "title": "\U0001f600 \u2028 \x85 \x7f",
    "steps": [{"token": {"post": "https://id.example/token", "form": {"a": "1.10", "b": 1e-7}}}],
}


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_record_gives_its_recipe_back_unchanged(ascii_only: bool) -> None:
    flow = load_plan("acme", json.dumps(PLAN, ensure_ascii=ascii_only), file="acme.yaml")

    assert plain(flow.document) == PLAN
    assert flow.file == "acme.yaml"
    check(flow)


def test_a_digest_is_of_what_is_said_and_not_of_how() -> None:
    def of(text: str) -> str:
        return digest(load_source(Source("flow.yaml", f"flowrun: 1\n{text}\n{STEPS}")).document)

    assert of("name: acme\ntitle: a") == of("title: 'a' # remark\nname: acme")
    assert of("name: acme\ntitle: a") != of("name: acme\ntitle: b")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("subdomian", "Did you mean 'subdomain'?"),
        ("stpes", "Did you mean 'steps'?"),
        ("zebra", ""),
        ("", ""),
    ],
)
def test_a_near_name_is_suggested(word: str, hint: str) -> None:
    assert did_you_mean(word, ["subdomain", "steps"]) == hint


def test_an_excerpt_points_at_the_place() -> None:
    place = Place(Source("flow.yaml", "one\n\ttwo three\n"), 2, 6, 5)

    assert str(place) == "flow.yaml:2:6"
    assert place.excerpt() == "    2 | \ttwo three\n      | \t    ^^^^^"


def test_the_innermost_place_stays() -> None:
    here, there = Place(Source("a", ""), 1, 1), Place(Source("b", ""), 2, 2)

    with pytest.raises(FlowError) as caught, located(there), located(here):
        raise FlowError("E205", "wrong")

    assert caught.value.problems[0].place == here
    assert place_of(Text.at(here, "x")) == here
    assert place_of("x") is None
