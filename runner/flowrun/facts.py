"""What may be told of a record, and how."""

from __future__ import annotations

from .record import Record
from .secret import JSON


def facts(record: Record) -> dict[str, JSON]:
    """The parts of *record* that are no secret."""
    return {
        "recipe": record.meta.get("recipe"),
        "expires_at": record.fields.get("expires_at"),
        "refresh_expires_at": record.refresh_expires_at,
        "scope": record.fields.get("scope"),
        "refreshed_at": record.meta.get("refreshed_at"),
        "needs_person": record.needs_person,
        "last_error": record.meta.get("last_error"),
        **_released(record),
        **({"tokens": _others(record)} if record.names else {}),
        **({"bound_to": key} if (key := bound_to(record)) else {}),
    }


def _others(record: Record) -> JSON:
    """The tokens that are kept beside the record's own, as far as they are no secret."""
    return {name: _other(record.named(name)) for name in record.names}


def _other(part: Record) -> dict[str, JSON]:
    return {
        "expires_at": part.fields.get("expires_at"),
        "needs_person": part.needs_person,
        **_released(part),
    }


def _released(part: Record) -> dict[str, JSON]:
    """When and in which form the refresh token was handed over; nothing where it is ours."""
    return {"released": part.meta["released"]} if part.released else {}


def bound_to(record: Record) -> str | None:
    """The key that the tokens are bound to, by what the provider knows it by (RFC 7638)."""
    key = record.meta.get("dpop")
    if not isinstance(key, dict):
        return None
    from .oauth.dpop import thumbprint

    return thumbprint(key)


def when(value: JSON) -> str:
    """A point in time for people."""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(int(str(value)), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return "-"


UNITS = ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h"), (63_072_000, 86400, "d"))
"""Up to how many seconds a unit is used, how many it has, and what it is called."""

YEAR_S = 31_557_600


def apart(at: float, now: float) -> str:
    """How far off a point in time is, for people: never longer than it is."""
    distance_s = abs(at - now)
    found = (
        f"{distance_s // unit_s:.0f} {name}" for end, unit_s, name in UNITS if distance_s < end
    )
    text = next(found, f"{distance_s // YEAR_S:.0f} y")
    return f"in {text}" if at > now else f"{text} ago"


def until(record: Record) -> str:
    """Behind "fresh" and the like: until when, if that is known."""
    at = record.fields.get("expires_at")
    return f" until {when(at)}" if isinstance(at, int) else ""
