"""From flow files to one document: the chain of what they extend, each file judged whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

from . import schema
from .build import build
from .document import Map, placed, read
from .errors import FlowError, Problem
from .flow import Flow
from .library import find, find_base
from .merge import extend
from .place import Place, Source, place_of
from .template import uses
from .version import __version__

LANGUAGE = 1

LONGEST_CHAIN = 10


def load(flow: str) -> Flow:
    """
    The flow that *flow* names: a file, or a shipped recipe.

    Raises:
        FlowError: everything that is wrong with it, each problem with its place.
    """
    source, _ = find(flow)
    return load_source(source)


def load_source(source: Source) -> Flow:
    """The flow in *source*, with all that it extends."""
    chain = list(_chain(source))
    document = chain[-1]
    for child in reversed(chain[:-1]):
        document = extend(document, child)
    return build(document, files=tuple(each.place.source.name for each in chain))


def load_plan(name: str, text: str, *, file: str) -> Flow:
    """A flow from the merged JSON that the record *name* carries, once read from *file*."""
    nowhere = Place(Source(f"record {name}", text, shown=False), 1, 1)
    document = placed(json.loads(text), nowhere)
    assert isinstance(document, Map)
    return build(document, files=(file,))


def _chain(source: Source) -> Iterator[Map]:
    seen: list[str] = []
    while True:
        document = _read(source)
        seen.append(source.name)
        yield document
        base = document.get("extends")
        if not isinstance(base, str):
            return
        source = find_base(base, source, place_of(base))
        circle = os.path.realpath(source.name) in map(os.path.realpath, seen)
        if circle or len(seen) == LONGEST_CHAIN:
            what = (
                "runs in a circle" if circle else f"leads through more than {LONGEST_CHAIN} files"
            )
            chain = " -> ".join([*seen, source.name])
            raise FlowError("E211", f"extends {what}: {chain}", place=place_of(base))


def _read(source: Source) -> Map:
    document, problems = read(source)
    refuse_other_language(document)
    try:
        _check_version(document)
        schema.check(document)
    except FlowError as error:
        # What YAML could not read makes the schema wonder, too.
        lines = {problem.place.line for problem in problems if problem.place}
        problems += [p for p in error.problems if not p.place or p.place.line not in lines]
    if problems:
        raise FlowError.of([*problems, *_broken_templates(document)])
    return document


def refuse_other_language(document: Map) -> None:
    """Raise when *document* is written in another version of the language."""
    if document.get("flowrun") != LANGUAGE and isinstance(version := document.get("flowrun"), int):
        message = f"this file is made for flowrun {version}, and this is flowrun {LANGUAGE}"
        raise FlowError("E218", message, hint="Update flowrun.", place=document.keys_at["flowrun"])


def _check_version(document: Map) -> None:
    wanted = document.get("requires")
    if isinstance(wanted, str) and _numbers(wanted) > _numbers(__version__):
        message = f"this file requires flowrun {wanted}, and this is {__version__}"
        place = document.keys_at["requires"]
        raise FlowError("E218", message, hint="Update flowrun.", place=place)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def _broken_templates(document: Map) -> tuple[Problem, ...]:
    """What `check` would say of the templates, if the file were well enough to get there."""
    try:
        list(uses(document))
    except FlowError as error:
        return error.problems
    return ()
