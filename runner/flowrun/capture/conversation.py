"""One connection to a redirection URI: at most one request, at most one answer."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from ssl import SSLContext
from typing import Protocol
from urllib.parse import urlsplit

from .page import EMPTY, REFUSED, RELAY, Page, body, headers

MAX_WAITING = 16  # connections that have sent no request; browsers open some ahead of need
MAX_HEAD_BYTES = 16 << 10
MAX_FORM_BYTES = 16 << 10
PATIENCE_S = 5.0
FORM = "application/x-www-form-urlencoded"
METHODS = {"query": "GET", "fragment": "GET, POST", "form_post": "POST"}
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Redirection(Protocol):
    """Whose redirection URI it is, and who takes what comes there."""

    redirect_uri: str
    mode: str

    def answer(self, parameters: str) -> Page:
        """The page for whoever brings *parameters*, which are still encoded."""
        ...

    def astray(self, parameters: str) -> Page:
        """The page for whoever brings *parameters* by another way than *mode*."""
        ...


class Server(ThreadingTCPServer):
    """Listens on one address, in TLS when it is given; *redirection* gets what comes."""

    allow_reuse_address = True
    request_queue_size = 64
    timeout = 0.02
    redirection: Redirection

    def __init__(self, address: str, port: int, tls: SSLContext | None = None) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.tls = tls
        self.waiting: list[socket.socket] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self._stopped = threading.Event()
        super().__init__((address, port), Conversation)

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        if self.tls:  # the handshake comes later: one that dawdles keeps nobody out
            connection = self.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

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
            # Not TLS's own: its thread may be in the middle of a handshake.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)


class Conversation(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self._redirection = self.server.redirection
        self._until = time.monotonic() + PATIENCE_S  # for all of it: some send a trickle
        with self._in_line():
            if self.server.tls:
                self.connection.settimeout(PATIENCE_S)
                self.connection.do_handshake()
            self._head = b""
            while b"\r\n\r\n" not in self._head and len(self._head) < MAX_HEAD_BYTES:
                self._head += self._more(MAX_HEAD_BYTES - len(self._head))
        self.rfile = io.BufferedReader(io.BytesIO(self._head))

    @contextlib.contextmanager
    def _in_line(self) -> Iterator[None]:
        """One of those that are waited for; too many push the first of them out."""
        hang_up(self.server.waiting[: 1 - MAX_WAITING])  # not this one: it may be the real one
        self.server.waiting.append(self.connection)
        try:
            yield
        finally:
            self.server.waiting.remove(self.connection)
        self.connection.settimeout(PATIENCE_S)

    def _more(self, most: int) -> bytes:
        self.connection.settimeout(max(0.001, self._until - time.monotonic()))
        more: bytes = self.connection.recv(most)
        if not more:
            raise ConnectionError
        return more

    def do_GET(self) -> None:
        self._send(self._turned_away() or self._asked())

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self._send(self._turned_away() or self._posted())

    def _turned_away(self) -> Page | None:
        """The page for whoever has no business here; None for all others."""
        mine = urlsplit(self._redirection.redirect_uri)
        port = DEFAULT_PORTS[mine.scheme]
        hosts = [host.lower().removesuffix(port) for host in self.headers.get_all("Host", [])]
        if b"\r\n\r\n" not in self._head:
            return REFUSED._replace(status=431)
        if hosts != [mine.netloc.lower().removesuffix(port)]:
            return REFUSED  # a foreign name that was made to point here (DNS rebinding)
        if self.path.partition("?")[0] != (mine.path or "/"):
            return REFUSED._replace(status=404)
        purposes = (self.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
        if self.command == "HEAD" or any("prefetch" in purpose.lower() for purpose in purposes):
            return EMPTY
        return None

    def _asked(self) -> Page:
        query = self.path.partition("?")[2]
        if self._redirection.mode == "fragment":
            return RELAY
        if self._redirection.mode == "form_post":
            return self._redirection.astray(query)
        return self._redirection.answer(query) if _clean(query) else REFUSED

    def _posted(self) -> Page:
        lengths = self.headers.get_all("Content-Length", [])
        if self._redirection.mode == "query":
            return REFUSED._replace(status=405)
        if self.headers.get_content_type() != FORM:
            return REFUSED._replace(status=415)
        if len(lengths) != 1 or not re.fullmatch("[0-9]+", lengths[0]):
            return REFUSED._replace(status=411)
        if len(lengths[0]) > 9 or int(lengths[0]) > MAX_FORM_BYTES:
            return REFUSED._replace(status=413)
        form = self._form(int(lengths[0]))
        return self._redirection.answer(form) if _clean(form) else REFUSED

    def _form(self, length: int) -> str:
        form = self.rfile.read(length)
        with self._in_line():
            while len(form) < length:
                form += self._more(length - len(form))
        return form.decode("latin-1")

    def _send(self, page: Page) -> None:
        self.request_version = self.protocol_version  # the request line may be cut off
        content = body(page) if self.command != "HEAD" and page.title else b""
        fields = {**headers(page.script), "Allow": METHODS[self._redirection.mode]}
        fields |= {"Content-Length": str(len(content))} if content else {}
        self.send_response_only(page.status)
        for name, value in {**fields, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def send_error(self, code: int, *_: object, **__: object) -> None:
        self._send(REFUSED._replace(status=405 if code == 501 else code))

    def log_message(self, *_: object) -> None:
        """Nothing: a request line holds the code."""


def _clean(parameters: str) -> bool:
    """Whether *parameters* are encoded as they should be, with nothing raw in them."""
    return parameters.isascii() and parameters.isprintable()
