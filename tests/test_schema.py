"""The schema: what an editor shows of it, and the two who judge by it."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

import flowrun
from flowrun import _verdict, schema
from flowrun.document import Map, Node, placed, plain, read
from flowrun.errors import FlowError
from flowrun.library import find, shipped
from flowrun.place import Place, Source
from flowrun.secret import JSON
from flowrun.steps import KINDS
from servers.command import TESTS

SCHEMA: Mapping[str, Any] = json.loads(schema.schema_text())
COMPILER = TESTS.parent / ".ci" / "compile-schema"
NOWHERE = Place(Source("nowhere", ""), 1, 1)


def named(part: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Everything of the schema that an editor shows by itself, with its path."""
    for name, each in part.get("definitions", {}).items():
        yield f"{path}/{name}", each
        yield from named(each, f"{path}/{name}")
    for key in ("properties", "patternProperties"):
        for name, each in part.get(key, {}).items():
            yield f"{path}/{name}", each
            yield from named(each, f"{path}/{name}")
    if isinstance(rest := part.get("additionalProperties"), dict):
        yield f"{path}/*", rest
        yield from named(rest, f"{path}/*")


NAMED = dict(named(SCHEMA))


def shown(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """*part* as an editor shows it: over what it refers to."""
    if "$ref" not in part:
        return part
    return {**shown(SCHEMA["definitions"][part["$ref"].rpartition("/")[2]]), **part}


@pytest.mark.parametrize("path", NAMED)
def test_everything_is_described(path: str) -> None:
    part = shown(NAMED[path])

    assert part.get("title", "").strip()
    assert part.get("description", "").endswith(".")


@pytest.mark.parametrize("path", [path for path in NAMED if "*" not in path])
def test_everything_has_an_example(path: str) -> None:
    part = shown(NAMED[path])

    # The parts of a map have their own, and the one of a template is in what it stands for.
    assert part.get("examples") or part.get("properties") or path == "/templated"


@pytest.mark.parametrize("path", NAMED)
def test_examples_and_defaults_are_what_the_schema_takes(path: str) -> None:
    part = shown(NAMED[path])
    given = [*part.get("examples", []), *([part["default"]] if "default" in part else [])]
    judge = Draft7Validator({"definitions": SCHEMA["definitions"], **part})

    assert [value for value in given if not judge.is_valid(value)] == []


def test_words_to_choose_are_those_of_the_code() -> None:
    from flowrun.jose import ALGORITHMS
    from flowrun.oauth.client import AUTHENTICATION
    from flowrun.oauth.pkce import METHODS

    def words(kind: str, option: str) -> list[str]:
        found: list[str] = SCHEMA["definitions"][kind]["properties"][option]["anyOf"][0]["enum"]
        return found

    assert words("jwt", "alg") == list(ALGORITHMS)
    assert words("client", "auth") == list(AUTHENTICATION)
    assert words("authorize", "pkce") == list(METHODS)


def test_the_verdict_is_made_from_the_schema() -> None:
    """After a change of the schema: python .ci/compile-schema"""
    compiled = runpy.run_path(str(COMPILER))["compiled"](schema.schema_text())

    assert (Path(flowrun.__path__[0]) / "_verdict.py").read_text("utf-8") == compiled


def taken(document: Node) -> bool:
    """The verdict of the compiled schema."""
    try:
        _verdict.validate(document)
    except _verdict.Refused:
        return False
    return True


def both(document: Map) -> tuple[bool, bool]:
    return taken(document), not list(schema.judged(document))


def readable() -> Iterator[Source]:
    """Every flow file that is YAML."""
    for path in sorted((TESTS / "flows").rglob("*.yaml")):
        try:
            source = Source(str(path), path.read_text("utf-8"))
            read(source)
        except (FlowError, UnicodeDecodeError):
            continue
        yield source
    for name in shipped():
        yield find(name)[0]


FILES = {source.name: read(source)[0] for source in readable()}


@pytest.mark.parametrize("name", FILES)
def test_both_say_the_same_of_a_file(name: str) -> None:
    compiled, library = both(FILES[name])

    assert compiled is library


ODD: list[Any] = [
    *(None, True, False, 0, 1, 1.0, 600, -1, 0.5, "", "off", "never", "5m", "a\n", "{{ vars.a }}"),
    *([], ["a"], [1], {}, {"id": "a"}, {"in": 1}, {"in": 1, "at": 2}, {"in": 1, "unit": "ms"}),
    *({"unit": "s"}, {"env": "A"}, {"env": "A", "file": "b"}, {"token": None}, {"use": "steps.a"}),
]
WORDS = ["a", "x-a", "A", "a b", "", *KINDS, *SCHEMA["properties"]]


@given(st.data())
def test_both_say_the_same_of_a_damaged_file(data: st.DataObject) -> None:
    """One to three values or keys anywhere in a file are replaced, added or taken away."""
    document = plain(FILES[data.draw(st.sampled_from(sorted(FILES)))])
    for _ in range(data.draw(st.integers(1, 3))):
        damage(document, data)

    compiled, library = both(as_map(document))

    assert compiled is library


def damage(document: JSON, data: st.DataObject) -> None:
    where: Any = data.draw(st.sampled_from([*containers(document)]))
    odd: st.SearchStrategy[Any] = st.sampled_from(ODD).map(deepcopy)
    replace: bool = data.draw(st.booleans())
    if isinstance(where, list):
        if where and replace:
            where[data.draw(st.integers(0, len(where) - 1))] = data.draw(odd)
        else:
            where.append(data.draw(odd))
        return
    key = data.draw(st.sampled_from([*where, *WORDS]))
    if replace:
        where[key] = data.draw(odd)
    else:
        where.pop(key, None)


def containers(value: JSON) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for each in value.values() if isinstance(value, dict) else value:
            yield from containers(each)


def as_map(value: JSON) -> Map:
    document = placed(value, NOWHERE)
    assert isinstance(document, Map)
    return document
