"""`flowrun verify`: ask the providers whether tokens work."""

from __future__ import annotations

from collections.abc import Sequence

from ..console import Console
from ..errors import FlowError, PersonNeeded, ProviderError
from ..job import Job, is_refusal, run_on_record
from ..naming import again, job_of
from ..passes import refreshable
from ..record import Record
from ..secret import JSON
from ..services import Services
from ..session import Session
from ..settings import Settings
from .each import each, refuse_no_folder
from .records import mattered

UNASKED = "Nothing was sent. See `if` in its steps."


def verify(names: Sequence[str], settings: Settings, *, jobs: int = 1, json: bool = False) -> int:
    """
    Ask the provider whether each token works; all records when none is named.

    Of all records, those are told and left out of which nobody can be asked: the recipe does not
    say how, somebody else has the token, or it has ended and its next use refreshes it.
    """
    console = Console(verbose=settings.verbose)
    if not names:
        refuse_no_folder(settings)
    every = list(names) or Session(settings, console).store.names()

    def act(name: str) -> JSON:
        session = Session(settings._replace(alone=len(names) == 1), console)
        job, record = job_of(name, session, ("verify",))
        with session.services(job) as services:
            why = "" if names else _not_asked(job, record, services.now())
            if not why and not _asked(job, record, services):
                why = "no step of the recipe's `verify` applies to it"
                if names:
                    raise FlowError("E219", f"{job.name}: {why}", hint=UNASKED)
        if not json:
            console.answer(f"{job.name}: {why or 'valid'}")
        return {"name": job.name, "result": why or "valid"}

    if not every:
        console.tell(f"there are no records in {Session(settings, console).store.where}")
    return each(every, act, console, json=json, jobs=jobs)


def _not_asked(job: Job, record: Record, now: float) -> str:
    """Why nobody is asked about *record* among all; raises when only a person can help (E802)."""
    if record.released:
        return record.released
    if not job.flow.steps("verify"):
        return "the recipe does not say how to verify it"
    if record.expires_at is None or record.expires_at > now:
        return ""
    if record.needs_person or not refreshable(job, record):
        reason = record.needs_person or "the token has ended and cannot be refreshed"
        raise PersonNeeded("E802", f"{job.name}: {reason}", hint=again(record))
    return "ended, and its next use refreshes it"


def _asked(job: Job, record: Record, services: Services) -> bool:
    """Whether there was something to ask; raises when the token does not work."""
    try:
        state = run_on_record(job, "verify", record, services)
    except ProviderError as error:
        if is_refusal(error):
            _note(job, record, rejected=True)
        raise
    if not mattered(job.flow.steps("verify"), state.steps):
        return False
    _note(job, record, rejected=False)
    return True


def _note(job: Job, record: Record, *, rejected: bool) -> None:
    """Let the next use refresh what was *rejected*, and what works be used."""
    if bool(record.meta.get("rejected")) is rejected:
        return
    with job.store.locked(job.name):
        latest = job.store.read(job.name)
        if latest is None or latest.access_token != record.access_token:
            return  # another token is there by now
        meta = {key: value for key, value in latest.meta.items() if key != "rejected"}
        marked = latest._replace(meta=meta | ({"rejected": True} if rejected else {}))
        job.store.swap(job.name, latest, marked)
