"""Make a token current: leave it, refresh it, or ask a person for consent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal, NamedTuple

from .also import in_step, keep_in_step
from .engine import run_section
from .errors import FlowrunError, PersonNeeded, ProviderError, StoreError
from .job import (
    Job,
    consent_needed,
    is_refusal,
    known_about,
    refuse_foreign,
    renewed,
    run_on_record,
    state_of,
)
from .journal import Overheard
from .login import log_in
from .passes import due_tokens, ended_tokens, for_token, policy_of, refreshable
from .plan import plan
from .record import Record, due
from .refresh import noted, refresh, require_patience
from .secret import JSON
from .services import Http, Services

Action = Literal["fresh", "refreshed", "obtained"]


class Current(NamedTuple):
    """A token that works, and how it came about."""

    job: Job
    record: Record
    action: Action


def make_current(job: Job, services: Services, *, again: bool, consent: bool) -> Current:
    """
    Bring the record of *job* up to date.

    Args:
        job: the recipe, its values and where the record is.
        services: the edges.
        again: ask for consent even when there is a token.
        consent: somebody is here who can give it.

    Raises:
        PersonNeeded: only consent can help, and nobody is here (E802).
        FlowrunError: anything else that went wrong.
    """
    record = job.store.read(job.name)
    if record is not None:
        refuse_foreign(job.name, record, job.flow.name, job.profile)
        if not again and (found := _without_consent(job, record, services)):
            return found
    if job.flow.needs_person and not consent:
        hint = f"Run it where a browser is: flowrun {job.flow.file}"
        raise PersonNeeded("E802", f"{job.name} needs consent", hint=hint)
    return Current(job, log_in(job, services), "obtained")


def _without_consent(job: Job, record: Record, services: Services) -> Current | None:
    if why := consent_needed(job, record):
        services.tell(f"{job.name}: {why}, so consent is asked for again")
        return None
    pending = job.store.pending(job.name)
    if record.needs_person and not pending:
        services.tell(f"{job.name} needs a person: {record.needs_person}")
        return None
    if not pending and not due(record, services.now()):
        if due_tokens(job, record, services.now()):
            return Current(job, renew(job, services), "refreshed")
        return _fresh(job, record, services)
    if not pending and not refreshable(job, record):
        services.tell(f"{job.name}: the token has ended and cannot be refreshed")
        return None
    try:
        return Current(job, renew(job, services), "refreshed")
    except ProviderError as error:
        if error.outcome != "ended":
            raise
        services.tell(f"{job.name}: {error}")
        return None


def _fresh(job: Job, record: Record, services: Services) -> Current | None:
    """The record as it is; one whose end is unknown is shown to the provider first."""
    if record.expires_at is None and job.flow.steps("verify"):
        try:
            run_on_record(job, "verify", record, services)
        except ProviderError as error:
            if not is_refusal(error):
                raise
            services.tell(f"{job.name}: {error}")
            return (
                Current(job, renew(job, services, force=True), "refreshed")
                if refreshable(job, record)
                else None
            )
    known = known_about(job)
    if record.meta.get("digest") != known["digest"] or record.meta.get("inputs") != known["inputs"]:
        record = _knowing(job, record, known)
    keep_in_step(job)
    return Current(job, record, "fresh")


def _knowing(job: Job, record: Record, known: Mapping[str, JSON]) -> Record:
    """What is stored, with what is *known* of the recipe now, if it is still that grant."""
    with job.store.locked(job.name):
        latest = job.store.read(job.name)
        if latest is None:
            hint = "Somebody has moved or forgotten it: flowrun status"
            raise StoreError("E705", f"the record {job.name} is no longer here", hint=hint)
        if latest.grant == record.grant:
            latest = latest.knowing(**known)
            job.store.write(job.name, latest)
    return latest


def renew(
    job: Job,
    services: Services,
    *,
    force: bool = False,
    rejected: str = "",
    min_ttl_s: float | None = None,
    deadline_s: float = 30,
    before: Callable[[Record], None] | None = None,
) -> Record:
    """
    Refresh the record when it is due, or whatever its age when *force* is set.

    A token that lives for less than *min_ttl_s* seconds is due, and so is *rejected*, an access
    token that a server has refused (401), while it is stored. *before* sees what will be refreshed.

    Raises:
        ProviderError: the provider refused, wants to be left alone (E532), or the grant is over.
        TransportError: no answer; whether the token was redeemed may be unknown.
        StoreError: the record stays busy for *deadline_s* seconds, or cannot be written.
    """
    seen = job.store.read(job.name)

    def are_due(record: Record) -> list[str]:
        if force and seen and record.version != seen.version:
            return []  # somebody else has refreshed while we waited for the lock
        return due_tokens(job, record, services.now(), min_ttl_s, rejected=rejected, all=force)

    if seen and not job.flow.steps("refresh") and not job.flow.needs_person:
        ended = ended_tokens(seen, services.now(), min_ttl_s=min_ttl_s, rejected=rejected)
        return _begin_again(job, services, seen, before) if force or ended else seen
    _bind(job, seen)
    redeem, policy = partial(_redeemed, job, services), partial(policy_of, job.flow)
    with in_step(job):
        return refresh(
            *(job.store, job.name),
            due=are_due, redeem=redeem, policy=policy,
            deadline_s=deadline_s, now=services.now, before=before,
        )  # fmt: skip


def _begin_again(
    job: Job, services: Services, seen: Record, before: Callable[[Record], None] | None
) -> Record:
    """A new grant, where that needs nobody; what stops it is noted in the record there was."""
    require_patience(job.name, "", seen, services.now())
    if before:
        with job.store.locked(job.name):
            before(seen)
    overheard = Overheard(services.http)
    try:
        return log_in(job, services._replace(http=overheard))
    except FlowrunError as error:
        with job.store.locked(job.name):
            if (latest := job.store.read(job.name)) and latest.grant == seen.grant:
                job.store.write(job.name, noted(latest, error, overheard.answer, at=services.now()))
        raise


def _bind(job: Job, seen: Record | None) -> None:
    """Keep the key before a token is bound to it: whatever stops a refresh, they stay together."""
    if seen is None or "dpop" in seen.meta:
        return
    if not any("dpop" in step.options for step in job.flow.steps("refresh")):
        return
    requests = (planned.request for planned in plan(job.flow, "refresh", job.inputs))
    proof = next((each.proof for each in requests if each and each.proof), None)
    if proof is None:
        return
    with job.store.locked(job.name):
        record = job.store.read(job.name)
        if record and "dpop" not in record.meta:
            job.store.write(job.name, record.knowing(dpop={**proof.key()}))


def _redeemed(
    job: Job, services: Services, record: Record, token: str, wrap: Callable[[Http], Http]
) -> Record:
    """*record* with what the recipe's `refresh` brings for *token*."""
    allowed = job.services(services)
    journaled = allowed._replace(http=wrap(allowed.http))
    flow = for_token(job.flow, token)
    return renewed(job, record, run_section(flow, "refresh", state_of(job, record), journaled))
