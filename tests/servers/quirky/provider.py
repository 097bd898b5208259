"""
The provider over real sockets: TLS under names of example.com and its kin, for the command line.

The browser comes by a side door in plain text, where TLS and names would cost a start of Python
each; to the provider both are the same.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from traceback import format_exc
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import trustme

from servers.names import redirected
from servers.proxy import Quiet, running
from servers.quirky.forked import Forks, forks
from servers.quirky.judge import FORM, Exchange, Seen, faults
from servers.quirky.words import Memory, filled

NAMES = ("*.example.com", "*.eu.example.com", "*.example.net", "*.example.org")
"""The provider's, and all of its tenants'."""

Answer = tuple[int, Mapping[str, object], str]


class Provider:
    """What comes next, what was said so far, and what was not as expected."""

    def __init__(self) -> None:
        self.memory: Memory = {}
        self.next: deque[Exchange] = deque()
        self.faults: list[str] = []
        self.lock = threading.Lock()

    def begin(self, memory: Memory) -> None:
        """Forget the play before this one."""
        self.memory = memory
        self.expect([])

    def expect(self, exchanges: Iterable[Exchange]) -> None:
        self.next, self.faults = deque(exchanges), []

    def unmet(self) -> list[str]:
        """What is wrong once nothing more will come."""
        return self.faults or [f"{each.request} has not come" for each in self.next]

    def answer(self, seen: Seen) -> Answer:
        with self.lock:
            wanted = self.next[0] if self.next else None
            nobody = [f"nobody expected {seen.method} {seen.url}"]
            found = nobody if wanted is None else list(faults(wanted, seen, self.memory))
            if found or wanted is None:
                self.faults += found
                told = {"error": "not_expected", "error_description": "; ".join(found)}
                return 400, {"content-type": "application/json"}, json.dumps(told)
            self.next.popleft()
            return encoded(wanted.answer, self.memory)


def encoded(answer: Mapping[str, object], memory: Memory) -> Answer:
    """An answer of one kind: redirect, json, form, text or nothing; and its status and headers."""
    said = filled(answer, memory)
    assert isinstance(said, dict)
    headers = {name.lower(): value for name, value in said.pop("headers", {}).items()}
    status = said.pop("status", 302 if "redirect" in said else 200)
    if "redirect" in said:
        return _sent_back(status, headers, **said)
    ((kind, value),) = said.items() or [("text", "")]
    content_type, spelled = SPELLED[kind]
    body = spelled(value)
    return status, {**({"content-type": content_type} if body else {}), **headers}, body


SPELLED: Mapping[str, tuple[str, Callable[..., str]]] = {
    "form": (FORM, urlencode),
    "json": ("application/json", json.dumps),
    "page": ("text/html", str),
    "text": ("text/plain", str),
}


def _sent_back(
    status: int,
    headers: Mapping[str, object],
    *,
    redirect: str,
    query: Mapping[str, str] | None = None,
    fragment: Mapping[str, str] | None = None,
    post: Mapping[str, str] | None = None,
) -> Answer:
    """The browser on its way back, by a redirect or by a form that sends itself."""
    if post is not None:
        fields = "".join(f'<input type="hidden" name="{n}" value="{v}">' for n, v in post.items())
        form = f'<form method="post" action="{redirect}">{fields}</form>'
        return 200, {"content-type": "text/html"}, form
    url = redirect + (f"?{urlencode(query)}" if query else "")
    url += f"#{urlencode(fragment)}" if fragment else ""
    return status, {**headers, "location": url}, ""


class Server(Quiet):
    """Serves one provider, over TLS when there is a *context*."""

    def __init__(self, provider: Provider, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.provider, self.context = provider, context


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        self.request.settimeout(self.timeout)
        if self.server.context:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        if self.server.context:
            self.request.close()

    def do_GET(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        url = f"https://{headers.get('host', '').removesuffix(':443')}{parts.path}"
        fragment = headers.pop("x-fragment", "")
        seen = Seen(self.command, url, parts.query, headers, raw.decode(), fragment)
        try:
            self._reply(*self.server.provider.answer(seen))
        except Exception:  # of the declaration, or of what came: the test must hear of it
            self.server.provider.faults.append(format_exc())
            raise

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *args: object) -> None:
        """Nothing: what was wrong is in `faults`."""

    def _reply(self, status: int, headers: Mapping[str, object], body: str) -> None:
        content = body.encode()
        if headers.get("content-encoding") == "gzip":
            content = gzip.compress(content)
        self.send_response(status)
        for name, value in headers.items():
            for each in value if isinstance(value, list) else [value]:
                self.send_header(name, str(each))
        if status != 204:
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Served(NamedTuple):
    """A running provider, and how the command line and a browser find it."""

    provider: Provider
    environment: Mapping[str, str]
    side_door: int
    forks: Forks


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve a provider; its CA and its names' addresses are written into *folder*."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*NAMES).configure_cert(context)
    provider = Provider()
    with contextlib.ExitStack() as stack:
        server, side_door = (
            stack.enter_context(each) for each in (Server(provider, context), Server(provider))
        )
        for each in (server, side_door):
            stack.enter_context(running(each))
        suffixes = [name.removeprefix("*") for name in NAMES]
        found = redirected(folder / "site", server.server_port, *suffixes)
        environment = {"SSL_CERT_FILE": str(folder / "ca.pem"), "PYTHONPATH": str(found)}
        ready = stack.enter_context(forks(environment))
        yield Served(provider, environment, side_door.server_port, ready)
