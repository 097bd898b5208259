"""What a plain scalar means: itself, unless it is spelled as JSON spells something else."""

from __future__ import annotations

import re

# JSON's spelling of a number; everything else that is plain stays the text that it is.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None, "": None}


def meant(text: str) -> bool | int | float | str | None:
    """The value of the plain scalar *text*."""
    if text in _WORDS:
        return _WORDS[text]
    # 15 digits: what every reader of JSON can hold; a longer "number" is an identifier.
    if len(text) <= 15 and (number := _NUMBER.fullmatch(text)):
        # 1.10 is a version, and would lose its zero as a number.
        if not number[1] and not number[2]:
            return int(text)
        return float(text) if repr(float(text)) == text else text
    return text
