"""The sandbox's server: on loopback only, for as long as a `with` lasts."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from threading import Thread
from typing import NamedTuple

from ..capture.page import headers
from ..errors import FlowError, FlowrunError
from ..secret import JSON
from .desk import Desk
from .page import SUBMIT
from .provider import Provider
from .reply import Reply
from .shape import Client, Exchange, Received, received

MAX_BODY_BYTES = 1 << 16
HEADERS = headers(SUBMIT, form_action="'self' http: https:")  # its redirect leads to whoever asked


class Sandbox(NamedTuple):
    """A provider that *thread* serves at *origin*."""

    origin: str
    thread: Thread

    def route(self, url: str) -> str:
        """Where a request for *url* goes instead: its host becomes the first part of the path."""
        here = f"{self.origin}/"
        return url if url.startswith(here) else here + url.partition("://")[2]

    def wait(self) -> None:
        """Stay until somebody interrupts."""
        self.thread.join()


@contextmanager
def serve(
    exchanges: Sequence[Exchange],
    *,
    client: Client,
    port: int = 0,
    person: bool,
    tell: Callable[[str], None],
    state: Path | None = None,
    now: Callable[[], float] = time.time,
) -> Iterator[Sandbox]:
    """Serve the provider of *exchanges*; what it issued outlives it in the file *state*."""
    desk = Desk(exchanges, client, Provider(client.id, exchanges, state, now), person=person)
    try:
        server = Server(("127.0.0.1", port), Handler)
    except OSError as error:
        hint = "Choose another port, or leave it out and any free one is taken."
        raise FlowError("E223", f"port {port}: {error.strerror}", hint=hint) from None
    with server:
        server.respond = desk.respond
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        sandbox = Sandbox(f"http://127.0.0.1:{server.server_address[1]}", thread)
        tell(f"sandbox: an embedded provider answers at {sandbox.origin}")
        try:
            yield sandbox
        finally:
            server.shutdown()


class Server(ThreadingTCPServer):
    """A thread for each connection, which ends with the program."""

    daemon_threads, allow_reuse_address, request_queue_size = True, True, 64
    respond: Callable[[Received], Reply]

    def handle_error(self, *_: object) -> None:
        if not isinstance(sys.exception(), OSError):  # whoever asked has gone away
            raise


class Handler(BaseHTTPRequestHandler):
    """Reads a request and writes the reply in one piece, or head and body would wait 40 ms."""

    server: Server
    protocol_version, timeout = "HTTP/1.1", 30
    wbufsize, disable_nagle_algorithm = -1, True

    def answer(self) -> None:
        host, length = self.headers.get("Host", ""), self.headers.get("Content-Length", "0")
        ours = host.partition(":")[0] in ("127.0.0.1", "localhost")  # no rebound name
        if not ours or "Transfer-Encoding" in self.headers or not length.isdecimal():
            return self.send_error(400)
        if len(length) > 9 or int(length) > MAX_BODY_BYTES:
            return self.send_error(413)
        content = self.rfile.read(int(length))
        request = received(self.command, self.path, dict(self.headers), content)
        try:
            return self.write(self.server.respond(request))
        except FlowrunError as error:  # the state cannot be kept
            answer: JSON = {"error": "server_error", "error_description": str(error)}
            return self.write(Reply(503, answer))

    do_DELETE = do_GET = do_PATCH = do_POST = do_PUT = answer

    def write(self, reply: Reply) -> None:
        content = "" if reply.content is None else json.dumps(reply.content)
        body = (reply.page or reply.form or content).encode()
        kind = "application/x-www-form-urlencoded" if reply.form else "application/json"
        fields = {
            **HEADERS,
            **({} if reply.page else {"Content-Type": kind}),
            "Content-Length": str(len(body)),
            "Location": reply.location,
            "WWW-Authenticate": 'Basic realm="sandbox", Bearer' if reply.status == 401 else "",
            **reply.headers,
        }
        self.send_response(reply.status)
        for name, value in fields.items():
            if value and not (reply.status == 204 and name.startswith("Content-")):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the line of a request may hold a code."""
