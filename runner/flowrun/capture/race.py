"""The race between every way back from the browser: one latch, one winner."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from flowrun.errors import CallbackError
from flowrun.services import Judge


class Race:
    """Takes redirects from any thread until one passes the judge, or shows that none will."""

    def __init__(self, judge: Judge) -> None:
        self._judge, self._latch = judge, threading.Lock()
        self.over, self._concluded = threading.Event(), threading.Event()
        self.result: Mapping[str, str] | Exception = {}
        self._problem: str | None = None

    def enter(self, parameters: Mapping[str, str], *, bare: bool = False) -> bool:
        """Whether *parameters* are the first to pass; raises what the judge raises."""
        try:
            self._judge(parameters, bare=bare)
        except Exception as error:
            if not (isinstance(error, CallbackError) and error.code == "E404"):
                self.end(error)
            raise
        return self.end(parameters)  # not before: a forged redirect must not shut out the real one

    def end(self, result: Mapping[str, str] | Exception) -> bool:
        """Whether the race was still on; now it is over."""
        with self._latch:
            first = not self.over.is_set()
            if first:
                self.result = result
                self.over.set()
            return first

    def conclude(self, problem: str | None) -> None:
        """Tell the winner what became of it, None for nothing yet; the first word stands."""
        if not self._concluded.is_set():
            self._problem = problem
            self._concluded.set()

    def conclusion(self, *, timeout_s: float) -> str | None:
        """The problem that the winner met, or ""; None when it is not known in time."""
        return self._problem if self._concluded.wait(timeout_s) else None
