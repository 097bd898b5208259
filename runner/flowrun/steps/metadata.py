"""Learn from a server, or from an API, where tokens are had (RFC 8414, RFC 9728)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from ..document import Map
from ..errors import FlowError, ProviderError, TransportError
from ..hosts import entry
from ..message import Request, Response
from ..oauth import metadata as rules
from ..secret import JSON
from ..services import Outputs, Services
from ..template import reads
from ..urls import checked, origin
from .exchange import exchange
from .kind import Aim, Need, Options
from .learned import Document, NotNow, learned

URLS = frozenset({"issuer", "resource"})
LATE = frozenset[str]()

NOTHING: Mapping[str, JSON] = {}


def run(options: Options, services: Services) -> Outputs:
    resource = options.plain("resource")
    if not resource:
        return rules.complete(_server(options.plain("issuer"), options, services))
    about = _resource(resource, options, services)
    more: dict[str, JSON] = {"resource": resource, "protected_resource": dict(about)}
    if scopes := about.get("scopes_supported"):
        more["scopes_supported"] = scopes
    issuer = _chosen(about, options, services)
    return rules.complete({**_server(issuer, options, services, more), **more})


def preview(options: Options) -> Request | None:
    kind = options.one_of("kind", rules.KINDS, "auto")
    if "resource" in options:
        return Request("GET", rules.likeliest(options.plain("resource"), "resource"))
    if "issuer" not in options:
        hint = "Say `issuer`, or `resource` for the URL of an API."
        raise FlowError("E207", "nobody's metadata is asked for", hint=hint)
    rules.refuse_parts(issuer := options.plain("issuer"))
    return Request("GET", rules.likeliest(issuer, kind))


def hands_on(options: Map) -> frozenset[str] | None:
    return None


def _server(
    issuer: str, options: Options, services: Services, more: Mapping[str, JSON] = NOTHING
) -> Document:
    """The metadata of an authorization server, which must be its own."""
    rules.refuse_parts(checked(issuer))
    kind = options.one_of("kind", rules.KINDS, "auto")

    def aims(document: Document) -> list[Aim]:
        return list(options.aims(rules.complete({**document, **more})))

    def judge(document: Document) -> None:
        rules.judge_issuer(document, issuer)
        known = aims(document)
        for aim in known:
            if aim.url or aim.need is Need.NEEDED:
                rules.judge_endpoint(issuer, aim.name, aim.url or "")
        services.permit(*(aim.url for aim in known if aim.url))

    def fetch() -> tuple[Document, Response]:
        urls = rules.addresses(issuer, kind)
        document, response = _first(urls, issuer, options, services)
        if urls and any(aim.need and aim.url is None for aim in aims(document)):
            return _completed(document, urls[:1], issuer, options, services), response
        return document, response

    return learned(services, "metadata", f"{kind} {issuer}", fetch, judge)


def _completed(
    document: Document, urls: list[str], issuer: str, options: Options, services: Services
) -> Document:
    """*document* with what another one of the same server says besides."""
    try:
        more, _ = _first(urls, issuer, options, services)
        rules.judge_issuer(more, issuer)
    except (ProviderError, TransportError):  # what there is may do
        return document
    return rules.over(more, document)


def _resource(resource: str, options: Options, services: Services) -> Document:
    """The metadata of an API, which must be its own."""
    checked(resource, endpoint=True)

    def fetch() -> tuple[Document, Response]:
        try:
            return _first([rules.address_of_resource(resource)], resource, options, services)
        except NotNow:
            raise
        except ProviderError as none:
            challenge = exchange(options, services, Request("GET", resource))
            named = rules.named_in_challenge(challenge.headers.get("www-authenticate", ""))
            if not named:
                raise none from None
            return _first([named], resource, options, services)

    judge = partial(rules.judge_resource, resource=resource)
    return learned(services, "resource", resource, fetch, judge)


def _first(
    urls: list[str], whose: str, options: Options, services: Services
) -> tuple[Document, Response]:
    """The document at the first of *urls* that has one, and the answer; *urls* keeps the rest."""
    told: list[str] = []
    while urls:
        url = urls.pop(0)
        response = exchange(options, services, Request("GET", url))
        if (document := rules.document_in(response)) is not None:
            return document, response
        told.append(f"{url} answered {response.status}" + ", with no JSON object" * response.ok)
        if response.status == 429 or response.status >= 500:
            raise NotNow("E512", f"{whose} does not say its metadata now: {told[-1]}")
    hint = "Look whether that is what the server calls itself, to the letter."
    raise ProviderError("E512", f"{whose} publishes no metadata: {'; '.join(told)}", hint=hint)


def _chosen(about: Document, options: Options, services: Services) -> str:
    """The authorization server of the resource: the one that is asked for, else the first one."""
    named, wanted = rules.servers_of(about), options.plain("issuer")
    whose = options.plain("resource")
    if wanted:
        if named and wanted not in named:
            message = f"{whose} takes no tokens of {wanted}, but of {', '.join(named)}"
            raise ProviderError("E516", message, hint=rules.ATTACK)
        return wanted
    if not named:
        hint = "Say whose tokens it takes: `issuer` beside `resource`."
        raise ProviderError("E512", f"{whose} names no authorization server", hint=hint)
    allowed = [each for each in named if _may_contact(each, services)]
    if not allowed:
        message = f"{whose} takes tokens of {', '.join(named)}, which the flow may not contact"
        raise ProviderError("E516", message, hint=_how_to_allow(named[0], options))
    return allowed[0]


def _may_contact(url: str, services: Services) -> bool:
    try:
        services.permit(url)
    except FlowError:
        return False
    return True


def _how_to_allow(issuer: str, options: Options) -> str:
    """What to say so that *issuer* is contacted: by the input that pins it, where there is one."""
    read = reads(options.step.options.get("issuer"), options.scope.vars)
    inputs = [path[1] for path in read if path[0] == "inputs" and len(path) > 1]
    line = f"hosts: [{entry(origin(issuer))}]"
    if inputs:
        return f"If that is right: --set {inputs[0]}={issuer}\nor add to the flow:\n  {line}"
    return f"If that is right, add to the flow:\n  {line}"
