"""
Run a function in a child that stops before and after each of its system calls.

Linux's ptrace by ctypes: no registers are read, so it is the same on every processor. The number
of a call comes from PTRACE_GET_SYSCALL_INFO (Linux 5.3); its name from the table in `calls`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from faults.calls import name_of

TRACEME, SYSCALL, DETACH, SETOPTIONS, SYSCALL_INFO = 0, 24, 17, 0x4200, 0x420E
TRACESYSGOOD, TRACECLONE, EXITKILL = 0x1, 0x8, 0x100000
ALL_CHILDREN = 0x40000000
"""`__WALL`: threads, too."""

SYSCALL_STOP = signal.SIGTRAP | 0x80
ENTRY, EXIT = 1, 2


class Info(ctypes.Structure):
    """The part of `struct ptrace_syscall_info` that an entry and an exit have."""

    _fields_ = (
        ("op", ctypes.c_uint8),
        ("padding", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("instruction_pointer", ctypes.c_uint64),
        ("stack_pointer", ctypes.c_uint64),
        ("number_or_result", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 6),
    )


class Stop(NamedTuple):
    """Where a thread of the child stands."""

    main: bool  # the thread that the function runs in
    number: int  # of the stops of such threads, from 0
    call: str
    entered: bool  # the call has not been made; else it has just been

    def __str__(self) -> str:
        return f"{'before' if self.entered else 'after'} {self.call}"


def why_not() -> str:
    """Why nothing can be traced here; "" when it can."""
    if sys.platform != "linux":
        return "ptrace is Linux's"
    try:
        with tracing(lambda: None) as traced:
            next(iter(traced))
    except (OSError, StopIteration) as error:
        return f"no child can be traced here: {error}"
    return ""


LIBC = ctypes.CDLL(None, use_errno=True)
if sys.platform == "linux":
    LIBC.ptrace.restype = ctypes.c_long
    LIBC.ptrace.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


def _ptrace(request: int, pid: int, address: int = 0, data: int = 0) -> None:
    if LIBC.ptrace(request, pid, address, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class Traced:
    """A child; iterating lets it go on to its next stop. It is in that stop meanwhile."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.status: int | None = None  # how it ended
        self.detached = False
        self._entered: dict[int, str] = {}
        self._counted = {True: 0, False: 0}
        self._standing: dict[int, int] = {pid: 0}  # threads that wait, with a signal for them

    def __iter__(self) -> Iterator[Stop]:
        while self.status is None:
            self._go_on()
            if stop := self._wait():
                yield stop

    def kill(self) -> None:
        """End it where it stands, as SIGKILL does."""
        os.kill(self.pid, signal.SIGKILL)
        while self.status is None:
            self._wait()

    def suspend(self) -> None:
        """Stop all of it with SIGSTOP, and trace it no more."""
        os.kill(self.pid, signal.SIGSTOP)
        self.detached, let_go = True, set[int]()
        while True:
            for thread in [*self._standing]:
                _ptrace(DETACH, thread)
                del self._standing[thread]
                let_go.add(thread)
            if self._threads() <= let_go:
                return
            self._wait()  # others were on their way; each stands, or ends, in a moment

    def ended(self) -> int:
        """Let it go on to its end; its exit status, or the signal as a negative number."""
        if self.detached:
            os.kill(self.pid, signal.SIGCONT)
            self.status = os.waitpid(self.pid, 0)[1]
        for _ in self:
            pass
        assert self.status is not None
        return os.waitstatus_to_exitcode(self.status)

    def _threads(self) -> set[int]:
        return {int(path.name) for path in Path(f"/proc/{self.pid}/task").iterdir()}

    def _go_on(self) -> None:
        for thread, number in self._standing.items():
            with contextlib.suppress(ProcessLookupError):  # killed meanwhile
                _ptrace(SYSCALL, thread, 0, number)
        self._standing.clear()

    def _wait(self) -> Stop | None:
        thread, status = os.waitpid(-self.pid, ALL_CHILDREN)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if thread == self.pid:
                self.status = status
            return None
        caught = os.WSTOPSIG(status)
        # A new thread begins with SIGSTOP, and what made it tells with SIGTRAP.
        passed_on = 0 if caught in (SYSCALL_STOP, signal.SIGTRAP, signal.SIGSTOP) else caught
        self._standing[thread] = passed_on
        return self._stop_of(thread) if caught == SYSCALL_STOP else None

    def _stop_of(self, thread: int) -> Stop | None:
        info = Info()
        try:
            _ptrace(SYSCALL_INFO, thread, ctypes.sizeof(info), ctypes.addressof(info))
        except ProcessLookupError:  # another thread has ended them all
            return None
        entered = info.op == ENTRY
        if entered:
            self._entered[thread] = name_of(info.number_or_result)
        main = thread == self.pid
        number = self._counted[main]
        self._counted[main] += 1
        return Stop(main, number, self._entered.get(thread, "?"), entered)


@contextlib.contextmanager
def tracing(function: Callable[[], None]) -> Iterator[Traced]:
    """A child that runs *function* and ends; it is killed if it is still there in the end."""
    pid = os.fork()
    if pid == 0:
        _be_traced(function)
    os.waitpid(pid, ALL_CHILDREN)
    _ptrace(SETOPTIONS, pid, 0, TRACESYSGOOD | TRACECLONE | EXITKILL)
    traced = Traced(pid)
    try:
        yield traced
    finally:
        if traced.status is None:
            traced.kill()


def _be_traced(function: Callable[[], None]) -> None:
    try:
        os.setpgid(0, 0)
        _ptrace(TRACEME, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        function()
        os._exit(0)
    finally:
        os._exit(1)
