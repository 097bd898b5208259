"""One `{{ expression }}`: Jinja parses it, an allow-list judges it, and it is evaluated here."""

from __future__ import annotations

import base64
import itertools
import operator
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from .errors import FlowError, located
from .filters import FILTERS, Octets, apply, bounded, kind_of, spelled
from .near import did_you_mean
from .place import Place
from .secret import JSON, Secret, Value, masked, reveal

if TYPE_CHECKING:
    from jinja2 import nodes

ROOTS = ("inputs", "vars", "steps", "saved", "callback", "response", "request")
MOST_SOURCE_CHARACTERS = 2000
MOST_DEPTH = 50
MOST_PARTS = 100_000
_DOTTED = re.compile(r"\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*", re.ASCII)
ALLOWED = (
    "Allowed are names, texts, numbers, lists, ~, comparisons, in, and, or, not, if else,"
    " and the filters and functions of flowrun."
)
_WORDS = ("true", "false", "none", "True", "False", "None", "not")
# Jinja reads Python's escapes; here only these are, so that a pattern is written as it reads.
_BACKSLASH = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = "\\'\"nrtux"


class Unknown(str):
    """A value that is not known yet: in a dry run it stands for itself as `<callback.code>`."""

    __slots__ = ("path",)
    path: str

    def __new__(cls, path: str, shown: str = "") -> Unknown:
        self = super().__new__(cls, shown or f"<{path}>")
        self.path = path
        return self

    def __str__(self) -> str:
        return self  # `str(value)` must not make it a known one


class Undefined(FlowError):
    """A name that does not exist; false in a predicate, and what `default` is for."""

    def __init__(self, name: str, known: Iterable[object]) -> None:
        self.name = name
        last = name.rpartition(".")[2]
        super().__init__(
            "E209", f"there is no {name} here", hint=did_you_mean(last, map(str, known))
        )


class Scope:
    """
    What expressions may name.

    Args:
        values: the roots other than vars, and what they hold.
        vars: texts with templates, lists and maps, rendered where they are used.
        now: seconds since the epoch.
        entropy: so many random bytes.
    """

    def __init__(
        self,
        values: Mapping[str, Value],
        vars: Mapping[str, object] | None = None,
        *,
        now: Callable[[], float] = time.time,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.values, self.vars, self.now, self.entropy = values, vars or {}, now, entropy
        self.lenient = False
        self.drawn: dict[str, JSON] = {}
        self._rendered: dict[str, Value] = {}
        self._rendering: list[str] = []

    def with_(self, **more: Value) -> Scope:
        """The same step's scope with more names: what was drawn stays drawn."""
        scope = Scope({**self.values, **more}, self.vars, now=self.now, entropy=self.entropy)
        scope.drawn, scope.lenient = self.drawn, self.lenient
        return scope

    def root(self, name: str) -> Value:
        if name == "vars":
            return _Vars(self)
        if name in self.values:
            return self.values[name]
        raise Undefined(name, self.values)

    def var(self, name: str) -> Value:
        from .template import render  # a template is made of expressions, and a var is a template

        if name in self._rendering:
            raise cycle([*self._rendering, name])
        if name not in self._rendered:
            self._rendering.append(name)
            try:
                self._rendered[name] = render(self.vars[name], self)
            finally:
                self._rendering.pop()
        return self._rendered[name]

    def draw(self, key: str, make: Callable[[], JSON]) -> JSON:
        if key not in self.drawn:
            self.drawn[key] = make()
        return self.drawn[key]


class _Vars(Mapping[str, Value]):
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getitem__(self, name: str) -> Value:
        return self._scope.var(name)

    def __contains__(self, name: object) -> bool:
        return name in self._scope.vars

    def __iter__(self) -> Iterator[str]:
        return iter(self._scope.vars)

    def __len__(self) -> int:
        return len(self._scope.vars)


def cycle(chain: Sequence[str]) -> FlowError:
    arrows = " -> ".join(f"vars.{name}" for name in chain)
    return FlowError("E209", f"vars lead in a circle: {arrows}")


def _now(scope: Scope, unit: JSON) -> JSON:
    if unit not in ("s", "ms"):
        raise FlowError("E222", "now takes 's' or 'ms'")
    seconds = scope.draw("now", scope.now)
    assert isinstance(seconds, float | int)
    return int(seconds * 1000) if unit == "ms" else int(seconds)


def _random(scope: Scope, length: JSON) -> JSON:
    if isinstance(length, bool) or not isinstance(length, int) or not 1 <= length <= 256:
        raise FlowError("E222", "random takes a length between 1 and 256")
    return scope.draw(
        f"random {length}",
        lambda: base64.urlsafe_b64encode(scope.entropy(length)).decode()[:length],
    )


def _uuid(scope: Scope) -> JSON:
    def make() -> str:
        digits = scope.entropy(16).hex()
        variant = "89ab"[int(digits[16], 16) % 4]
        parts = digits[:8], digits[8:12], "4" + digits[13:16], variant + digits[17:20], digits[20:]
        return "-".join(parts)

    return scope.draw("uuid", make)


FUNCTIONS: dict[str, tuple[Callable[..., JSON], int]] = {
    "now": (_now, 1),
    "random": (_random, 1),
    "uuid": (_uuid, 0),
}

Run = Callable[[Scope], Value]


class Expression(NamedTuple):
    """A parsed expression: its text, the paths it reads, and how to evaluate it."""

    source: str
    paths: tuple[tuple[str, ...], ...]
    run: Run

    def evaluate(self, scope: Scope) -> Value:
        """Its value, secret if anything secret was read; raises `FlowError` E209 or E222."""
        try:
            return settled(self.run(scope))
        except RecursionError:
            raise FlowError("E222", "a template met a value that is nested too deeply") from None


def parse(text: str, place: Place | None = None) -> Expression:
    """The expression that *text* is; raises `FlowError` E208, E209 or E210 at *place*."""
    with located(place):
        return _parse(str(text))


@lru_cache(maxsize=4096)
def _parse(text: str) -> Expression:
    dotted = _DOTTED.fullmatch(text)
    if dotted and dotted[1] not in _WORDS:  # the common case, which needs no Jinja
        root, *keys = dotted[1].split(".")
        return Expression(text, ((root, *keys),), _reader(_root(root), keys, root))
    paths: list[tuple[str, ...]] = []
    run = _Walk(paths).build(_tree(text))
    return Expression(text, tuple(paths), run)


def _tree(text: str) -> nodes.Expr:
    import jinja2
    from jinja2.parser import Parser

    if len(text) > MOST_SOURCE_CHARACTERS:
        raise FlowError("E208", f"an expression has more than {MOST_SOURCE_CHARACTERS} characters")
    source = _BACKSLASH.sub(lambda m: m[0] if m[1] in _ESCAPES else "\\" + m[0], text)
    try:
        parser = Parser(jinja2.Environment(autoescape=True), source, state="variable")
        tree = parser.parse_expression()
        if parser.stream.eos and _depth(tree) <= MOST_DEPTH:
            return tree
        problem = "it goes on where it should end" if not parser.stream.eos else "it is too deep"
    except jinja2.TemplateSyntaxError as error:
        problem = str(error.message)
    except (RecursionError, ValueError, OverflowError):
        problem = "it is too deep"
    raise FlowError("E208", f"the expression cannot be read: {problem}")


def _depth(node: nodes.Node) -> int:
    return 1 + max(map(_depth, node.iter_child_nodes()), default=0)


def _is_list(value: object) -> TypeGuard[Sequence[Value]]:
    return isinstance(value, list | tuple)


def contains(value: Value, kind: type) -> bool:
    """Whether *value* is, or holds somewhere inside, a *kind*."""
    if isinstance(value, Mapping):
        return any(contains(item, kind) for item in value.values())
    if _is_list(value):
        return any(contains(item, kind) for item in value)
    return isinstance(value, kind)


def sealed(value: Value, *, by: Value) -> Value:
    """*value*, secret in every part but null when *by* holds a secret."""
    if value is None or isinstance(value, Unknown | Secret) or not contains(by, Secret):
        return value
    if isinstance(value, Mapping):
        return {key: sealed(item, by=by) for key, item in value.items()}
    return [sealed(item, by=by) for item in value] if _is_list(value) else Secret(reveal(value))


def settled(value: Value) -> Value:
    """*value*, if it is finished and of a sensible size."""
    rest, count = [value], 0
    while rest:
        item = rest.pop()
        item = item.reveal() if isinstance(item, Secret) else item
        if isinstance(item, Octets):
            spelled(item)  # raises
        if isinstance(item, Mapping):
            rest.extend(item.values())
        elif _is_list(item):
            rest.extend(item)
        count += 1 + (len(item) >> 7 if isinstance(item, str) else 0)
        if count > MOST_PARTS:
            raise FlowError("E222", "a template made a value that is too large")
    return value


def joined(parts: Sequence[Value]) -> Value:
    """One text of many parts: secret, or unknown, when one of them is."""
    if contains(parts, Unknown):
        return Unknown("", bounded("".join(spelled(masked(part)) for part in parts)))
    text: Value = bounded("".join(spelled(reveal(part)) for part in parts))
    return sealed(text, by=parts)


def _item(value: Value, key: JSON, path: str) -> Value:
    if isinstance(value, Unknown):
        return Unknown(path)
    if isinstance(value, Secret):
        return sealed(_item(value.reveal(), key, path), by=value)
    if isinstance(value, Mapping) and isinstance(key, str) and key in value:
        return value[key]
    if _is_list(value) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    raise Undefined(path, value if isinstance(value, Mapping) else ())


def _root(name: str) -> Run:
    if name not in ROOTS:
        hint = did_you_mean(name, ROOTS) or f"There are {', '.join(ROOTS)}."
        raise FlowError("E209", f"there is no {name}", hint=hint)
    return lambda scope: scope.root(name)


def _reader(base: Run, keys: Sequence[str | Run], trail: str = "it") -> Run:
    def read(scope: Scope) -> Value:
        value, path = base(scope), trail
        for key in keys:
            named = key if isinstance(key, str) else key(scope)
            path = f"{path}.{masked(named)}"
            value = sealed(_item(value, reveal(named), path), by=named)
        return value

    return read


def _constant(value: Value) -> Run:
    if isinstance(value, int | float) and not abs(value) < 2**63:
        raise FlowError("E210", "a template may not use a number that large")
    return lambda _: value


def _lenient(run: Run, scope: Scope) -> Value:
    try:
        return run(scope)
    except Undefined:
        if scope.lenient:
            return None
        raise


def _within(item: JSON, holder: JSON) -> bool:
    if isinstance(holder, str):
        return isinstance(item, str) and item in holder
    return isinstance(holder, list | dict) and item in holder


def _equal(left: JSON, right: JSON) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _ordered(compare: Callable[[str | float, str | float], bool]) -> Callable[[JSON, JSON], bool]:
    def ordered(left: JSON, right: JSON) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            return compare(left, right)
        if isinstance(left, int | float) and isinstance(right, int | float):
            return compare(left, right)
        if left is None or right is None:
            return False
        raise FlowError("E222", f"{kind_of(left)} cannot be compared with {kind_of(right)}")

    return ordered


COMPARISONS: dict[str, Callable[[JSON, JSON], bool]] = {
    "eq": _equal,
    "ne": lambda left, right: not _equal(left, right),
    "lt": _ordered(operator.lt),
    "lteq": _ordered(operator.le),
    "gt": _ordered(operator.gt),
    "gteq": _ordered(operator.ge),
    "in": _within,
    "notin": lambda item, holder: not _within(item, holder),
}


class _Walk:
    """Turns the nodes that are allowed into functions, and refuses every other."""

    def __init__(self, paths: list[tuple[str, ...]]) -> None:
        self.paths = paths

    def build(self, node: nodes.Expr | None) -> Run:
        from jinja2 import nodes

        match node:
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                return self._access(node)
            case nodes.Const(value=value):
                return _constant(value)
            case nodes.Neg(node=nodes.Const(value=int() | float() as value)):
                return _constant(-value)
            case nodes.List(items=items):
                runs = [self.build(item) for item in items]
                return lambda scope: [run(scope) for run in runs]
            case nodes.Dict(items=items):
                pairs = [(self.build(pair.key), self.build(pair.value)) for pair in items]
                return lambda scope: {spelled(reveal(k(scope))): v(scope) for k, v in pairs}
            case nodes.Concat(nodes=items):
                runs = [self.build(item) for item in items]
                return lambda scope: joined([run(scope) for run in runs])
            case nodes.Filter(node=nodes.Expr()):
                return self._filter(node)
            case nodes.Call(node=nodes.Name(name=name)):
                return self._call(name, self._arguments(node))
            case _:
                return self._logic(node)

    def _logic(self, node: nodes.Expr | None) -> Run:
        from jinja2 import nodes

        match node:
            case nodes.And(left=left, right=right) | nodes.Or(left=left, right=right):
                return _either(
                    self.build(left), self.build(right), stops=isinstance(node, nodes.Or)
                )
            case nodes.Not(node=inner):
                return _chosen(self.build(inner), _constant(False), _constant(True))
            case nodes.CondExpr(test=test, expr1=yes, expr2=no):
                other = self.build(no) if no else _constant(None)
                return _chosen(self.build(test), self.build(yes), other)
            case nodes.Compare(expr=left, ops=[nodes.Operand(op=op, expr=right)]):
                return _compared(COMPARISONS[op], self.build(left), self.build(right))
            case nodes.Test(node=inner, name="none" | "defined" as name, args=[]):
                return _tested(self.build(inner), name)
            case _:
                pass
        word = "arithmetic" if isinstance(node, nodes.BinExpr) else type(node).__name__.lower()
        raise FlowError("E210", f"a template may not use {word}", hint=ALLOWED)

    def _access(self, node: nodes.Expr) -> Run:
        from jinja2 import nodes

        keys: list[str | Run] = []
        while isinstance(node, nodes.Getattr | nodes.Getitem):
            key = nodes.Const(node.attr) if isinstance(node, nodes.Getattr) else node.arg
            text = key.value if isinstance(key, nodes.Const) else None
            keys.insert(0, text if isinstance(text, str) else self.build(key))
            node = node.node
        if not isinstance(node, nodes.Name):
            return _reader(self.build(node), keys)
        static = itertools.takewhile(lambda key: isinstance(key, str), keys)
        self.paths.append((node.name, *map(str, static)))
        return _reader(_root(node.name), keys, node.name)

    def _arguments(self, node: nodes.Filter | nodes.Call) -> list[Run]:
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise FlowError("E210", "a template may not name or spread arguments", hint=ALLOWED)
        return [self.build(argument) for argument in node.args]

    def _filter(self, node: nodes.Filter) -> Run:
        if node.name not in FILTERS:
            hint = did_you_mean(node.name, FILTERS) or f"There are {', '.join(FILTERS)}."
            raise FlowError("E210", f"there is no filter {node.name}", hint=hint)
        chosen, arguments = FILTERS[node.name], self._arguments(node)
        _counted(node.name, arguments, chosen.least, chosen.most)
        return _filtered(node.name, self.build(node.node), arguments)

    def _call(self, name: str, arguments: list[Run]) -> Run:
        if name not in FUNCTIONS:
            hint = did_you_mean(name, FUNCTIONS) or f"There are {', '.join(FUNCTIONS)}."
            raise FlowError("E210", f"there is no function {name}", hint=hint)
        function, count = FUNCTIONS[name]
        _counted(name, arguments, count, count)
        return lambda scope: function(scope, *(reveal(argument(scope)) for argument in arguments))


def _counted(name: str, arguments: list[Run], least: int, most: int) -> None:
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise FlowError("E210", f"{name} takes {wanted} values, not {len(arguments)}")


def _filtered(name: str, run: Run, arguments: list[Run]) -> Run:
    def default(scope: Scope) -> Value:
        try:
            value = run(scope)
        except Undefined:
            value = None
        return arguments[0](scope) if value is None else value

    def filtered(scope: Scope) -> Value:
        value, *others = operands = [run(scope), *(argument(scope) for argument in arguments)]
        if contains(operands, Unknown):
            return Unknown("", f"<{name}>") if not isinstance(value, Unknown) else value
        return sealed(apply(name, reveal(value), [reveal(item) for item in others]), by=operands)

    return default if name == "default" else filtered


def _either(left: Run, right: Run, *, stops: bool) -> Run:
    def either(scope: Scope) -> Value:
        value = _lenient(left, scope)
        decided = bool(reveal(value)) is stops
        return value if decided else sealed(_lenient(right, scope), by=value)

    return either


def _chosen(test: Run, yes: Run, no: Run) -> Run:
    def chosen(scope: Scope) -> Value:
        value = _lenient(test, scope)
        return sealed((yes if reveal(value) else no)(scope), by=value)

    return chosen


def _compared(compare: Callable[[JSON, JSON], bool], left: Run, right: Run) -> Run:
    def compared(scope: Scope) -> Value:
        both = [_lenient(left, scope), _lenient(right, scope)]
        unknown = contains(both, Unknown)
        return not unknown and sealed(compare(*map(reveal, both)), by=both)

    return compared


def _tested(run: Run, name: str) -> Run:
    def tested(scope: Scope) -> Value:
        try:
            return (run(scope) is None) is (name == "none") or name == "defined"
        except Undefined:
            return name == "none"

    return tested
