"""`flowrun FLOW...`: bring tokens up to date."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..console import Console
from ..current import make_current
from ..errors import FlowrunError
from ..facts import facts, until
from ..naming import load
from ..profiles import lending
from ..secret import JSON
from ..session import Session
from ..settings import Settings
from ..stores.opening import VARIABLE as STORE
from .each import each


def run(
    flows: Sequence[str],
    settings: Settings,
    *,
    again: bool = False,
    json: bool = False,
    all_profiles: bool = False,
) -> int:
    """Bring the token of each flow up to date; prints where its record is."""
    console = Console(verbose=settings.verbose)
    wanted = {flow: (flow, settings.profile) for flow in flows}
    if all_profiles:
        wanted = {name: it for flow in flows for name, it in _profiles(flow, console).items()}

    def act(name: str) -> JSON:
        flow, profile = wanted[name]
        session = Session(settings._replace(profile=profile, alone=len(wanted) == 1), console)
        return _run(flow, session, again=again, quiet=json)

    return each(list(wanted), act, console, json=json)


def _profiles(flow: str, console: Console) -> dict[str, tuple[str, str]]:
    """The flow with each of its profiles, by what to call the two together."""
    try:
        loaded = load(flow, console)
    except FlowrunError:
        return {flow: (flow, "")}  # which tells what is wrong when its turn comes
    lent = lending(loaded.document)
    if lent:
        console.tell(f"left out, since other profiles extend it: {', '.join(sorted(lent))}")
    profiles = [name for name in loaded.profiles if name not in lent]
    return {f"{flow} --profile {name}": (flow, name) for name in profiles}


def _run(name: str, session: Session, *, again: bool, quiet: bool) -> JSON:
    job = session.job(load(name, session.console), ask=True)
    with session.services(job) as services:
        current = make_current(job, services, again=again, consent=session.consent)
    session.vouch(job)
    path = session.store.place(job.name)
    session.console.tell(f"{job.name}: {current.action}{until(current.record)}")
    _say_how_it_is_kept(job.name, session)
    if not quiet:
        session.console.answer(path)
    return {"name": job.name, "path": path, "action": current.action, **facts(current.record)}


def _say_how_it_is_kept(name: str, session: Session) -> None:
    """A record stays as it is kept, which surprises who has just chosen another way."""
    wanted, kept = os.environ.get(STORE), session.store.kept_as(name)
    if wanted and kept != wanted:
        session.console.tell(
            f"{name}: still kept as {kept}; to change that: flowrun move {name} --store {wanted}"
        )
