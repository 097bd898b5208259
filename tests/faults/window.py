"""How long an answer is nowhere but on its way: the time in which a crash loses it."""

from __future__ import annotations

import time
from typing import NamedTuple

from faults.scene import Scene, Stage
from flowrun.message import Response
from flowrun.record import Record
from flowrun.stores.attempt import Attempt
from flowrun.stores.files import FileStore
from flowrun.stores.opening import VARIABLE


class Window(NamedTuple):
    """Parts of one window, in nanoseconds."""

    here_ns: int  # from the provider's commit until the whole answer was here
    kept_ns: int  # from then until the disk had it


class Timed(Attempt):
    """Tells when it began to keep an answer, and when it had."""

    def keep(self, answer: Response, *, whole: bool = True) -> None:
        TIMES.append(time.monotonic_ns())
        super().keep(answer, whole=whole)
        TIMES.append(time.monotonic_ns())


TIMES: list[int] = []


class TimedStore(FileStore):
    def begin(self, name: str, record: Record, token: str = "", *, at: float) -> Attempt:
        return Timed(*super().begin(name, record, token, at=at))


def measured(stage: Stage, number: int) -> list[Window]:
    """The windows of so many refreshes."""
    return [_window(stage, stage.scene()) for _ in range(number)]


def _window(stage: Stage, scene: Scene) -> Window:
    kind = stage.environ.get(VARIABLE, "files")
    scene.session.store = TimedStore(scene.folder, kind, stage.environ)
    TIMES.clear()
    scene.renew()
    (committed,), (here, kept) = scene.seen().committed_ns, TIMES
    return Window(here - committed, kept - here)
