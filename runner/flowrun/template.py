"""`{{ ... }}` in the texts of a flow. A value made from a secret is a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from .errors import FlowError, located
from .expression import Expression, parse
from .filters import spelled
from .place import Braced, Place, place_of
from .scope import Names, Slip, Undefined, cycle
from .secret import Secret, Value, reveal
from .spans import word_in
from .spelling import place_in
from .taint import is_list, joined, settled, texts
from .urls import Hole, fill

MOST_PIECES = 1000
MOST_CHAIN = 50
# No } inside a quoted text ends it; without an end it runs on, so that no text is read twice.
# A quote behind a backslash begins none: it is tried once, and not from each before it again.
BRACES = re.compile(
    r"""\{\{((?:'(?:\\.|[^'\\]){0,2000}+'|"(?:\\.|[^"\\]){0,2000}+"|\\['"]|(?!\}\}).)*+)(\}\})?""",
    re.DOTALL,
)


class Scope(Names):
    """What a template may name."""

    def render(self, document: object) -> Value:
        return render(document, self)


class Use(NamedTuple):
    """A path that an expression of a text reads."""

    path: tuple[str, ...]
    text: str
    source: str
    at: int

    def place(self, part: int = -1) -> Place | None:
        """Where a part of the path stands; looked for when something is wrong."""
        return place_in(self.text, self.source, self.at, word_in(self.source, self.path, part))


def pieces(text: str) -> tuple[str | Expression, ...]:
    """The literals and expressions of *text*; raises `FlowError` E208, E209 or E210."""
    return tuple(piece for piece, _ in _pieces_at(text))


def _pieces_at(text: str) -> tuple[tuple[str | Expression, int], ...]:
    """The pieces of *text*, and where in it each begins: an expression behind its braces."""
    return _parsed(text) if "{" in text else ((text, 0),)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[tuple[str | Expression, int], ...]:
    literals, sources, ends = (BRACES.split(text)[at::3] for at in range(3))
    if len(sources) > MOST_PIECES:
        raise FlowError("E208", f"a text has more than {MOST_PIECES} expressions")
    if None in ends:
        place = place_in(text, sources[-1], len(text) - len(sources[-1]))
        raise FlowError("E208", "{{ is not closed", hint="Close it with }}.", place=place)
    if any("{%" in literal or "{#" in literal for literal in literals):
        raise FlowError("E210", "a template has no statements and no comments", hint="Use {{ }}.")
    found: list[tuple[str | Expression, int]] = [(literals[0], 0)]
    at = len(literals[0]) + 2
    for source, literal in zip(sources, literals[1:], strict=True):
        try:
            found += [(parse(source), at), (literal, at + len(source) + 2)]
        except FlowError as error:
            _locate(error, text, source, at)
            raise
        at += len(source) + len(literal) + 4
    return tuple(each for each in found if each[0]) or (("", 0),)


def _locate(error: FlowError, text: object, source: str, at: int) -> None:
    """Give *error* the place of the expression *source*, which begins *at* in *text*."""
    if error.problems[0].place is None:
        span = error.span(source) if isinstance(error, Slip) else None
        place = place_in(text, source, at, span)
        error.problems = tuple(problem._replace(place=place) for problem in error.problems)


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
    if "{" not in text:
        return text
    with located(place_of(text)):
        found = _pieces_at(text)
        if len(found) > 1:
            return joined([_value(*each, text, scope, inside=True) for each in found])
        return text if isinstance(found[0][0], str) else _value(*found[0], text, scope)


def _value(
    piece: str | Expression, at: int, text: str, scope: Scope, *, inside: bool = False
) -> Value:
    if isinstance(piece, str):
        return piece
    try:
        value = piece.evaluate(scope)
        if inside:
            spelled(reveal(value))  # raises here, where its place is known
    except FlowError as error:
        _locate(error, text, piece.source, at)
        raise
    return value


def render_url(text: str, scope: Scope, *, optional: bool = False) -> str | Secret | None:
    """
    The URL that *text* makes, each value escaped by where it stands.

    One that is *optional* is null when it stands for a value that is, or for nothing.
    """
    with located(place_of(text)):
        found = list(islice(leaves(text, scope), MOST_PIECES + 1))
        if len(found) > MOST_PIECES:
            raise FlowError("E222", f"a URL has more than {MOST_PIECES} parts")
        if optional and not any(reveal(it.value) if isinstance(it, Hole) else it for it in found):
            return None
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
            yield Hole(_value(piece, at, text, scope), text, piece.source, at)


def evaluate(text: str | bool | int | float, scope: Scope) -> Value:
    """The value of an expression, with or without braces around it."""
    if not isinstance(text, str):
        return text
    with located(place_of(text)):
        found, at, braced = whole(text)
        return _value(found, at, braced, scope)


def whole(text: str) -> tuple[Expression, int, str]:
    """
    The expression that *text* is, with or without braces, where it begins, and in which text.

    Raises `FlowError` E208.
    """
    braced = text if "{{" in text else in_braces(text)
    found = [
        (piece, at)
        for piece, at in _pieces_at(braced)
        if isinstance(piece, Expression) or piece.strip()
    ]
    if len(found) == 1 and isinstance(found[0][0], Expression):
        return found[0][0], found[0][1], braced
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
    for text in texts(document):
        if "{" not in text:
            continue
        try:
            for piece, at in _pieces_at(text):
                if isinstance(piece, Expression):
                    for path in piece.paths:
                        yield Use(path, text, piece.source, at)
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
