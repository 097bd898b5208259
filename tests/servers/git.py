"""A git server on loopback, git's own, that lets in whoever has one of its passwords."""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit


class GitServer(NamedTuple):
    """Where it is, whom it lets in, and what it was shown: a name and a password each time."""

    host: str
    passwords: set[str]
    shown: list[tuple[str, str]]

    @property
    def url(self) -> str:
        return f"http://{self.host}"


def quiet_git(folder: Path) -> dict[str, str]:
    """An environment in which git reads no configuration but that in *folder*, and asks nobody."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "NO_PROXY": "*",
        "LC_ALL": "C",
    }


@contextlib.contextmanager
def serving_git(folder: Path, name: str) -> Iterator[GitServer]:
    """Serve an empty repository *name*, which lies in *folder*."""
    subprocess.run(["git", "init", "-q", "--bare", str(folder / name)], check=True)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            if not self.let_in():
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            head, _, body = self.backend().partition(b"\r\n\r\n")
            self.send_response(200)
            for line in head.decode().split("\r\n"):
                self.send_header(*line.split(": ", 1))
            self.end_headers()
            self.wfile.write(body)

        def let_in(self) -> bool:
            scheme, _, coded = self.headers.get("Authorization", "").partition(" ")
            if scheme != "Basic":
                return False
            user, _, password = base64.b64decode(coded).decode().partition(":")
            server.shown.append((user, password))
            return password in server.passwords

        def backend(self) -> bytes:
            """What git-http-backend(1) answers, which is a CGI program."""
            url = urlsplit(self.path)
            asked = {
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": url.path,
                "QUERY_STRING": url.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            }
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            command = ["git", "http-backend"]
            done = subprocess.run(command, env=os.environ | asked, input=sent, capture_output=True)
            return done.stdout

        do_GET = do_POST = answer

        def log_message(self, *_: object) -> None:
            """Nothing: the tests say what went wrong."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server = GitServer(f"127.0.0.1:{http.server_address[1]}", set(), [])
        threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        http.shutdown()
