"""What lies ahead of a record, as far as it is no secret: nothing else stays in memory."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import FlowrunError
from ..facts import when
from ..freshness import is_set_back
from ..job import Job, flow_of
from ..naming import again
from ..passes import passes, refreshable, yielded
from ..record import Record
from ..secret import Redactor
from ..standing import number
from ..stores.interface import Store
from .timetable import turn_of

AT_ONCE = 0.0


class Reason(NamedTuple):
    """Why a person is needed, and what they do then."""

    code: str
    message: str
    hint: str = ""
    about: str = ""  # a token by its name, or its end

    @property
    def key(self) -> str:
        """What makes it another reason; the words of a provider may differ every time."""
        return f"{self.code} {self.about}".strip()

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Outlook(NamedTuple):
    """When a record is to be refreshed, and what stands against it."""

    grant: str = ""
    version: int = 0
    turn_at: float | None = None  # in seconds since 1970; None: not as things stand
    expires_at: float | None = None
    since: float | None = None  # when a person has consented
    issued_at: float | None = None  # when the token came
    ends_at: float | None = None  # when only a person helps, as far as the provider says it
    refreshed: bool = True  # something refreshes the record's own token
    server: str = ""  # whom the refresh is sent to
    hint: str = ""  # how to consent again
    restless: bool = False  # a token is due from the moment when it is issued
    idle: str = ""  # why it is left alone
    released: bool = False  # somebody else refreshes it
    reason: Reason | None = None


def look(name: str, store: Store, now: float) -> Outlook | None:
    """
    What lies ahead of the record *name* at *now*; None when there is none.

    Raises:
        StoreError: it cannot be read.
        FlowError: it does not know its recipe.
    """
    record = store.read(name)
    if record is None:
        return None
    renewable = _renewable(name, record, store)
    own = "" in renewable
    found = Outlook(
        grant=record.grant,
        version=record.version,
        expires_at=record.expires_at,
        since=number(record.meta.get("obtained_at")),
        issued_at=number(record.meta.get("issued_at")),
        ends_at=record.refresh_expires_at if own else record.expires_at,
        refreshed=own,
        server=_server(record),
        hint=again(record),
    )
    if record.released:
        return found._replace(idle=record.released, released=True)
    parts = [record.named(token) for token in renewable]
    turn_at = None if record.needs_person else _turn(parts, now, pending=store.pending(name))
    return found._replace(
        turn_at=turn_at,
        restless=any(map(_is_restless, parts)),
        idle=_idle(record, own, turn_at),
        reason=_needs_person(record),
    )


def _renewable(name: str, record: Record, store: Store) -> set[str]:
    """The tokens that a refresh brings, by name; those that a person has to see to are left out."""
    job = Job(flow_of(name, record), name, {}, store)
    every = {"", *record.names}
    steps = passes(job.flow)
    able = [each for each in steps if refreshable(job, record, each)]
    found = {token for each in able for token in yielded(job.flow, each)}
    if not steps and not job.flow.needs_person:  # it starts over instead
        found = every
    return {token for token in found & every if not record.named(token).needs_person}


def _turn(parts: Sequence[Record], now: float, *, pending: bool) -> float | None:
    if pending:
        return max([AT_ONCE, *(each.retry_at or 0 for each in parts)])
    turns = [
        (AT_ONCE if is_set_back(each.meta, now) else turn_of(each), each.retry_at or 0)
        for each in parts
    ]
    return min((max(at, wait) for at, wait in turns if at is not None), default=None)


def _is_restless(token: Record) -> bool:
    at, issued_at = turn_of(token), number(token.meta.get("issued_at"))
    return at is not None and issued_at is not None and at <= issued_at


def _idle(record: Record, own: bool, turn_at: float | None) -> str:
    if turn_at is not None or record.needs_person:
        return ""
    if not own:
        until = f", and ends at {when(int(record.expires_at))}" if record.expires_at else ""
        return f"nothing refreshes it{until}"
    return "nobody knows when it ends"


def _needs_person(record: Record) -> Reason | None:
    redact = Redactor()
    for token in ("", *record.names):
        part = record.named(token)
        redact.add([v for k, v in part.fields.items() if k.endswith("token")])
        if part.needs_person:
            last = part.meta.get("last_error")
            code = str(last.get("code")) if isinstance(last, Mapping) else "E802"
            which = f"token {token}: " if token else ""
            return Reason(code, which + redact(part.needs_person), again(record), token)
    return None


def _server(record: Record) -> str:
    consent = record.meta.get("consent")
    return str(consent.get("origin")) if isinstance(consent, Mapping) else ""


def bug_of(error: Exception) -> Reason:
    """Where it happened; never the values, which may be secret."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno} {last.name}"
    return Reason("E300", f"a bug in flowrun: {type(error).__name__} at {place}")


def reason_of(error: FlowrunError, redact: Callable[[str], str]) -> Reason:
    """*error* as a reason to ask a person; without what *redact* takes out."""
    problem = error.problems[0]
    return Reason(problem.code, redact(problem.message), redact(problem.hint))
