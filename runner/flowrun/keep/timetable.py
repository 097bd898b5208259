"""When whose turn is: rules without a clock, which the caller reads, and without I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..freshness import due_at
from ..record import Record

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 30, 900
CALM_S = 600
"""The least pause before the one more try that an unknown outcome leaves; an outage is over then,
or a person is asked for."""

SPREAD_S = 10
"""A server that answers again meets those who waited for it within so many seconds."""

SILENCES = 2
"""So many failures in a row say that it is the server, and not a record."""


class Clocks(NamedTuple):
    """Time, and luck."""

    now: Callable[[], float]  # seconds since 1970
    uptime: Callable[[], float]  # seconds on a clock that nobody sets
    chance: Callable[[], float]  # between 0 and 1


def turn_of(token: Record) -> float | None:
    """
    When *token* is to be refreshed, in seconds since 1970; None when nobody knows its end.

    One that is due from the moment it is issued, since its recipe wants it so early, has its turn
    in the middle of its life: a refresh for every refresh helps nobody.
    """
    at, issued_at = due_at(token.fields, token.meta), token.meta.get("issued_at")
    if at is None or not isinstance(issued_at, int | float) or at > issued_at:
        return at
    if token.meta.get("rejected"):
        return at
    half_s = ((token.expires_at or 0) - issued_at) / 2
    return issued_at + half_s if half_s > 0 else at


def pause_s(failures: int, chance: float) -> float:
    """
    How long to wait after *failures* in a row, one at least; *chance* is between 0 and 1.

    The longest wait doubles, and chance spreads those who wait for the same thing.
    """
    longest_s = min(LONGEST_PAUSE_S, SHORTEST_PAUSE_S << min(failures, 10))
    return SHORTEST_PAUSE_S + chance * (longest_s - SHORTEST_PAUSE_S)


class Pace(NamedTuple):
    """How it went with a record lately; *until* is of a clock that nobody sets."""

    failures: int = 0
    until: float = 0

    def failed(
        self, uptime: float, chance: float, *, calm: bool = False, within_s: float = 0
    ) -> Pace:
        """A try has failed; *calm* when only one is left, *within_s* when it has to come soon."""
        failures = self.failures + 1
        wait_s = pause_s(failures, chance)
        if calm:
            wait_s = CALM_S + chance * (LONGEST_PAUSE_S - CALM_S)
        elif within_s:
            wait_s = min(wait_s, chance * within_s)
        return Pace(failures, uptime + wait_s)

    def sooner(self, uptime: float, chance: float) -> Pace:
        """What it waited for is there again."""
        return self if self.until <= uptime else self.at(min(self.until, uptime), chance)

    def at(self, until: float, chance: float) -> Pace:
        """It is known when the next try may work; others may wait for the same moment."""
        return self._replace(until=until + chance * SPREAD_S)


class Server(NamedTuple):
    """What the tries at one server say of it; it takes only its share of the threads."""

    busy: int = 0
    silent: int = 0  # how often in a row it has not answered
    until: float = 0

    def has_room(self, uptime: float, share: int) -> bool:
        """Whether one more may go there now; only one at a time sees whether it is back."""
        return self.busy < (1 if self.silent >= SILENCES else share) and self.until <= uptime

    def begun(self) -> Server:
        return self._replace(busy=self.busy + 1)

    def answered(self) -> Server:
        return Server(self.busy - 1)

    def kept_silent(self, uptime: float, chance: float) -> Server:
        silent = self.silent + 1
        long_s = pause_s(silent - 1, chance) if silent >= SILENCES else 0
        return Server(self.busy - 1, silent, uptime + long_s)


def share_of(jobs: int) -> int:
    """How many of *jobs* threads one server may have, so that a dead one leaves some."""
    return max(1, jobs // 2)


def wait_s(turn_at: float | None, pace: Pace, *, now: float, uptime: float) -> float | None:
    """How long until a record's turn; None when nothing that is known now brings one."""
    return None if turn_at is None else max(0.0, turn_at - now, pace.until - uptime)


def warn_at(ends_at: float, since: float | None, warn_s: float) -> float:
    """When to say that a grant ends: *warn_s* before, but not in the first half of its life."""
    return ends_at - (warn_s if since is None else min(warn_s, max(0.0, ends_at - since) / 2))
