"""A run against the sandbox: the recipe's shape goes in, and consent comes back by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from .capture.redirect import parameters_of
from .document import Map
from .errors import CallbackError
from .filters import spelled
from .flow import Flow
from .job import Job
from .likeness import client_of, exchanges_of, shape_of
from .merge import copy
from .message import Request, Response
from .oauth.client import client_cert
from .sandbox.serve import Sandbox, serve
from .secret import JSON, reveal
from .services import Http, Judge, Listener, Outputs, Services
from .steps import capture
from .steps.kind import Options
from .transport import showing

MARKS = {"query": "?", "fragment": "#"}


def open_sandbox(
    job: Job, folder: Path, tell: Callable[[str], None], *, person: bool, port: int = 0
) -> AbstractContextManager[Sandbox]:
    """A provider on loopback in the shape of the job's recipe, which remembers in *folder*."""
    state = folder / ".flowrun" / "provider.json"
    shape, client = exchanges_of(job), client_of(job)
    return serve(shape, client=client, port=port, person=person, tell=tell, state=state)


class Terminated:
    """An `Http` to a provider behind the TLS: it is told what the client shows (RFC 9440)."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        if request.certificate:
            showing(request.certificate)  # which refuses what could not be shown
            told = client_cert(str(reveal(request.certificate.certificate)))
            request = request._replace(headers={**request.headers, "Client-Cert": told})
        return self._http.send(request, redeems=redeems)


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
