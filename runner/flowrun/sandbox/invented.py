"""Plausible values for inputs that nobody gave."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import FlowError
from ..patterns import pattern_of
from ..secret import JSON

BY_TYPE: dict[str, JSON] = {
    "boolean": False,
    "host": "sandbox.example",
    "integer": 1,
    "list": ["sandbox"],
    "number": 1,
    "url": "https://sandbox.example",
}
GUESSES = ("sandbox", "acme", "sandbox-1", "a", "1", "A1", "12345678", "1234567890")


def invent(
    name: str,
    *,
    type: str,
    pattern: str | None,
    choices: Sequence[JSON],
    example: JSON,
    secret: bool,
) -> JSON:
    """Its example, a choice, or whatever the type and the pattern of input *name* take."""
    if example is not None or choices:
        return example if example is not None else choices[0]
    own = f"sandbox-{'secret-' * secret}{name}"
    for guess in (BY_TYPE.get(type, own), own, *GUESSES):
        if pattern is None or pattern_of(pattern).matches(str(guess)):
            return guess
    hint = f"Give the input an example in the recipe: {name}: {{example: ...}}"
    raise FlowError("E215", f"no invented value for {name} fits the pattern {pattern}", hint=hint)
