"""Carries requests to servers: one attempt, no redirects, one deadline for everything."""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import socket
import ssl
from urllib.parse import urlsplit

from .clock import Clock
from .errors import TransportError
from .message import Certificate, Response
from .transport import (
    CONNECT_TIMEOUT_S,
    Client,
    Deadline,
    Exchanged,
    bounded,
    not_answered,
    not_connected,
    not_let_in,
)
from .wire import Encoded

Place = tuple[str, Certificate | None]

VERDICT_S = 0.25
"""How long a server that sends no ticket costs whoever shows a certificate, once."""

CHUNK_BYTES = 1 << 16

PROXIES = ("https_proxy", "http_proxy", "all_proxy")


def http_from_environment(
    on_exchange: Exchanged | None = None, *, timeout_s: float = 30, clock: Clock | None = None
) -> Client:
    """A client that goes through a proxy only where the environment names one."""
    if any(os.environ.get(name) or os.environ.get(name.upper()) for name in PROXIES):
        from .proxy import Proxied

        return Proxied(on_exchange, timeout_s=timeout_s, clock=clock)
    return Direct(on_exchange, timeout_s=timeout_s, clock=clock)


class Direct(Client):
    """The standard library's client: importing another one takes longer than three requests."""

    def __init__(
        self,
        on_exchange: Exchanged | None = None,
        *,
        timeout_s: float = 30,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(on_exchange, timeout_s=timeout_s, clock=clock)
        self._kept: dict[Place, http.client.HTTPConnection] = {}

    def close(self) -> None:
        while self._kept:
            self._kept.popitem()[1].close()

    def _carry(self, encoded: Encoded, deadline: Deadline, *, fresh: bool) -> Response:
        kept = self._kept.pop(_place(encoded), None)
        if kept and (fresh or _ended(kept)):
            kept.close()
        elif kept:
            try:
                return self._exchange(kept, encoded, deadline)
            except TransportError as error:
                # The server may have hung up while the request was on its way.
                if error.code != "E603" or encoded.method not in ("GET", "HEAD"):
                    raise
        context = self._context(encoded.certificate) if _is_tls(encoded.url) else None
        return self._exchange(_connect(encoded, context, deadline), encoded, deadline)

    def _exchange(
        self, connection: http.client.HTTPConnection, encoded: Encoded, deadline: Deadline
    ) -> Response:
        lasts, partial = False, None
        try:
            deadline.watch(connection.sock)
            with _ask(connection, encoded) as answer:
                partial = _Partial(answer)
                response = partial.read(encoded.url)
                lasts = not (answer.will_close or deadline.over)
            return response
        except (OSError, http.client.HTTPException) as error:
            # Not `from error`: half an answer may hold a token.
            late = deadline.over or isinstance(error, TimeoutError)
            alert, shown = _alert(connection.sock, error), encoded.certificate is not None
            if not late and (refused := not_let_in(encoded.url, alert, shown=shown)):
                raise refused from None
            came = partial.response() if partial else None
            raise not_answered(encoded.url, late=late, how=_how(error), partial=came) from None
        finally:
            if lasts:
                self._kept[_place(encoded)] = connection
            else:
                connection.close()


def _connect(
    encoded: Encoded, context: ssl.SSLContext | None, deadline: Deadline
) -> http.client.HTTPConnection:
    parts = urlsplit(encoded.url)
    host = parts.hostname or ""
    connection = http.client.HTTPConnection(host, parts.port or (443 if context else 80))
    connection.default_port = 443 if context else 80  # the Host header names any other
    try:
        limit = min(CONNECT_TIMEOUT_S, deadline.seconds)
        sock = connection.sock = socket.create_connection((host, connection.port), limit)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            connection.sock = wrapped = context.wrap_socket(
                sock, server_hostname=host, do_handshake_on_connect=False
            )
            deadline.watch(wrapped)
            wrapped.do_handshake()
            if encoded.certificate:
                _heard(wrapped)
        connection.sock.settimeout(deadline.seconds)
    except (OSError, UnicodeError) as error:
        connection.close()
        why, shown = TimeoutError() if deadline.over else error, encoded.certificate is not None
        raise not_connected(encoded.url, why, shown=shown) from None
    return connection


def _ask(connection: http.client.HTTPConnection, encoded: Encoded) -> http.client.HTTPResponse:
    parts = urlsplit(encoded.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.putrequest(encoded.method, target, skip_accept_encoding=True)
    for name, value in encoded.headers:
        connection.putheader(name, value)
    if encoded.body is not None or encoded.method in ("POST", "PUT", "PATCH"):
        connection.putheader("Content-Length", str(len(encoded.body or b"")))
    connection.endheaders(encoded.body)
    return connection.getresponse()


class _Partial:
    """An answer as it comes in, since what has come of one that breaks off may hold a token."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self._answer, self._body = answer, bytearray()

    def read(self, url: str) -> Response:
        answer = self._answer
        while chunk := answer.read1(CHUNK_BYTES):
            self._body += chunk
            bounded(url, len(self._body))
        if answer.length or (answer.headers.defects and not self._body):
            # A read that meets the end does not complain, nor the parser about half a head.
            raise http.client.IncompleteRead(b"")
        return self.response()

    def response(self) -> Response:
        headers = self._answer.headers
        values = {name: ", ".join(headers.get_all(name, [])) for name in headers}
        return Response(self._answer.status, values, bytes(self._body))


def _how(error: Exception) -> str:
    if isinstance(error, (OSError, http.client.IncompleteRead)):
        return "cut the connection before its answer was whole"
    return "answered with something that is not HTTP"


def _ended(connection: http.client.HTTPConnection) -> bool:
    """Whether the other side said anything since: an idle server only ever says goodbye."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _heard(sock: ssl.SSLSocket) -> None:
    """
    Wait a little for what the server makes of a certificate; raises the alert that refuses it.

    In TLS 1.3 this end is done first, and a server that hangs up would take the alert with it.
    """
    if sock.version() == "TLSv1.3" and select.select([sock], [], [], VERDICT_S)[0]:
        sock.settimeout(0)
        with contextlib.suppress(ssl.SSLWantReadError):  # a ticket to come back with: it is in
            sock.recv(1)


def _alert(sock: socket.socket | None, error: Exception) -> Exception:
    """What the other side said before it hung up while we were still talking, if it did."""
    if isinstance(sock, ssl.SSLSocket) and isinstance(error, (BrokenPipeError, ConnectionError)):
        try:
            sock.recv(1)
        except OSError as said:
            return said
    return error


def _is_tls(url: str) -> bool:
    return urlsplit(url).scheme == "https"


def _place(encoded: Encoded) -> Place:
    """Where a connection leads, and who is at this end of it."""
    return "{0.scheme}://{0.netloc}".format(urlsplit(encoded.url)), encoded.certificate
