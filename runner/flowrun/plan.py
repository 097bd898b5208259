"""What a flow will send, as far as that can be known before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from .errors import located
from .flow import SECTIONS, Flow, Step
from .hosts import RUN, HostRule, literal_origin
from .message import Request
from .oauth.scope import scopes_in
from .scope import Undefined, inside
from .secret import JSON, Secret, Value, masked, reveal
from .steps import KINDS
from .steps.kind import Options, applies
from .steps.signed import PROVING, Half, shown_by, signed_with, told_parts, used_parts
from .taint import Unknown, contains
from .template import Scope, reads, uses
from .urls import origin


class Planned(NamedTuple):
    """A step with its options rendered, what is not known yet standing as <path>."""

    step: Step
    options: Options
    request: Request | None
    before: Request | None = None  # what an `authorize` hands in

    @property
    def keys(self) -> Request | None:
        """The request for what a signature is checked with, which comes before all others."""
        url = self.options.get("jwks")
        return Request("GET", url if isinstance(url, Secret) else str(url)) if url else None

    @property
    def requests(self) -> Iterator[Request]:
        """What the step sends or has a browser send, in this order."""
        yield from (request for request in (self.before, self.request) if request)

    def sent(self) -> dict[str, Value]:
        """What the step sends, its client's id and secret too, under the standard names."""
        if self.request is None:
            return {}
        theirs = _asked(self.options) if self.step.kind == "authorize" else _carried(self.request)
        ours = {str(their): name for name, their in self.options.fields("names").items()}
        sent = {ours.get(name, name): value for name, value in theirs.items()}
        client, basic = self.options.get("client"), self.options.get("basic")
        if isinstance(client, Mapping):
            sent |= {"client_id": client.get("id"), "client_secret": client.get("secret")}
        elif isinstance(consumer := self.options.get("oauth1"), Mapping):
            secret = consumer.get("consumer_secret")
            sent |= {"client_id": consumer.get("consumer_key"), "client_secret": secret}
        elif isinstance(basic, Mapping) and self.step.kind == "token":
            sent |= {"client_id": basic.get("user"), "client_secret": basic.get("password")}
        return sent


def _asked(options: Options) -> dict[str, Value]:
    """What an authorization request asks for, however it gets there."""
    from .steps import authorize

    return {**authorize.imagined(options), **options.fields("fragment")}


def _carried(request: Request) -> dict[str, Value]:
    content = request.body.content if request.body else None
    return {**(content if isinstance(content, Mapping) else {}), **request.query}


def imagined(flow: Flow, inputs: Value) -> Scope:
    """What a step may read; what only a run can tell stands as <path>."""
    unknown = {root: Unknown(root) for root in RUN}
    return Scope({"inputs": inputs, **unknown}, flow.vars)


def plan(flow: Flow, section: str, inputs: Mapping[str, Value]) -> Iterator[Planned]:
    """The steps of *section* that will run, each with its request."""
    scope = imagined(flow, inputs)
    for step in flow.steps(section):
        if planned := plan_step(step, scope):
            yield planned


def plan_step(step: Step, scope: Scope) -> Planned | None:
    """The step with its request; None when it will not run."""
    with located(step.place):
        if _left_out(step, scope):
            return None
        kind = KINDS[step.kind]
        options = Options(step, kind, scope.with_(request=Unknown("request")))
        return Planned(step, options, kind.preview(options), _before(step, options))


def _before(step: Step, options: Options) -> Request | None:
    if step.kind != "authorize":
        return None
    from .steps import authorize

    return authorize.before(options)


def rehearse(flow: Flow, inputs: Mapping[str, Value]) -> None:
    """Render every section, so that what can fail fails before a person is asked for consent."""
    for section in SECTIONS:
        for _ in plan(flow, section, inputs):
            pass


def inputs_read(flow: Flow, sections: Sequence[str]) -> set[str]:
    """The inputs that *sections* read, themselves, through vars or in the files made after them."""
    parts = [part for name in sections for step in flow.steps(name) for part in step[3:5]]
    after = [also.text for also in flow.also] if "refresh" in sections else []
    paths = (path for path in reads([*parts, *after], flow.vars) if len(path) > 1)
    return {path[1] for path in paths if path[0] == "inputs"}


def idle_inputs(flow: Flow) -> set[str]:
    """The inputs that are credentials of another way to authenticate than the recipe has."""
    steps = [step for section in SECTIONS for step in flow.steps(section)]
    clients = [step.options[k] for step in steps for k in PROVING if k in step.options]
    used = [part for step in steps for part in (*used_parts(step, flow.vars), step.modifiers)]
    idle = set(_inputs_in(clients, flow))
    return idle - set(_inputs_in(used, flow)) if idle else idle


def signing_inputs(flow: Flow, inputs: Mapping[str, Value]) -> dict[str, str]:
    """The inputs that are keys, and the algorithm that each signs with."""
    return {
        name: signed.alg
        for planned in _everything(flow, inputs)
        for signed in signed_with(planned)
        if not signed.shared
        for name in _inputs_in(signed.written(planned.step), flow)
    }


def shown_inputs(flow: Flow, inputs: Mapping[str, Value]) -> dict[str, Half]:
    """The inputs that are a certificate, or the key of one, that the client shows."""
    return {
        name: half
        for planned in _everything(flow, inputs)
        for node, half in shown_by(planned)
        for name in _inputs_in(node, flow)
    }


def sent_inputs(flow: Flow, inputs: Mapping[str, Value]) -> set[str]:
    """The inputs that something is made of which leaves; a key that only signs stays here."""
    return {
        name
        for planned in _everything(flow, inputs)
        for part in told_parts(planned)
        for name in _inputs_in(part, flow)
    }


def _everything(flow: Flow, inputs: Mapping[str, Value]) -> Iterator[Planned]:
    for section in SECTIONS:
        yield from plan(flow, section, inputs)


def _inputs_in(node: object, flow: Flow) -> Iterator[str]:
    for path in reads(node, flow.vars):
        if path[0] == "inputs":
            yield from path[1:2]


def host_rule(flow: Flow, inputs: Mapping[str, Value]) -> HostRule:
    """The hosts that the recipe names with these inputs: the only ones it may contact."""
    scope = Scope({"inputs": inputs}, flow.vars)
    origins = [
        literal_origin(text, scope)
        for section in SECTIONS
        for step in flow.steps(section)
        if not _left_out(step, scope)
        for key in KINDS[step.kind].URLS
        if isinstance(text := step.options.get(key), str)
    ]
    return HostRule([each for each in origins if each], flow.hosts)


def told_secrets(flow: Flow, inputs: Mapping[str, Value]) -> list[str]:
    """The origins to which any section sends something secret."""
    sent_to = {
        str(masked(request.url))
        for planned in _everything(flow, inputs)
        for request in planned.requests
        if request is planned.before or planned.step.kind != "authorize"
        if any(map(_holds_secret, request._replace(certificate=None)))
    }
    return sorted({origin(url) for url in sent_to if not url.startswith("<")})


def _holds_secret(part: object) -> bool:
    if isinstance(part, Mapping):
        return any(map(_holds_secret, part.values()))
    if isinstance(part, (tuple, list)):
        return any(map(_holds_secret, part))
    return isinstance(part, Secret)


DETAILED = ("authorization_details", "resource")
"""What a person consents to beside a scope (RFC 9396, RFC 8707)."""


def consent_of(flow: Flow, inputs: Mapping[str, Value]) -> dict[str, JSON]:
    """Who asks whom for what: when this changes, the consent given before is another one."""
    asked: dict[str, JSON] = {"client_id": None, "scope": [], "origin": None}
    for planned in plan(flow, "steps", inputs):
        request = planned.request
        if request is None or planned.step.kind not in ("authorize", "token"):
            continue
        sent = planned.sent()
        client_id, scope = reveal(sent.get("client_id")), reveal(sent.get("scope"))
        asked["client_id"] = asked["client_id"] or client_id
        if isinstance(scope, str) and not asked["scope"]:
            asked["scope"] = [*scopes_in(scope)]
        if planned.step.kind == "authorize":
            asked |= {name: masked(sent[name]) for name in DETAILED if sent.get(name) is not None}
        if planned.step.kind == "token":
            shown = str(masked(request.url))
            asked["origin"] = None if shown.startswith("<") else origin(shown)
    return asked


def _left_out(step: Step, scope: Scope) -> bool:
    """Whether the step's `if` is known not to hold; what only a run can tell is not known."""
    read = [use.path for use in uses(step.modifiers.get("if"))]
    return all(_is_known(path, scope) for path in read) and not applies(step, scope)


def _is_known(path: Sequence[str], scope: Scope) -> bool:
    if path[0] not in ("inputs", "vars"):
        return False
    with suppress(Undefined):
        return not contains(inside(scope.values, path), Unknown)
    return True
