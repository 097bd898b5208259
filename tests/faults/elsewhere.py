"""Kill refreshes at a server of others, one after the other, on one record that is always due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from faults.kills import GONE, killed, stops
from faults.scene import apart, ended
from flowrun.console import Console
from flowrun.current import renew
from flowrun.record import Record
from flowrun.session import Session
from flowrun.settings import Settings
from servers.command import Process

TRIALS = 24


class Killed(NamedTuple):
    """What became of the record after a kill."""

    stop: str
    pending: bool  # the kill had left a journal
    code: str  # of what settled it
    goes_on: bool  # the newest tokens are refreshed again
    version: int  # by how much it grew, up to then


def kill_some(
    folder: Path, name: str, log_in: Sequence[str], browser: str, begin: int
) -> list[Killed]:
    """Kill some refreshes of *name* in *folder*; *log_in* are the words that get a new grant."""

    def consent() -> None:
        done = Process(folder)(*log_in, "--fresh", BROWSER=browser)
        assert done.status == 0, done.stderr

    consent()
    refresh = partial(_renew, folder, name, force=True)
    ended(refresh)  # so that nothing is imported later
    places = [where for where in stops(refresh) if where.main]
    step = max(1, len(places) // TRIALS)
    found = []
    for where in places[begin % step :: step]:
        found.append(_settled(folder, name, str(killed(refresh, where)), refresh))
        if found[-1].code == GONE:
            consent()
    return found


def _settled(folder: Path, name: str, stop: str, refresh: Callable[[], Record]) -> Killed:
    store = Session(Settings(tokens=folder / "tokens"), Console()).store
    before = store.read(name)
    pending = store.pending(name)
    settled = apart(partial(_renew, folder, name))
    after = None if settled.code else apart(refresh)
    latest = store.read(name)
    assert before
    assert latest
    grown = latest.version - before.version
    return Killed(stop, pending, settled.code, bool(after and after.token), grown)


def _renew(folder: Path, name: str, *, force: bool = False) -> Record:
    session = Session(Settings(tokens=folder / "tokens"), Console())
    job, _ = session.job_of(name)
    with session.services(job) as services:
        return renew(job, services, force=force)
