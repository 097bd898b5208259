"""A forward proxy on loopback: CONNECT, and absolute URIs for plain http."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Address = tuple[str, int]


@contextlib.contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[None]:
    """Serve from a thread until the block ends."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def as_named(host: str, port: int) -> Address:
    return host, port


@contextlib.contextmanager
def proxy(address: Callable[[str, int], Address] = as_named) -> Iterator[str]:
    """A running proxy's URL; *address* says where a name and port really lead."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_CONNECT(self) -> None:
            host, _, port = self.path.rpartition(":")
            with self._upstream(host, int(port)) as upstream:
                self.send_response(200)
                self.end_headers()
                self.wfile.flush()
                pipe(self.connection, upstream)

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            lines = [f"{self.command} {target} HTTP/1.1"]
            lines += [f"{name}: {value}" for name, value in self.headers.items()]
            with self._upstream(parts.hostname or "", parts.port or 80) as upstream:
                upstream.sendall("\r\n".join([*lines, "", ""]).encode() + body)
                with contextlib.suppress(OSError):
                    while chunk := upstream.recv(65_536):
                        self.connection.sendall(chunk)

        do_POST = do_GET

        @contextlib.contextmanager
        def _upstream(self, host: str, port: int) -> Iterator[socket.socket]:
            self.close_connection = True
            try:
                upstream = socket.create_connection(address(host.strip("[]"), port), 10)
            except OSError:
                self.send_error(502)
                raise
            with upstream:
                yield upstream

        def log_message(self, *args: object) -> None:
            """Nothing."""

    with Quiet(("127.0.0.1", 0), Handler) as server, running(server):
        yield f"http://127.0.0.1:{server.server_port}"


class Quiet(ThreadingHTTPServer):
    """Does not print what its handlers raise: here that is a peer that hung up."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing."""


def pipe(left: socket.socket, right: socket.socket) -> None:
    """Carry bytes both ways until both sides are done."""

    def carry(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65_536):
                target.sendall(chunk)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    back = threading.Thread(target=carry, args=(right, left), daemon=True)
    back.start()
    carry(left, right)
    back.join(10)
