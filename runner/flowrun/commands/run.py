"""`flowrun FLOW...`: bring tokens up to date."""

from __future__ import annotations

from collections.abc import Sequence

from ..console import Console
from ..current import make_current
from ..profiles import lending
from ..secret import JSON
from ..session import Session
from ..settings import Settings
from .facts import facts, until
from .subject import each, load


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
    wanted = {flow: _profiles(flow, settings, console, all_of_them=all_profiles) for flow in flows}
    alone = sum(map(len, wanted.values())) == 1

    def act(flow: str) -> JSON:
        done: list[JSON] = []
        for profile in wanted[flow]:
            session = Session(settings._replace(profile=profile, alone=alone), console)
            done.append(_run(flow, session, again=again, quiet=json))
        return done[0] if len(done) == 1 else done

    return each(list(wanted), act, console, json=json)


def _profiles(
    flow: str, settings: Settings, console: Console, *, all_of_them: bool
) -> Sequence[str]:
    if not all_of_them:
        return [settings.profile]
    loaded = load(flow, console)
    lent = lending(loaded.document)
    if lent:
        console.tell(f"left out, since other profiles extend it: {', '.join(sorted(lent))}")
    return [name for name in loaded.profiles if name not in lent]


def _run(name: str, session: Session, *, again: bool, quiet: bool) -> JSON:
    job = session.job(load(name, session.console), ask=True)
    with session.services(job) as services:
        current = make_current(job, services, again=again, consent=session.consent)
    session.vouch(job)
    path = str(session.store.path(job.name))
    session.console.tell(f"{job.name}: {current.action}{until(current.record)}")
    if not quiet:
        session.console.answer(path)
    return {"name": job.name, "path": path, "action": current.action, **facts(current.record)}
