"""Authorization servers of others, as real processes."""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

from servers.command import TESTS

CACHE = Path(os.environ.get("RIG_CACHE") or Path.home() / ".cache" / "rigs")
"""Where the servers are installed, and keep their clients' keys."""

READY_TIMEOUT_S = 300  # the first start installs the server


class Rig(NamedTuple):
    """A running authorization server, and what a recipe must be told to use it."""

    issuer: str
    settings: Mapping[str, str]


@contextlib.contextmanager
def rig(name: str, *, needs: tuple[str, ...], **environment: str) -> Iterator[str]:
    """The URL of a server of others, installed if need be and ended afterwards."""
    if not (os.environ.get("FLOWRUN_CI") or os.environ.get("FLOWRUN_RIGS")):
        pytest.skip(f"{name} is installed and run only with FLOWRUN_RIGS=1")
    missing = [tool for tool in (*needs, "bash", "flock") if shutil.which(tool) is None]
    if missing:
        unavailable(f"{name} needs {', '.join(missing)}")
    command = [str(TESTS / "rigs" / name / "start"), str(free_port())]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    try:
        line = first_line(process)
        if not line.startswith("READY "):
            unavailable(f"{name} did not start; what it said stands above")
        yield line.split()[1]
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        if process.stdout:
            process.stdout.close()


def key_of(rig: str, name: str) -> str:
    """A key that *rig* has made for its clients."""
    return (CACHE / rig / "keys" / name).read_text("utf-8")


def unavailable(reason: str) -> NoReturn:
    """Skip; but fail where everything has to run."""
    if os.environ.get("FLOWRUN_CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def first_line(process: subprocess.Popen[str]) -> str:
    """What *process* says first, or nothing when it ends or takes too long."""
    assert process.stdout
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        ready = selector.select(READY_TIMEOUT_S)
    return process.stdout.readline() if ready else ""


def free_port() -> int:
    """One below those that a system gives to whoever asks for any, so that it stays free."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
