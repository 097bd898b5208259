"""The edges of the program. Tests replace them; steps never import them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from .message import Request, Response
from .secret import JSON, Value


class Http(Protocol):
    """Whoever carries a request to a server."""

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        """
        Send *request* once and return the answer, whatever its status.

        Args:
            request: what to send.
            redeems: it carries something that can be used once (a code, a refresh token).

        Raises:
            TransportError: there was no whole answer.
            FlowError: the host is not one that the flow may contact.
            ProviderError: the answer was too large.
        """
        ...


class Listener(Protocol):
    """A bound redirection URI."""

    @property
    def redirect_uri(self) -> str:
        """The redirection URI as bound: port 0 has become a real one."""
        ...

    def conclude(self, problem: str = "") -> None:
        """Tell the waiting browser how it ended: well, or with *problem*."""
        ...


class Judge(Protocol):
    """Looks at the parameters of a redirect, from any thread; keeps nothing."""

    def __call__(self, params: Mapping[str, str], /, *, bare: bool = False) -> None:
        """
        Raise `CallbackError` when *params* are not ours; *bare*: only a code was pasted.

        E404 is for what does not answer our request: waiting goes on.
        """
        ...


class Browser(Protocol):
    """The way to a person and back."""

    def listen(self, redirect_uri: str) -> AbstractContextManager[Listener]:
        """
        Bind *redirect_uri* if it is on loopback; otherwise only a paste can bring it back.

        Several on one host and port share it, and are waited for in turn.
        """
        ...

    def fetch(
        self,
        url: str,
        listener: Listener,
        judge: Judge,
        *,
        timeout_s: float,
        mode: str = "query",
    ) -> Mapping[str, str]:
        """
        Send a person to *url*; return the parameters of the first redirect that passes.

        Without a URL the provider sends them. The redirect carries its parameters by *mode*.
        """
        ...


class Person(Protocol):
    """Somebody who can be asked."""

    def ask(self, question: str, *, secret: bool = False, choices: Sequence[str] = ()) -> str:
        """The answer. Raises `PersonNeeded` when nobody is there."""
        ...

    def show_code(self, url: str) -> None:
        """Draw *url* for the camera of another device, where there is a screen for it."""
        ...


class Shelf(Protocol):
    """What servers have said and will say again, such as metadata, keys, a registered client."""

    def get(self, kind: str, key: str, *, late_s: float = 0) -> JSON:
        """What was put there, None when nothing was or its time is over by *late_s* seconds."""
        ...

    def put(self, kind: str, key: str, value: JSON, *, until: float | None = None) -> None:
        """Keep *value* until then, in seconds since 1970, or until the record is forgotten."""
        ...

    def drop(self, kind: str, key: str) -> None:
        """Keep it no longer."""
        ...

    def all(self, kind: str) -> Iterator[tuple[str, JSON]]:
        """Everything of that kind, with its key."""
        ...


class NoShelf:
    """Keeps nothing."""

    def get(self, kind: str, key: str, *, late_s: float = 0) -> JSON:
        return None

    def put(self, kind: str, key: str, value: JSON, *, until: float | None = None) -> None:
        return

    def drop(self, kind: str, key: str) -> None:
        return

    def all(self, kind: str) -> Iterator[tuple[str, JSON]]:
        return iter(())


def anywhere(*urls: str) -> None:
    """Every host may be contacted: nothing guards these services."""


class Services(NamedTuple):
    """What a step may use of the world."""

    http: Http
    browser: Browser
    person: Person
    now: Callable[[], float]  # seconds since the epoch
    tell: Callable[[str], None]  # one line for a person
    shelf: Shelf = NoShelf()
    ahead: Callable[[str], float] = lambda _: 0  # of the clock at an origin, in seconds
    permit: Callable[..., None] = anywhere  # raises for URLs that the flow may not contact

    def now_at(self, origin: str) -> float:
        """What the clock at *origin* says now, as far as its answers have told it."""
        return self.now() + self.ahead(origin)


Outputs = Mapping[str, Value]
