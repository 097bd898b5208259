"""What the JSON schema says about a document, in words and with places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _verdict, literals, remedies
from .document import Items, Map, Node
from .errors import FlowError, Problem
from .flow import MODIFIERS
from .near import did_you_mean, near_to
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


PATTERNS = {
    "^[a-z][a-z0-9_]*$": "It is made of a-z, 0-9 and _, and begins with a letter.",
    "^[a-z0-9][a-z0-9-]*$": "It is made of a-z, 0-9 and -.",
    "^[A-Za-z0-9][A-Za-z0-9._-]*$": "It is made of letters, digits, and . _ -.",
    r"^(on|off)$|\{\{": "Write `off`, or `{alg: [ES256]}`.",
    "^never$": "Write `never`, or `{in: SECONDS}`, or `{at: TIME}`.",
}


def schema_path() -> Path:
    """The file that holds the JSON schema of flow files (draft-07)."""
    # Not importlib.resources: importing it takes a tenth of a whole run.
    return Path(import_module("flowrun.schemas").__path__[0]) / "flow.schema.json"


def schema_text() -> str:
    """The JSON schema of flow files."""
    return schema_path().read_text("utf-8")


def check(document: Map) -> None:
    """
    Refuse *document* unless the schema takes it.

    Raises:
        FlowError: everything that is wrong, each with its place.
    """
    templates = list(literals.templates(document))
    told = {problem.place for problem in templates}
    if problems := [*templates, *(p for p in _refused(document) if p.place not in told)]:
        raise FlowError.of(problems)


def _refused(document: Map) -> Iterator[Problem]:
    try:
        _verdict.validate(document)
    except _verdict.Refused:
        # Only now, since loading the library that finds the words takes longer than a whole flow.
        for error in judged(document):
            yield from _words(error, document)


def judged(document: Map) -> Iterator[ValidationError]:
    """What the schema does not take, as the library has it."""
    import json

    from jsonschema import Draft7Validator, validators

    extend: Callable[..., type[Draft7Validator]] = validators.extend
    validator = extend(Draft7Validator, {"pattern": _pattern})(json.loads(schema_text()))
    yield from validator.iter_errors(document)


def _pattern(_: object, pattern: str, value: object, __: object) -> Iterator[ValidationError]:
    """The keyword, in which $ is the end of the text; to Python a last line end may follow it."""
    from jsonschema import ValidationError

    if isinstance(value, str) and not _verdict.search(pattern, value):
        yield ValidationError("")


def _words(error: ValidationError, document: Map) -> Iterator[Problem]:
    place, name, node = _where(document, list(error.absolute_path))
    keyword, value = str(error.validator), error.instance
    wanted: Any = error.validator_value
    if keyword == "anyOf":  # one of several words, or else a template that makes one
        keyword, wanted = "enum", wanted[0]["enum"]
    if keyword == "additionalProperties" and isinstance(value, Map):
        yield from _unknown_keys(value, name, error.schema)
    elif keyword == "oneOf":
        if isinstance(value, Map):
            keys = [key for each in wanted for key in each.get("required", ())]
            yield from _not_one(value, keys, error.schema, name)
    elif keyword in ("required", "dependencies"):
        missing = error.message.split("'")[1]
        if isinstance(value, Map) and _is_misspelt(missing, value, error.schema):
            return  # it is told as an unknown key
        hint = "Write `flowrun: 1` first." if missing == "flowrun" else ""
        yield Problem("E207", f"{name} needs a key {missing!r}", hint, place)
    elif isinstance(value, str) and "{{" in value:
        if not isinstance(node, Map):  # else the value is a key of it, which is told as one
            last = next(each for each in reversed(error.absolute_path) if isinstance(each, str))
            hint = f"It {_shape(keyword, wanted, None)}." if keyword == "type" else ""
            yield literals.problem(repr(last), value, place, hint.replace(", not null", ""))
    else:
        if isinstance(node, Map) and isinstance(value, str):  # the value is a key of it
            place, name = node.keys_at[value], f"a key in {name}"
        hint = did_you_mean(str(value), map(_word, wanted)) if keyword == "enum" else ""
        if keyword == "type":
            kinds = wanted if isinstance(wanted, list) else [wanted]
            hint = remedies.about_type(kinds, value, tuple(error.absolute_path))
        yield Problem(
            "E205", f"{name} {_shape(keyword, wanted, value)}", hint or _about(error), place
        )


def _unknown_keys(value: Map, name: str, schema: Any) -> Iterator[Problem]:
    known = list(schema.get("properties", {})) if isinstance(schema, dict) else []
    strange = [key for key in value if key not in known and not key.startswith("x-")]
    kinds = [key for key in known if key not in MODIFIERS] if "use" in known else []
    if outdented := remedies.outdented(value, strange, kinds):
        yield outdented
        return
    for key in strange:
        hint = remedies.about_key(key, value, known, kinds=kinds)
        yield Problem("E203", f"unknown key {key!r} in {name}", hint, value.keys_at[key])


def _is_misspelt(missing: str, value: Map, schema: Any) -> bool:
    known = schema.get("properties", {}) if isinstance(schema, dict) else {}
    return any(missing in near_to(key, known) for key in value if key not in known)


def _about(error: ValidationError) -> str:
    """What the schema says of a value that was written in a wrong way."""
    schema: Any = error.schema
    if error.validator != "pattern" or not isinstance(schema, dict):
        return ""
    examples = "".join(f" For example: {each}" for each in schema.get("examples", [])[:1])
    return PATTERNS.get(str(error.validator_value)) or f"{schema.get('description', '')}{examples}"


def _not_one(value: Map, keys: list[str], schema: Any, name: str) -> Iterator[Problem]:
    if "use" in keys:
        yield from _not_one_kind(value, keys)
        return
    found = [key for key in value if key in keys]
    if not found and not (value and value.keys() <= schema["properties"].keys()):
        return  # it is told as empty, or as an unknown key
    holds = f"this one holds {' and '.join(found)}" if found else "this one holds none"
    place = value.keys_at[found[1]] if found else value.place
    yield Problem("E205", f"{name} holds one of {', '.join(keys)}, and {holds}", "", place)


def _not_one_kind(step: Map, kinds: list[str]) -> Iterator[Problem]:
    found = [key for key in step if key in kinds]
    if found:
        message = f"a step is one kind, and this one is {' and '.join(found)}"
        yield Problem("E206", message, "Make a step of each.", step.keys_at[found[1]])
    elif all(key in MODIFIERS for key in step):  # else an unknown key is told
        yield Problem("E206", "this step has no kind", remedies.one_of(kinds), step.place)


def _shape(keyword: str, wanted: object, value: object) -> str:
    if keyword == "type":
        kinds = wanted if isinstance(wanted, list) else [wanted]
        return f"must be {_either([KIND_NAMES[str(kind)] for kind in kinds])}, not {_kind(value)}"
    if keyword in ("enum", "const"):
        allowed = wanted if isinstance(wanted, list) else [wanted]
        shown = _kind(value) if isinstance(value, Map | Items | None) else _word(value)
        quoted = repr(value) if isinstance(value, str) else shown
        return f"must be {_either([*dict.fromkeys(map(_word, allowed))])}, not {quoted}"
    if keyword in ("minLength", "minItems", "minProperties"):
        return "must not be empty"
    if keyword == "pattern":
        return f"cannot be {value!r}"
    return f"must be at {'most' if keyword == 'maximum' else 'least'} {wanted}"


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


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


def _where(document: Map, path: list[str | int]) -> tuple[Place, str, Node]:
    """The place of the value at *path*, what to call it, and the value."""
    node: Node = document
    place, name = document.place, "a flow file"
    for part in path:
        if isinstance(node, Map) and isinstance(part, str):
            place, name, node = node.keys_at[part], repr(part), node[part]
        elif isinstance(node, Items) and isinstance(part, int):
            place, name, node = node.items_at[part], f"item {part + 1} of {name}", node[part]
    return place_of(node) or place, name, node
