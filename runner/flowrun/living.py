"""A record whose token lives: as it lies there, or renewed first."""

from __future__ import annotations

import time
from typing import NamedTuple

from .current import renew
from .errors import PersonNeeded, ProviderError, StoreError, TransportError
from .exports import ends_at
from .facts import until
from .job import Job
from .library import is_file
from .naming import again, job_of
from .near import did_you_mean
from .passes import policy_of, refreshable
from .record import Record, due, refuse_released
from .services import Services
from .session import Session

PATIENCE_S = 120
"""For so long a refresh whose outcome is unknown is left alone by those who only want a token."""


class Wanted(NamedTuple):
    """Which token is asked for, for how long it must live, and which one it must not be."""

    named: str
    min_ttl_s: float | None
    field: str = "access_token"
    rejected: str = ""

    def of(self, record: Record) -> Record:
        """The token as a record of its own, which ends when the field that is asked for ends."""
        part = record.named(self.named)
        if self.field != "id_token":
            return part
        return part._replace(fields={**part.fields, "expires_at": ends_at(part, self.field)})

    def is_met_by(self, part: Record, now: float) -> bool:
        return not (due(part, now, self.min_ttl_s) or self.refuses(part))

    def refuses(self, part: Record) -> bool:
        return bool(self.rejected) and part.fields.get("access_token") == self.rejected

    def lives(self, part: Record, now: float) -> bool:
        """Whether *part* is good for now, though it should have been renewed."""
        return part.expires_at is not None and part.expires_at > now and not self.refuses(part)


def living(
    name: str,
    session: Session,
    *,
    named: str = "",
    min_ttl_s: float | None = None,
    field: str = "access_token",
    rejected: str = "",
) -> Record:
    """
    The record *name*, or that of a flow file, with a token that lives for *min_ttl_s* more.

    The token is the one that is kept under the name *named*; "" is the record's own. An id_token
    ends by itself, so that a record with one that is due is renewed if that is the *field*. It is
    another token than *rejected*, an access token that a server has refused.

    What only a refresh needs is looked for only when one is due. When a refresh fails and the
    token still lives, the record is returned as it is, and the error is shown.

    Raises:
        PersonNeeded: only consent can help (E802), or the token was handed over (E803).
        StoreError: there is no such record or token (E705), or it cannot be read or written.
        ProviderError, TransportError: the refresh failed, and the token has ended.
    """
    record = _living_record(name, session, Wanted(named, min_ttl_s, field, rejected))
    if named and named not in record.names:
        known = f"It has: {', '.join(record.names) or 'none'}."
        hint = did_you_mean(named, record.names) or known
        message = f"{name} keeps no token called {named!r}"
        raise StoreError("E705", message, hint=hint)
    return record


def _living_record(name: str, session: Session, wanted: Wanted) -> Record:
    record = None if is_file(name) else session.record(name)
    part = record and wanted.of(record)
    if record:
        refuse_released(name, record, wanted.named)
    fresh = part and not part.needs_person and wanted.is_met_by(part, time.time())
    if record and fresh and not session.store.pending(name):
        return record
    try:
        job, found = job_of(name, session)
    except PersonNeeded as error:
        if part is None or record is None or part.needs_person:
            raise
        if not wanted.lives(part, time.time()):
            raise
        session.console.show(error)
        return record
    with session.services(job) as services:
        return _renewed(job, found, services, session, wanted)


def _renewed(
    job: Job, record: Record, services: Services, session: Session, wanted: Wanted
) -> Record:
    """The record with a token that lives: renewed when it is due, and as it is if that fails."""
    part = wanted.of(record)
    refuse_released(job.name, record, wanted.named)
    if part.needs_person:
        message = f"{job.name} needs a person: {part.needs_person}"
        raise PersonNeeded("E802", message, hint=again(record))
    if not job.store.pending(job.name):
        if wanted.is_met_by(part, services.now()):
            return record
        if not refreshable(job, record, wanted.named):
            return _unless_ended(job, record, wanted, services.now())
    elif _is_left_alone(job, services.now()):
        return _unless_unclear(job, record, wanted, services.now())
    try:
        id_token = wanted.field == "id_token"  # which ends while the access token lives
        refused = str(part.fields.get("access_token")) if id_token else wanted.rejected
        new = renew(job, services, min_ttl_s=wanted.min_ttl_s, rejected=refused)
    except (ProviderError, StoreError, TransportError) as error:
        latest = job.store.read(job.name) or record
        if not wanted.lives(wanted.of(latest), services.now()):
            raise
        session.console.show(error)
        session.console.tell(f"{job.name}: the token still lives{until(latest)}")
        return latest
    if wanted.min_ttl_s is not None and due(wanted.of(new), services.now(), wanted.min_ttl_s):
        session.console.tell(f"{job.name}: no token lives for so long; a new one does{until(new)}")
    return new


def _is_left_alone(job: Job, now: float) -> bool:
    """
    Whether nobody knows how the last refresh ended, and that was a moment ago.

    The one further try that there is must not be spent while the provider is still in trouble.
    """
    attempt = job.store.attempt(job.name)
    if attempt is None or attempt.state != "unknown":
        return False
    age_s, policy = now - attempt.at, policy_of(job.flow, attempt.token)
    return policy.rotates and policy.grace_s <= age_s < PATIENCE_S


def _unless_unclear(job: Job, record: Record, wanted: Wanted, now: float) -> Record:
    part = wanted.of(record)
    if wanted.is_met_by(part, now) or wanted.lives(part, now):
        return record
    message = f"nobody knows how the last refresh of {job.name} ended"
    hint = f"It is tried once more {PATIENCE_S} s after it; `flowrun refresh` tries at once."
    raise ProviderError("E510", message, hint=hint)


def _unless_ended(job: Job, record: Record, wanted: Wanted, now: float) -> Record:
    part = wanted.of(record)
    ended = part.expires_at is not None and part.expires_at <= now
    if ended or wanted.refuses(part):
        what = "has ended" if ended else "was refused"
        message = f"the token of {job.name} {what} and cannot be refreshed"
        raise PersonNeeded("E802", message, hint=again(record))
    return record
