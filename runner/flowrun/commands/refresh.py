"""`flowrun refresh`: renew records without a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

from ..also import keep_in_step
from ..console import Console
from ..current import renew
from ..errors import PersonNeeded
from ..facts import facts, until
from ..job import Job
from ..naming import again, job_of
from ..passes import due_tokens, refreshable
from ..record import Record, refuse_released
from ..secret import JSON
from ..services import Services
from ..session import Session
from ..settings import Settings
from .each import each, refuse_no_folder
from .stopping import stopping_between


class Wanted(NamedTuple):
    """Which records are meant."""

    named: bool
    due_only: bool
    within_s: float | None


def refresh(
    names: Sequence[str],
    settings: Settings,
    *,
    due_only: bool,
    within_s: float | None = None,
    write_back: str = "",
    jobs: int = 1,
    json: bool = False,
) -> int:
    """
    Refresh the records named (all when none is); only what is due if *due_only* says so.

    What that changes is given to the shell command *write_back*; *jobs* are under way at once.
    """
    console = Console(verbose=settings.verbose)
    if not names:
        refuse_no_folder(settings)
    every = list(names) or Session(settings, console).store.names()
    wanted = Wanted(bool(names), due_only, within_s)

    def act(name: str) -> JSON:
        stop()
        session = Session(settings._replace(alone=len(names) == 1), console)
        job, record = job_of(name, session)
        with (
            session.services(job) as services,
            _written_back(write_back, job, services, console) as before,
        ):
            if (action := _action(job, record, services, wanted)) == "refreshed":
                force = not due_only
                record = renew(job, services, force=force, min_ttl_s=within_s, before=before)
                console.tell(f"{job.name}: refreshed{until(record)}")
            else:
                keep_in_step(job)
        return {"name": job.name, "action": action, **facts(record)}

    with stopping_between(console.tell) if write_back else nullcontext(lambda: None) as stop:
        return each(every, act, console, json=json, jobs=jobs)


def _action(job: Job, record: Record, services: Services, wanted: Wanted) -> str:
    """What becomes of *record*; raises `PersonNeeded` (E802) when no refresh can help."""
    if record.released and not wanted.named:  # whoever has it refreshes it
        return "released"
    refuse_released(job.name, record)
    pending = job.store.pending(job.name)
    waiting = due_tokens(job, record, services.now(), wanted.within_s)
    if wanted.due_only and not (pending or waiting):
        return "fresh"
    if record.needs_person or (not pending and not refreshable(job, record)):
        message = f"{job.name} cannot be refreshed: {record.needs_person or 'no way to'}"
        raise PersonNeeded("E802", message, hint=again(record))
    return "refreshed"


@contextmanager
def _written_back(
    command: str, job: Job, services: Services, console: Console
) -> Iterator[Callable[[Record], None] | None]:
    """What must see a record before it is refreshed in here, so that it can be written back."""
    if not command:
        yield None
        return
    from ..write_back import WriteBack

    back = WriteBack(command, job.name, job.store, services.shelf, console)
    with back.settled():
        yield back.trial
