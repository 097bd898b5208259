"""A redirection URI, bound on loopback, and what becomes of those who come to it."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Sequence
from pathlib import Path

from flowrun.errors import CallbackError, FlowrunError

from . import page
from .conversation import Server
from .race import Race
from .redirect import parameters_of, redirect_of

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
        redirect = redirect_of(uri)
        self._servers = bind(redirect.addresses, redirect.port, tell)
        self.port = self._servers[0].server_address[1] if self._servers else 0
        self.redirect_uri = uri if redirect.port else uri.replace(":0", f":{self.port}", 1)
        self.refusals: list[str] = []
        self._tell, self._redact, self._hold_s = tell, redact, hold_s
        self._race: Race | None = None

    def serve(self, race: Race) -> None:
        """Hand to *race* what has come since, and what comes."""
        self.conclude()  # an earlier race's page may still wait
        self._race = race
        for server in self._servers:
            server.redirect_uri, server.answer = self.redirect_uri, self._answer
            if not server.thread.ident:
                server.thread.start()

    def conclude(self, problem: str = "") -> None:
        if self._race:
            self._race.conclude(self._redact(problem))

    def close(self) -> None:
        """Stop listening; pages that are under way still get out."""
        self.conclude("flowrun stopped before the login was complete.")
        for server in self._servers:
            server.stop()

    def _answer(self, query: str) -> page.Page:
        race = self._race
        if race is None or race.over.is_set():
            return page.LATE
        try:
            won = race.enter(parameters_of(query))
        except FlowrunError as error:
            return self._refusal(error, race)
        problem = race.conclusion(timeout_s=self._hold_s) if won else None
        if problem:
            return page.FAILED._replace(text=problem)
        return page.LATE if not won else page.RECEIVED if problem is None else page.DONE

    def _refusal(self, error: FlowrunError, race: Race) -> page.Page:
        if race.over.is_set():
            return page.DENIED if error.code == "E402" else page.FAILED._replace(text=str(error))
        # Once: a stale tab may come again and again.
        if str(error) not in self.refusals and len(self.refusals) < MAX_TOLD:
            self.refusals.append(str(error))
            self._tell(f"{error}; still waiting")
        return page.REFUSED


def bind(addresses: Sequence[str], port: int, tell: Callable[[str], None]) -> list[Server]:
    """Servers on one and the same port of all *addresses*; port 0 takes any that is free."""
    servers: list[Server] = []
    for address in addresses:
        wanted = servers[0].server_address[1] if servers else port
        try:
            servers.append(Server(address, wanted))
        except OSError as error:
            if servers and error.errno in MISSING:
                tell(f"this machine has no {address}; listening on {addresses[0]} alone")
                continue
            for server in servers:
                server.server_close()
            if servers and not port and error.errno == errno.EADDRINUSE:  # on this one alone
                return bind(addresses, port, tell)
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
