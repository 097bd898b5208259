"""Carries requests through the proxy that the environment names; the owner of httpx."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import httpcore
import httpx

from .message import Response
from .transport import (
    CONNECT_TIMEOUT_S,
    Client,
    Deadline,
    bounded,
    not_answered,
    not_connected,
    trust,
)
from .wire import Encoded

UNSENT = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError),
    *(httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError),
)


class Proxied(Client):
    """httpx knows CONNECT, NO_PROXY, SOCKS and a proxy's credentials."""

    _client: httpx.Client | None = None

    def close(self) -> None:
        if self._client:
            self._client.close()
        self._client = None

    def _carry(self, encoded: Encoded, deadline: Deadline, *, fresh: bool) -> Response:
        if fresh:
            self.close()
        try:
            self._client = self._client or _client()
            self._client.cookies.clear()
            return _exchange(self._client, encoded, deadline)
        except (httpx.TransportError, httpx.InvalidURL, ImportError, ValueError) as error:
            # Not `from error`: its request holds the form, and a proxy's URL a password.
            unsent = self._client is None or isinstance(error, UNSENT)
            self.close()
            if unsent:
                raise not_connected(encoded.url, _cause(error)) from None
            late = deadline.over or isinstance(error, httpx.TimeoutException)
            how = "cut the connection, or answered with something that is not HTTP"
            raise not_answered(encoded.url, late=late, how=how) from None


def _client() -> httpx.Client:
    # httpx tells its loggers whole URLs, and a code may stand in one.
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("httpx", "httpcore")):
            logging.getLogger(name).disabled = True
    return httpx.Client(verify=trust(), follow_redirects=False)


def _exchange(client: httpx.Client, encoded: Encoded, deadline: Deadline) -> Response:
    def watch(_: str, info: Mapping[str, object]) -> None:
        stream = info.get("return_value")
        if isinstance(stream, httpcore.NetworkStream):  # a connection was made, or TLS put over it
            deadline.watch(stream.get_extra_info("socket"))

    timeout = httpx.Timeout(deadline.seconds, connect=min(CONNECT_TIMEOUT_S, deadline.seconds))
    method, url, headers, content = encoded
    with client.stream(
        method, url, headers=headers, content=content, timeout=timeout, extensions={"trace": watch}
    ) as answer:
        body = bytearray()
        for chunk in answer.iter_raw():
            body += chunk
            bounded(url, len(body))
        return Response(answer.status_code, answer.headers, bytes(body))


def _cause(error: BaseException) -> BaseException:
    """What the system said, under the wrappings of httpx and httpcore."""
    inner: BaseException | None = error
    while inner and not isinstance(inner, (OSError, UnicodeError)):
        inner = inner.__cause__ or inner.__context__
    return inner or error
