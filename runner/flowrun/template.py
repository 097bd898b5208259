"""`{{ ... }}` in the texts of a flow. A value made from a secret is a secret."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from .errors import FlowError, located
from .expression import Expression, parse
from .filters import spelled
from .place import Place, place_of
from .scope import Names, Undefined, cycle
from .secret import Secret, Value, reveal
from .taint import is_list, joined, parts, settled
from .urls import Hole, fill

MOST_PIECES = 1000
# No } inside a quoted text ends it; without an end it runs on, so that no text is read twice.
_BRACES = re.compile(
    r"""\{\{((?:'(?:\\.|[^'\\]){0,2000}+'|"(?:\\.|[^"\\]){0,2000}+"|(?!\}\}).)*+)(\}\})?""",
    re.DOTALL,
)


class Scope(Names):
    """What a template may name."""

    def render(self, document: object) -> Value:
        return render(document, self)


class Use(NamedTuple):
    """A path that a template reads, and where."""

    path: tuple[str, ...]
    place: Place | None


@lru_cache(maxsize=4096)
def pieces(text: str) -> tuple[str | Expression, ...]:
    """The literals and expressions of *text*; raises `FlowError` E208, E209 or E210."""
    literals, sources, ends = (_BRACES.split(text)[at::3] for at in range(3))
    if None in ends:
        raise FlowError("E208", "{{ is not closed", hint="Close it with }}.")
    if any("{%" in literal or "{#" in literal for literal in literals):
        raise FlowError("E210", "a template has no statements and no comments", hint="Use {{ }}.")
    found: list[str | Expression] = [literals[0]]
    for source, literal in zip(sources, literals[1:], strict=True):
        with _located_in(text, source):
            found += [parse(source), literal]
    return tuple(piece for piece in found if piece) or ("",)


@contextlib.contextmanager
def _located_in(text: object, source: str) -> Iterator[None]:
    """Give an error the place of the expression *source* in *text*."""
    try:
        yield
    except FlowError as error:
        if error.problems[0].place is None:
            name = error.name if isinstance(error, Undefined) else ""
            place = _find(text, source, name)
            error.problems = tuple(problem._replace(place=place) for problem in error.problems)
        raise


def _find(text: object, source: str, name: str = "") -> Place | None:
    """Where *source*, or the last part of the dotted *name* in it, stands in the file."""
    place = place_of(text)
    if place is None:
        return None
    whole, source = place.source.text, source.strip()
    start = sum(map(len, whole.splitlines(keepends=True)[: place.line - 1])) + place.column - 1
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
    if isinstance(document, str):
        return _text(document, scope)
    if isinstance(document, Mapping):
        return {str(key): _rendered(item, scope) for key, item in document.items()}
    if is_list(document):
        return [_rendered(item, scope) for item in document]
    assert document is None or isinstance(document, int | float | Secret)
    return document


def _text(text: str, scope: Scope) -> Value:
    with located(place_of(text)):
        found = pieces(text)
        if len(found) > 1:
            return joined([_value(piece, text, scope, inside=True) for piece in found])
        return text if isinstance(found[0], str) else _value(found[0], text, scope)


def _value(piece: str | Expression, text: str, scope: Scope, *, inside: bool = False) -> Value:
    if isinstance(piece, str):
        return piece
    with _located_in(text, piece.source):
        value = piece.evaluate(scope)
        if inside:
            spelled(reveal(value))  # raises here, where its place is known
        return value


def render_url(text: str, scope: Scope) -> str | Secret:
    """The URL that *text* makes, each value escaped by where it stands."""
    with located(place_of(text)):
        found = list(islice(leaves(text, scope), MOST_PIECES + 1))
        if len(found) > MOST_PIECES:
            raise FlowError("E222", f"a URL has more than {MOST_PIECES} parts")
        return fill(found)


def leaves(text: str, scope: Scope, chain: tuple[str, ...] = ()) -> Iterator[str | Hole]:
    """The pieces of *text*, those of the vars it names in their place, values as holes."""
    for piece in pieces(text):
        if isinstance(piece, str):
            yield piece
            continue
        name = piece.source.strip().removeprefix("vars.")
        var = scope.vars.get(name) if piece.paths == (("vars", name),) else None
        if name in chain and var is not None:
            raise cycle([*chain, name])
        if isinstance(var, str):
            yield from leaves(var, scope, (*chain, name))
        else:
            yield Hole(_value(piece, text, scope), _find(text, piece.source))


def evaluate(text: str | bool | int | float, scope: Scope) -> Value:
    """The value of an expression, with or without braces around it."""
    if not isinstance(text, str):
        return text
    with located(place_of(text)):
        braced = text if "{{" in text else f"{{{{{text}}}}}"
        found = [piece for piece in pieces(braced) if not isinstance(piece, str) or piece.strip()]
        if len(found) == 1 and isinstance(found[0], Expression):
            return _value(found[0], text, scope)
        hint = "Write the whole of it inside one pair, or none; ~ puts texts together."
        raise FlowError("E208", "braces stand around a part of the expression", hint=hint)


def holds(text: str | bool | int | float, scope: Scope) -> bool:
    """Whether a predicate holds; what does not exist is false."""
    lenient = scope.with_()
    lenient.lenient = True
    try:
        return bool(reveal(evaluate(text, lenient)))
    except Undefined:
        return False


def uses(document: object) -> Iterator[Use]:
    """
    Every path that the templates of *document* read.

    Raises all that is wrong with them, after the last of those that are right.
    """
    problems = []
    for text in (part for part in parts(document) if isinstance(part, str)):
        try:
            for piece in (piece for piece in pieces(text) if isinstance(piece, Expression)):
                for path in piece.paths:
                    yield Use(path, _find(text, piece.source, ".".join(path)))
        except FlowError as error:
            problems += [p if p.place else p._replace(place=place_of(text)) for p in error.problems]
    if problems:
        raise FlowError.of(problems)


def reads(document: object, vars: Mapping[str, object]) -> Iterator[tuple[str, ...]]:
    """Every path that *document* reads, itself or through *vars*; raises as `uses` does."""
    rest, seen = [document], set[str]()
    while rest:
        for path in (use.path for use in uses(rest.pop())):
            yield path
            if path[0] == "vars" and len(path) > 1 and path[1] not in seen:
                seen.add(path[1])
                rest.append(vars.get(path[1]))
