"""The tree of an expression: Jinja makes it, an allow-list judges it, a table evaluates it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import partial
from itertools import takewhile

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.parser import Parser

from .errors import FlowError
from .filters import FILTERS
from .near import did_you_mean
from .operators import Run, compared, either, filtered, tried
from .scope import FUNCTIONS, ROOTS, Names, Slip, inside
from .secret import Value, reveal
from .taint import joined, sealed

MOST_SOURCE_CHARACTERS = 2000
MOST_DEPTH = 50
IN_SOME_SHAPES = (nodes.Call, nodes.Compare, nodes.Neg)
ALLOWED = (
    "Allowed are names, texts, numbers, lists, ~, comparisons, and or not in, if else, filters."
)
INSTEAD = {
    "arithmetic": "Texts are put together with ~. Numbers are not reckoned with.",
    "call": "A method of other languages is a filter here: inputs.name | lower",
}
_JINJA = Environment(autoescape=True)
# Jinja reads Python's escapes; here only these are, so that a pattern is written as it reads.
_OTHER_BACKSLASH = re.compile(r"(\\[\\'\"nrtux])|\\")
MEANT = {
    "=": "Two values are compared with ==.",
    "&": "Both must hold: and. Texts are put together with ~.",
    "|": "One of two must hold: or.",
    "!": "The opposite is: not.",
    "?": "One of two values is: X if C else Y.",
    "$": "Values are named inputs.NAME, vars.NAME and so on.",
}
"""What is probably meant by a sign that other languages have."""
ELSEWHERE = dict.fromkeys(
    ("env", "environ", "os", "secrets"),
    "Name an input: its value comes from the environment, as FLOWRUN_<INPUT>.",
)
"""What other tools have where flowrun has inputs."""


def tree_of(text: str) -> nodes.Expr:
    """*text* as Jinja reads it; raises `FlowError` E208."""
    if len(text) > MOST_SOURCE_CHARACTERS:
        raise FlowError("E208", f"an expression has more than {MOST_SOURCE_CHARACTERS} characters")
    source = _OTHER_BACKSLASH.sub(lambda found: found[1] or "\\\\", text)
    parser = None
    try:
        parser = Parser(_JINJA, source, state="variable")
        tree = parser.parse_expression()
        parser.stream.expect("eof")
    except TemplateSyntaxError:
        raise _unreadable(*_stopped_at(parser, source)) from None
    except (RecursionError, ValueError, OverflowError):
        raise FlowError("E208", "the expression cannot be read: it is too deep") from None
    return tree


def _stopped_at(parser: Parser | None, source: str) -> tuple[int, str]:
    """Where the token begins at which *parser* has stopped, and its text; empty at the end."""
    tokens, offset = [(len(source), "")], 0
    try:
        for _, kind, text in _JINJA.lexer.tokeniter(source, "", state="variable"):
            if kind != "whitespace":
                tokens.insert(-1, (offset, text))
            offset += len(text)
    except TemplateSyntaxError:  # at a sign that means nothing
        return offset, source[offset]
    return tokens[-1 - (sum(1 for _ in parser.stream) if parser else 0)]


def _unreadable(at: int, text: str) -> FlowError:
    if not text:
        return FlowError("E208", "the expression cannot be read: it ends too early")
    message, hint = f"the expression cannot be read: {text} does not fit there", MEANT.get(text)
    return Slip("E208", message, hint=hint or "", at=at, word=text)


def paths_of(node: nodes.Node, depth: int = 1) -> Iterator[tuple[str, ...]]:
    """The paths that are read; raises `FlowError` E208 to E210 for what templates may not."""
    base, keys = _chain(node)
    if depth + len(keys) > MOST_DEPTH:
        raise FlowError("E208", "the expression cannot be read: it is too deep")
    _judge(base)
    if isinstance(base, nodes.Name):
        words = [key.value if isinstance(key, nodes.Const) else None for key in keys]
        yield (base.name, *map(str, takewhile(lambda word: isinstance(word, str), words)))
    called = ("node",) if isinstance(base, nodes.Call) else ()  # which is no name that is read
    for child in (*keys, *base.iter_child_nodes(exclude=called)):
        yield from paths_of(child, depth + 1)


def _chain(node: nodes.Node) -> tuple[nodes.Node, list[nodes.Expr]]:
    """What `base.a[b]` starts from, and its keys."""
    keys: list[nodes.Expr] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        keys.insert(0, node.arg if isinstance(node, nodes.Getitem) else nodes.Const(node.attr))
        node = node.node
    return node, keys


def _judge(node: nodes.Node) -> None:
    match node:
        case nodes.Name(name=name):
            _known("name", name, ROOTS, "E209")
        case nodes.Const(value=int() | float() as number) if not abs(number) < 2**63:
            raise FlowError("E210", "a template may not use a number that large")
        case nodes.Filter(name=name):
            _known("filter", name, FILTERS)
            _counted(node, name, FILTERS[name].counts)
        case nodes.Call(node=nodes.Name(name=name)):
            _known("function", name, FUNCTIONS)
            _counted(node, name, FUNCTIONS[name][1])
        case nodes.Compare(ops=[_]) | nodes.Neg(node=nodes.Const(value=int() | float())):
            pass
        case _:
            if type(node) not in EVALUATORS or isinstance(node, IN_SOME_SHAPES):
                plain = type(node).__name__.lower()
                word = "arithmetic" if isinstance(node, nodes.BinExpr) else plain
                hint = INSTEAD.get(word, ALLOWED)
                raise FlowError("E210", f"a template may not use {word}", hint=hint)


def _known(what: str, name: str, known: Collection[str], code: str = "E210") -> None:
    if name not in known:
        hint = ELSEWHERE.get(name) if what == "name" else ""
        hint = hint or did_you_mean(name, known) or f"There are {', '.join(known)}."
        raise Slip(code, f"there is no {what} {name}", hint=hint, word=name)


def _counted(node: nodes.Filter | nodes.Call, name: str, counts: tuple[int, ...]) -> None:
    if node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) not in counts:
        wanted = " or ".join(map(str, counts[:3])) + (" or more" if len(counts) > 3 else "")
        message = f"{name} takes {wanted} values, none by name or with a *"
        raise Slip("E210", message, word=name)


def value_of(node: nodes.Node, scope: Names) -> Value:
    """The value of a tree that was judged."""
    return EVALUATORS[type(node)](node, scope)


def _each(items: list[nodes.Expr], scope: Names) -> list[Value]:
    return [value_of(item, scope) for item in items]


def _read(node: nodes.Expr, scope: Names) -> Value:
    base, keys = _chain(node)
    if isinstance(base, nodes.Name):
        return inside(scope.values, [base.name, *_each(keys, scope)])
    return inside(value_of(base, scope), _each(keys, scope))


def _run(node: nodes.Expr | None) -> Run:
    assert node is not None
    return partial(value_of, node)


def _tried(node: nodes.Expr, scope: Names) -> Value:
    return tried(_run(node), scope)


def _either(node: nodes.And | nodes.Or, scope: Names) -> Value:
    return either(_run(node.left), _run(node.right), scope, ends=isinstance(node, nodes.Or))


def _chosen(node: nodes.CondExpr, scope: Names) -> Value:
    test = _tried(node.test, scope)
    chosen = node.expr1 if reveal(test) else node.expr2
    return sealed(value_of(chosen, scope), by=test) if chosen else None


def _filtered(node: nodes.Filter, scope: Names) -> Value:
    return filtered(node.name, _run(node.node), [*map(_run, node.args)], scope)


def _called(node: nodes.Call, scope: Names) -> Value:
    assert isinstance(node.node, nodes.Name)
    return FUNCTIONS[node.node.name][0](scope, *map(reveal, _each(node.args, scope)))


def _compared(node: nodes.Compare, scope: Names) -> Value:
    operand = node.ops[0]
    return compared(operand.op, _run(node.expr), _run(operand.expr), scope)


EVALUATORS: dict[type[nodes.Node], Callable[..., Value]] = {
    nodes.And: _either,
    nodes.Call: _called,
    nodes.Compare: _compared,
    nodes.Concat: lambda node, scope: joined(_each(node.nodes, scope)),
    nodes.CondExpr: _chosen,
    nodes.Const: lambda node, _: node.value,
    nodes.Filter: _filtered,
    nodes.Getattr: _read,
    nodes.Getitem: _read,
    nodes.List: lambda node, scope: _each(node.items, scope),
    nodes.Name: _read,
    nodes.Neg: lambda node, _: -node.node.value,
    nodes.Not: lambda node, scope: sealed(not reveal(it := _tried(node.node, scope)), by=it),
    nodes.Operand: lambda node, scope: _tried(node.expr, scope),
    nodes.Or: _either,
}
