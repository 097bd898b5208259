"""What a step is given, and what a step kind must offer."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple, Protocol

from ..document import Map
from ..errors import FlowError, ProviderError, located
from ..flow import Step
from ..merge import METHODS
from ..message import Request
from ..near import did_you_mean
from ..place import place_of
from ..possession import Possession
from ..scope import Undefined
from ..secret import Secret, Value, reveal
from ..services import Listener, Outputs, Services
from ..taint import Unknown, is_list
from ..template import Scope, evaluate, holds, render, render_url

SWITCH = {"on": True, "off": False, "true": True, "false": False}

NEEDED_URLS = (*METHODS, "url")
"""Options that are nothing without a URL; of the others null is as good as absent."""


class Need(IntEnum):
    """How much depends on a URL that a step hands on."""

    WELCOME = 0  # something is better with it
    USED = 1  # a step that may be left out is sent there
    NEEDED = 2  # nothing goes on without it


class Aim(NamedTuple):
    """Where a step will be sent by what another one hands on under *name*."""

    name: str
    url: str | None
    need: Need


UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class StepKind(Protocol):
    """A kind of step is a module with these; what a step does not see, it cannot use."""

    URLS: frozenset[str]  # options that are URLs
    LATE: frozenset[str]  # options that may read the answer, so that they wait for it

    def run(self, options: Options, services: Services) -> Outputs: ...

    def preview(self, options: Options) -> Request | None:
        """The request that the step sends, or has a browser send."""
        ...

    def hands_on(self, options: Map) -> frozenset[str] | None:
        """What later steps may read of it; None when the answer decides."""
        ...


class Options:
    """A step's options: rendered, but for those that wait for an answer."""

    def __init__(self, step: Step, kind: StepKind, scope: Scope) -> None:
        self.step, self.scope = step, scope
        self.authorization: Outputs = {}  # what the nearest authorize step before it has made
        self.invitation: Outputs = {}  # what the nearest step before it has asked a person to
        self.listener: Listener | None = None
        self.possession = Possession()  # the key that this record's tokens are bound to
        # Where others will be sent by what it hands on.
        self.aims: Callable[[Outputs], Iterable[Aim]] = lambda _: ()
        self._late = {key: value for key, value in step.options.items() if key in kind.LATE}
        self._now: dict[str, Value] = {}
        for key, value in step.options.items():
            if key not in kind.LATE:
                self._now[key] = _rendered(step.options, key, value, scope, key in kind.URLS)

    def __contains__(self, key: str) -> bool:
        return self._now.get(key) is not None

    def get(self, key: str, default: Value = None) -> Value:
        value = self._now.get(key)
        return default if value is None else value

    def plain(self, key: str, default: str = "") -> str:
        """The option as plain text; a secret has no business there."""
        value = self.get(key, default)
        if isinstance(value, Secret):
            raise FlowError("E222", f"{key} cannot hold a secret", place=self.step.place)
        return str(value)

    def address(self, key: str) -> str | Secret:
        """The option as a URL, which may hold a secret."""
        url = self.get(key)
        return url if isinstance(url, Secret) else str(url)

    def fields(self, key: str) -> dict[str, Value]:
        """The option as names and values; nulls are gone, since null is not sent."""
        value = self.get(key, {})
        if not isinstance(value, Mapping):
            raise FlowError("E205", f"{key} must be names and values", place=self.step.place)
        return {name: item for name, item in value.items() if item is not None}

    def words(self, key: str) -> list[str]:
        """The option as a list of plain texts."""
        value = self.get(key, [])
        if not is_list(value) or any(isinstance(item, Secret) for item in value):
            raise FlowError("E205", f"{key} must be a list of names", place=self.step.place)
        return [str(item) for item in value]

    def one_of(
        self, key: str, choices: Mapping[str, object] | tuple[str, ...], default: str
    ) -> str:
        """The option, which is one of *choices*."""
        word = self.plain(key, default)
        if isinstance(self.get(key), Unknown):
            return default
        if word not in choices:
            hint = did_you_mean(word, choices) or f"One of {', '.join(choices)}."
            place = place_of(self.step.options.get(key)) or self.step.place
            raise FlowError("E205", f"{key} cannot be {word!r}", hint=hint, place=place)
        return word

    def switched(self, key: str) -> bool:
        """Whether something that is on by itself has not been switched off by name."""
        value = self.get(key, True)
        return value if isinstance(value, bool) else SWITCH[self.one_of(key, SWITCH, "on")]

    def switched_on(self, key: str) -> bool:
        """Whether something that is off by itself has been switched on, or may have been."""
        return str(self.get(key, "off")).lower() not in ("off", "false")

    def seconds(self, key: str, default: int) -> int:
        return seconds_of(self.plain(key), default)

    def late(self, key: str, **more: Value) -> Value:
        """An option that waited, as an expression over what is now known; null when absent."""
        return self._evaluate(self._late.get(key), more)

    def late_fields(self, key: str, **more: Value) -> dict[str, Value]:
        """Names and values that waited, each an expression."""
        fields = self._late.get(key)
        if not isinstance(fields, Map):
            return {}
        return {name: self._evaluate(text, more) for name, text in fields.items()}

    def late_known(self, key: str, *names: str, **more: Value) -> dict[str, Value]:
        """Those of *names* in a waiting option that are given, and that the answer has."""
        fields = self._late.get(key)
        known: dict[str, Value] = {}
        if isinstance(fields, Map):
            for name in names:
                with contextlib.suppress(ProviderError):
                    known[name] = self._evaluate(fields.get(name), more)
        return known

    def waits(self, key: str) -> bool:
        """Whether there is an option that waits for what it may read."""
        return self._late.get(key) is not None

    def late_texts(self, key: str, **more: Value) -> dict[str, Value]:
        """Names and values that waited, each a text with {{ }}; nulls are gone."""
        value = render(self._late.get(key), self.scope.with_(**more))
        return (
            {k: v for k, v in value.items() if v is not None} if isinstance(value, Mapping) else {}
        )

    def held(self, key: str, **more: Value) -> bool | None:
        """Whether a predicate that waited holds; None when there is none."""
        text = self._late.get(key)
        return None if text is None else _holds(text, self.scope.with_(**more))

    def modifier(self, key: str) -> Map | None:
        value = self.step.modifiers.get(key)
        return value if isinstance(value, Map) else None

    def until(self, **more: Value) -> bool | None:
        """Whether what the step polls for holds; None when it does not say what that is."""
        poll = self.modifier("poll")
        return _holds(poll["until"], self.scope.with_(**more)) if poll and "until" in poll else None

    def duration(self, node: object, default: int) -> int:
        """The seconds that *node*, a part of a modifier, stands for."""
        return seconds_of(text_of(render(node, self.scope)), default)

    def _evaluate(self, text: object, more: Mapping[str, Value]) -> Value:
        if text is None or isinstance(text, (Map, list)):
            return None
        assert isinstance(text, (str, bool, int, float))
        try:
            return evaluate(text, self.scope.with_(**more))
        except Undefined as error:
            if not error.name.startswith("response"):
                raise
            message = f"the answer has no {error.name.removeprefix('response.')}"
            raise ProviderError("E507", message, place=place_of(text)) from None


def is_off(options: Options) -> bool:
    """Whether the recipe does not want an id_token to be looked at."""
    said = options.get("id_token")
    return not (isinstance(said, Mapping) or options.switched("id_token"))


def is_hidden(options: Options) -> bool:
    """Whether nobody but the provider can read what a request object asks for."""
    said = options.get("request_object")
    return isinstance(said, Mapping) and isinstance(said.get("encrypt"), Mapping)


def applies(step: Step, scope: Scope) -> bool:
    """Whether the step's `if` holds, or it has none."""
    return step.modifiers.get("if") is None or _holds(step.modifiers["if"], scope)


def seconds_of(text: str, default: int) -> int:
    """A duration such as 90, 90s, 5m, 2h or 30d in seconds."""
    if not text:
        return default
    if found := re.fullmatch("([0-9]{1,9})([smhd]?)", text):
        return int(found[1]) * UNITS_S[found[2] or "s"]
    raise FlowError("E222", f"{text!r} is no duration", hint="Such as 90, 90s, 5m, 2h or 30d.")


def text_of(value: Value) -> str:
    """*value* laid open, as text: for the last line before it leaves."""
    plain = reveal(value)
    return "" if plain is None else str(plain)


def _holds(text: object, scope: Scope) -> bool:
    assert isinstance(text, (str, bool, int, float))
    return holds(text, scope)


def _rendered(options: Map, key: str, value: object, scope: Scope, url: bool) -> Value:
    if isinstance(value, str) and "{" not in value and not url:
        return value
    with located(place_of(value) or options.keys_at.get(key)):
        if not (url and isinstance(value, str)):
            return render(value, scope)
        return render_url(value, scope, optional=key not in NEEDED_URLS)
