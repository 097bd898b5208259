"""Whoever sits where a command runs: nobody, or a person who answers what is asked."""

from __future__ import annotations

import os
import select
import termios
import time
from collections.abc import Callable, Mapping
from types import TracebackType

from servers.quirky.forked import Started

Answer = Callable[[], str | None]
"""What a person types once something is said; None when it is too early for that."""

Errand = Callable[[], object]
"""What a person does elsewhere once something is said."""

TIMEOUT_S = 40
GRACE_S = 1  # for a command to end by itself once something was wrong


class Terminal:
    """A pipe for what is said, or a terminal when a person is there."""

    def __init__(self, person: Mapping[str, Answer], errands: Mapping[str, Errand]) -> None:
        self._answers, self._errands = dict(person), dict(errands)
        self._said = b""
        self._ours, self.output = silent_terminal() if person else os.pipe()
        self.input = os.dup(self.output) if person else os.open(os.devnull, os.O_RDONLY)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        os.close(self._ours)

    def said(self) -> str:
        return self._said.decode(errors="replace").replace("\r\n", "\n")

    def attend(self, process: Started, wrong: Callable[[], bool]) -> None:
        """Listen and answer until *process* ends, or something is *wrong* and it goes on."""
        for theirs in (self.input, self.output):
            os.close(theirs)
        until, doomed = time.monotonic() + TIMEOUT_S, False
        while time.monotonic() < until:
            if not doomed and wrong():
                until, doomed = min(until, time.monotonic() + GRACE_S), True
            if select.select([self._ours], [], [], 0.1)[0]:
                if not (read := self._read()):
                    return
                self._said += read
            elif process.ended():  # a browser may hold the output open
                return
            self._react()
        process.kill()

    def _read(self) -> bytes:
        try:
            return os.read(self._ours, 1 << 16)
        except OSError:  # the other end of a terminal is gone
            return b""

    def _react(self) -> None:
        for cue in [cue for cue in self._errands if cue in self.said()]:
            self._errands.pop(cue)()
        for cue in [cue for cue in self._answers if cue in self.said()]:
            if (answer := self._answers[cue]()) is not None:
                os.write(self._ours, f"{answer}\n".encode())
                del self._answers[cue]


def silent_terminal() -> tuple[int, int]:
    """Both ends of a terminal that does not repeat what is typed."""
    ours, theirs = os.openpty()
    modes = termios.tcgetattr(theirs)
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, modes)
    return ours, theirs
