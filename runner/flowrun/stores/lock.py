"""One record is changed by one thread of one process at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from flowrun.errors import StoreError

from . import private

LONGEST_NAP_S = 0.05


@contextlib.contextmanager
def locked(path: Path, *, deadline_s: float) -> Iterator[None]:
    """Hold the lock file *path*, which is never removed: who waits for it waits for its inode."""
    with private.told("lock", path):
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        with private.told("lock", path):
            _wait(descriptor, path.stem, deadline_s)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, name: str, deadline_s: float) -> None:
    end, nap_s = time.monotonic() + deadline_s, 0.001
    while True:
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if time.monotonic() >= end:
            message = f"{name} is busy: {_holder(descriptor)} has it for {deadline_s:g} s now"
            raise StoreError("E704", message, hint="Wait for it, or end it if it hangs.")
        time.sleep(nap_s)
        nap_s = min(nap_s * 2, LONGEST_NAP_S)


def _holder(descriptor: int) -> str:
    """Who holds the lock, where the system tells; a note in the file would outlive a crash."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            words = line.split()
            if words[1] == "FLOCK" and words[5].endswith(f":{os.fstat(descriptor).st_ino}"):
                return f"process {words[4]}"
    return "another process"
