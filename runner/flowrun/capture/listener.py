"""A redirection URI, bound on loopback, and what becomes of those who come to it."""

from __future__ import annotations

import contextlib
import copy
import errno
from collections.abc import Callable, Sequence
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, Self

from flowrun.errors import CallbackError, FlowrunError

from . import page
from .conversation import Server
from .race import Race
from .redirect import Redirect, parameters_of, redirect_of

if TYPE_CHECKING:
    from .certificate import ThrowAway

MISSING = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
MAX_TOLD = 10  # any page in the browser may make up others


class Redirection:
    """Takes what comes to a redirection URI; nothing does where it is not on loopback."""

    def __init__(
        self,
        uri: str,
        tell: Callable[[str], None],
        *,
        redact: Callable[[str], str],
        hold_s: float,
    ) -> None:
        redirect, tls = redirect_of(uri), None
        self.fingerprint = ""  # of the certificate, where there is one
        if redirect.scheme == "https" and redirect.addresses:
            tls, self.fingerprint = _certified(redirect)
        self._servers = bind(redirect.addresses, redirect.port, tell, tls)
        self._own = self._servers
        self.port = self._servers[0].server_address[1] if self._servers else 0
        self.redirect_uri = uri if redirect.port else uri.replace(":0", f":{self.port}", 1)
        self.mode = "query"
        self.refusals: list[str] = []
        self._tell, self._redact, self._hold_s = tell, redact, hold_s
        self._race: Race | None = None
        self._current: list[Redirection] = []  # the one that is served, of all on these sockets

    def beside(self, uri: str) -> Self | None:
        """*uri* on the same sockets, which one redirection uses at a time; None if it is not."""
        if not self._servers or redirect_of(uri)[:3] != redirect_of(self.redirect_uri)[:3]:
            return None
        other = copy.copy(self)
        other.redirect_uri, other.refusals, other._race, other._own = uri, [], None, []
        return other

    def serve(self, race: Race, mode: str) -> None:
        """Hand to *race* what has come since, and what comes."""
        for earlier in self._current:  # its page may still wait
            earlier.conclude(None)
        self._current[:] = [self]
        self._race, self.mode = race, mode
        for server in self._servers:
            server.redirection = self
            if not server.thread.ident:
                server.thread.start()

    def conclude(self, problem: str | None = "") -> None:
        if self._race:
            self._race.conclude(self._redact(problem) if problem else problem)

    def close(self) -> None:
        """Stop listening; pages that are under way still get out."""
        self.conclude("flowrun stopped before the login was complete.")
        for server in self._own:
            server.stop()

    def answer(self, parameters: str) -> page.Page:
        race = self._race
        if race is None or race.over.is_set():
            return page.LATE
        try:
            won = race.enter(parameters_of(parameters))
        except FlowrunError as error:
            return self._refusal(error, race)
        problem = race.conclusion(timeout_s=self._hold_s) if won else None
        if problem:
            return page.FAILED._replace(text=problem)
        return page.LATE if not won else page.RECEIVED if problem is None else page.DONE

    def _refusal(self, error: FlowrunError, race: Race) -> page.Page:
        if race.over.is_set():
            return page.DENIED if error.code == "E402" else page.FAILED._replace(text=str(error))
        self._tell_once(str(error))
        return page.REFUSED

    def astray(self, parameters: str) -> page.Page:
        if parameters:
            self._tell_once("a redirect came with a query, where a form has to be posted")
        return page.ASTRAY

    def _tell_once(self, refusal: str) -> None:
        # A stale tab may come again and again.
        if refusal not in self.refusals and len(self.refusals) < MAX_TOLD:
            self.refusals.append(refusal)
            self._tell(f"{refusal}; still waiting")


def _certified(redirect: Redirect) -> ThrowAway:
    from .certificate import throw_away

    try:
        return throw_away()
    except OSError as error:
        raise _unbound(redirect.host, redirect.port, error) from None


def bind(
    addresses: Sequence[str],
    port: int,
    tell: Callable[[str], None],
    tls: SSLContext | None = None,
) -> list[Server]:
    """Servers on one and the same port of all *addresses*; port 0 takes any that is free."""
    servers: list[Server] = []
    for address in addresses:
        wanted = servers[0].server_address[1] if servers else port
        try:
            servers.append(Server(address, wanted, tls))
        except OSError as error:
            if servers and error.errno in MISSING:
                tell(f"this machine has no {address}; listening on {addresses[0]} alone")
                continue
            for server in servers:
                server.server_close()
            if servers and not port and error.errno == errno.EADDRINUSE:  # on this one alone
                return bind(addresses, port, tell, tls)
            raise _unbound(address, wanted, error) from None
    return servers


def _unbound(address: str, port: int, error: OSError) -> CallbackError:
    taken = f"it is taken{_holder(port)}" if error.errno == errno.EADDRINUSE else error.strerror
    return CallbackError(
        "E406",
        f"port {port} of {address} cannot be bound: {taken}",
        hint="End that program, or register a redirect URI with another port and set that.",
    )


def _holder(port: int) -> str:
    """Who listens on *port*, as far as Linux shows it."""
    with contextlib.suppress(OSError):
        tables = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
        rows = [row.split() for row in tables.splitlines()]
        inodes = [row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"]
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            with contextlib.suppress(OSError):
                if link.readlink().name in {f"socket:[{inode}]" for inode in inodes}:
                    name = (link.parents[1] / "comm").read_text().strip()
                    return f" by {name} (process {link.parents[1].name})"
    return ""
