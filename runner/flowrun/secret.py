"""Values that must not be shown, and the one function that hides them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

JSON: TypeAlias = "None | bool | int | float | str | list[JSON] | dict[str, JSON]"
Value: TypeAlias = (
    "None | bool | int | float | str | Secret | Sequence[Value] | Mapping[str, Value]"
)
"""JSON in which some parts are secret."""

MASK = "***"  # no letters: a mask must not contain a secret

SHORTEST = 8
"""Characters from which a value is searched for; a shorter one would mask ordinary words."""


class Secret:
    """A JSON value that shows itself only when asked to with `reveal()`."""

    __slots__ = ("_value",)

    def __init__(self, value: JSON) -> None:
        self._value = value

    def reveal(self) -> JSON:
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(repr(self._value))

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


def reveal(value: Value) -> JSON:
    """*value* with every secret in it laid open."""
    return _shown(value, Secret.reveal)


def masked(value: Value) -> JSON:
    """*value* with every secret in it replaced by the mask."""
    return _shown(value, repr)


def _shown(value: Value, tell: Callable[[Secret], JSON]) -> JSON:
    if isinstance(value, str):  # most are, and to ask whether it is a mapping takes longer
        return value
    if isinstance(value, Secret):
        return tell(value)
    if isinstance(value, Mapping):
        return {key: _shown(item, tell) for key, item in value.items()}
    return [_shown(item, tell) for item in value] if isinstance(value, Sequence) else value


PUBLIC = (
    "client_id",
    "error",
    "error_description",
    "error_uri",
    "expires_at",
    "expires_in",
    "issuer",
    "refresh_token_expires_in",
    "scope",
    "token_type",
)
PUBLIC_ENDINGS = ("_endpoint", "_uri", "_url")


def is_public(name: str) -> bool:
    """Whether an answer's field of that name is for everybody: metadata, and what errors say."""
    return name in PUBLIC or name.endswith(PUBLIC_ENDINGS)


def seal(value: JSON) -> Value:
    """*value* with every text and number in it made secret, but for what is public by its name."""
    if isinstance(value, dict):
        return {
            key: item if is_public(key) and not isinstance(item, (dict, list)) else seal(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [seal(item) for item in value]
    return value if value is None or isinstance(value, bool) else Secret(value)


class Redactor:
    """
    Replace every known secret in a text, in each spelling it may travel in.

    This is the second lock: `Secret` keeps values out of what flowrun writes, `Redactor` keeps
    them out of what somebody else wrote.
    """

    def __init__(self) -> None:
        self._spelled: dict[str, set[str]] = {}  # by value; empty until a text could hold it

    def add(self, value: Value) -> None:
        """Remember every text in *value*, secret or not."""
        for text in _texts(value):
            if len(text) >= SHORTEST:
                self._spelled.setdefault(text, set())  # in one step: other threads add, too

    def __call__(self, text: str) -> str:
        # A pattern of them all would take longer to compile than all else that a login does.
        found = {each for value in [*self._spelled] for each in self._seen(value, text)}
        if not found:
            return text
        # Longest first: a secret may contain another one.
        ordered = sorted(found, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, ordered)), MASK, text)

    def _seen(self, value: str, text: str) -> list[str]:
        """The spellings of *value* that stand in *text*; none is shorter than the value."""
        if len(value) > len(text):
            return []
        self._spelled[value] = self._spelled[value] or _spellings(value)
        return [spelling for spelling in self._spelled[value] if spelling in text]


def _texts(value: Value) -> Iterator[str]:
    plain = reveal(value)
    if isinstance(plain, str):
        yield plain
    elif isinstance(plain, dict):
        for item in plain.values():
            yield from _texts(item)
    elif isinstance(plain, list):
        for item in plain:
            yield from _texts(item)


def _markup(value: str) -> str:
    if not re.search("[&<>\"']", value):
        return value  # as nearly always, and html takes a millisecond to load
    import html

    return html.escape(value)


def _spellings(value: str) -> set[str]:
    # Imported here: the way to a cached token shows nothing and needs none of them.
    import base64
    import json
    import urllib.parse

    raw = value.encode("utf-8", "surrogatepass")
    percent, markup = urllib.parse.quote(raw, safe=""), _markup(value)
    coded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    return {
        value,
        repr(value)[1:-1],
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(value)[1:-1].replace("/", "\\/"),
        markup,
        markup.replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
        urllib.parse.quote(raw),
        percent,
        re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), percent),
        urllib.parse.quote_plus(raw),
        raw.hex(),
        raw.hex().upper(),
        *coded,
        *(code.rstrip("=") for code in coded),
    }
