"""`flowrun token`: print an access token, refreshed first if it is due."""

from __future__ import annotations

import json as codec
import sys
import time

from ..console import Console
from ..current import renew
from ..errors import PersonNeeded, ProviderError, StoreError, TransportError
from ..job import Job
from ..library import is_file
from ..passes import refreshable
from ..record import Record, due
from ..secret import JSON
from ..services import Services
from ..session import Session
from ..settings import Settings
from .facts import facts, until
from .subject import again, each, job_of


def token(
    name: str, settings: Settings, *, min_ttl_s: float | None = None, json: bool = False
) -> int:
    """Print the access token of the record *name*, living for *min_ttl_s* more if that is given."""
    console = Console(verbose=settings.verbose)

    def act(name: str) -> JSON:
        record = _current(name, Session(settings, console), min_ttl_s)
        # Past the console, which masks: here the secret is what was asked for.
        answer = {"access_token": record.access_token, **facts(record)}
        sys.stdout.write((codec.dumps(answer, indent=2) if json else record.access_token) + "\n")
        sys.stdout.flush()
        return None

    return each([name], act, console, json=False)


def _current(name: str, session: Session, min_ttl_s: float | None) -> Record:
    """The record of *name*; what only a refresh needs is asked for only when one is due."""
    record = None if is_file(name) else session.record(name)
    fresh = record and not (record.needs_person or due(record, time.time(), min_ttl_s))
    if record and fresh and session.store.attempt(name) is None:
        return record
    try:
        job, found = job_of(name, session)
    except PersonNeeded as error:
        if record is None or record.needs_person or not _lives(record, time.time()):
            raise
        session.console.show(error)
        return record
    with session.services(job) as services:
        return _living(job, found, services, session.console, min_ttl_s)


def _lives(record: Record, now: float) -> bool:
    return record.expires_at is not None and record.expires_at > now


def _living(
    job: Job, record: Record, services: Services, console: Console, min_ttl_s: float | None
) -> Record:
    """The record with a token that lives: renewed when it is due, and as it is if that fails."""
    if record.needs_person:
        message = f"{job.name} needs a person: {record.needs_person}"
        raise PersonNeeded("E802", message, hint=again(record))
    if job.store.attempt(job.name) is None:
        if not due(record, services.now(), min_ttl_s):
            return record
        if not refreshable(job, record):
            return _unless_ended(job, record, services.now())
    try:
        return renew(job, services, min_ttl_s=min_ttl_s)
    except (ProviderError, StoreError, TransportError) as error:
        latest = job.store.read(job.name) or record
        if not _lives(latest, services.now()):
            raise
        console.show(error)
        console.tell(f"{job.name}: the token still lives{until(latest)}")
        return latest


def _unless_ended(job: Job, record: Record, now: float) -> Record:
    if record.expires_at is not None and record.expires_at <= now:
        message = f"the token of {job.name} has ended and cannot be refreshed"
        raise PersonNeeded("E802", message, hint=again(record))
    return record
