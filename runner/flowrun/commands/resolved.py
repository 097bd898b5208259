"""`flowrun check --resolved`: a recipe as it is after everything that it extends."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent

from ..build import build, laid
from ..console import Console
from ..document import Items, Map, plain
from ..document.writing import write
from ..flow import SECTIONS, Flow
from ..merge import copy
from ..naming import read
from ..place import Place
from ..secret import JSON
from ..template import reads
from .each import each


def print_resolved(flow_name: str) -> int:
    """Print the flow as one file: each step with its defaults, and what it uses in its place."""
    console = Console()

    def act(name: str) -> JSON:
        console.answer(as_yaml(read(name, console, base=True).flow).removesuffix("\n"))
        return None

    return each([flow_name], act, console, json=False)


def as_yaml(flow: Flow) -> str:
    """One flow file that means what *flow* does, with the place where each part was written."""
    document = _resolved(flow)
    return "".join(text for key in document for text in _part(document, key))


def _resolved(flow: Flow) -> Map:
    result = copy(flow.document)
    for key in ("extends", "defaults"):
        result.pop(key, None)
    for section in SECTIONS:
        if isinstance(steps := result.get(section), Items):
            result[section] = _steps(flow.document, steps)
    return _without_unread(build(result, files=flow.files))


def _steps(document: Map, steps: Items) -> Items:
    result = Items(steps.place)
    for step in steps:
        assert isinstance(step, Map)
        result.append(whole := laid(document, step))
        result.items_at.append(whole.place)
    return result


def _without_unread(flow: Flow) -> Map:
    """The document without vars and inputs that only defaults have read, and no step has kept."""
    parts: list[object] = [flow.save, flow.keep, [list(each) for each in flow.also], flow.setup]
    parts += [part for steps in flow.sections.values() for step in steps for part in step[3:5]]
    read = {path[:2] for path in reads(parts, flow.vars)}
    result = copy(flow.document)
    for root in ("inputs", "vars"):
        if isinstance(named := result.get(root), Map) and (root,) not in read:
            result[root] = kept = copy(named)
            for name in [name for name in named if (root, name) not in read]:
                del kept[name]
    return result


def _part(document: Map, key: str) -> Iterator[str]:
    value = document[key]
    if key in SECTIONS and isinstance(value, Items) and value:
        yield f"{key}:\n"
        for step, place in zip(value, value.items_at, strict=True):
            yield f"{_comment(place)}{write([plain(step)])}"
    elif key in ("inputs", "profiles", "vars") and isinstance(value, Map) and value:
        yield f"{key}:\n"
        for name, item in value.items():
            entry = f"{_comment(value.keys_at[name])}{write({name: plain(item)})}"
            yield indent(entry, "  ")
    else:
        yield f"{_comment(document.keys_at[key])}{write({key: plain(value)})}"


def _comment(place: Place) -> str:
    name = "".join(each if each.isprintable() else "?" for each in place.source.name)
    return f"# {name}:{place.line}\n"
