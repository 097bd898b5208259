"""What expressions may name: the values of a run, the vars, and what a step draws."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Self

from .errors import FlowError
from .near import did_you_mean
from .secret import JSON, Secret, Value, masked, reveal
from .spans import Span, word_in
from .taint import Unknown, is_list, sealed

ROOTS = ("inputs", "vars", "steps", "saved", "callback", "response", "request")


class Slip(FlowError):
    """An error about a part of an expression: a *word*, or what begins at an offset."""

    def __init__(
        self, code: str, message: str, *, hint: str = "", word: str = "", at: int = -1
    ) -> None:
        super().__init__(code, message, hint=hint)
        self.word, self.at = word, at

    def span(self, source: str) -> Span | None:
        """Where in *source* that is."""
        if self.at >= 0:
            return self.at, self.at + max(1, len(self.word))
        return word_in(source, self.word.split(".")) if self.word else None


class Undefined(Slip):
    """A name that does not exist; false in a predicate, and what `default` is for."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        hint = did_you_mean(name.rpartition(".")[2], known)
        super().__init__("E209", f"there is no {name} here", hint=hint, word=name)


class Names:
    """What the expressions of one step may name: *values* by their roots, and *vars*."""

    def __init__(
        self,
        values: Mapping[str, Value],
        vars: Mapping[str, object] | None = None,
        *,
        now: Callable[[], float] = time.time,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.vars, self.now, self.entropy = vars or {}, now, entropy
        self.values: dict[str, Value] = {**values, "vars": _Vars(self)}
        self.lenient = False  # what does not exist is false
        self.drawn: dict[str, JSON] = {}

    def render(self, document: object) -> Value:
        raise NotImplementedError  # a template is made of expressions, so it is known above

    def with_(self, **more: Value) -> Self:
        """The same step's scope with more names: what was drawn stays drawn."""
        scope = type(self)({**self.values, **more}, self.vars, now=self.now, entropy=self.entropy)
        scope.drawn, scope.lenient = self.drawn, self.lenient
        return scope

    def draw(self, key: str, make: Callable[[], JSON]) -> JSON:
        if key not in self.drawn:
            self.drawn[key] = make()
        return self.drawn[key]


class _Vars(Mapping[str, Value]):
    """Vars hold templates, so each is rendered when it is first read."""

    def __init__(self, scope: Names) -> None:
        self._scope = scope
        self._rendered: dict[str, Value] = {}
        self._rendering: list[str] = []

    def __getitem__(self, name: str) -> Value:
        if name in self._rendering:
            raise cycle([*self._rendering, name])
        if name not in self._rendered:
            template = self._scope.vars[name]
            self._rendering.append(name)
            try:
                self._rendered[name] = self._scope.render(template)
            finally:
                self._rendering.pop()
        return self._rendered[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._scope.vars)

    def __len__(self) -> int:
        return len(self._scope.vars)


def cycle(chain: Sequence[str]) -> FlowError:
    arrows = " -> ".join(f"vars.{name}" for name in chain)
    return FlowError("E209", f"vars lead in a circle: {arrows}")


def inside(value: Value, keys: Iterable[Value], path: str = "") -> Value:
    """What is found in *value* along *keys*; raises `Undefined`."""
    for key in keys:
        path = f"{path}.{masked(key)}".lstrip(".")
        found = _item(value, reveal(key), path)
        by = value if isinstance(value, Secret) else key
        value = found if isinstance(by, str) else sealed(found, by=by)
    return value


def _item(value: Value, key: JSON, path: str) -> Value:
    plain = value.reveal() if isinstance(value, Secret) else value
    if isinstance(plain, Unknown):
        return Unknown(path)
    if isinstance(plain, Mapping) and isinstance(key, str) and key in plain:
        return plain[key]
    if is_list(plain) and isinstance(key, int) and -len(plain) <= key < len(plain):
        return plain[key]
    raise Undefined(path, plain if isinstance(plain, Mapping) else ())


def _now(scope: Names, unit: JSON) -> JSON:
    if unit not in ("s", "ms", "iso"):
        raise FlowError("E222", "now takes 's', 'ms' or 'iso'")
    milliseconds = scope.draw("now", lambda: int(scope.now() * 1000))
    assert isinstance(milliseconds, int)
    if unit == "iso":
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(milliseconds // 1000))
    return milliseconds if unit == "ms" else milliseconds // 1000


def _random(scope: Names, length: JSON) -> JSON:
    from base64 import urlsafe_b64encode

    if type(length) is not int or not 1 <= length <= 256:
        raise FlowError("E222", "random takes a length between 1 and 256")
    key = f"random {length}"
    return scope.draw(key, lambda: urlsafe_b64encode(scope.entropy(length)).decode()[:length])


def _uuid(scope: Names) -> JSON:
    from uuid import UUID

    return scope.draw("uuid", lambda: str(UUID(bytes=scope.entropy(16), version=4)))


FUNCTIONS: dict[str, tuple[Callable[..., JSON], tuple[int, ...]]] = {
    "now": (_now, (1,)),
    "random": (_random, (1,)),
    "uuid": (_uuid, (0,)),
}

ABOUT: dict[str, str] = {
    "now": "the time: `'s'` or `'ms'` since 1970, or `'iso'`",
    "random": "a random text of so many letters, digits, `-` and `_`, at most 256",
    "uuid": "a random UUID",
}
"""What each gives, in the words of the reference."""
