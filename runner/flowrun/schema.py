"""What the JSON schema says about a document, in words and with places."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import resources
from typing import TYPE_CHECKING, Any

from .document import Items, Map, Node
from .errors import FlowError, Problem
from .near import did_you_mean
from .place import Place, place_of

if TYPE_CHECKING:
    from jsonschema import ValidationError

KIND_NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def schema_text() -> str:
    """The JSON schema of flow files (draft-07)."""
    return (resources.files("flowrun.schemas") / "flow.schema.json").read_text("utf-8")


def check(document: Map) -> None:
    """
    Refuse *document* unless the schema takes it.

    A verdict of yes is remembered by the content that it is about, since loading the validator
    takes longer than a whole flow.

    Raises:
        FlowError: everything that is wrong, each with its place.
    """
    verdict = _verdict_path(document)
    if verdict and os.path.exists(verdict):  # noqa: PTH110 - pathlib costs more than the look
        return
    if problems := sorted(_problems(document), key=_position):
        raise FlowError.of(problems)
    if verdict:
        _remember(verdict)


def _verdict_path(document: Map) -> str:
    from hashlib import sha256

    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")  # noqa: PTH111, PTH118
    digest = sha256(f"{schema_text()}\0{document.place.source.text}".encode()).hexdigest()
    return os.path.join(cache, "flowrun", "verdicts", digest)  # noqa: PTH118


def _remember(verdict: str) -> None:
    try:
        os.makedirs(os.path.dirname(verdict), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
        os.close(os.open(verdict, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError:
        return  # only slower next time


def _problems(document: Map) -> Iterator[Problem]:
    import json

    from jsonschema import Draft7Validator

    for error in Draft7Validator(json.loads(schema_text())).iter_errors(document):
        yield from _words(error, document)


def _position(problem: Problem) -> tuple[int, int]:
    return (problem.place.line, problem.place.column) if problem.place else (0, 0)


def _words(error: ValidationError, document: Map) -> Iterator[Problem]:
    place, name = _where(document, list(error.absolute_path))
    keyword, value = str(error.validator), error.instance
    wanted: Any = error.validator_value
    if keyword == "additionalProperties" and isinstance(value, Map):
        known = list(error.schema.get("properties", {})) if isinstance(error.schema, dict) else []
        for key in value:
            if key not in known and not key.startswith("x-"):
                yield Problem(
                    "E203",
                    f"unknown key {key!r} in {name}",
                    did_you_mean(key, known),
                    value.keys_at[key],
                )
    elif keyword == "oneOf" and isinstance(value, Map):
        yield _not_one_kind(value, [next(iter(each["required"])) for each in wanted])
    elif keyword == "required":
        missing = error.message.split("'")[1]
        yield Problem("E207", f"{name} needs a key {missing!r}", "", place)
    else:
        yield Problem("E205", f"{name} {_shape(keyword, wanted, value)}", "", place)


def _not_one_kind(step: Map, kinds: list[str]) -> Problem:
    found = [key for key in step if key in kinds]
    if not found:
        known = "A step is one of: " + ", ".join(kinds) + "."
        near = next((did_you_mean(key, kinds) for key in step if did_you_mean(key, kinds)), "")
        return Problem("E206", "this step has no kind", near or known, step.place)
    message = f"a step is one kind, and this one is {' and '.join(found)}"
    return Problem("E206", message, "Make a step of each.", step.keys_at[found[1]])


def _shape(keyword: str, wanted: object, value: object) -> str:
    if keyword == "type":
        kinds = wanted if isinstance(wanted, list) else [wanted]
        return f"must be {' or '.join(KIND_NAMES[str(kind)] for kind in kinds)}, not {_kind(value)}"
    if keyword in ("enum", "const"):
        allowed = wanted if isinstance(wanted, list) else [wanted]
        return f"must be {' or '.join(map(str, allowed))}"
    if keyword in ("minLength", "minItems", "minProperties"):
        return "must not be empty"
    if keyword == "pattern":
        return f"does not match {wanted}"
    return f"does not fit ({keyword} {wanted})"


def _kind(value: object) -> str:
    kinds = (
        (bool, "boolean"),
        (str, "string"),
        (dict, "object"),
        (list, "array"),
        (int, "integer"),
    )
    found = next((name for kind, name in kinds if isinstance(value, kind)), None)
    return KIND_NAMES[found or ("null" if value is None else "number")]


def _where(document: Map, path: list[str | int]) -> tuple[Place, str]:
    """The place of the value at *path*, and what to call it."""
    node: Node = document
    place, name = document.place, "a flow file"
    for part in path:
        if isinstance(node, Map) and isinstance(part, str):
            place, name, node = node.keys_at[part], repr(part), node[part]
        elif isinstance(node, Items) and isinstance(part, int):
            place, name, node = node.items_at[part], f"{name}[{part}]", node[part]
    return place_of(node) or place, name
