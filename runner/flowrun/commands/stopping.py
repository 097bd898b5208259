"""Ctrl-C and SIGTERM, where what is under way must be brought to its end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stopping_between(tell: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """
    Hold back signals to stop; what is yielded raises once there has been one.

    A signal that comes a second time has its usual way, and the first of all once this is left.
    """
    got: list[int] = []
    before = {number: signal.getsignal(number) for number in STOPPING}

    def hold(number: int, _: object) -> None:
        got.append(number)
        signal.signal(number, before[signal.Signals(number)])
        tell("stopping, once what is under way is done and written back")

    def stop() -> None:
        if got:
            raise KeyboardInterrupt

    for number in STOPPING:
        if before[number] != signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, hold)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if got:
            signal.raise_signal(got[0])
