"""Carries requests through the proxy that the environment names; the owner of httpx."""

from __future__ import annotations

import contextlib
import logging
import ssl
import threading
from collections.abc import Iterator, Mapping

import httpcore
import httpx

from .clock import Clock
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

UNSENT = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError),
    *(httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError),
)


class Proxied(Client):
    """httpx knows CONNECT, NO_PROXY, SOCKS and a proxy's credentials."""

    def __init__(
        self,
        on_exchange: Exchanged | None = None,
        *,
        timeout_s: float = 30,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(on_exchange, timeout_s=timeout_s, clock=clock)
        self._clients = dict[Certificate | None, httpx.Client]()

    def close(self) -> None:
        while self._clients:
            self._clients.popitem()[1].close()

    def _carry(self, encoded: Encoded, deadline: Deadline, *, fresh: bool) -> Response:
        if fresh:
            self.close()
        client, shown = self._clients.get(encoded.certificate), encoded.certificate is not None
        partial: list[Response] = []
        try:
            client = client or _client(self._context(encoded.certificate))
            self._clients[encoded.certificate] = client
            client.cookies.clear()
            with _FILTER.sending():
                return _exchange(client, encoded, deadline, partial)
        except (httpx.TransportError, httpx.InvalidURL, ImportError, ValueError) as error:
            # Not `from error`: its request holds the form, and a proxy's URL a password.
            unsent = client is None or isinstance(error, UNSENT)
            self.close()
            if unsent:
                raise not_connected(encoded.url, _cause(error), shown=shown) from None
            if refused := not_let_in(encoded.url, _cause(error), shown=shown):
                raise refused from None
            late = deadline.over or isinstance(error, httpx.TimeoutException)
            how = "cut the connection, or answered with something that is not HTTP"
            came = partial[0] if partial else None
            raise not_answered(encoded.url, late=late, how=how, partial=came) from None


class _OthersOnly(logging.Filter):
    """httpx tells its loggers whole URLs, and a code may stand in ours."""

    def __init__(self) -> None:
        super().__init__()
        self.ours = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(self.ours, "is_sent", False)

    @contextlib.contextmanager
    def sending(self) -> Iterator[None]:
        """This thread sends a request of ours; what a program says of its own is still logged."""
        self.ours.is_sent = True
        try:
            yield
        finally:
            self.ours.is_sent = False


_FILTER = _OthersOnly()


def _client(context: ssl.SSLContext) -> httpx.Client:
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("httpx", "httpcore")):
            logging.getLogger(name).addFilter(_FILTER)
    return httpx.Client(verify=context, follow_redirects=False)


def _exchange(
    client: httpx.Client, encoded: Encoded, deadline: Deadline, partial: list[Response]
) -> Response:
    """The answer; what there is of one that breaks off goes to *partial*."""

    def watch(_: str, info: Mapping[str, object]) -> None:
        stream = info.get("return_value")
        if isinstance(stream, httpcore.NetworkStream):  # a connection was made, or TLS put over it
            deadline.watch(stream.get_extra_info("socket"))

    timeout = httpx.Timeout(deadline.seconds, connect=min(CONNECT_TIMEOUT_S, deadline.seconds))
    method, url, headers, content, _ = encoded
    with client.stream(
        method, url, headers=headers, content=content, timeout=timeout, extensions={"trace": watch}
    ) as answer:
        body = bytearray()
        try:
            for chunk in answer.iter_raw():
                body += chunk
                bounded(url, len(body))
        except httpx.TransportError:
            partial.append(Response(answer.status_code, answer.headers, bytes(body)))
            raise
        return Response(answer.status_code, answer.headers, bytes(body))


def _cause(error: BaseException) -> BaseException:
    """What the system said, under the wrappings of httpx and httpcore."""
    inner: BaseException | None = error
    while inner and not isinstance(inner, (OSError, UnicodeError)):
        inner = inner.__cause__ or inner.__context__
    return inner or error
