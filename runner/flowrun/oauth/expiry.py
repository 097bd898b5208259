"""When a token ends, as far as its provider says so."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..content import read_json
from ..secret import JSON

if TYPE_CHECKING:
    from datetime import datetime

MILLISECONDS_FROM = 100_000_000_000
"""Seconds since 1970 pass this in the year 5138, milliseconds have passed it in 1973."""


BEYOND = 10_000_000_000_000
"""Seconds or milliseconds; beyond, it is a number that somebody's JSON happens to hold."""

CENTURY_S = 100 * 365 * 86400


def expires_at(payload: Mapping[str, JSON], *, sent_at: float) -> int | None:
    """
    When the access token in *payload* ends, in seconds since 1970; None when nobody says.

    From `expires_in`, else from an absolute `expires_at`, else from the token itself when it is a
    JWT. *sent_at* is when the request left, so that a slow answer never makes a token last longer.
    """
    if (lifetime := seconds(payload.get("expires_in"))) is not None:
        return int(sent_at) + min(lifetime, CENTURY_S)
    if (absolute := moment(payload.get("expires_at"))) is not None:
        return absolute
    return moment(_claims(payload.get("access_token")).get("exp"))


REFRESH_LIFETIMES = ("refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in")
"""What providers call the life of a refresh token, in seconds; no standard has a name for it."""

REFRESH_ENDS = ("refresh_token_expires_at", "refresh_expires_at")


def refresh_expires_at(payload: Mapping[str, JSON], *, sent_at: float) -> int | None:
    """When the refresh token ends, in seconds since 1970; None when *payload* does not say so."""
    lifetimes = (seconds(payload.get(name)) for name in REFRESH_LIFETIMES)
    if (lifetime := next(filter(None, lifetimes), None)) is not None:
        return int(sent_at) + min(lifetime, CENTURY_S)
    return next(filter(None, (moment(payload.get(name)) for name in REFRESH_ENDS)), None)


def seconds(value: JSON, *, unit_s: float = 1) -> int | None:
    """A lifetime in seconds, from a number of units or its text. Zero or less says nothing."""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,15}(\.[0-9]+)?", str(value)):
        return None
    number = int(float(str(value)) * unit_s)
    return number if 0 < number < BEYOND else None


def moment(value: JSON) -> int | None:
    """A point in time: seconds or milliseconds since 1970, ISO 8601, or an HTTP date."""
    if (number := seconds(value)) is not None:
        return number // 1000 if number >= MILLISECONDS_FROM else number
    if not isinstance(value, str):
        return None
    from datetime import datetime
    from email.utils import parsedate_to_datetime

    for read in (datetime.fromisoformat, parsedate_to_datetime):
        with contextlib.suppress(ValueError, OverflowError):
            return _since_1970(read(value))
    return None


def moment_in(value: JSON, format: str) -> int | None:
    """A point in time that is written as *format* says, in the marks of `strptime`."""
    from datetime import datetime

    with contextlib.suppress(ValueError, OverflowError):
        return _since_1970(datetime.strptime(str(value), format))
    return None


def _since_1970(stamp: datetime) -> int | None:
    from datetime import UTC

    number = int((stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp())
    return number if 0 < number < BEYOND else None


def _claims(token: JSON) -> Mapping[str, JSON]:
    """What a JWT says of itself; read for its time only, so nothing is verified."""
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != 3:
        return {}
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = read_json(base64.urlsafe_b64decode(padded))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
