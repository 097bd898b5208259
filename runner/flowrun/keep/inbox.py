"""One thread decides; the others do one thing each, and put what came of it here."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

Result = TypeVar("Result")

ATTENTION_S = 1.0
"""So often a wait ends for a moment: a system may hand a signal to another thread, if one came just
before, and then nothing wakes the one that Python has run the handler."""


class Inbox:
    """What waits for the thread that decides; a signal's handler may put something in, too."""

    def __init__(self) -> None:
        self._waiting = SimpleQueue[Callable[[], None]]()

    def put(self, act: Callable[[], None]) -> None:
        self._waiting.put(act)

    def apart(self, work: Callable[[], Result], then: Callable[[Result], None]) -> None:
        """Do *work*, which raises nothing, in a thread of its own; *then* is done here."""

        def run() -> None:
            result = work()
            self.put(lambda: then(result))

        # Of no pool: the interpreter would wait for one, and a server may never answer.
        threading.Thread(target=run, daemon=True).start()

    def rest(self, seconds: float) -> None:
        """Wait so long for something to do; do all that is there by then."""
        end = time.monotonic() + seconds
        while not self._did(min(end - time.monotonic(), ATTENTION_S)):
            if time.monotonic() >= end:
                return

    def _did(self, wait_s: float) -> bool:
        """Whether there was something to do within *wait_s*; it is done."""
        did = False
        with contextlib.suppress(Empty):
            self._waiting.get(timeout=max(0.0, wait_s))()
            did = True
            while True:
                self._waiting.get_nowait()()
        return did
