"""A run against the sandbox: the recipe's shape goes in, and consent comes back by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from .capture.redirect import parameters_of
from .document import Map, plain
from .errors import CallbackError
from .flow import SECTIONS
from .job import Job
from .message import Request
from .plan import Planned, plan
from .sandbox.serve import Sandbox, serve
from .sandbox.shape import Client, Exchange
from .secret import JSON, masked, reveal
from .services import Http, Judge, Listener
from .taint import Unknown
from .template import uses
from .urls import address_of


def open_sandbox(
    job: Job, tell: Callable[[str], None], *, person: bool, port: int = 0
) -> AbstractContextManager[Sandbox]:
    """A provider on loopback in the shape of the job's recipe."""
    state = job.store.folder / ".flowrun" / "provider.json"
    exchanges = [
        _exchange(job, planned)
        for section in SECTIONS
        for planned in plan(job.flow, section, job.inputs)
        if planned.request
    ]
    return serve(exchanges, client=_client(job), port=port, person=person, tell=tell, state=state)


def _client(job: Job) -> Client:
    """The client that the recipe's requests speak for."""
    found: dict[str, JSON] = {"client_id": "sandbox-client", "client_secret": None}
    for planned in reversed(list(plan(job.flow, "steps", job.inputs))):
        sent = planned.sent()
        found |= {key: said for key in found if (said := reveal(sent.get(key))) is not None}
    secret = found["client_secret"]
    return Client(str(found["client_id"]), None if secret is None else str(secret))


def _exchange(job: Job, planned: Planned) -> Exchange:
    step, request = planned.step, planned.request
    assert request is not None
    url = request.url
    if step.kind == "authorize" and not isinstance(url, Unknown):
        url = address_of(request)  # it tells which redirection URI is registered
    shape = job.flow.sandbox.get(f"{step.section}.{step.id}", job.flow.sandbox.get(step.id))
    return Exchange(
        section=step.section,
        kind=step.kind,
        method=request.method,
        url=str(masked(url)),
        body=request.body.kind if request.body else "none",
        client_auth=_client_auth(planned),
        names={k: str(v) for k, v in planned.options.fields("names").items()},
        bearer="bearer" in planned.options,
        answers=tuple(_answers(step.options)),
        answer=plain(shape) if isinstance(shape, Map) else None,
    )


def _client_auth(planned: Planned) -> str:
    client, basic = planned.options.get("client"), planned.options.get("basic")
    if isinstance(client, Mapping):
        return "none" if client.get("id") is None else str(client.get("auth") or "post")
    if isinstance(basic, Mapping):
        return "basic-raw"
    return "post" if "client_secret" in planned.sent() else "none"


def _answers(options: Map) -> Iterator[str]:
    """What the recipe reads of the answer: `json.token.id` for `response.json.token.id`."""
    for key in ("outputs", "expect", "unwrap"):
        for use in uses(options.get(key)):
            if use.path[0] == "response" and use.path[1:2] == ("json",) and len(use.path) > 2:
                yield ".".join(use.path[1:])


class ConsentingBrowser:
    """Follows the sandbox's redirect by itself: nobody is here, and nothing real is at stake."""

    def __init__(self, http: Http) -> None:
        self._http = http

    @contextmanager
    def listen(self, redirect_uri: str) -> Iterator[Listener]:
        yield _Nowhere(redirect_uri)

    def fetch(
        self, url: str, listener: Listener, judge: Judge, *, timeout_s: float
    ) -> Mapping[str, str]:
        answer = self._http.send(Request("GET", url))
        location = answer.headers.get("location", "")
        if not location.startswith(listener.redirect_uri):
            instead = f"the sandbox answered {answer.status}, without a redirect to"
            raise CallbackError("E408", f"{instead} {listener.redirect_uri}")
        params = parameters_of(urlsplit(location).query)
        judge(params)
        return params


class _Nowhere(NamedTuple):
    """A redirection URI that nobody has to listen at."""

    redirect_uri: str

    def conclude(self, problem: str = "") -> None:
        """Nothing: no page waits."""
