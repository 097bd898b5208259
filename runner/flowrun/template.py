"""`{{ ... }}` in the texts of a flow. A value made from a secret is a secret."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from .errors import FlowError, located
from .expression import Expression, Undefined, cycle, joined, parse, settled
from .expression import Scope as Scope
from .place import Place, place_of
from .secret import Secret, Value, reveal
from .urls import Hole, fill

MOST_PIECES = 1000
_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[{}]", re.DOTALL)


class Use(NamedTuple):
    """A path that a template reads, and where."""

    path: tuple[str, ...]
    place: Place | None


def pieces(text: str) -> tuple[str | Expression, ...]:
    """The literals and expressions of *text*; raises `FlowError` E208, E209 or E210."""
    return tuple(
        part if at % 2 == 0 else _parsed(text, part)
        for at, part in enumerate(_parts(text))
        if part or at % 2 or not text
    )


def _parsed(text: str, source: str) -> Expression:
    with located_in(text, source):
        return parse(source)


@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[str, ...]:
    """Literals and the sources of expressions, in turn."""
    parts, position = [], 0
    while (start := text.find("{{", position)) >= 0:
        end = _end(text, start + 2)
        parts += [text[position:start], text[start + 2 : end]]
        position = end + 2
    parts.append(text[position:])
    if any("{%" in part or "{#" in part for part in parts[::2]):
        raise FlowError("E210", "a template has no statements and no comments", hint="Use {{ }}.")
    return tuple(parts)


def _end(text: str, position: int) -> int:
    depth = 0
    for token in _TOKEN.finditer(text, position):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if depth < 0:
            if text.startswith("}}", token.start()):
                return token.start()
            break
    raise FlowError("E208", "{{ is not closed", hint="Close it with }}.")


@contextlib.contextmanager
def located_in(text: object, source: str) -> Iterator[None]:
    """Give an error the place of the expression *source* in *text*."""
    try:
        yield
    except FlowError as error:
        if error.problems[0].place is None and place_of(text):
            name = error.name if isinstance(error, Undefined) else ""
            place = find(text, source, name)
            error.problems = tuple(problem._replace(place=place) for problem in error.problems)
        raise


def find(text: object, source: str, name: str = "") -> Place | None:
    """Where *source*, or the last part of the dotted *name* in it, stands in the file."""
    place = place_of(text)
    if place is None:
        return None
    whole, source = place.source.text, source.strip()
    start = len("".join(whole.splitlines(keepends=True)[: place.line - 1])) + place.column - 1
    at = whole.find(source, start, start + 4 * len(str(text)) + 200)
    if at < 0:
        return place
    width = len(source.split("\n")[0])
    if name and (inner := source.find(name)) >= 0:
        width = len(name.rpartition(".")[2])
        at += inner + len(name) - width
    before = (whole[:at] + "x").splitlines()
    return Place(place.source, len(before), len(before[-1]), width)


def render(document: object, scope: Scope) -> Value:
    """*document* with every template in it rendered, its shape kept."""
    return settled(_rendered(document, scope))


def _rendered(document: object, scope: Scope) -> Value:
    match document:
        case str():
            return _text(document, scope)
        case Mapping():
            return {str(key): _rendered(item, scope) for key, item in document.items()}
        case list() | tuple():
            return [_rendered(item, scope) for item in document]
        case None | bool() | int() | float() | Secret():
            return document
        case _:
            raise TypeError(f"a document does not hold {type(document).__name__}")


def _text(text: str, scope: Scope) -> Value:
    with located(place_of(text)):
        parts = pieces(text)
        if len(parts) == 1:
            return text if isinstance(parts[0], str) else _value(parts[0], text, scope)
        return joined([p if isinstance(p, str) else _value(p, text, scope, joined) for p in parts])


def _value(
    part: Expression, text: str, scope: Scope, then: Callable[[list[Value]], Value] | None = None
) -> Value:
    with located_in(text, part.source):
        value = part.evaluate(scope)
        return then([value]) if then else value


def render_url(text: str, scope: Scope) -> str | Secret:
    """The URL that *text* makes, each value escaped by where it stands."""
    with located(place_of(text)):
        parts = list(islice(leaves(text, scope), MOST_PIECES + 1))
        if len(parts) > MOST_PIECES:
            raise FlowError("E222", f"a URL has more than {MOST_PIECES} parts")
        return fill(parts)


def leaves(text: str, scope: Scope, chain: tuple[str, ...] = ()) -> Iterator[str | Hole]:
    """The pieces of *text*, those of the vars it names in their place, values as holes."""
    for part in pieces(text):
        if isinstance(part, str):
            yield part
            continue
        name = part.source.strip().removeprefix("vars.")
        var = scope.vars.get(name) if part.paths == (("vars", name),) else None
        if name in chain and var is not None:
            raise cycle([*chain, name])
        if isinstance(var, str):
            yield from leaves(var, scope, (*chain, name))
        else:
            yield Hole(_value(part, text, scope), find(text, part.source))


def expression_of(text: str) -> Expression:
    """The expression that *text* is, with or without braces around it."""
    with located(place_of(text)):
        if "{{" not in text:
            return _parsed(text, text)
        parts = pieces(text)
        found = [part for part in parts if isinstance(part, Expression)]
        if len(found) == 1 and all(isinstance(p, Expression) or not p.strip() for p in parts):
            return found[0]
        hint = "Write the whole of it inside one pair, or none; ~ puts texts together."
        raise FlowError("E208", "braces stand around a part of the expression", hint=hint)


def evaluate(text: str | bool | int | float, scope: Scope) -> Value:
    """The value of an expression that stands under a key which holds expressions."""
    if not isinstance(text, str):
        return text
    return _value(expression_of(text), text, scope)


def holds(text: str | bool | int | float, scope: Scope) -> bool:
    """Whether a predicate holds; what does not exist is false."""
    lenient = scope.with_()
    lenient.lenient = True
    try:
        return bool(reveal(evaluate(text, lenient)))
    except Undefined:
        return False


def uses(document: object, *, expressions: bool = False) -> Iterator[Use]:
    """
    Every path that a document reads; with *expressions*, its texts need no braces.

    Raises all that is wrong with its templates, after the last of those that are right.
    """
    problems = []
    for text in _texts(document):
        try:
            parts = (expression_of(text),) if expressions else pieces(text)
            for part in (part for part in parts if isinstance(part, Expression)):
                for path in part.paths:
                    yield Use(path, find(text, part.source, ".".join(path)))
        except FlowError as error:
            problems += [p if p.place else p._replace(place=place_of(text)) for p in error.problems]
    if problems:
        raise FlowError.of(problems)


def _texts(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, Mapping | list | tuple):
        for item in document.values() if isinstance(document, Mapping) else document:
            yield from _texts(item)
