"""What `{{ value | filter }}` can do: pure functions, bounded in what they yield."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from .errors import FlowError
from .secret import JSON

MOST_CHARACTERS = 1 << 16
MOST_PATTERN_CHARACTERS = 200
MOST_SEARCHED_CHARACTERS = 4096
MOST_STEPS = 10**8  # about a second of `re`
HASHES = ("md5", "sha1", "sha256", "sha384", "sha512")


class Octets(str):
    """Bytes, one to a character, on their way to `hex`, `base64` or `base64url`."""

    __slots__ = ()


def kind_of(value: object) -> str:
    """The word for what *value* is, for messages that must not show it."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "a boolean"
    words = {Octets: "bytes", str: "a text", int: "a number", float: "a number", Mapping: "a map"}
    return next((word for kind, word in words.items() if isinstance(value, kind)), "a list")


def spelled(value: JSON) -> str:
    """*value* inside a longer text: itself, or its JSON spelling."""
    if isinstance(value, str) and not isinstance(value, Octets):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    hints = {
        "null": "Write | default('') after it, or leave the text to this value alone.",
        "bytes": "Put | hex, | base64 or | base64url after it.",
        "a list": "Put | join(' ') or | json after it.",
        "a map": "Put | json after it.",
    }
    kind = kind_of(value)
    raise FlowError("E222", f"{kind} cannot stand inside a text", hint=hints[kind])


def bounded(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise FlowError("E222", f"a template made a text of more than {MOST_CHARACTERS} characters")
    return text


def _octets(text: str) -> bytes:
    # A lone surrogate, which JSON can smuggle in, must not become a crash.
    return text.encode("latin-1") if isinstance(text, Octets) else text.encode("utf-8", "replace")


def _base64(text: str) -> str:
    import base64

    return base64.b64encode(_octets(text)).decode()


def _base64url(text: str) -> str:
    return _base64(text).translate({43: "-", 47: "_", 61: None})


def _hash(text: str, algorithm: str) -> str:
    import hashlib

    return Octets(hashlib.new(_hash_name(algorithm), _octets(text)).digest().decode("latin-1"))


def _hmac(text: str, key: str, algorithm: str) -> str:
    import hmac

    return Octets(hmac.digest(_octets(key), _octets(text), _hash_name(algorithm)).decode("latin-1"))


def _hash_name(name: str) -> str:
    if name not in HASHES:
        raise FlowError("E222", "there is no such hash", hint=f"There are {', '.join(HASHES)}.")
    return name


def _claims(token: str) -> JSON:
    import base64

    try:
        _, payload, _ = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise FlowError("E222", "the filter claims got a text that is no JWT")
    return claims


def _int(value: str | int | float) -> int:
    if re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", str(value).removesuffix(".0")):
        return int(str(value).removesuffix(".0"))
    raise FlowError("E222", f"the filter int got {kind_of(value)} that is no whole number")


def _split(text: str, separator: str) -> JSON:
    if not separator:
        raise FlowError("E222", "the filter split needs a separator that is not empty")
    return [*text.split(separator)]


def _regex(text: str, pattern: str, group: int | str | None = None) -> str | None:
    try:
        compiled = re.compile(pattern) if _steps(pattern, len(text)) <= MOST_STEPS else None
    except (re.error, OverflowError, RecursionError) as error:
        raise FlowError("E222", f"the filter regex cannot read its pattern: {error}") from None
    if compiled is None or len(text) > MOST_SEARCHED_CHARACTERS:
        raise FlowError(
            "E222",
            f"the filter regex could take too long on {len(text)} characters",
            hint="Start the pattern with ^, let a literal end each repeat ([^&]*&), or cut the text"
            " with | slice or | split first.",
        )
    found = compiled.search(text)
    wanted = (1 if compiled.groups else 0) if group is None else group
    if not isinstance(wanted, int) or not 0 <= wanted <= compiled.groups:
        raise FlowError("E222", "the filter regex has no such group")
    return found[wanted] if found else None


_TOKEN = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^0-9xuUN])"  # an escape, but no back-reference
    r"|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?!\?)|\(\?:|(?:[*+?]|\{\d*,?\d*\})[?+]?|[^\\(\[]",
    re.DOTALL,
)
_REPEAT = re.compile(r"(?:[*+?]|\{\d*,?\d*\})[?+]?")


def _steps(pattern: str, length: int) -> int:
    """
    An upper bound of what a backtracking search costs.

    Only single characters may repeat, so each open repeat costs at most one more factor of the
    length, and none when the literal behind it cannot be part of it; each choice doubles.
    """
    tokens = _TOKEN.findall(pattern[: MOST_PATTERN_CHARACTERS + 1])
    if "".join(tokens) != pattern or len(pattern) > MOST_PATTERN_CHARACTERS:
        raise re.error("it uses what templates may not, or is too long")
    factors, settled, choices = int(not pattern.startswith("^") or "|" in tokens), 0, 0
    for at, token in enumerate(tokens):
        if token[0] in "|?":
            choices += 1
        elif _REPEAT.fullmatch(token):
            if at and tokens[at - 1] == ")":
                raise re.error("a group cannot repeat")
            ends = _ends(tokens[at - 1], [item for item in tokens[at + 1 :] if item != ")"])
            factors, settled = (factors, 1) if ends else (factors + 1, settled)
    return int(max(length, 1) ** (factors + settled) * 2**choices)


def _ends(item: str, behind: list[str]) -> bool:
    """Whether a repeat of *item* can only stop in one place, so that going back fails at once."""
    following, after = (*behind, "", "")[:2]
    if following in ("", "$"):
        return after == ""
    literal = following[-1]
    escaped = following == "\\" + literal and not literal.isalnum()
    special = not escaped and (following != literal or literal in ".^|([{*+?")
    if special or _REPEAT.fullmatch(after):
        return False
    return re.fullmatch(item, literal, re.DOTALL) is None


class Filter(NamedTuple):
    apply: Callable[..., JSON]
    takes: tuple[type, ...]
    least: int = 0
    most: int = 0
    arguments: tuple[type, ...] = (str,)


_BYTES = (Octets, str)

FILTERS: dict[str, Filter] = {
    "base64": Filter(_base64, _BYTES),
    "base64url": Filter(_base64url, _BYTES),
    "claims": Filter(_claims, (str,)),
    "default": Filter(lambda value, other: other if value is None else value, (object,), 1, 1),
    "first": Filter(lambda items: items[0] if items else None, (list, str)),
    "hash": Filter(_hash, _BYTES, 1, 1),
    "hex": Filter(lambda text: _octets(text).hex(), _BYTES),
    "hmac": Filter(_hmac, _BYTES, 2, 2, _BYTES),
    "int": Filter(_int, (str, int, float)),
    "join": Filter(lambda items, by: by.join(map(spelled, items)), (list,), 1, 1),
    "json": Filter(
        lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")), (object,)
    ),
    "last": Filter(lambda items: items[-1] if items else None, (list, str)),
    "lower": Filter(lambda text: text.lower(), (str,)),
    "regex": Filter(_regex, (str,), 1, 2, (str, int)),
    "slice": Filter(
        lambda items, start, end=None: items[start:end], (list, str), 1, 2, (int, type(None))
    ),
    "split": Filter(_split, (str,), 1, 1),
    "string": Filter(spelled, (str, int, float, bool)),
    "trim": Filter(lambda text: text.strip(), (str,)),
    "upper": Filter(lambda text: text.upper(), (str,)),
    "urlencode": Filter(lambda value: encoded(spelled(value)), (str, int, float, bool)),
}


def encoded(text: str) -> str:
    """*text* percent-encoded, all but the unreserved characters of RFC 3986."""
    from urllib.parse import quote

    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise FlowError("E222", "a value is not valid Unicode") from None


def apply(name: str, value: JSON, arguments: list[JSON]) -> JSON:
    """What the filter *name* makes of *value*; whatever it got is told by its kind only."""
    chosen = FILTERS[name]
    for got, wanted in ((value, chosen.takes), *((item, chosen.arguments) for item in arguments)):
        # To Python a boolean is a number, and to us bytes are a text; to no filter unless it says.
        odd = isinstance(got, bool | Octets) and type(got) not in wanted and object not in wanted
        if odd or not isinstance(got, wanted):
            raise FlowError("E222", f"the filter {name} cannot work on {kind_of(got)}")
    result = chosen.apply(value, *arguments)
    return bounded(result) if isinstance(result, str) else result
