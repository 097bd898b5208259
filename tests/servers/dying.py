"""Code that is killed before it changes a file: at each of its steps in turn."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator

STEPS = ("open", "os.link", "os.mkdir", "os.remove", "os.rename")
"""What Python tells audit hooks before it does it; between two of them nothing is made or gone."""


def deaths(act: Callable[[], object]) -> Iterator[int]:
    """
    Do *act* in a process of its own that is killed before its first step, then before its second,
    until it lives to its end; the caller puts things back in between, and judges what was left.
    """
    step = 0
    while _dies(act, step):
        yield step
        step += 1


def writes(flags: object) -> bool:
    return isinstance(flags, int) and flags & os.O_ACCMODE != os.O_RDONLY


def _dies(act: Callable[[], object], step: int) -> bool:
    child = os.fork()
    if child == 0:
        _live(act, step)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), "what was said stands above"
    return status != 0


def _live(act: Callable[[], object], step: int) -> None:
    """Never returns."""
    left = step

    def die(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in STEPS and (event != "open" or writes(arguments[2])):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(die)
    try:
        act()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
