"""One harness for every kind of step: real options, a function for a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from flowrun.errors import TransportError
from flowrun.flow import Step
from flowrun.load import load_source
from flowrun.message import Certificate, Request, Response
from flowrun.place import Source
from flowrun.secret import JSON, Value
from flowrun.services import Judge, Listener, Outputs, Services
from flowrun.steps import KINDS
from flowrun.steps.kind import Options
from flowrun.template import Scope
from flowrun.urls import with_query
from flowrun.wire import Encoded, encode

NOON = 1_700_000_000
Server = Callable[[Encoded], Response]


def answer(status: int = 200, /, **fields: JSON) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(fields).encode())


class Wire:
    """Carries requests to a function; encodes them, so that what no request can hold is refused."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.sent: list[Encoded] = []
        self.redeemed: list[bool] = []
        self.shown: list[Certificate] = []

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        url = with_query(request.url, request.query)
        encoded = encode(request._replace(url=url, query={}))
        self.sent.append(encoded)
        self.redeemed.append(redeems)
        self.shown += [request.certificate] if request.certificate else []
        return self.server(encoded)


def silent(_: Encoded) -> Response:
    raise TransportError("E602", "no answer", sent=True)


class Window:
    """A browser in which somebody is sent back with *params* at once."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self.params = params
        self.bare = False  # whether they were pasted, as a code alone
        self.opened: list[tuple[str, float]] = []

    @contextmanager
    def listen(self, redirect_uri: str) -> Iterator[Listener]:
        yield Bound(redirect_uri)

    def fetch(
        self,
        url: str,
        listener: Listener,
        judge: Judge,
        *,
        timeout_s: float,
        mode: str = "query",
    ) -> Mapping[str, str]:
        self.opened.append((url, timeout_s))
        self.mode = mode
        judge(self.params, bare=self.bare)
        return self.params


class Bound:
    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri

    def conclude(self, problem: str = "") -> None:
        self.problem = problem


class Person:
    def __init__(self, said: str = "") -> None:
        self.said = said
        self.asked: list[tuple[str, bool, Sequence[str]]] = []
        self.shown: list[str] = []

    def ask(self, question: str, *, secret: bool = False, choices: Sequence[str] = ()) -> str:
        self.asked.append((question, secret, choices))
        return self.said

    def show_code(self, url: str) -> None:
        self.shown.append(url)


class MemoryShelf:
    """A shelf as the clock of a test sees it."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.kept: dict[tuple[str, str], tuple[float, JSON]] = {}

    def get(self, kind: str, key: str, *, late_s: float = 0) -> JSON:
        until, value = self.kept.get((kind, key), (0, None))
        return value if self.now() < until + late_s else None

    def put(self, kind: str, key: str, value: JSON, *, until: float | None = None) -> None:
        self.kept[kind, key] = (float("inf") if until is None else until, value)

    def drop(self, kind: str, key: str) -> None:
        self.kept.pop((kind, key), None)

    def all(self, kind: str) -> Iterator[tuple[str, JSON]]:
        return ((key, value) for (of, key), (_, value) in self.kept.items() if of == kind)


class World:
    """The edges of a step, and what it did to them."""

    def __init__(
        self, server: Server = silent, *, params: Mapping[str, str] | None = None, said: str = ""
    ) -> None:
        self.wire, self.window, self.person = Wire(server), Window(params or {}), Person(said)
        self.told: list[str] = []
        self.clock = NOON
        self.shelf = MemoryShelf(lambda: self.clock)

    @property
    def services(self) -> Services:
        def now() -> float:
            return self.clock

        tell = self.told.append
        return Services(self.wire, self.window, self.person, now, tell, self.shelf)

    @property
    def request(self) -> Encoded:
        """The one request that was sent."""
        (request,) = self.wire.sent
        return request


def step_of(kind: str, options: str) -> Step:
    """The step of *kind* with *options*, as the loader makes it of a file."""
    other = "" if kind == "token" else "\n  - token: {post: 'https://id.example/token'}"
    text = f"flowrun: 1\nname: acme\nsteps:\n  - {kind}: {options}{other}"
    return load_source(Source("flow.yaml", text)).steps("steps")[0]


def run_kind(
    kind: str,
    options: str,
    world: World | None = None,
    *,
    authorization: Outputs | None = None,
    invitation: Outputs | None = None,
    **values: Value,
) -> Outputs:
    """What a step of *kind* hands on."""
    module = KINDS[kind]
    given = Options(step_of(kind, options), module, Scope(values))
    given.authorization, given.invitation = authorization or {}, invitation or {}
    given.listener = Bound("http://127.0.0.1:8484/")
    return module.run(given, (world or World()).services)
