"""What servers publish in the sandbox of a recipe that learns from them, and registers there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .flow import Flow, Step
from .oauth.metadata import likeliest
from .plan import Planned
from .sandbox.published import MANAGED_AT, resource_document, server_document
from .sandbox.shape import Exchange
from .taint import Unknown
from .template import reads


def published(flow: Flow, planned: Planned, asked: Exchange) -> Iterator[Exchange]:
    """All that a step may ask a server; *asked* is the first request of it."""
    if asked.kind == "register":
        return _registered(asked)
    return _documents(flow, planned, asked)


def _documents(flow: Flow, planned: Planned, asked: Exchange) -> Iterator[Exchange]:
    """The documents that a `metadata` step asks for; *asked* is the first request of it."""
    options = planned.options
    resource, issuer = options.get("resource"), options.get("issuer")
    kind = options.plain("kind", "auto")
    if resource is not None and not isinstance(resource, Unknown):
        server = "/".join(str(resource).split("/")[:3])
        if issuer is not None and not isinstance(issuer, Unknown):
            server = str(issuer)
        yield asked._replace(document=resource_document(str(resource), server))
        issuer, asked = server, asked._replace(url=likeliest(server, kind), answer=None)
    read = tuple(_read(flow, planned.step))
    if issuer is None or isinstance(issuer, Unknown):
        yield asked._replace(answers=read)
    else:
        document = server_document(str(issuer), read)
        yield asked._replace(issuer=str(issuer), document=document)


def _read(flow: Flow, step: Step) -> Iterator[str]:
    """The fields of the metadata that the recipe reads."""
    for other in (each for section in flow.sections.values() for each in section):
        for path in reads([other.options, other.modifiers], flow.vars):
            if path[:2] == ("steps", step.id) and len(path) > 2:
                yield ".".join(path[2:])


def _registered(asked: Exchange) -> Iterator[Exchange]:
    """The requests that register a client, and that look after it later."""
    yield asked
    if asked.method == "POST":
        for method in ("GET", "PUT"):
            yield asked._replace(method=method, url=f"<{MANAGED_AT}>", answer=None)


def registered_secret(planned: Sequence[Planned]) -> str | None:
    """The secret of the client that is registered; a public one has none."""
    for each in planned:
        asked = each.options.fields("json") if each.step.kind == "register" else {}
        if str(asked.get("token_endpoint_auth_method")) == "none":
            return None
    return "sandbox-secret-of-a-registered-client"
