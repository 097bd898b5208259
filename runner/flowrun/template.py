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
from .place import Braced, Place, Text, place_of
from .scope import Names, Undefined, cycle
from .secret import Secret, Value, reveal
from .spelling import part_of
from .taint import is_list, joined, parts, settled
from .urls import Hole, fill

MOST_PIECES = 1000
MOST_CHAIN = 50
# No } inside a quoted text ends it; without an end it runs on, so that no text is read twice.
# A quote behind a backslash begins none: it is tried once, and not from each before it again.
_BRACES = re.compile(
    r"""\{\{((?:'(?:\\.|[^'\\]){0,2000}+'|"(?:\\.|[^"\\]){0,2000}+"|\\['"]|(?!\}\}).)*+)(\}\})?""",
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
    if len(sources) > MOST_PIECES:
        raise FlowError("E208", f"a text has more than {MOST_PIECES} expressions")
    if None in ends:
        raise FlowError("E208", "{{ is not closed", hint="Close it with }}.")
    if any("{%" in literal or "{#" in literal for literal in literals):
        raise FlowError("E210", "a template has no statements and no comments", hint="Use {{ }}.")
    found: list[str | Expression] = [literals[0]]
    at = len(literals[0]) + 2
    for source, literal in zip(sources, literals[1:], strict=True):
        with _located_in(text, source, at):
            found += [parse(source), literal]
        at += len(source) + len(literal) + 4
    return tuple(piece for piece in found if piece) or ("",)


def _pieces_at(text: str) -> Iterator[tuple[str | Expression, int]]:
    """The pieces of *text*, and where in it each begins: an expression behind its braces."""
    at = 0
    for piece in pieces(text):
        yield (piece, at) if isinstance(piece, str) else (piece, at + 2)
        at += len(piece) if isinstance(piece, str) else len(piece.source) + 4


@contextlib.contextmanager
def _located_in(text: object, source: str, at: int) -> Iterator[None]:
    """Give an error the place of the expression *source*, which begins *at* in *text*."""
    try:
        yield
    except FlowError as error:
        if error.problems[0].place is None:
            name = error.name if isinstance(error, Undefined) else ""
            place = _find(text, source, at, name)
            error.problems = tuple(problem._replace(place=place) for problem in error.problems)
        raise


_TEXTS = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|"""


def _find(text: object, source: str, at: int, name: str = "") -> Place | None:
    """Where *source*, or the last part of the dotted *name* in it, stands in the file."""
    if not isinstance(text, Text):
        return None
    if not (inner := source.strip()):
        return part_of(text, at - 2, len(source) + 4)
    named = re.finditer(rf"{_TEXTS}(?<![\w.])({re.escape(name)})(?!\w)", source) if name else ()
    if found := next((each for each in named if each[1]), None):
        last = len(name.rpartition(".")[2])
        return part_of(text, at + found.end() - last, last)
    return part_of(text, at + len(source) - len(source.lstrip()), len(inner))


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
        found = list(_pieces_at(text))
        if len(found) > 1:
            return joined([_value(*each, text, scope, inside=True) for each in found])
        return text if isinstance(found[0][0], str) else _value(*found[0], text, scope)


def _value(
    piece: str | Expression, at: int, text: str, scope: Scope, *, inside: bool = False
) -> Value:
    if isinstance(piece, str):
        return piece
    with _located_in(text, piece.source, at):
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
    for piece, at in _pieces_at(text):
        if isinstance(piece, str):
            yield piece
            continue
        name = piece.source.strip().removeprefix("vars.")
        var = scope.vars.get(name) if piece.paths == (("vars", name),) else None
        if name in chain and var is not None:
            raise cycle([*chain, name])
        if len(chain) > MOST_CHAIN:
            raise FlowError("E222", f"a var leads through more than {MOST_CHAIN} others")
        if isinstance(var, str):
            yield from leaves(var, scope, (*chain, name))
        else:
            yield Hole(_value(piece, at, text, scope), _find(text, piece.source, at))


def evaluate(text: str | bool | int | float, scope: Scope) -> Value:
    """The value of an expression, with or without braces around it."""
    if not isinstance(text, str):
        return text
    with located(place_of(text)):
        braced = text if "{{" in text else in_braces(text)
        found = [each for each in _pieces_at(braced) if str(each[0]).strip()]
        if len(found) == 1 and isinstance(found[0][0], Expression):
            return _value(*found[0], braced, scope)
        hint = "Write the whole of it inside one pair, or none; ~ puts texts together."
        raise FlowError("E208", "braces stand around a part of the expression", hint=hint)


def in_braces(text: str) -> str:
    """The expression *text*, which stands without its braces."""
    place, braced = place_of(text), f"{{{{ {text} }}}}"
    return Braced.at(place, braced) if place else braced


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
            for piece, at in _pieces_at(text):
                if isinstance(piece, Expression):
                    for path in piece.paths:
                        yield Use(path, _find(text, piece.source, at, ".".join(path)))
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
