"""A server that says exactly the bytes that a test wants said."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

Behave = Callable[[socket.socket], None]


class Raw:
    """What a raw server saw: the requests, each with the number of its connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[tuple[int, bytes]] = []
        self.ending = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> list[int]:
        return [number for number, _ in self.requests]


@contextlib.contextmanager
def listening(*answers: bytes | Behave | None, tls: ssl.SSLContext | None = None) -> Iterator[Raw]:
    """
    Answer the requests of each connection in turn, then hang up.

    Bytes are sent; None says nothing for as long as the server runs; a function does as it likes.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        raw = Raw(server.getsockname()[1])
        threads: list[threading.Thread] = []
        accepted: list[socket.socket] = []

        def accept() -> None:
            for number in range(100):
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                thread = threading.Thread(target=serve, args=(number, connection), daemon=True)
                threads.append(thread)
                accepted.append(connection)
                thread.start()

        def serve(number: int, plain: socket.socket) -> None:
            plain.settimeout(10)
            with contextlib.suppress(OSError), secured(plain, tls) as connection:
                for answer in answers:
                    request = read_request(connection)
                    if not request:
                        return
                    raw.requests.append((number, request))
                    say(connection, answer, raw.ending)

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield raw
        finally:
            raw.ending.set()
            for waiting in [server, *accepted]:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(waiting, socket.SHUT_RDWR)
            for thread in [acceptor, *threads]:
                thread.join(10)


def say(connection: socket.socket, answer: bytes | Behave | None, ending: threading.Event) -> None:
    if answer is None:
        ending.wait(10)
    elif callable(answer):
        answer(connection)
    else:
        connection.sendall(answer)


@contextlib.contextmanager
def secured(plain: socket.socket, tls: ssl.SSLContext | None) -> Iterator[socket.socket]:
    with plain:
        if tls is None:
            yield plain
            return
        # A TLS socket takes the plain one's descriptor over; a copy keeps `plain` able to end it.
        with tls.wrap_socket(plain.dup(), server_side=True) as connection:
            yield connection


def read_request(connection: socket.socket) -> bytes:
    """One request with its body, or nothing when the client hangs up."""
    got = b""
    while b"\r\n\r\n" not in got:
        chunk = connection.recv(65_536)
        if not chunk:
            return b""
        got += chunk
        if not got[:1].isalpha():  # a TLS greeting, which has no end that we could see
            return got
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    while lengths and len(body) < lengths[0]:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body
