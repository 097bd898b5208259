"""How long what a server has said may be used again (RFC 9111)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LEAST_S, MOST_S, USUAL_S = 60, 24 * 3600, 3600


def lifetime_s(headers: Mapping[str, str]) -> int:
    """For how many seconds; 0 when it must not be kept at all."""
    said = headers.get("cache-control", "").lower()
    if "no-store" in _directives(said):
        return 0
    asked = _asked_s(said, headers)
    return USUAL_S if asked is None else min(max(asked, LEAST_S), MOST_S)


def _directives(said: str) -> list[str]:
    return [each.partition("=")[0].strip() for each in said.split(",")]


def _asked_s(said: str, headers: Mapping[str, str]) -> int | None:
    if "no-cache" in _directives(said):
        return 0
    if found := re.search(r"(?<![a-z-])max-age\s*=\s*\"?([0-9]{1,9})", said):
        age = headers.get("age", "")
        return int(found[1]) - (int(age) if re.fullmatch("[0-9]{1,9}", age) else 0)
    if "expires" in headers:
        return _until(headers["expires"], headers.get("date", ""))
    return None


def _until(expires: str, date: str) -> int | None:
    try:
        return int((parsedate_to_datetime(expires) - parsedate_to_datetime(date)).total_seconds())
    except (ValueError, TypeError):  # `Expires: 0` means that it is over (RFC 9111 section 5.3)
        return 0
