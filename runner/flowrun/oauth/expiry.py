"""When an access token ends, as far as its provider says so."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping

from ..secret import JSON

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


def seconds(value: JSON) -> int | None:
    """A lifetime in seconds, a number or its text. Zero or less says nothing."""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,15}(\.[0-9]+)?", str(value)):
        return None
    number = int(float(str(value)))
    return number if 0 < number < BEYOND else None


def moment(value: JSON) -> int | None:
    """A point in time: seconds or milliseconds since 1970, or ISO 8601."""
    if (number := seconds(value)) is not None:
        return number // 1000 if number >= MILLISECONDS_FROM else number
    if not isinstance(value, str) or "-" not in value:
        return None
    from datetime import UTC, datetime

    try:
        stamp = datetime.fromisoformat(value)
    except ValueError:
        return None
    return int((stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp())


def _claims(token: JSON) -> Mapping[str, JSON]:
    """What a JWT says of itself; read for its time only, so nothing is verified."""
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != 3:
        return {}
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
