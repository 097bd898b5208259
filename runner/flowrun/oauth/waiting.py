"""For how long a server asks not to be asked again (RFC 9110 section 10.2.3)."""

from __future__ import annotations

import re

from ..message import Response, http_date

BUSY = (429, 503)
"""Statuses that say so (RFC 6585 section 4, RFC 9110 section 15.6.4)."""

LONGEST_S = 86_400
"""A server that asks for more is asked again after a day."""


def wait_s(response: Response, *, now: float) -> float | None:
    """
    How many seconds *response* asks us to wait, None when it does not ask.

    A date is held against the server's own clock where the answer tells it, else against *now*.
    """
    asked = response.headers.get("retry-after", "").strip()
    if re.fullmatch("[0-9]{1,9}", asked):
        return float(min(int(asked), LONGEST_S))
    at = http_date(asked)
    if at is None:
        return None
    return min(max(0, at - (now if response.date is None else response.date)), LONGEST_S)


def retry_at(response: Response | None, *, now: float) -> int | None:
    """Before when a busy server wants no further request, in seconds since 1970."""
    wait = wait_s(response, now=now) if response and response.status in BUSY else None
    return int(-(-(now + wait) // 1)) if wait else None


def left_s(retry_at: float | None, *, now: float) -> float:
    """
    For how long there is still to wait, in seconds; 0 when that is over.

    Nor is anything left of a wait that is longer than any that is kept: a clock was set back.
    """
    left = (retry_at or 0) - now
    return left if 0 < left <= LONGEST_S + 1 else 0
