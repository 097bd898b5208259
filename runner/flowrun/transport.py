"""What every way to a server shares: a deadline, trust, and the words for a missing answer."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit

from .clock import Clock
from .errors import ProviderError, TransportError
from .message import Certificate, Request, Response
from .wire import Encoded, encode

MAX_RESPONSE_BYTES = 1 << 20
"""A token response is a few hundred bytes; a server that sends more is not a token endpoint."""

CONNECT_TIMEOUT_S = 10.0
Exchanged = Callable[[Request, Response | None], None]


class Deadline(threading.Timer):
    """Shuts the watched socket when the time is over, however slowly the server drips."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds, self._end)
        self.daemon, self.over, self.seconds = True, False, seconds
        self._watched: socket.socket | None = None

    def watch(self, connected: socket.socket) -> None:
        self._watched = connected
        if self.over:
            self._end()

    def _end(self) -> None:
        self.over = True
        with contextlib.suppress(OSError):  # closed meanwhile
            if self._watched:
                # A TLS socket's own method would let the reader go on in plain text.
                socket.socket.shutdown(self._watched, socket.SHUT_RDWR)


class Client:
    """Sends requests one at a time and tells a listener of each; see `services.Http`."""

    def __init__(
        self,
        on_exchange: Exchanged | None = None,
        *,
        timeout_s: float = 30,
        clock: Clock | None = None,
    ) -> None:
        self._on_exchange, self._timeout_s = on_exchange, timeout_s
        self._clock = clock or Clock()
        self._contexts = dict[Certificate, ssl.SSLContext]()

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        encoded, response, deadline = encode(request), None, Deadline(self._timeout_s)
        sent_at = self._clock()
        deadline.start()
        try:
            answer = self._carry(encoded, deadline, fresh=redeems)
            if deadline.over:  # then it may have been cut where it seems to end
                raise not_answered(encoded.url, late=True, partial=answer)
            response = answer
            self._clock.compare(encoded.url, response, sent_at=sent_at)
        finally:
            deadline.cancel()
            if self._on_exchange:
                self._on_exchange(request, response)
        return response

    def _carry(self, encoded: Encoded, deadline: Deadline, *, fresh: bool) -> Response:
        raise NotImplementedError

    def _context(self, certificate: Certificate | None) -> ssl.SSLContext:
        """The trust of a connection; what one record shows no other can show."""
        if certificate is None:
            return trust()
        if certificate not in self._contexts:
            self._contexts[certificate] = showing(certificate)
        return self._contexts[certificate]

    def close(self) -> None:
        """End the connections that were kept."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def trust() -> ssl.SSLContext:
    """The system's trust; made once, for as long as the environment names the same files."""
    return _trust(os.environ.get("SSL_CERT_FILE") or None, os.environ.get("SSL_CERT_DIR") or None)


def showing(certificate: Certificate) -> ssl.SSLContext:
    """The system's trust, for a client that shows *certificate*; nobody else is to use it."""
    from .certified import show

    file, folder = os.environ.get("SSL_CERT_FILE") or None, os.environ.get("SSL_CERT_DIR") or None
    context = _trust.__wrapped__(file, folder)
    show(context, certificate)
    return context


@functools.cache
def _trust(file: str | None, folder: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    folder = folder or ssl.get_default_verify_paths().capath
    try:
        if file or (folder and _is_hashed(folder)):
            # A folder is looked into when needed; the system's bundle takes 20 ms to load.
            context.load_verify_locations(file, folder)
        else:
            context.load_default_certs()
    except OSError:
        message = f"the certificates in {file or folder} cannot be read"
        hint = "Correct SSL_CERT_FILE or SSL_CERT_DIR."
        raise TransportError("E604", message, sent=False, hint=hint) from None
    return context


def _is_hashed(folder: str) -> bool:
    with os.scandir(folder) as entries:
        return any(entry.name.endswith(".0") for entry in entries)


def not_connected(url: str, error: BaseException, *, shown: bool = False) -> TransportError:
    """What to say when not a byte of the request has left; *shown*: a certificate was."""
    if refused := not_let_in(url, error, shown=shown):
        return refused
    kind, hint = "E601", "Check the address, the network, and what proxy the environment names."
    what = f"cannot be reached: {getattr(error, 'strerror', None) or type(error).__name__}"
    if isinstance(error, TimeoutError):
        kind, what = "E602", "did not take the connection in time"
    elif isinstance(error, ssl.SSLCertVerificationError):
        trusted = os.environ.get("SSL_CERT_FILE") or "the system's certificates"
        kind, what = "E604", f"shows a certificate that is not trusted: {error.verify_message}"
        hint = f"In force: {trusted}. SSL_CERT_FILE=FILE names other authorities."
    elif isinstance(error, (ssl.SSLError, ConnectionResetError)):
        kind, what = "E604", f"does not speak TLS: {getattr(error, 'reason', '') or 'it hung up'}"
    elif isinstance(error, (socket.gaierror, UnicodeError)):
        what, hint = "has no address", "Check the tenant's name for a typo, and the network."
    return TransportError(kind, f"{_where(url)} {what}", sent=False, hint=hint)


def not_let_in(url: str, error: BaseException, *, shown: bool) -> TransportError | None:
    """What to say when the server has refused what the client shows of itself, if that is it."""
    if not isinstance(error, ssl.SSLError):
        return None
    from .certified import refusal

    return refusal(_where(url), error, shown=shown)


def not_answered(
    url: str, *, late: bool, how: str = "", partial: Response | None = None
) -> TransportError:
    """What to say when the request may have been carried out; *partial* is what has come back."""
    code, what = ("E602", "sent no whole answer in time") if late else ("E603", how)
    hint = "Whether the request was carried out is not known."
    return TransportError(code, f"{_where(url)} {what}", sent=True, hint=hint, partial=partial)


def bounded(url: str, size: int) -> None:
    if size > MAX_RESPONSE_BYTES:
        limit = f"{MAX_RESPONSE_BYTES >> 10} KiB"
        message = f"the answer of {_where(url)} is larger than {limit}"
        raise ProviderError("E508", message, hint="Is this the endpoint that was meant?")


def _where(url: str) -> str:
    """The server in a message, which never names the URL's path or query."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
