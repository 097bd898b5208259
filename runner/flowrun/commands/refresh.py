"""`flowrun refresh`: renew records without a person."""

from __future__ import annotations

from collections.abc import Sequence

from ..console import Console
from ..current import renew
from ..errors import PersonNeeded
from ..facts import facts, until
from ..naming import again, job_of
from ..passes import due_tokens, refreshable
from ..record import refuse_released
from ..secret import JSON
from ..session import Session
from ..settings import Settings
from .each import each


def refresh(
    names: Sequence[str],
    settings: Settings,
    *,
    due_only: bool,
    within_s: float | None = None,
    json: bool = False,
) -> int:
    """Refresh the records named (all when none is); only what is due if *due_only* says so."""
    console = Console(verbose=settings.verbose)
    wanted = list(names) or Session(settings, console).store.names()

    def act(name: str) -> JSON:
        session = Session(settings._replace(alone=len(names) == 1), console)
        job, record = job_of(name, session)
        with session.services(job) as services:
            pending = job.store.pending(job.name)
            if record.released and not names:  # whoever has it refreshes it
                return {"name": job.name, "action": "released", **facts(record)}
            refuse_released(job.name, record)
            waiting = due_tokens(job, record, services.now(), min_ttl_s=within_s)
            if due_only and not (pending or waiting):
                return {"name": job.name, "action": "fresh", **facts(record)}
            if record.needs_person or (not pending and not refreshable(job, record)):
                message = f"{job.name} cannot be refreshed: {record.needs_person or 'no way to'}"
                raise PersonNeeded("E802", message, hint=again(record))
            new = renew(job, services, force=not due_only, min_ttl_s=within_s)
        console.tell(f"{job.name}: refreshed{until(new)}")
        return {"name": job.name, "action": "refreshed", **facts(new)}

    return each(wanted, act, console, json=json)
