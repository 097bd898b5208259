"""A provider's shape, as far as a recipe shows it: what the sandbox is made in the likeness of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .document import Map, plain
from .flow import SECTIONS, Flow, Step
from .job import Job
from .message import Request
from .oauth.jwt import ALGORITHMS
from .oauth1 import METHODS, Signing
from .plan import Planned, plan
from .sandbox.identity import CLOSED, USUAL
from .sandbox.shape import OWN, Believed, Client, Exchange, Put
from .secret import JSON, Value, masked, reveal
from .steps.clients import auth_of, signs
from .steps.kind import Options, text_of
from .steps.parameters import texts, written
from .taint import Unknown
from .template import uses
from .urls import address_of


def exchanges_of(job: Job) -> list[Exchange]:
    """Every request that the job's recipe sends, those for keys before others that look so."""
    steps = [each for section in SECTIONS for each in plan(job.flow, section, job.inputs)]
    exchanges = list(_key_sets(planned for planned in steps if "jwks" in planned.options))
    asked = (planned for planned in steps if planned.request)
    return exchanges + [each for planned in asked for each in _exchanges(job, planned)]


def client_of(job: Job) -> Client:
    """The client that the recipe's requests speak for, or that it has registered."""
    found: dict[str, JSON] = {"client_id": "sandbox-client", "client_secret": None}
    planned = list(plan(job.flow, "steps", job.inputs))
    for sent in (each.sent() for each in reversed(planned)):
        told = {key: reveal(sent.get(key)) for key in found}
        found |= {k: v for k, v in told.items() if v is not None and not isinstance(v, Unknown)}
    if any(each.step.kind == "register" for each in planned):
        from .publishing import registered_secret

        found["client_secret"] = found["client_secret"] or registered_secret(planned)
    secret = found["client_secret"]
    return Client(str(found["client_id"]), None if secret is None else str(secret))


def _exchanges(job: Job, planned: Planned) -> Iterator[Exchange]:
    for request in planned.requests:
        kind = "pushed" if request is planned.before else planned.step.kind
        asked = _exchange(job, planned, request, kind)
        if kind in ("metadata", "register"):
            from .publishing import published

            yield from published(job.flow, planned, asked)
        else:
            yield asked


def _exchange(job: Job, planned: Planned, request: Request, kind: str) -> Exchange:
    step, url, taken = planned.step, request.url, _captured(job, planned)
    if kind == "authorize" and not isinstance(url, Unknown):
        # It tells which redirection URI is registered.
        asked = written(texts(planned.sent()), planned.options)
        url = address_of(request._replace(query=asked))
    return Exchange(
        section=step.section,
        kind=kind,
        method=request.method,
        url=str(masked(url)),
        body=request.body.kind if request.body else "none",
        client_auth=_client_auth(planned),
        **_assertion(planned),
        **_consumer(planned),
        names={k: str(v) for k, v in planned.options.fields("names").items()},
        bearer="bearer" in planned.options,
        dpop=request.proof is not None,
        answers=(*_answers(step.options), *["json.sub"] * ("subject" in planned.options)),
        answer=shape_of(job.flow, step),
        certificate=_known(request.certificate.certificate) if request.certificate else "",
        pushes=planned.before is not None,
        put=_put(planned),
        mode=_known(taken.get("response_mode")),
        believed=_believed(taken, "id_token"),
        signed=_believed(taken, "signed") if "signed" in taken else None,
    )


def _key_sets(steps: Iterable[Planned]) -> Iterator[Exchange]:
    """The requests for the keys that something is signed with, or closed for; each set once."""
    sets: dict[str, Exchange] = {}
    for planned in steps:
        step, url = planned.step, str(masked(planned.options.get("jwks")))
        known = sets.get(url, Exchange(step.section, "jwks", "GET", url))
        algs = tuple(dict.fromkeys([*known.believed.algs, *_used(planned)]))
        sets[url] = known._replace(believed=Believed(algs=algs))
    yield from sets.values()


def _used(planned: Planned) -> Iterator[str]:
    kind = planned.step.kind
    if kind == "authorize":
        said = planned.options.get("request_object")
        closed = said.get("encrypt") if isinstance(said, Mapping) else None
        yield from [text_of(closed.get("alg")) or CLOSED] if isinstance(closed, Mapping) else []
        return
    keys = {"capture": ("id_token", "signed"), "http": ("signed",)}.get(kind, ("id_token",))
    for key in keys:
        yield from _believed(planned.options, key).algs[:1] or (USUAL,)


def _algs(said: Mapping[str, Value]) -> tuple[str, ...]:
    """How the recipe wants something to be signed, the first being what it gets."""
    algs = masked(said.get("alg"))
    named = algs if isinstance(algs, list) else [algs]
    return tuple(str(alg) for alg in named if alg in ALGORITHMS)


def _believed(options: Options, key: str) -> Believed:
    """What *options* say under *key* of what is signed for them."""
    said = options.get(key)
    said = said if isinstance(said, Mapping) else {}
    audience, secret, decrypt = (
        _known(said.get(part)) for part in ("audience", "secret", "decrypt")
    )
    return Believed(_known(options.get("issuer")), _algs(said), audience, secret, decrypt)


def _known(value: Value) -> str:
    """*value* as text; nothing when only a run can tell it."""
    return "" if value is None or isinstance(value, Unknown) else str(reveal(value))


def shape_of(flow: Flow, step: Step) -> JSON:
    """What the recipe says of the provider's part in *step*."""
    shape = flow.sandbox.get(f"{step.section}.{step.id}", flow.sandbox.get(step.id))
    return plain(shape) if isinstance(shape, Map) else None


def _captured(job: Job, planned: Planned) -> Options:
    """The options of the step that takes what *planned* brings: for a login, the next capture."""
    if planned.step.kind != "authorize":
        return planned.options
    steps = list(plan(job.flow, planned.step.section, job.inputs))
    begun = [each.step.id for each in steps].index(planned.step.id)
    captures = [each.options for each in steps[begun:] if each.step.kind == "capture"]
    return captures[0] if captures else planned.options


def _client_auth(planned: Planned) -> str:
    client, basic = planned.options.get("client"), planned.options.get("basic")
    if isinstance(client, Mapping):
        return "none" if client.get("id") is None else str(client.get("auth") or "post")
    if isinstance(basic, Mapping):
        return "basic-raw"
    if "oauth1" in planned.options:
        return "none"
    return "post" if "client_secret" in planned.sent() else "none"


def _consumer(planned: Planned) -> dict[str, Any]:
    """How the step signs as OAuth 1 has it."""
    said = planned.options.get("oauth1")
    if not isinstance(said, Mapping):
        return {}
    names = ("consumer_secret", "", "private_key")
    secret, token_secret, key = (_known(said.get(name)) if name else "" for name in names)
    signing = Signing(_known(said.get("method")) or METHODS[0], secret, token_secret, key)
    place = _known(said.get("in")) or "header"
    return {"signed_in": place, "signing": signing, "temporary": said.get("callback") is not None}


def _assertion(planned: Planned) -> dict[str, Any]:
    """What an assertion of the step's client is held against."""
    client = planned.options.get("client")
    if not isinstance(client, Mapping) or not signs(planned.options):
        return {}
    shared = auth_of(planned.options) == "client_secret_jwt"
    key = text_of(client.get("secret" if shared else "key"))
    audience = masked(client.get("audience"))
    return {"key": key, "audience": str(audience or "")}


def _put(planned: Planned) -> Put | None:
    """How a login's parameters are signed, and closed."""
    said = planned.options.get("request_object")
    if not isinstance(said, Mapping):
        return None
    shared, closed = said.get("key") is None, said.get("encrypt")
    opens = _known(closed.get("key")) or OWN if isinstance(closed, Mapping) else ""
    key = text_of(said.get("secret" if shared else "key"))
    return Put(key, shared, str(masked(said.get("audience")) or ""), opens)


def _answers(options: Map) -> Iterator[str]:
    """What the recipe reads of the answer: `json.token.id` for `response.json.token.id`."""
    for key in ("outputs", "expect", "unwrap"):
        for use in uses(options.get(key)):
            if use.path[0] == "response" and use.path[1:2] == ("json",) and len(use.path) > 2:
                yield ".".join(use.path[1:])
