"""`flowrun keep`: stay, refresh in time, and ask for a person once."""

from __future__ import annotations

import gc
import os
import random
import signal
import time
from collections.abc import Sequence
from functools import partial

from ..console import Console
from ..keep.asker import Asker
from ..keep.asking import Notes
from ..keep.inbox import Inbox
from ..keep.keeper import Keeper
from ..keep.outlook import look
from ..keep.supervisor import Supervisor
from ..keep.timetable import Clocks
from ..keep.trial import attempt
from ..keep.voice import Voice
from ..keep.watch import Watch
from ..keep.ways import Way, way_of
from ..naming import name_of
from ..session import Session
from ..settings import Settings

TIDY = (700, 10, 10)
"""Python's own: what looks for garbage seldom is good for a command that ends."""

CLOCKS = Clocks(time.time, time.monotonic, random.random)


def keep(
    names: Sequence[str],
    settings: Settings,
    *,
    notify: Sequence[str] = (),
    jobs: int,
    warn_s: float,
    json: bool = False,
) -> int:
    """
    Keep records fresh until SIGTERM (0) or Ctrl-C (130).

    Args:
        names: records, or flow files that make them; all that there are, also later, when none is.
        settings: the command line's.
        notify: the ways to a person, beside those that FLOWRUN_NOTIFY has.
        jobs: how many refreshes at once.
        warn_s: how long before its end a grant that only consent renews is told.
        json: say it as JSON, one object a line on stdout.
    """
    console = Console(verbose=settings.verbose)
    session, inbox = Session(settings, console), Inbox()
    wanted = [name_of(name, session) for name in names]
    alone = settings._replace(alone=len(wanted) == 1)
    ways = _ways([*notify, *os.environ.get("FLOWRUN_NOTIFY", "").splitlines()])
    voice = Voice(console, as_json=json)
    asker = Asker(ways, Notes(session.store, time.time), inbox, voice, CLOCKS)
    watch = Watch(
        (lambda: wanted) if names else session.store.names,
        lambda name: look(name, session.store, time.time()),
        asker,
        voice,
        now=time.time,
        warn_s=warn_s,
    )
    trial, supervisor = partial(attempt, settings=alone), Supervisor(os.environ)
    return _until_stopped(
        Keeper(watch, trial, inbox, asker, voice, supervisor, CLOCKS, jobs=jobs), inbox
    )


def _ways(texts: Sequence[str]) -> list[Way]:
    return [way_of(text.strip()) for text in dict.fromkeys(texts) if text.strip()]


def _until_stopped(keeper: Keeper, inbox: Inbox) -> int:
    got = set[int]()

    def stop(number: int, _: object) -> None:
        got.add(number)
        inbox.put(keeper.stop)

    gc.set_threshold(*TIDY)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, lambda *_: inbox.put(keeper.hurry))
    keeper.run()
    if signal.SIGTERM not in got:
        raise KeyboardInterrupt
    return 0
