"""`flowrun token`: print an access token, refreshed first if it is due."""

from __future__ import annotations

import json as codec
import sys

from ..console import Console
from ..current import renew
from ..errors import PersonNeeded, ProviderError, StoreError, TransportError
from ..job import Job, refreshable
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
        session = Session(settings, console)
        job, record = job_of(name, session)
        with session.services(job) as services:
            record = _living(job, record, services, console, min_ttl_s)
        # Past the console, which masks: here the secret is what was asked for.
        answer = {"access_token": record.access_token, **facts(record)}
        sys.stdout.write((codec.dumps(answer, indent=2) if json else record.access_token) + "\n")
        sys.stdout.flush()
        return None

    return each([name], act, console, json=False)


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
        if latest.expires_at is None or latest.expires_at <= services.now():
            raise
        console.show(error)
        console.tell(f"{job.name}: the token still lives{until(latest)}")
        return latest


def _unless_ended(job: Job, record: Record, now: float) -> Record:
    if record.expires_at is not None and record.expires_at <= now:
        message = f"the token of {job.name} has ended and cannot be refreshed"
        raise PersonNeeded("E802", message, hint=again(record))
    return record
