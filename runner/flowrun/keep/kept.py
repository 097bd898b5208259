"""A record while it is kept: what was seen of it, how tries went, and what a person has to do."""

from __future__ import annotations

from typing import NamedTuple

from ..facts import when
from .outlook import AT_ONCE, Outlook, Reason
from .timetable import Pace, warn_at


class Kept(NamedTuple):
    """A record, as it is kept."""

    outlook: Outlook = Outlook()
    pace: Pace = Pace()
    busy: bool = False
    failed: Reason | None = None  # what a person has to mend before a refresh can work
    unfinished: bool = False  # the token is there, and what goes with it is not
    fixed: bool = False  # a refresh has left the grant's end where it was

    @property
    def turn_at(self) -> float | None:
        """When it is to be tried, as far as its pace lets it."""
        return AT_ONCE if self.unfinished else self.outlook.turn_at


def seen(before: Kept | None, outlook: Outlook) -> Kept:
    """A record that looks so now; what was learned of another grant is forgotten."""
    if before is None or before.outlook.grant != outlook.grant:
        return Kept(outlook)
    if before.outlook.version == outlook.version:
        return before._replace(outlook=outlook)
    fixed = _is_fixed(before.outlook, outlook)
    return Kept(outlook, busy=before.busy, fixed=fixed)  # somebody has refreshed it: it is well


def _is_fixed(before: Outlook, after: Outlook) -> bool:
    """Whether a refresh has left the grant's end where it was, but for what rounding moves."""
    if None in (before.ends_at, after.ends_at, before.issued_at, after.issued_at):
        return False
    moved_s = (after.ends_at or 0) - (before.ends_at or 0)
    return moved_s < ((after.issued_at or 0) - (before.issued_at or 0)) / 2


def reasons(kept: Kept, now: float, warn_s: float) -> list[Reason]:
    """What a person is needed for."""
    outlook = kept.outlook
    found = outlook.reason or kept.failed
    return [*([found] if found else ()), *_ends(kept, now, warn_s)]


def _ends(kept: Kept, now: float, warn_s: float) -> list[Reason]:
    """That the grant ends soon, unless the next refresh may well move that."""
    outlook, ends_at = kept.outlook, kept.outlook.ends_at
    if ends_at is None or outlook.reason or outlook.released:
        return []
    too_late = outlook.turn_at is not None and ends_at <= outlook.turn_at
    final = kept.fixed or too_late or not outlook.refreshed
    if not final or now < warn_at(ends_at, outlook.since, warn_s):
        return []
    what = "the refresh token" if outlook.refreshed else "the token"
    ends = "ends" if ends_at > now else "has ended"
    message = f"{what} {ends} at {when(int(ends_at))}, and only consent brings another"
    return [Reason("E802", message, outlook.hint, about="end")]
