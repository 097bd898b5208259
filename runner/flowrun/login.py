"""Get a new grant: ask a person for consent where the recipe says so, and save what comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from .also import in_step, prove
from .engine import State, run_section
from .errors import FlowrunError
from .job import Job, addressee, new_record, run_on_record, typed_before
from .plan import rehearse, sent_inputs, told_secrets
from .record import Record
from .secret import Secret, Value, reveal
from .services import Listener, Services
from .steps import KINDS
from .steps.kind import StepKind


def log_in(job: Job, services: Services) -> Record:
    """
    Run the recipe's steps and save what they yield; then let the provider verify it.

    Everything that can fail is tried before a person is asked.
    """
    job.store.probe(job.name)
    prove(job)
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
    with in_step(job):
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
