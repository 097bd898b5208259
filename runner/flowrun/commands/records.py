"""`flowrun revoke` and `forget`: what becomes of records."""

from __future__ import annotations

from collections.abc import Container, Sequence

from ..also import of_record, remove
from ..console import Console
from ..errors import FlowError, StoreError
from ..flow import Step
from ..job import run_on_record
from ..naming import job_of
from ..secret import JSON
from ..session import Session
from ..settings import Settings
from .each import each

REVOKED = "the grant was revoked"


def revoke(names: Sequence[str], settings: Settings, *, json: bool = False) -> int:
    """End each grant at the provider; the record stays, and says so."""
    console = Console(verbose=settings.verbose)

    def act(name: str) -> JSON:
        session = Session(settings._replace(alone=len(names) == 1), console)
        job, _ = job_of(name, session, ("revoke",))
        with session.services(job) as services, job.store.locked(job.name):
            record = session.record(job.name)  # as it is now that we hold the lock
            state = run_on_record(job, "revoke", record, services)
            if not mattered(job.flow.steps("revoke"), state.steps):
                message = f"{job.flow.name} has no step to revoke with that applies here"
                raise FlowError("E219", message, hint="Nothing was sent. See `if` in its steps.")
            job.store.write(job.name, record.knowing(needs_person=REVOKED))
        if not json:
            console.answer(f"{job.name}: revoked")
        return {"name": job.name, "result": "revoked"}

    return each(names, act, console, json=json)


def mattered(steps: Sequence[Step], ran: Container[str]) -> bool:
    """Whether the last step has run, or one that was left to decide by what there is."""
    chosen = [step for step in steps[:-1] if step.kind == "http" and step.modifiers.get("if")]
    return any(step.id in ran for step in (*chosen, steps[-1]))


def forget(names: Sequence[str], settings: Settings) -> int:
    """Remove each record here; the grant at the provider lives on."""
    console = Console()
    store = Session(settings, console).store

    def act(name: str) -> JSON:
        if not store.kept(name):
            hint = f"Records in {store.where}: {', '.join(store.names()) or 'none'}."
            raise StoreError("E705", f"there is no record {name!r}", hint=hint)
        with store.locked(name):
            left = remove(of_record(name, store, sandbox=settings.sandbox))
            store.delete(name)
        for path in left:
            console.tell(f"{name}: its token is also in {path}, which is left to you")
        console.tell(f"{name}: forgotten here; the provider may still know it")
        return None

    return each(names, act, console, json=False)
