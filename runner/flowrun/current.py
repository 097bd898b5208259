"""Make a token current: leave it, refresh it, or ask a person for consent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Literal, NamedTuple

from .engine import State, run_section
from .errors import FlowrunError, PersonNeeded, ProviderError
from .job import (
    Job,
    addressee,
    consent_needed,
    is_refusal,
    known_about,
    new_record,
    refuse_foreign,
    renewed,
    run_on_record,
    state_of,
    typed_before,
)
from .passes import due_tokens, for_token, policy_of, refreshable
from .plan import plan, rehearse, sent_inputs, told_secrets
from .record import Record, due
from .refresh import refresh
from .secret import Secret, Value, reveal
from .services import Http, Listener, Services
from .steps import KINDS
from .steps.kind import StepKind

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
        with job.store.locked(job.name):
            latest = job.store.read(job.name) or record
            record = latest.knowing(**known)
            job.store.write(job.name, record)
    return Current(job, record, "fresh")


def renew(
    job: Job,
    services: Services,
    *,
    force: bool = False,
    min_ttl_s: float | None = None,
    deadline_s: float = 30,
) -> Record:
    """
    Refresh the record when it is due, or whatever its age when *force* is set.

    Raises:
        ProviderError: the provider refused, or the grant is over.
        TransportError: no answer; whether the token was redeemed may be unknown.
        StoreError: the record is busy or cannot be written.
    """
    seen = job.store.read(job.name)
    if seen and not job.flow.steps("refresh") and not job.flow.needs_person:
        return log_in(job, services) if force or due(seen, services.now(), min_ttl_s) else seen

    def are_due(record: Record) -> list[str]:
        # Somebody else may have refreshed while we waited for the lock.
        same = force and (seen is None or record.version == seen.version)
        if force and not same:
            return []
        return due_tokens(job, record, services.now(), min_ttl_s=min_ttl_s, all=same)

    _bind(job, seen)
    return refresh(
        job.store,
        job.name,
        due=are_due,
        redeem=partial(_redeemed, job, services),
        policy=partial(policy_of, job.flow),
        deadline_s=deadline_s,
        now=services.now,
    )


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


def log_in(job: Job, services: Services) -> Record:
    """
    Run the recipe's steps and save what they yield; then let the provider verify it.

    Everything that can fail is tried before a person is asked.
    """
    job.store.probe(job.name)
    allowed = job.services(services)
    rehearse(job.flow, job.inputs)
    _say_where_secrets_go(job, services)
    with _listening(job, allowed) as (inputs, listeners):
        try:
            state = run_section(
                job.flow, "steps", State(inputs), allowed, listeners=listeners, kinds=_kinds(job)
            )
            record = new_record(job, state)
            _save(job, record)
        except FlowrunError as error:
            _conclude(listeners, str(error))
            raise
        _conclude(listeners, "")
    if job.flow.steps("verify"):
        run_on_record(job, "verify", record, services)
    return record


def _kinds(job: Job) -> Mapping[str, StepKind]:
    if not job.sandbox:
        return KINDS
    from .rehearsal import PlayedCapture

    return {**KINDS, "capture": PlayedCapture(job.flow)}


def _say_where_secrets_go(job: Job, services: Services) -> None:
    leaves = sent_inputs(job.flow, job.inputs)
    secret = [k for k, value in job.inputs.items() if isinstance(value, Secret) and k in leaves]
    if secret and not job.sandbox:
        to = ", ".join(told_secrets(job.flow, job.inputs)) or "endpoints that are discovered"
        services.tell(f"{', '.join(secret)} -> {to}")


def _save(job: Job, record: Record) -> None:
    with job.store.locked(job.name):
        job.store.write(job.name, record)
        if job.typed:
            values = {**typed_before(job.store, job.name), **job.typed}
            meant_for = addressee(job.flow, job.inputs)
            job.store.keep_typed(job.name, {"for": meant_for, "values": values})
        if attempt := job.store.attempt(job.name):  # it was about the grant before this one
            attempt.discard()


@contextmanager
def _listening(
    job: Job, services: Services
) -> Iterator[tuple[Mapping[str, Value], Mapping[str, Listener]]]:
    """Bind every redirection URI, before anybody is sent anywhere."""
    inputs, listeners = dict(job.inputs), dict[str, Listener]()
    with ExitStack() as stack:
        for step in job.flow.steps("steps"):
            if step.kind != "capture":
                continue
            from .steps.capture import redirect_uri

            wanted = redirect_uri(step, State(inputs).scope(job.flow))
            listener = stack.enter_context(services.browser.listen(wanted))
            listeners[step.id] = listener
            for name, value in inputs.items():  # port 0 has become a real one
                if reveal(value) == wanted:
                    inputs[name] = listener.redirect_uri
        yield inputs, listeners


def _conclude(listeners: Mapping[str, Listener], problem: str) -> None:
    for listener in listeners.values():
        listener.conclude(problem)
