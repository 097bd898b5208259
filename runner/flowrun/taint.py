"""What becomes of secret and of unknown values when others are made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from .errors import FlowError
from .filters import Octets, bounded, spelled
from .secret import Secret, Value, masked, reveal

MOST_PARTS = 100_000
_SHORT = 1000


class Unknown(str):
    """A value that is not known yet: in a dry run it stands for itself as `<callback.code>`."""

    __slots__ = ()

    def __new__(cls, path: str, shown: str = "") -> Unknown:
        return super().__new__(cls, shown or f"<{path}>")

    def __str__(self) -> str:
        return self  # `str(value)` must not make it a known one


def is_list(value: object) -> TypeGuard[Sequence[Value]]:
    return isinstance(value, (list, tuple))


def parts(value: object) -> Iterator[object]:
    """*value* and all that is in it, in order, secret or not."""
    rest = [value]
    while rest:
        yield (item := rest.pop())
        if isinstance(item, str):  # most are, and to ask whether it is a mapping takes longer
            continue
        if isinstance(item, Secret):
            rest.append(item.reveal())
        elif is_list(item):
            rest += item[::-1]
        elif isinstance(item, Mapping):
            rest += [*item.values()][::-1]


def texts(document: object) -> list[str]:
    """Every text in *document*, in order."""
    found, rest = list[str](), [document]
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, Secret):
            rest.append(item.reveal())
        elif is_list(item):
            rest += reversed(item)
        elif isinstance(item, Mapping):
            rest += reversed([*item.values()])
    return found


def contains(value: Value, kind: type) -> bool:
    """Whether *value* is, or holds somewhere inside, a *kind*."""
    if isinstance(value, str):
        return isinstance(value, kind)
    return any(isinstance(part, kind) for part in parts(value))


def sealed(value: Value, *, by: Value) -> Value:
    """*value*, secret in every part but null when *by* holds a secret."""
    if value is None or isinstance(value, Unknown | Secret) or not contains(by, Secret):
        return value
    if isinstance(value, Mapping):
        return {key: sealed(item, by=by) for key, item in value.items()}
    return [sealed(item, by=by) for item in value] if is_list(value) else Secret(reveal(value))


def settled(value: Value) -> Value:
    """*value*, if it is finished and of a sensible size."""
    if isinstance(value, str) and len(value) < _SHORT and not isinstance(value, Octets):
        return value
    count = 0
    for part in parts(value):
        count += 1 + (len(part) >> 7 if isinstance(part, str) else 0)
        if count > MOST_PARTS:
            raise FlowError("E222", "a template made a value that is too large")
        if isinstance(part, Octets):
            spelled(part)  # raises
    return value


def joined(values: Sequence[Value]) -> Value:
    """One text of many values: secret, or unknown, when one of them is."""
    if contains(values, Unknown):
        return Unknown("", bounded("".join(spelled(masked(each)) for each in values)))
    return sealed(bounded("".join(spelled(reveal(each)) for each in values)), by=values)
