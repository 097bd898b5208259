"""How often to ask whether a person has consented, and what ends it (RFC 8628, CIBA)."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import CallbackError
from ..secret import JSON
from .answer import Refusal
from .expiry import CENTURY_S, seconds
from .redirect import refusal

INTERVAL_S = 5
"""When the server does not say how often it may be asked (RFC 8628 section 3.2, CIBA 7.3)."""

SLOWER_S = 5
"""What `slow_down` adds, for this question and all that follow (RFC 8628 section 3.5)."""

EXPIRED_HINT = "Run the flow again; the next request lives as long as the provider says."


def interval(answer: Mapping[str, JSON]) -> int:
    """How long to wait between two questions, as *answer* says."""
    said = answer.get("interval")
    if said in (0, "0") and said is not False:
        return 0
    return min(seconds(said) or INTERVAL_S, CENTURY_S)


def lives_until(answer: Mapping[str, JSON], *, sent_at: float) -> int | None:
    """When what *answer* invites to is over; None when it does not say."""
    lifetime = seconds(answer.get("expires_in"))
    return None if lifetime is None else int(sent_at) + min(lifetime, CENTURY_S)


def next_wait(every_s: float, said: Refusal, answer: Mapping[str, JSON]) -> float | None:
    """
    How long to wait before the next question; None when *said* is the last word.

    Raises:
        CallbackError: the person has denied it (E402), or the time is over (E415).
    """
    if said.code == "authorization_pending":
        return every_s
    if said.code == "slow_down":  # some say beside it how slow
        return max(every_s + SLOWER_S, seconds(answer.get("interval")) or 0)
    if said.code == "access_denied":
        raise refusal({"error": said.code, "error_description": said.text})
    if said.code == "expired_token":
        raise expired(said.text)
    return None


def backed_off(every_s: float) -> float:
    """How long to wait after a question that nobody has answered (RFC 8628 section 3.5)."""
    return max(2 * every_s, 1)


def expired(text: str = "") -> CallbackError:
    """The error for a code that nobody has entered, or a request that nobody has answered."""
    told = "nobody has consented before the request expired" + (f" ({text})" if text else "")
    return CallbackError("E415", told, hint=EXPIRED_HINT)
