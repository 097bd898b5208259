"""A run against the sandbox: the recipe's shape goes in, and consent comes back by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import parse_qsl, urlsplit

from .document import Map, plain
from .errors import CallbackError
from .flow import SECTIONS
from .job import Job
from .message import Request
from .plan import Planned, plan
from .sandbox.serve import Sandbox, serve
from .sandbox.shape import Client, Exchange
from .secret import Value, masked, reveal
from .services import Http, Judge, Listener
from .taint import Unknown
from .template import uses
from .urls import with_query


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
    found: dict[str, str | None] = {}
    for planned in plan(job.flow, "steps", job.inputs):
        sent = {**_body(planned), **(planned.request.query if planned.request else {})}
        names = planned.options.fields("names")
        for key in ("client_id", "client_secret"):
            if (value := reveal(sent.get(str(names.get(key, key))))) is not None:
                found.setdefault(key, str(value))
        client = planned.options.get("client")
        if isinstance(client, Mapping):
            found["client_id"] = str(reveal(client.get("id")))
            secret = reveal(client.get("secret"))
            found["client_secret"] = None if secret is None else str(secret)
    return Client(found.get("client_id") or "sandbox-client", found.get("client_secret"))


def _exchange(job: Job, planned: Planned) -> Exchange:
    step, request = planned.step, planned.request
    assert request is not None
    client = planned.options.get("client")
    authorization = "Authorization" in request.headers
    auth = str(client.get("auth") or "post") if isinstance(client, Mapping) else ""
    if not auth:
        in_body = "client_secret" in _body(planned)
        auth = (
            "basic-raw"
            if authorization and "basic" in planned.options
            else "post"
            if in_body
            else "none"
        )
    url = request.url
    if step.kind == "authorize" and not isinstance(url, Unknown):
        url = with_query(url, request.query)  # it tells which redirection URI is registered
    shape = job.flow.sandbox.get(f"{step.section}.{step.id}", job.flow.sandbox.get(step.id))
    return Exchange(
        section=step.section,
        step=step.id,
        kind=step.kind,
        method=request.method,
        url=str(masked(url)),
        body=request.body.kind if request.body else "none",
        client_auth=auth,
        names={k: str(v) for k, v in planned.options.fields("names").items()},
        bearer="bearer" in planned.options,
        answers=tuple(_answers(step.options)),
        answer=plain(shape) if isinstance(shape, Map) else None,
    )


def _body(planned: Planned) -> Mapping[str, Value]:
    content = planned.request.body.content if planned.request and planned.request.body else None
    return content if isinstance(content, Mapping) else {}


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
        location = self._http.send(Request("GET", url)).headers.get("location", "")
        if not location.startswith(listener.redirect_uri):
            raise CallbackError("E408", "the sandbox did not redirect to the redirection URI")
        params = dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))
        judge(params)
        return params


class _Nowhere:
    """A redirection URI that nobody has to listen at."""

    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri

    def conclude(self, problem: str = "") -> None:
        return
