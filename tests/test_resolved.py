"""`flowrun check --resolved` prints a flow that means the same, and YAML that reads the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.checks import check
from flowrun.commands.resolved import as_yaml
from flowrun.document import parse, plain
from flowrun.document.writing import write
from flowrun.flow import Flow, digest
from flowrun.library import shipped
from flowrun.load import load, load_source
from flowrun.place import Source
from flowrun.secret import JSON
from servers.command import TESTS, Cli

GOOD = TESTS / "flows" / "good"
FLOWS = [*shipped(), *sorted(path.name for path in GOOD.glob("*.yaml"))]


def meaning(flow: Flow) -> dict[str, Any]:
    """All that a flow says, without how it is spelled and where it stands."""
    return {
        "about": [flow.name, flow.title, flow.setup, str(flow.document.get("docs"))],
        "inputs": {
            name: [str(part) for field, part in zip(item._fields, item, strict=True)
                   if field not in ("place", "default_at")]
            for name, item in flow.inputs.items()
        },
        "values": {key: plain(value) for key, value in flow.values.items()},
        "profiles": {
            name: {key: plain(value) for key, value in profile.items()}
            for name, profile in flow.profiles.items()
        },
        "vars": {key: plain(value) for key, value in flow.vars.items()},
        "hosts": [*flow.hosts],
        "sections": {
            section: [
                [step.id, step.kind, plain(step.options), plain(step.modifiers)] for step in steps
            ]
            for section, steps in flow.sections.items()
        },
        "save": [flow.save, {key: plain(value) for key, value in flow.keep.items()}],
        "sandbox": {key: plain(value) for key, value in flow.sandbox.items()},
    }  # fmt: skip


def again(text: str) -> Flow:
    return load_source(Source("resolved.yaml", text))


@pytest.mark.parametrize("name", FLOWS)
def test_a_resolved_flow_means_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GOOD)
    flow = load(name)

    resolved = again(as_yaml(flow))

    check(resolved)
    before, after = meaning(flow), meaning(resolved)
    for key in ("inputs", "vars"):  # what only a default reads that no step has kept may go
        assert after.pop(key).items() <= before.pop(key).items()
    assert after == before
    assert not {"extends", "defaults"} & resolved.document.keys()
    assert digest(again(as_yaml(resolved)).document) == digest(resolved.document)


RECIPE = """\
flowrun: 1
name: acme
vars: {scope: read, agent: ours, gone: "{{ vars.deeper }}", deeper: x}
defaults:
  token:
    query: {scope: "{{ vars.scope }}", lang: en}
    headers: {User-Agent: "{{ vars.agent }}", X-Gone: "{{ vars.gone }}"}
steps:
  - token:
      post: "https://id.example/token"
      query: {scope: null}
      headers: {X-Gone: here}
    if: "{{ vars.scope != '' }}"
refresh:
  - use: steps.token
    title: the same once more
"""


def test_a_step_stands_with_its_defaults_and_without_what_it_deletes() -> None:
    resolved = again(as_yaml(again(RECIPE)))

    check(resolved)
    assert plain(resolved.document["vars"]) == {"scope": "read", "agent": "ours"}
    step = {
        "post": "https://id.example/token",
        "query": {"lang": "en"},
        "headers": {"User-Agent": "{{ vars.agent }}", "X-Gone": "here"},
    }
    assert plain(resolved.document["steps"]) == [{"token": step, "if": "{{ vars.scope != '' }}"}]
    assert plain(resolved.document["refresh"]) == [
        {
            "token": step,
            "if": "{{ vars.scope != '' }}",
            "id": "token",
            "title": "the same once more",
        }
    ]


def test_each_part_says_where_it_was_written(cli: Cli) -> None:
    (cli.folder / "base.yaml").write_text(RECIPE, "utf-8")
    (cli.folder / "acme.yaml").write_text(
        "flowrun: 1\nextends: ./base.yaml\nvars:\n  agent: theirs\n", "utf-8"
    )

    done = cli("check", "--resolved", "acme.yaml")

    assert (done.status, done.stderr) == (0, "")
    assert (
        "vars:\n  # base.yaml:3\n  scope: read\n  # acme.yaml:4\n  agent: theirs\n" in done.stdout
    )
    assert "\nsteps:\n# base.yaml:9\n- token:\n" in done.stdout
    check(again(done.stdout))


@pytest.mark.parametrize("more", [["zendesk"], ["--json"], ["--format", "sarif"]])
def test_one_flow_is_printed_and_as_yaml(cli: Cli, more: list[str]) -> None:
    done = cli("check", "--resolved", "zendesk", *more)

    assert (done.status, done.stdout) == (2, "")
    assert "E219" in done.stderr


def test_what_is_wrong_is_told_and_nothing_is_printed(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("flowrun: 1\nnmae: acme\n", "utf-8")

    done = cli("check", "--resolved", "bad.yaml")

    assert (done.status, done.stdout) == (2, "")
    assert "E203" in done.stderr


TEXTS = st.text(st.characters(codec="utf-8")) | st.sampled_from(
    ["", "~", "null", "true", "007", "1e3", "1e+16", "0.5", "- x", "{{ x }}", "{{ x('\"\\\\') }}",
     "a: b", "a #b", "#", "|", " x", "x ", "\nx", "x\n\n", "  x\ny", "x\n y\n", "x \ny", "\t",
     "?", "!x", "&x", "*x", "%x", "@", "`", "---", "...", "---\nx", "=", "<<", "[", "]", "{", "'",
     '"', "\r\n", "\u2028", "\x85", "\ufeff", "\xa0", "\u200b", "\U0001f600", "日本", "x" * 300]
)  # fmt: skip
KEYS = TEXTS.filter(bool)  # one that is empty says nothing to anybody
NUMBERS = st.integers(-(10**14) + 1, 10**15 - 1) | st.floats(
    allow_nan=False, allow_infinity=False
).filter(lambda number: len(repr(number)) <= 15)
VALUES: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_what_is_written_is_read_as_the_same(value: dict[str, JSON]) -> None:
    text = write(value)

    assert plain(parse(Source("flow.yaml", text))) == value
    assert text.replace("\n", "").isprintable()


@given(st.dictionaries(KEYS, TEXTS, min_size=1, max_size=4))
def test_a_list_of_steps_is_read_as_the_same(value: dict[str, str]) -> None:
    text = "steps:\n# flow.yaml:1\n" + write([{**value}])

    assert plain(parse(Source("flow.yaml", text))) == {"steps": [value]}
