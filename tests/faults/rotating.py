"""
A token endpoint that is strict about refresh tokens; run as a program, a process of its own.

`GET /FAMILY` tells what has become of a family, and `GET /sizes` how many bytes the last request
and the last answer had. `GET /next/WAY/NUMBER` breaks the next exchange:

    unread  it hangs up when it has read so many bytes of the request
    fin     it sends so many bytes of the answer and ends the connection
    rst     the same, and resets it
    late    it sends so many bytes of the answer, and the rest when they have hung up

A refresh token is `MODE.FAMILY.NUMBER`. It is redeemed at the moment when all of the request has
been read, whether or not anybody takes the answer:

    strict   each works once; a second use ends the family, as RFC 9700 section 4.14.2 advises
    grace    the last one is answered again, with what it has brought
    lasting  none rotates
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode

LIFETIME_S = 3600


class Seen(NamedTuple):
    """What the endpoint knows of a family."""

    newest: int
    ended: bool
    redeemed: list[int]  # the number of each refresh token that was sent, whatever it brought
    committed_ns: list[int]  # by the clock that `time.monotonic_ns` reads


class Endpoint(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.families: dict[str, Seen] = {}
        self.open = 0
        self.fault = ("", 0)
        self.sizes = [0, 0]
        self.changed = threading.Condition()

    def process_request(self, request: object, address: object) -> None:
        with self.changed:
            self.open += 1
        super().process_request(request, address)  # type: ignore[arg-type]

    def redeem(self, token: str) -> tuple[int, dict[str, object]]:
        mode, name, number = token.split(".")
        family = f"{mode}.{name}"
        with self.changed:
            seen = self.families.setdefault(family, Seen(0, False, [], []))
            seen.redeemed.append(int(number))
            again = int(number) == seen.newest - 1 and mode == "grace"
            known = int(number) == seen.newest or mode == "lasting"
            if seen.ended or not (known or again):
                self.families[family] = seen._replace(ended=True)
                return 400, {"error": "invalid_grant"}
            newest = seen.newest + (not again)
            seen.committed_ns.append(time.monotonic_ns())
            self.families[family] = seen._replace(newest=newest)
        rotated = {} if mode == "lasting" else {"refresh_token": f"{family}.{newest}"}
        lasts = {"token_type": "Bearer", "expires_in": LIFETIME_S}
        return 200, {"access_token": f"access.{family}.{newest}", **rotated, **lasts}

    def seen(self, family: str) -> Seen:
        """What has become of *family*, once everybody who was here before is gone."""
        with self.changed:
            self.changed.wait_for(lambda: self.open == 1)
            return self.families.get(family, Seen(0, False, [], []))


class Connection(socketserver.StreamRequestHandler):
    server: Endpoint
    timeout = 60

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self._answer()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        with self.server.changed:
            self.server.open -= 1
            self.server.changed.notify_all()

    def _answer(self) -> None:
        if self.connection.recv(4, socket.MSG_PEEK).startswith(b"GET"):
            return self._tell(self._request()[0].decode().split()[1].split("/")[1:])
        (way, number), self.server.fault = self.server.fault, ("", 0)
        if way == "unread":
            self.rfile.read(number)
            return reset(self.connection)
        head, body = self._request()
        if head:
            said = answer(*self.server.redeem(parse_qs(body.decode())["refresh_token"][0]))
            self.server.sizes = [len(head) + len(body), len(said)]
            self._say(said, way, number)

    def _request(self) -> tuple[bytes, bytes]:
        """Head and body; no head when they hang up before the end."""
        head, size = b"", 0
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return b"", b""
            name, _, value = line.decode().partition(":")
            size = int(value) if name.lower() == "content-length" else size
            head += line
        body = self.rfile.read(size)
        return (head if len(body) == size else b""), body

    def _tell(self, words: list[str]) -> None:
        if words[0] == "next":
            self.server.fault = (words[1], int(words[2]))
            return self._say(answer(200, {}))
        if words[0] == "sizes":
            return self._say(answer(200, {"sizes": self.server.sizes}))
        self._say(answer(200, self.server.seen(words[0])._asdict()))

    def _say(self, said: bytes, way: str = "", number: int = 0) -> None:
        self.wfile.write(said[:number] if way else said)
        if way == "rst":
            return reset(self.connection)
        if way == "late":
            self.rfile.read()
            self.wfile.write(said[number:])
        self.connection.shutdown(socket.SHUT_WR)


def answer(status: int, document: dict[str, object]) -> bytes:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\n"
    date = f"Date: {formatdate(usegmt=True)}\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + date).encode() + body


def reset(connection: socket.socket) -> None:
    """Have the other side see that the connection is broken, and not that it has ended."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Rotating(NamedTuple):
    """The endpoint as a test sees it."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def seen(self, family: str) -> Seen:
        return Seen(**self._asked(f"/{family}"))

    def redeem(self, token: str) -> bytes:
        """The body of an answer, without flowrun."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/token", urlencode({"refresh_token": token}))
            return connection.getresponse().read()
        finally:
            connection.close()

    def sizes(self) -> tuple[int, int]:
        """Of the last request, and of the last answer, in bytes."""
        request, answer = self._asked("/sizes")["sizes"]
        return request, answer

    def breaks(self, way: str, number: int) -> None:
        """The next exchange ends there."""
        self._asked(f"/next/{way}/{number}")

    def _asked(self, path: str) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


@contextlib.contextmanager
def rotating() -> Iterator[Rotating]:
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Rotating(int(process.stdout.readline()))
        finally:
            process.terminate()


if __name__ == "__main__":
    with Endpoint() as endpoint:
        print(endpoint.server_address[1], flush=True)
        endpoint.serve_forever()
