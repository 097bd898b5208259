"""`flowrun token`: print an access token, refreshed first if it is due."""

from __future__ import annotations

import json as codec
import sys
import time
from typing import NamedTuple

from ..console import Console
from ..current import renew
from ..errors import PersonNeeded, ProviderError, StoreError, TransportError
from ..job import Job
from ..library import is_file
from ..near import did_you_mean
from ..passes import refreshable
from ..record import Record, due
from ..secret import JSON
from ..services import Services
from ..session import Session
from ..settings import Settings
from .facts import facts, until
from .subject import again, each, job_of


def token(
    name: str,
    settings: Settings,
    *,
    named: str = "",
    min_ttl_s: float | None = None,
    json: bool = False,
) -> int:
    """
    Print the access token of the record *name*, living for *min_ttl_s* more if that is given.

    With *named*, the token that the record keeps under that name beside its own.
    """
    console = Console(verbose=settings.verbose)

    def act(name: str) -> JSON:
        record = _named(name, _current(name, Session(settings, console), min_ttl_s, named), named)
        # Past the console, which masks: here the secret is what was asked for.
        answer = {"access_token": record.access_token, **facts(record)}
        sys.stdout.write((codec.dumps(answer, indent=2) if json else record.access_token) + "\n")
        sys.stdout.flush()
        return None

    return each([name], act, console, json=False)


def _named(name: str, record: Record, named: str) -> Record:
    if named and named not in record.names:
        hint = did_you_mean(named, record.names) or f"It has: {', '.join(record.names) or 'none'}."
        raise StoreError("E705", f"{name} keeps no token called {named!r}", hint=hint)
    return record.named(named)


def _current(name: str, session: Session, min_ttl_s: float | None, named: str) -> Record:
    """The record of *name*; what only a refresh needs is asked for only when one is due."""
    record = None if is_file(name) else session.record(name)
    part = record and record.named(named)
    fresh = part and not (part.needs_person or due(part, time.time(), min_ttl_s))
    if record and fresh and session.store.attempt(name) is None:
        return record
    try:
        job, found = job_of(name, session)
    except PersonNeeded as error:
        if part is None or record is None or part.needs_person or not _lives(part, time.time()):
            raise
        session.console.show(error)
        return record
    with session.services(job) as services:
        return _living(job, found, services, session.console, Wanted(named, min_ttl_s))


def _lives(record: Record, now: float) -> bool:
    return record.expires_at is not None and record.expires_at > now


class Wanted(NamedTuple):
    """Which token is asked for, and for how long it must live."""

    named: str
    min_ttl_s: float | None


def _living(
    job: Job, record: Record, services: Services, console: Console, wanted: Wanted
) -> Record:
    """The record with a token that lives: renewed when it is due, and as it is if that fails."""
    part = record.named(wanted.named)
    if part.needs_person:
        message = f"{job.name} needs a person: {part.needs_person}"
        raise PersonNeeded("E802", message, hint=again(record))
    if job.store.attempt(job.name) is None:
        if not due(part, services.now(), wanted.min_ttl_s):
            return record
        if not refreshable(job, record, wanted.named):
            return _unless_ended(job, record, part, services.now())
    try:
        return renew(job, services, min_ttl_s=wanted.min_ttl_s)
    except (ProviderError, StoreError, TransportError) as error:
        latest = job.store.read(job.name) or record
        if not _lives(latest.named(wanted.named), services.now()):
            raise
        console.show(error)
        console.tell(f"{job.name}: the token still lives{until(latest)}")
        return latest


def _unless_ended(job: Job, record: Record, part: Record, now: float) -> Record:
    if part.expires_at is not None and part.expires_at <= now:
        message = f"the token of {job.name} has ended and cannot be refreshed"
        raise PersonNeeded("E802", message, hint=again(record))
    return record
