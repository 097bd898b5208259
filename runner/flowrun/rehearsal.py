"""A run against the sandbox: the recipe's shape goes in, and consent comes back by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from .capture.redirect import parameters_of
from .document import Map, plain
from .errors import CallbackError
from .filters import spelled
from .flow import SECTIONS, Flow, Step
from .job import Job
from .merge import copy
from .message import Request, Response
from .plan import Planned, plan
from .sandbox.serve import Sandbox, serve
from .sandbox.shape import Client, Exchange
from .secret import JSON, masked, reveal
from .services import Http, Judge, Listener, Outputs, Services
from .steps import capture
from .steps.clients import auth_of, signs
from .steps.kind import Options, text_of
from .taint import Unknown
from .template import uses
from .urls import address_of

MARKS = {"query": "?", "fragment": "#"}


def open_sandbox(
    job: Job, tell: Callable[[str], None], *, person: bool, port: int = 0
) -> AbstractContextManager[Sandbox]:
    """A provider on loopback in the shape of the job's recipe."""
    state = job.store.folder / ".flowrun" / "provider.json"
    exchanges = [
        exchange
        for section in SECTIONS
        for planned in plan(job.flow, section, job.inputs)
        if planned.request
        for exchange in _exchanges(job, planned)
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


def _exchanges(job: Job, planned: Planned) -> Iterator[Exchange]:
    asked = _exchange(job, planned)
    if planned.step.kind != "metadata":
        yield asked
        return
    from .publishing import published

    yield from published(job.flow, planned, asked)


def _exchange(job: Job, planned: Planned) -> Exchange:
    step, request = planned.step, planned.request
    assert request is not None
    url = request.url
    if step.kind == "authorize" and not isinstance(url, Unknown):
        url = address_of(request)  # it tells which redirection URI is registered
    return Exchange(
        section=step.section,
        kind=step.kind,
        method=request.method,
        url=str(masked(url)),
        body=request.body.kind if request.body else "none",
        client_auth=_client_auth(planned),
        **_assertion(planned),
        names={k: str(v) for k, v in planned.options.fields("names").items()},
        bearer="bearer" in planned.options,
        dpop=request.proof is not None,
        answers=tuple(_answers(step.options)),
        answer=shape_of(job.flow, step),
        mode=_mode(job, step) if step.kind == "authorize" else "",
    )


def shape_of(flow: Flow, step: Step) -> JSON:
    """What the recipe says of the provider's part in *step*."""
    shape = flow.sandbox.get(f"{step.section}.{step.id}", flow.sandbox.get(step.id))
    return plain(shape) if isinstance(shape, Map) else None


def _mode(job: Job, authorize: Step) -> str:
    """The response mode that the first capture after *authorize* insists on."""
    planned = list(plan(job.flow, authorize.section, job.inputs))
    begun = [each.step.id for each in planned].index(authorize.id)
    captures = [each for each in planned[begun:] if each.step.kind == "capture"]
    return captures[0].options.plain("response_mode") if captures else ""


def _client_auth(planned: Planned) -> str:
    client, basic = planned.options.get("client"), planned.options.get("basic")
    if isinstance(client, Mapping):
        return "none" if client.get("id") is None else str(client.get("auth") or "post")
    if isinstance(basic, Mapping):
        return "basic-raw"
    return "post" if "client_secret" in planned.sent() else "none"


def _assertion(planned: Planned) -> dict[str, str]:
    """What an assertion of the step's client is held against."""
    client = planned.options.get("client")
    if not isinstance(client, Mapping) or not signs(planned.options):
        return {}
    shared = auth_of(planned.options) == "client_secret_jwt"
    key = text_of(client.get("secret" if shared else "key"))
    audience = masked(client.get("audience"))
    return {"key": key, "audience": str(audience or "")}


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
        self,
        url: str,
        listener: Listener,
        judge: Judge,
        *,
        timeout_s: float,
        mode: str = "query",
    ) -> Mapping[str, str]:
        page, _, fragment = url.partition("#")  # which the provider's own page would read
        answer = self._http.send(Request("GET", page, dict(parse_qsl(fragment))))
        reached, sent = _form(answer) if mode == "form_post" else _location(answer, mode)
        if reached != listener.redirect_uri.partition("?")[0]:
            instead = f"the sandbox answered {answer.status}, without {mode} parameters for"
            raise CallbackError("E408", f"{instead} {listener.redirect_uri}")
        params = parameters_of(sent)
        judge(params)
        return params


def _location(answer: Response, mode: str) -> tuple[str, str]:
    """Where a redirect leads, and the parameters that it carries by *mode*."""
    reached, _, sent = answer.headers.get("location", "").partition(MARKS[mode])
    return reached, sent


def _form(answer: Response) -> tuple[str, str]:
    """Where a page posts its form to, and what."""
    form = _Form()
    form.feed(answer.text)
    return form.action, urlencode(form.fields)


class _Form(HTMLParser):
    """The form in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.action, self.fields = "", dict[str, str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = found.get("action", "")
        elif tag == "input":
            self.fields[found.get("name", "")] = found.get("value", "")


class _Nowhere(NamedTuple):
    """A redirection URI that nobody has to listen at."""

    redirect_uri: str

    def conclude(self, problem: str = "") -> None:
        """Nothing: no page waits."""


class PlayedCapture:
    """`capture` in a sandbox: the recipe says what a provider would add, which nobody signs."""

    URLS, LATE = capture.URLS, capture.LATE

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    def run(self, options: Options, services: Services) -> Outputs:
        shape = shape_of(self._flow, options.step)
        played = shape.get("callback") if isinstance(shape, dict) else None
        if isinstance(played, dict):
            return self._played(played, options, services)
        if options.authorization:
            return capture.run(options, services)
        hint = f"Say what it brings: sandbox: {{{options.step.id}: {{callback: {{...}}}}}}"
        raise CallbackError(
            "E411", "nobody begins this login in the sandbox", hint=hint, place=options.step.place
        )

    def preview(self, options: Options) -> Request | None:
        return capture.preview(options)

    def hands_on(self, options: Map) -> frozenset[str] | None:
        return capture.hands_on(options)

    def _played(self, played: Mapping[str, JSON], options: Options, services: Services) -> Outputs:
        params = {name: spelled(value) for name, value in played.items()}
        brought = capture.callback_of(options, params)
        if "expect" in options.step.options:
            told = f"sandbox: the recipe says what comes to {options.step.id}"
            services.tell(f"{told}, so its `expect` is not judged")
        if not options.authorization:
            return brought
        kept = copy(options.step.options)
        kept.pop("expect", None)
        unjudged = Options(options.step._replace(options=kept), capture, options.scope)
        unjudged.authorization, unjudged.listener = options.authorization, options.listener
        return {**capture.run(unjudged, services), **brought}
