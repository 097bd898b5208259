"""What the operators and filters of expressions do, whoever has read the expression."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from .errors import FlowError
from .filters import apply, kind_of
from .scope import Names, Undefined
from .secret import JSON, Value, reveal
from .taint import Unknown, contains, sealed

Run = Callable[[Names], Value]
"""A part of an expression, which has a value wherever it is run."""


def tried(run: Run, scope: Names, *, lenient: bool = False) -> Value:
    """The value; null for what does not exist where that is no error."""
    try:
        return run(scope)
    except Undefined:
        if lenient or scope.lenient:
            return None
        raise


def either(left: Run, right: Run, scope: Names, *, ends: bool) -> Value:
    """`and` and `or`: the left side when that *ends* it, else the right one."""
    first = tried(left, scope)
    return first if bool(reveal(first)) is ends else sealed(tried(right, scope), by=first)


def filtered(name: str, run: Run, arguments: Sequence[Run], scope: Names) -> Value:
    if name == "default":
        found = tried(run, scope, lenient=True)
        return arguments[0](scope) if found is None else found
    value, *others = operands = [each(scope) for each in (run, *arguments)]
    if contains(operands, Unknown):
        # What it stands for is told, but where it has lines: a header can have none.
        told = isinstance(value, Unknown) and value.isprintable()
        return value if told else Unknown(name)
    return sealed(apply(name, reveal(value), [*map(reveal, others)]), by=operands)


def compared(how: str, left: Run, right: Run, scope: Names) -> Value:
    both = [tried(left, scope), tried(right, scope)]
    if contains(both, Unknown):
        return False
    return sealed(_compare(how, reveal(both[0]), reveal(both[1])), by=both)


def _compare(how: str, left: JSON, right: JSON) -> bool:
    if how in ("ne", "notin"):
        return not _compare({"ne": "eq"}.get(how, "in"), left, right)
    if how == "eq":  # to Python a boolean is a number
        return isinstance(left, bool) == isinstance(right, bool) and left == right
    if how == "in" and isinstance(right, str):
        return isinstance(left, str) and left in right
    if how == "in":
        return isinstance(right, list | dict) and left in [*right]
    if left is None or right is None:
        return False
    for kinds in (str, int | float):
        if isinstance(left, kinds) and isinstance(right, kinds):
            return bool(ORDERS[how](left, right))
    raise FlowError("E222", f"{kind_of(left)} cannot be compared with {kind_of(right)}")


ORDERS = {"lt": operator.lt, "lteq": operator.le, "gt": operator.gt, "gteq": operator.ge}
