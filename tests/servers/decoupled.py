"""A server where consent is given on another device, and which counts the seconds of who asks."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl

from flowrun.secret import JSON
from servers.command import TIMEOUT_S, Cli, Done

REFUSALS = {
    "pending": "authorization_pending",
    "slow": "slow_down",
    "denied": "access_denied",
    "expired": "expired_token",
    "pinned": "invalid_request",
}


class Poll(NamedTuple):
    """A question for the token: when it came, and what it held."""

    at: float
    form: Mapping[str, str]


class Decoupled:
    """Answers polls with each of *says* in turn; `too_soon` is for whoever does not wait."""

    def __init__(self, invitation: JSON, says: list[str], interval_s: float) -> None:
        self.invitation, self.says, self.interval_s = invitation, says, interval_s
        self.polls: list[Poll] = []
        self.asked: list[Mapping[str, str]] = []
        self.due = 0.0
        self.url = ""

    def invite(self, form: Mapping[str, str]) -> tuple[int, JSON]:
        self.asked.append(form)
        self.due = time.monotonic() + self.interval_s
        return 200, self.invitation

    def token(self, form: Mapping[str, str]) -> tuple[int, JSON]:
        now, said = time.monotonic(), self.says.pop(0)
        self.polls.append(Poll(now, form))
        if now < self.due - 0.05:
            return 400, {"error": "too_soon", "error_description": f"{self.due - now:.1f} s"}
        if said == "slow":
            self.interval_s += 5
        if said == "silence":  # no answer; and whoever gets none asks half as often
            self.interval_s *= 2
        self.due = now + self.interval_s
        if said == "token":
            return 200, {"access_token": "fake-access-token", "expires_in": 3600}
        return (503, None) if said == "busy" else (400, {"error": REFUSALS.get(said, said)})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        served = getattr(self.server, "served", None)
        assert isinstance(served, Decoupled)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        silent = self.path == "/token" and served.says[:1] == ["silence"]
        status, answer = (served.token if self.path == "/token" else served.invite)(form)
        if silent:
            self.close_connection = True
            return
        content = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def decoupled(invitation: Mapping[str, JSON], *says: str, interval_s: float) -> Iterator[Decoupled]:
    """The server; its `SELF` in *invitation* is its own address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        text = json.dumps(invitation).replace("SELF", url)
        served = Decoupled(json.loads(text), list(says), interval_s)
        served.url = url
        server.__dict__["served"] = served
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join(10)


class Waiting:
    """A command that waits for somebody's consent."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self.said = process, ""

    def until(self, pattern: str) -> str:
        """What the first group of *pattern* finds in what is said, once it is said."""
        assert self._process.stderr
        while not (found := re.search(pattern, self.said)):
            line = self._process.stderr.readline()
            assert line, self.said
            self.said += line
        return found[1]

    def ended(self) -> Done:
        stdout, stderr = self._process.communicate(timeout=TIMEOUT_S)
        self.said += stderr
        return Done(self._process.returncode, stdout, self.said)


@contextlib.contextmanager
def waiting(cli: Cli, *words: str | Path, **environment: str) -> Iterator[Waiting]:
    """The command line in the background, read as it speaks; nothing secret may be said."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "flowrun", *map(str, words)],
        cwd=cli.folder,
        env=kept | {"HOME": str(cli.folder), "NO_COLOR": "1", "BROWSER": "true"} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Waiting(process)
        finally:
            process.kill()


def at_a_screen(folder: Path, columns: int, *words: str, **environment: str) -> str:
    """What a command says at a terminal of so many *columns*, to the last line."""
    return _shown(folder, columns, words, environment, answer=False)


def answered_at_a_screen(folder: Path, columns: int, *words: str) -> str:
    """The same with what it answers, which a terminal shows between."""
    return _shown(folder, columns, words, {}, answer=True)


def _shown(
    folder: Path, columns: int, words: Sequence[str], more: Mapping[str, str], *, answer: bool
) -> str:
    import fcntl
    import struct
    import termios

    own, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(
        [sys.executable, "-m", "flowrun", *words],
        cwd=folder,
        env={**clean, "TERM": "xterm", **more},
        stdin=theirs,
        stdout=theirs if answer else subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    with process:
        try:
            said = read_all(own)
        finally:
            process.kill()
            os.close(own)
    return said.decode().replace("\r\n", "\n")


def read_all(own: int) -> bytes:
    said, end = b"", time.monotonic() + TIMEOUT_S
    with contextlib.suppress(OSError):  # so Linux says that the other end is closed
        while time.monotonic() < end and select.select([own], [], [], TIMEOUT_S)[0]:
            said += os.read(own, 4096)
    return said
