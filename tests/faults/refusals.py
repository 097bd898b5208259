"""Let the system refuse one call of a refresh, by strace, and look what is left."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from faults.kills import GONE, found
from faults.scene import Ended, Scene, apart, ended, silence

CALLS = {
    "write": "write,pwrite64",
    "fsync": "fsync",
    "fdatasync": "fdatasync",
    "rename": "rename,renameat,renameat2",
    "link": "link,linkat",
    "unlink": "unlink,unlinkat",
    "open": "open,openat",
}
"""What a refresh asks of the disk, under the names that processors have for it."""

ERRORS = ("ENOSPC", "EIO", "EACCES")
ATTACHED_S = 10


class Refused(NamedTuple):
    """How a refresh ended one of whose calls was refused, and the next one."""

    first: Ended
    case: str
    sends: int  # before the next one
    second: Ended
    wrong: tuple[str, ...]


def why_not() -> str:
    """Why no call can be refused here; "" when it can."""
    return "" if shutil.which("strace") else "there is no strace"


def refuse(scene: Scene, call: str, error: str, nth: int) -> Refused | None:
    """Let the *nth* *call* of a refresh of *scene* fail with *error*; None when it has fewer."""
    first = _with_strace(scene, CALLS[call], error, nth)
    if first is None:
        return None
    before, (case, wrong) = scene.seen(), found(scene)
    second = apart(scene.renew)
    seen, record = scene.seen(), scene.record()
    wrong += [f"the first token was sent {seen.redeemed}"] * (seen.redeemed not in ([0], [0, 0]))
    wrong += [f"litter: {scene.litter()}"] * bool(scene.litter())
    wrong += [f"it ended with {first}"] * (not first.token and first.code != "E701")
    wrong += [f"then it ended with {second}"] * (second.token != scene.access(seen.newest))
    wrong += ["the record has another token"] * (record.access_token != second.token)
    return Refused(first, case, len(before.redeemed), second, tuple(wrong))


def lost(refused: Refused) -> bool:
    return refused.second.code == GONE


def _with_strace(scene: Scene, calls: str, error: str, nth: int) -> Ended | None:
    log = scene.folder.parent / f"{scene.family}.strace"
    ours, theirs = socket.socketpair()  # not a pipe: writing is what may be refused
    pid = os.fork()
    if pid == 0:
        _wait_and_renew(scene, theirs)
    theirs.close()
    os.waitpid(pid, os.WUNTRACED)
    inject = f"inject=?{calls.replace(',', ',?')}:error={error}:when={nth}"
    command = ["strace", "-p", str(pid), "-o", str(log), "-e", "trace=file,desc", "-e", inject]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as strace:
        _wait_for(strace, pid)
        os.kill(pid, signal.SIGCONT)
        with ours, ours.makefile() as file:
            said = file.read()
        os.waitpid(pid, 0)
    return Ended(*json.loads(said)) if "(INJECTED)" in log.read_text() else None


def _wait_and_renew(scene: Scene, there: socket.socket) -> None:
    try:
        silence()
        os.kill(os.getpid(), signal.SIGSTOP)
        there.sendall(json.dumps(ended(scene.renew)).encode())
    finally:
        os._exit(0)


def _wait_for(strace: subprocess.Popen[bytes], pid: int) -> None:
    """Until *strace* has taken *pid*."""
    end = time.monotonic() + ATTACHED_S
    while re.search(r"^TracerPid:\t0$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE):
        assert strace.poll() is None, "strace cannot trace here"
        assert time.monotonic() < end, "strace does not trace"
        time.sleep(0.001)
