"""What `{{ value | filter }}` can do: pure functions, bounded in what they yield."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from .content import read_json
from .errors import FlowError
from .secret import JSON

MOST_CHARACTERS = 1 << 16
MOST_PATTERN_CHARACTERS = 200
MOST_SEARCHED_CHARACTERS = 4096
MOST_NAMES = 8
MOST_STEPS = 10**8  # less than half a second of `re`
HASHES = ("md5", "sha1", "sha256", "sha384", "sha512")


class Octets(str):
    """Bytes, one to a character, on their way to `hex`, `base64` or `base64url`."""

    __slots__ = ()


NULL, BOOLEAN, BYTES, TEXT = "null", "a boolean", "bytes", "a text"
WHOLE, NUMBER, LIST, MAP = "a whole number", "a number", "a list", "a map"
_KINDS = {type(None): NULL, bool: BOOLEAN, Octets: BYTES, str: TEXT, int: WHOLE, float: NUMBER}


def kind_of(value: object) -> str:
    """The word for what *value* is, for messages that must not show it."""
    kinds = (word for kind, word in _KINDS.items() if isinstance(value, kind))
    return next(kinds, MAP if isinstance(value, Mapping) else LIST)


def spelled(value: JSON) -> str:
    """*value* inside a longer text: itself, or its JSON spelling."""
    if isinstance(value, str) and not isinstance(value, Octets):
        return value
    if isinstance(value, int | float):
        return json.dumps(value)
    hint = "Put a filter after it: default('') for null, join(' ') for a list, json, or hex."
    raise FlowError("E222", f"{kind_of(value)} cannot stand inside a text", hint=hint)


def bounded(text: str) -> str:
    _bounded(1, text)
    return text


def _bounded(times: int, text: str) -> None:
    """Refuse what would hold *text* so many times, before it is made."""
    if times * len(text) > MOST_CHARACTERS:
        raise FlowError("E222", f"a template made a text of more than {MOST_CHARACTERS} characters")


def encoded(text: str) -> str:
    """*text* percent-encoded, all but the unreserved characters of RFC 3986."""
    from urllib.parse import quote

    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise FlowError("E222", "a value is not valid Unicode") from None


def _octets(text: str) -> bytes:
    # A lone surrogate, which JSON can smuggle in, must not become a crash.
    return text.encode("latin-1") if isinstance(text, Octets) else text.encode("utf-8", "replace")


def _base64(text: str) -> str:
    import base64

    return base64.b64encode(_octets(text)).decode()


def _digest(text: str, key: str | None, algorithm: str) -> str:
    import hashlib
    import hmac

    if algorithm not in HASHES:
        raise FlowError("E222", "there is no such hash", hint=f"There are {', '.join(HASHES)}.")
    if key is None:
        return Octets(hashlib.new(algorithm, _octets(text)).digest().decode("latin-1"))
    return Octets(hmac.digest(_octets(key), _octets(text), algorithm).decode("latin-1"))


def _claims(token: str) -> JSON:
    import base64

    _, payload, _ = token.split(".")
    claims = read_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return {**claims} if isinstance(claims, dict) else None


def _int(value: str | int | float) -> int:
    (digits,) = re.findall(r"^\s*([+-]?[0-9]{1,18})(?:\.0)?\s*$", str(value))
    return int(digits)


def _regex(text: str, pattern: str, group: int | None = None) -> str | None:
    if _steps(pattern, len(text)) > MOST_STEPS or len(text) > MOST_SEARCHED_CHARACTERS:
        hint = "Start the pattern with ^, or cut the text with | slice or | split first."
        message = f"the filter regex could take too long on {len(text)} characters"
        raise FlowError("E222", message, hint=hint)
    compiled = re.compile(pattern)
    wanted = min(compiled.groups, 1) if group is None else group
    if not 0 <= wanted <= compiled.groups:
        raise FlowError("E222", "the filter regex has no such group")
    found = compiled.search(text)
    return found[wanted] if found else None


def _unbase64(text: str) -> str:
    import base64

    padded = text.translate({45: "+", 95: "/"}) + "=" * (-len(text) % 4)
    octets = base64.b64decode(padded, validate=True)
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return Octets(octets.decode("latin-1"))


def _urldecode(text: str) -> str:
    from urllib.parse import unquote

    return unquote(text, errors="strict")


def _find(items: list[JSON], key: str, wanted: JSON) -> JSON:
    """The first map that holds *wanted* under *key*; 7 and "7" are the same here."""
    maps = (item for item in items if isinstance(item, dict) and item.get(key) is not None)
    return next((item for item in maps if spelled(item[key]) == spelled(wanted)), None)


def _of_each(items: list[JSON], key: str) -> list[JSON]:
    return [item.get(key) if isinstance(item, dict) else None for item in items]


def _pairs(fields: dict[str, JSON], between: str, after: str) -> str:
    """What providers have signed: every name and value, in the order of the names."""
    _bounded(len(fields), between + after)
    sent = sorted((name, value) for name, value in fields.items() if value is not None)
    return after.join(name + between + spelled(value) for name, value in sent)


def _query(fields: dict[str, JSON]) -> str:
    encoded_fields = {encoded(k): encoded(spelled(v)) for k, v in fields.items() if v is not None}
    return _pairs({**encoded_fields}, "=", "&")


def _join(items: list[JSON], by: str) -> str:
    _bounded(len(items), by)
    return by.join(map(spelled, items))


def _replace(text: str, old: str, new: str) -> str:
    _bounded(text.count(old), new)
    return text.replace(old, new)


def _without(fields: dict[str, JSON], *names: str) -> dict[str, JSON]:
    return {name: value for name, value in fields.items() if name not in names}


_ONE_CHARACTER = re.compile(r"\\[^0-9xuUN]|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
# A repeated group, look-around, a flag; and what is left of a back-reference or an open class.
_REFUSED = re.compile(r"\)[*+{]|\(\?|[\\\[]")


def _steps(pattern: str, length: int) -> int:
    """
    How often a backtracking search can try a character, at most.

    Only single characters repeat, so a try is told by where it starts, where each repeat ends, in
    rising order, and what it chose at each `|` and `?`; it costs no more than the pattern is wide.
    """
    shape = _ONE_CHARACTER.sub("a", pattern).replace("(?:", "(")
    if len(pattern) > MOST_PATTERN_CHARACTERS or _REFUSED.search(shape):
        hint = "At most 200 characters; no repeated group, no \\1, (?=...) or flag."
        raise FlowError("E222", "the filter regex cannot use this pattern", hint=hint)
    anchored = shape.startswith("^") and "|" not in shape
    stops = len(re.findall(r"[*+]|\{\d*,", shape)) + (not anchored)
    width = len(shape) + sum(map(int, re.findall(r"\{(\d+)\}", shape)))
    width += 8 * shape.count("(")  # what it takes to enter a group
    return math.comb(length + stops, stops) * width << (shape.count("|") + shape.count("?"))


class Filter(NamedTuple):
    """A function, the kinds that it works on (none named: all), and those of its arguments."""

    apply: Callable[..., JSON]
    takes: tuple[str, ...] = (TEXT,)
    arguments: tuple[tuple[str, ...], ...] = ()
    counts: tuple[int, ...] = (0,)


_TEXT, _BYTES, _INDEX = (TEXT,), (TEXT, BYTES), (WHOLE, NULL)
_URL_SAFE = {43: "-", 47: "_", 61: None}

FILTERS: dict[str, Filter] = {
    "base64": Filter(_base64, _BYTES),
    "base64url": Filter(lambda text: _base64(text).translate(_URL_SAFE), _BYTES),
    "claims": Filter(_claims),
    "default": Filter(lambda value, other: other if value is None else value, (), ((),), (1,)),
    "find": Filter(_find, (LIST,), (_TEXT, (TEXT, WHOLE, NUMBER, BOOLEAN)), (2,)),
    "first": Filter(lambda items: items[0] if items else None, (LIST, TEXT)),
    "hash": Filter(lambda text, name: _digest(text, None, name), _BYTES, (_TEXT,), (1,)),
    "hex": Filter(lambda text: _octets(text).hex(), _BYTES),
    "hmac": Filter(_digest, _BYTES, (_BYTES, _TEXT), (2,)),
    "int": Filter(_int, (TEXT, WHOLE, NUMBER)),
    "join": Filter(_join, (LIST,), (_TEXT,), (1,)),
    "json": Filter(lambda it: json.dumps(it, ensure_ascii=False, separators=(",", ":")), ()),
    "last": Filter(lambda items: items[-1] if items else None, (LIST, TEXT)),
    "lower": Filter(lambda text: text.lower()),
    "map": Filter(_of_each, (LIST,), (_TEXT,), (1,)),
    "pairs": Filter(_pairs, (MAP,), (_TEXT, _TEXT), (2,)),
    "parse": Filter(read_json),
    "query": Filter(_query, (MAP,)),
    "regex": Filter(_regex, _TEXT, (_TEXT, (WHOLE,)), (1, 2)),
    "replace": Filter(_replace, _TEXT, (_TEXT, _TEXT), (2,)),
    "slice": Filter(
        lambda it, start, end=None: it[start:end], (LIST, TEXT), (_INDEX, _INDEX), (1, 2)
    ),
    "split": Filter(lambda text, by: [*text.split(by)], _TEXT, (_TEXT,), (1,)),
    "string": Filter(spelled, ()),
    "trim": Filter(lambda text: text.strip()),
    "unbase64": Filter(_unbase64),
    "upper": Filter(lambda text: text.upper()),
    "urldecode": Filter(_urldecode),
    "urlencode": Filter(lambda value: encoded(spelled(value)), ()),
    "without": Filter(_without, (MAP,), (_TEXT,) * MOST_NAMES, tuple(range(1, MOST_NAMES + 1))),
}

ABOUT: dict[str, str] = {
    "base64": "the same in base64",
    "base64url": "the same in base64url, without padding",
    "claims": "what a JWT says of itself, not verified",
    "default": "the value, or the other one when it is null or missing",
    "find": "the first map with that value under that key, or null",
    "first": "the first item or character, or null",
    "hash": "the digest as bytes: md5, sha1, sha256, sha384 or sha512",
    "hex": "the same in hexadecimal",
    "hmac": "the HMAC with a key and a hash, as bytes",
    "int": "a whole number",
    "join": "the items as one text, with that text between them",
    "json": "the value as JSON",
    "last": "the last item or character, or null",
    "lower": "the text in small letters",
    "map": "what each item has under that key",
    "pairs": "names and values as one text, sorted, with a text between and one after",
    "parse": "the value that a text holds as JSON",
    "query": "names and values as `a=b&c=d`, sorted by name and percent-encoded",
    "regex": "the first group that the pattern finds, or the group of that number, or null",
    "replace": "the text with the one replaced by the other",
    "slice": "the part from one place up to another, or to the end; the first is 0",
    "split": "a list of the parts between that text",
    "string": "a number, or true or false, as a text",
    "trim": "the text without spaces around it",
    "unbase64": "what base64 or base64url stands for: a text, or bytes when it is none",
    "upper": "the text in capitals",
    "urldecode": "percent-decoded, once",
    "urlencode": "the value percent-encoded",
    "without": "the map without those keys",
}
"""What each gives, in the words of the reference."""


def apply(name: str, value: JSON, arguments: list[JSON]) -> JSON:
    """What the filter *name* makes of *value*; whatever it got is told by its kind only."""
    chosen = FILTERS[name]
    for got, kinds in zip((value, *arguments), (chosen.takes, *chosen.arguments), strict=False):
        if kinds and kind_of(got) not in kinds:
            raise FlowError("E222", f"the filter {name} cannot work on {kind_of(got)}")
    try:
        result = chosen.apply(value, *arguments)
    except (ValueError, TypeError, OverflowError, RecursionError, re.error):
        message = (
            f"the filter {name} cannot read {kind_of(value)} such as this with what it is given"
        )
        raise FlowError("E222", message) from None  # a foreign message may show the value
    return bounded(result) if isinstance(result, str) else result
