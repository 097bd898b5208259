"""What to do about what the schema refuses: the mistakes of a first flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .document import Map
from .errors import Problem
from .near import did_you_mean

INDENTED = "What is said about a kind stands below it, indented."
OF_INPUT = ("choices", "default", "example", "help", "optional", "pattern", "secret", "type")
REQUEST = "A request is its method and URL: post: https://..."
OTHER_WORDS = {
    "body": "A body is `form`, `json` or `text`.",
    "data": "A body is `form`, `json` or `text`.",
    "description": "A line for a person is `title`, or `help` of an input.",
    "grant_type": "A parameter stands in the body: form: {grant_type: ...}",
    "method": REQUEST,
    "request": "A request is a step `http`, or `token` when its answer holds a token.",
    "required": "An input is required unless it is `optional`.",
    "url": REQUEST,
    "version": "The version of the language is `flowrun: 1`.",
}
"""What other tools call what has another name here."""
SPELLED = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def about_key(key: str, siblings: Map, known: Sequence[str], *, kinds: Sequence[str] = ()) -> str:
    """A hint about the unknown *key*; *kinds* when it stands in a step."""
    if ":" in key:
        return "Put a space after the colon."
    if " " in key:
        return "Inside { } a comma ends a text: quote a text that holds one."
    word = key if key not in known and key in OTHER_WORDS else ""
    hint = did_you_mean(key, known) if key != "version" else ""
    if hint or word:
        return hint or OTHER_WORDS[word]
    if kinds:
        return INDENTED if any(kind in siblings for kind in kinds) else one_of(kinds)
    return f"There are: {', '.join(known)}." if 0 < len(known) <= 10 else ""


def one_of(kinds: Sequence[str]) -> str:
    return f"A step is one of: {', '.join(kinds)}."


def outdented(step: Map, strange: Sequence[str], kinds: Sequence[str]) -> Problem | None:
    """One problem for all that stands beside a kind and belongs into it."""
    empty = [kind for kind in kinds if kind in step and step[kind] is None]
    if not empty or not strange:
        return None
    verb = "stands" if len(strange) == 1 else "stand"
    message = f"{', '.join(map(repr, strange))} {verb} beside {empty[0]!r}, and not in it"
    return Problem("E203", message, INDENTED, step.keys_at[strange[0]])


def about_type(wanted: Sequence[str], value: object, path: Sequence[str | int]) -> str:
    """A hint about a *value* of another type than those that are *wanted* at *path*."""
    if isinstance(value, str):
        return _about_text(wanted, value, path)
    if "string" in wanted:
        return "Put it in quotes." if isinstance(value, int | float) else ""
    if isinstance(value, Mapping) and "array" in wanted:
        return "Begin each item with a hyphen and a space."
    if isinstance(value, list) and "object" in wanted:
        return "Write NAME: VALUE in each line, without a hyphen."
    return ""


def _about_text(wanted: Sequence[str], text: str, path: Sequence[str | int]) -> str:
    if "array" in wanted:
        items = ", ".join(text.split()) if path[-1] == "command" else text
        return f"Put it in brackets: [{items}]"
    if "boolean" in wanted:
        word = SPELLED.get(text.lower(), text.lower())
        return f"Write {word}." if word in ("true", "false") else ""
    if "object" in wanted and path[:1] == ("inputs",) and len(path) == 2:
        if path[1] in OF_INPUT:
            return "What is said about an input stands below it, indented."
        return f'Write what it is as its `help`: {path[1]}: {{help: "{text}"}}'
    return "Put a space after the colon." if "object" in wanted and ":" in text else ""
