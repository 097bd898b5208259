"""When a token is due; imports nothing, since the fast way to a cached token asks it too."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` itself would cost milliseconds
if TYPE_CHECKING:
    from collections.abc import Mapping

    Known = Mapping[str, object]

MARGIN_S = 60

AHEAD_S = 300
"""A token that was issued so far from now is no token of the future: the clock was set back."""


def is_due(fields: Known, meta: Known, now: float, min_ttl_s: float | None = None) -> bool:
    """
    Whether a token should be refreshed now; one whose expiry is unknown is fresh.

    When the clock was set back nobody knows how much of a token's life is over, so it is due.
    """
    at = due_at(fields, meta, min_ttl_s)
    return at is not None and (now >= at or is_set_back(meta, now))


def is_set_back(meta: Known, now: float) -> bool:
    """Whether the clock was set back since the token was issued."""
    issued_at = meta.get("issued_at")
    return isinstance(issued_at, (int, float)) and issued_at > now + AHEAD_S


def due_at(fields: Known, meta: Known, min_ttl_s: float | None = None) -> float | None:
    """When a token should be refreshed, in seconds since 1970; None when its end is unknown."""
    expires_at, issued_at = fields.get("expires_at"), meta.get("issued_at")
    margin_s = meta.get("refresh_before") if min_ttl_s is None else min_ttl_s
    if meta.get("rejected"):  # by a server that was shown it
        return 0
    if not isinstance(expires_at, (int, float)):
        return None
    if not isinstance(margin_s, (int, float)):
        lifetime_s = (
            expires_at - issued_at if isinstance(issued_at, (int, float)) else 10 * MARGIN_S
        )
        margin_s = min(MARGIN_S, max(0, lifetime_s) / 10)
    return expires_at - margin_s
