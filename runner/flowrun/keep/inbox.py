"""One thread decides; the others do one thing each, and put what came of it here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

Result = TypeVar("Result")


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
        try:
            self._waiting.get(timeout=max(0.0, seconds))()
            while True:
                self._waiting.get_nowait()()
        except Empty:
            return
