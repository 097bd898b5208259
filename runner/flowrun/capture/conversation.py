"""One connection to a redirection URI: at most one request, at most one answer."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from urllib.parse import urlsplit

from .page import EMPTY, REFUSED, Page, body, headers

MAX_WAITING = 16  # connections that have sent no request; browsers open some ahead of need
MAX_HEAD_BYTES = 16 << 10
PATIENCE_S = 5.0


class Server(ThreadingTCPServer):
    """Listens on one address; gives the query of what comes to *redirect_uri* to *answer*."""

    allow_reuse_address = True
    request_queue_size = 64
    timeout = 0.02
    redirect_uri: str
    answer: Callable[[str], Page]

    def __init__(self, address: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.waiting: list[socket.socket] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self._stopped = threading.Event()
        super().__init__((address, port), Conversation)

    def _serve(self) -> None:
        while not self._stopped.is_set():  # `shutdown` hangs when Ctrl-C comes before the start
            self.handle_request()

    def stop(self) -> None:
        self._stopped.set()
        if self.thread.is_alive():
            self.thread.join()
        hang_up(self.waiting[:])
        self.server_close()  # waits for the threads

    def handle_error(self, *_: object) -> None:
        """Nothing: browsers hang up as they please."""


def hang_up(connections: list[socket.socket]) -> None:
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


class Conversation(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        hang_up(self.server.waiting[: 1 - MAX_WAITING])  # not this one: it may be the real one
        self.server.waiting.append(self.connection)
        try:
            self._head = self._received()
        finally:
            self.server.waiting.remove(self.connection)
        self.rfile = io.BufferedReader(io.BytesIO(self._head))

    def _received(self) -> bytes:
        head, until = b"", time.monotonic() + PATIENCE_S  # for all of it: some send a trickle
        while b"\r\n\r\n" not in head and len(head) < MAX_HEAD_BYTES:
            self.connection.settimeout(max(0.001, until - time.monotonic()))
            head += (more := self.connection.recv(MAX_HEAD_BYTES - len(head)))
            if not more:
                raise ConnectionError
        self.connection.settimeout(PATIENCE_S)
        return head

    def do_GET(self) -> None:
        self._send(self._page())

    do_HEAD = do_GET

    def _page(self) -> Page:
        path, _, query = self.path.partition("?")
        hosts = [host.lower().removesuffix(":80") for host in self.headers.get_all("Host", [])]
        mine = urlsplit(self.server.redirect_uri)
        if b"\r\n\r\n" not in self._head:
            return REFUSED._replace(status=431)
        if hosts != [mine.netloc.lower().removesuffix(":80")]:
            return REFUSED  # a foreign name that was made to point here (DNS rebinding)
        if path != (mine.path or "/"):
            return REFUSED._replace(status=404)
        purposes = (self.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
        if self.command == "HEAD" or any("prefetch" in purpose.lower() for purpose in purposes):
            return EMPTY
        return self.server.answer(query) if query.isascii() else REFUSED

    def _send(self, page: Page) -> None:
        self.request_version = self.protocol_version  # the request line may be cut off
        self.send_response_only(page.status)
        for name, value in {**headers(), "Allow": "GET", "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body(page) if self.command != "HEAD" and page.title else b"")

    def send_error(self, code: int, *_: object, **__: object) -> None:
        self._send(REFUSED._replace(status=405 if code == 501 else code))

    def log_message(self, *_: object) -> None:
        """Nothing: a request line holds the code."""
