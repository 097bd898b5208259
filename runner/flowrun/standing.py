"""How a record stands: whether its tokens live, what keeps them alive, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .errors import FlowrunError, Problem
from .facts import bound_to
from .job import flow_of
from .oauth.scope import granted, scopes_in
from .passes import Ways, holds, takes
from .record import Record, due
from .secret import JSON

PENDING = "refresh pending"

STATES = {
    "fresh": 0,
    "unknown expiry": 0,
    "handed over": 0,
    "due": 0,
    PENDING: 0,
    "failing": 5,  # or as the error says that the last refresh has ended with
    "ends soon": 8,
    "ended": 8,
    "needs a person": 8,
    "gone": 7,
    "missing": 7,
    "damaged": 7,
    "not private": 7,
    "unreadable": 7,
}
"""Every state, from the slightest to the gravest, with the exit status that it makes."""

UNREADABLE = {"E702": "damaged", "E703": "not private", "E705": "missing"}

WEIGHT = {state: number for number, state in enumerate(STATES)}


class Trouble(NamedTuple):
    """How the last refresh has failed."""

    code: str
    message: str
    at: float | None


class Token(NamedTuple):
    """One token of a record; *name* is "" for the record's own. Times in seconds since 1970."""

    name: str
    state: str
    expires_at: float | None
    refresh_expires_at: float | None
    refreshed_at: float | None
    refreshable: bool  # without a person, as far as the recipe, the record and the clock say
    needs_person: str | None
    last_error: Trouble | None
    released: Mapping[str, JSON] | None
    retry_at: float | None
    rejected: bool  # by a server that was shown the access token


class Standing(NamedTuple):
    """One record; *tokens* begin with its own, and there are none where it cannot be read."""

    name: str
    state: str
    exit_status: int
    tokens: Sequence[Token] = ()
    recipe: str = ""
    profile: str = ""
    file: str = ""
    obtained_at: float | None = None
    asked: Sequence[str] = ()
    granted: Sequence[str] = ()
    pending: bool = False
    orphans: Sequence[str] = ()
    bound_to: str | None = None
    problems: Sequence[Problem] = ()

    @property
    def missing(self) -> list[str]:
        """The scopes that were asked for and not granted."""
        return [scope for scope in self.asked if scope not in self.granted]


class Looking(NamedTuple):
    """What `standing` knows beside the record itself; *ways* fills with what recipes take."""

    now: float
    warn_s: float | None
    ways: dict[tuple[str, str], Ways]


def standing(
    name: str,
    record: Record,
    looking: Looking,
    *,
    pending: bool = False,
    orphans: Sequence[str] = (),
) -> Standing:
    """How *record* stands; its state is the gravest of those of its tokens."""
    tokens = [_token(name, record, token, looking) for token in ("", *record.names)]
    worst = max(tokens, key=_weight) if record.names else tokens[0]
    state = worst.state
    if pending and WEIGHT[state] < WEIGHT[PENDING]:
        state = PENDING
    asked = scopes_in(_consent(record).get("scope"))
    return Standing(
        name,
        state,
        _exit_status(state, worst.last_error),
        tokens,
        recipe=_text(record.meta.get("recipe")),
        profile=_text(record.meta.get("profile")),
        file=_text(record.meta.get("file")),
        obtained_at=number(record.meta.get("obtained_at")),
        asked=asked,
        granted=granted(record.fields, asked),
        pending=pending,
        orphans=orphans,
        bound_to=bound_to(record),
    )


def unreadable(name: str, error: FlowrunError) -> Standing:
    """What can be said of a record that cannot be read."""
    state = UNREADABLE.get(error.code, "unreadable")
    return Standing(name, state, error.exit_status, problems=error.problems)


def gone(name: str, orphans: Sequence[str]) -> Standing:
    """What can be said where a refresh has brought an answer for a record that is not there."""
    return Standing(name, "gone", STATES["gone"], orphans=orphans)


def gravest(found: Sequence[Standing]) -> int:
    """The exit status that all of them make: that of the one in the gravest state."""
    worst = max(found, key=lambda each: WEIGHT[each.state], default=None)
    return worst.exit_status if worst else 0


def _token(name: str, record: Record, token: str, looking: Looking) -> Token:
    part = record.named(token)
    refreshable = _refreshable(name, record, part, token, looking)
    trouble = _trouble(part.meta.get("last_error"))
    return Token(
        token,
        _state(part, trouble, looking, refreshable=refreshable),
        part.expires_at,
        part.refresh_expires_at,
        number(part.meta.get("refreshed_at")),
        refreshable,
        part.needs_person,
        trouble,
        released if isinstance(released := part.meta.get("released"), dict) else None,
        part.retry_at,
        bool(part.meta.get("rejected")),
    )


def _state(part: Record, trouble: Trouble | None, looking: Looking, *, refreshable: bool) -> str:
    if part.needs_person or part.released:
        return "needs a person" if part.needs_person else "handed over"
    rejected = bool(part.meta.get("rejected"))
    over = rejected or (part.expires_at is not None and part.expires_at <= looking.now)
    if over and not refreshable:
        return "ended"
    ends = part.refresh_expires_at if refreshable else part.expires_at
    if ends is not None and looking.warn_s is not None and ends <= looking.now + looking.warn_s:
        return "ends soon"
    if over and trouble:
        return "failing"
    if part.expires_at is None and not rejected:
        return "unknown expiry"
    return "due" if refreshable and due(part, looking.now) else "fresh"


def _refreshable(name: str, record: Record, part: Record, token: str, looking: Looking) -> bool:
    if part.needs_person or part.released:
        return False
    if part.refresh_expires_at is not None and part.refresh_expires_at <= looking.now:
        return False
    recipe = (_text(record.meta.get("digest")) or name, token)
    if recipe not in looking.ways:
        looking.ways[recipe] = _ways(name, record, token)
    return holds(record, looking.ways[recipe])


def _ways(name: str, record: Record, token: str) -> Ways:
    try:
        return takes(flow_of(name, record), token)
    except FlowrunError:  # no recipe, or one that this flowrun does not understand
        return []


def _weight(token: Token) -> int:
    return WEIGHT[token.state]


def _exit_status(state: str, trouble: Trouble | None) -> int:
    if state == "failing" and trouble and trouble.code[1:2] in ("5", "6", "7"):
        return int(trouble.code[1])
    return STATES[state]


def _trouble(found: JSON) -> Trouble | None:
    if not isinstance(found, dict):
        return None
    return Trouble(_text(found.get("code")), _text(found.get("message")), number(found.get("at")))


def _consent(record: Record) -> Mapping[str, JSON]:
    consent = record.meta.get("consent")
    return consent if isinstance(consent, dict) else {}


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def number(value: JSON) -> float | None:
    """*value* where it is one, such as a point in time."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
