"""What was asked for, and what was granted (RFC 6749 sections 3.3 and 5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..secret import JSON

BETWEEN = re.compile(r"[\s,;|+]+")
"""What stands between scopes; by the standard a space, and some providers have others."""


def scopes_in(value: JSON) -> list[str]:
    """The scopes in a text or a list, each once, sorted."""
    parts = BETWEEN.split(value) if isinstance(value, str) else value
    return sorted({str(part) for part in parts} - {""}) if isinstance(parts, list) else []


def granted(answer: Mapping[str, JSON], asked: list[str]) -> list[str]:
    """What *answer* grants of what was *asked*; it says nothing where that is all of it."""
    scope = answer.get("scope")
    return asked if scope is None else scopes_in(scope)
