"""
The command line as processes that are forks of one which has loaded it already.

Each is a process of its own that runs the real entry point and exits by itself; what is saved is
the start of Python and the imports, which take longer than all that a recipe does.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

PRELOADED = (
    "flowrun.capture.listener",
    "flowrun.cli",
    "flowrun.commands.records",
    "flowrun.commands.refresh",
    "flowrun.commands.run",
    "flowrun.commands.token",
    "flowrun.jose",
    "flowrun.tree",
    "http.client",
    "ssl",
)
MOST_BYTES = 1 << 20


class Started(NamedTuple):
    """A command that runs."""

    pid: int
    told: socket.socket

    def ended(self, timeout_s: float = 0) -> bool:
        return bool(select.select([self.told], [], [], timeout_s)[0])

    def status(self) -> int:
        """How it ended, once it has."""
        return number_from(self.told)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


class Forks:
    """Starts commands, one after the other."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def start(
        self,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        streams: Sequence[int],
    ) -> Started:
        told = {"words": words, "folder": str(folder), "environment": environment}
        socket.send_fds(self._channel, [json.dumps(told).encode()], streams)
        return Started(number_from(self._channel), self._channel)


def number_from(channel: socket.socket) -> int:
    """The next line, and not a byte of the one after it, which `ended` waits for."""
    line = b""
    while not line.endswith(b"\n"):
        line += channel.recv(1) or b"\n"
    return int(line)


@contextlib.contextmanager
def forks(environment: Mapping[str, str]) -> Iterator[Forks]:
    """A process that is ready to fork, in *environment*, until the block ends."""
    ours, theirs = socket.socketpair()
    path = str(Path(__file__).parents[2])
    searched = os.pathsep.join([environment["PYTHONPATH"], path])
    code = "import sys, servers.quirky.forked as it; it.serve(int(sys.argv[1]))"
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(theirs.fileno())],
            env={**os.environ, **environment, "PYTHONPATH": searched},
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        yield Forks(ours)
    process.wait(10)


def serve(channel_fd: int) -> None:
    """Fork for every command that is told, and tell the process and how it ended."""
    for name in PRELOADED:
        import_module(name)
    gc.freeze()
    with socket.socket(fileno=channel_fd) as channel:
        while (message := socket.recv_fds(channel, MOST_BYTES, 3))[0]:
            pid = os.fork()
            if not pid:
                channel.close()
                return become(json.loads(message[0]), message[1])
            for stream in message[1]:
                os.close(stream)
            channel.sendall(b"%d\n" % pid)
            channel.sendall(b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def become(told: Mapping[str, object], streams: Sequence[int]) -> None:
    """The command that was *told*, as if it had been started that way."""
    from flowrun.__main__ import main

    environment, words = told["environment"], told["words"]
    assert isinstance(environment, dict)
    assert isinstance(words, list)
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(str(told["folder"]))
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", buffering=1)
    sys.argv = ["flowrun", *words]
    main()
