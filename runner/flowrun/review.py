"""What a reader of a recipe wants to know: whom it contacts, and what it weakens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from .beside import outside
from .checks.reading import Reading
from .checks.secrets import url_secrets
from .document import Node
from .flow import Flow
from .merge import METHODS
from .place import Place, place_of
from .plan import Planned
from .secret import masked
from .steps.kind import Options, is_off
from .template import uses

WEAKER = {
    "pkce": ("off", "plain"),
    "state": ("off", "false", "False"),
    "nonce": ("off", "false", "False"),
    "id_token": ("off", "false", "False"),
    "rotates": ("false", "False"),
}
"""Options whose values are a step down from what flowrun does by itself."""


class Downgrade(NamedTuple):
    """A line of a recipe that is less safe than flowrun's own way."""

    message: str
    place: Place


def hosts(reading: Reading) -> list[str]:
    """The hosts that the flow may contact, its inputs standing as {name}."""
    planned = reading.rendered[0].values()
    asked = [request for each in planned for request in (each.keys, *each.requests) if request]
    urls = {str(masked(request.url)) for request in asked}
    named = {urlsplit(url).netloc or url.partition("/")[0] for url in urls}
    return [*sorted(host for host in named if host and "<" not in host), *reading.flow.hosts]


def downgrades(reading: Reading) -> list[Downgrade]:
    """Every step down from flowrun's defaults, in the order of the steps."""
    found = [
        downgrade
        for planned in reading.rendered[0].values()
        for look in (_weakened, _in_plain_text, _unsigned, _repeated, _published, _logged, _unbound)
        for downgrade in look(reading, planned)
    ]
    return [*found, *_beside(reading)]


def _beside(reading: Reading) -> Iterator[Downgrade]:
    """Files that are written elsewhere, and those that give a refresh token a second owner."""
    out = [*outside(reading.flow)]
    for also in reading.flow.also:
        place = place_of(also.file)
        assert place
        if also in out:
            yield Downgrade(f"also: {also.file} is outside of the token folder", place)
        read = [inner.path for use in uses(also.text) for inner in reading.through(use)]
        if any(path in (("saved",), ("saved", "refresh_token")) for path in read):
            message = f"also: {also.file} holds the refresh token; whoever uses it there ends ours"
            yield Downgrade(message, place)


def _weakened(reading: Reading, planned: Planned) -> Iterator[Downgrade]:
    for key, values in WEAKER.items():
        said = str(planned.options.get(key))
        if said in values:
            place = _place(reading.flow, planned.step.options[key]) or planned.step.place
            yield Downgrade(f"{key}: {said.lower()}", place)


def _in_plain_text(reading: Reading, planned: Planned) -> Iterator[Downgrade]:
    """Secrets that OAuth 1 sends as they are, where nothing else hides them."""
    said, request = planned.options.get("oauth1"), planned.request
    if not isinstance(said, Mapping) or str(said.get("method")) != "PLAINTEXT" or not request:
        return
    if str(said.get("in")) == "query":
        yield Downgrade("secret in a URL: oauth_signature", planned.step.place)
    if str(masked(request.url)).startswith("http:"):
        yield Downgrade("method: PLAINTEXT without TLS", planned.step.place)


def _unsigned(reading: Reading, planned: Planned) -> Iterator[Downgrade]:
    """Answers to an OpenID login whose id_token is only as good as the connection it comes by."""
    if planned.step.kind != "token" or planned.options.get("jwks") or is_off(planned.options):
        return
    said = planned.options.get("id_token")
    alg = str(said.get("alg") or "") if isinstance(said, Mapping) else ""
    if "HS" not in alg and _of_openid(reading, planned):
        yield Downgrade("no jwks: the id_token's signature is not checked", planned.step.place)


def _of_openid(reading: Reading, planned: Planned) -> bool:
    """Whether *planned* redeems what an OpenID login has brought."""
    read = [inner.path for use in reading.of(planned.step) for inner in reading.through(use)]
    logins = [
        each
        for each in reading.rendered[0].values()
        if each.step.kind == "authorize" and each.step.section == planned.step.section
    ]
    asked = any(str(each.options.get("openid")).lower() == "true" for each in logins)
    return asked and any(path[0] == "callback" for path in read)


def _repeated(reading: Reading, planned: Planned) -> Iterator[Downgrade]:
    if "grace" in planned.options:
        yield Downgrade("grace: a refresh may be sent again", planned.step.place)


def _published(reading: Reading, planned: Planned) -> Iterator[Downgrade]:
    for name in planned.options.words("public"):
        yield Downgrade(f"public: {name} is no secret", planned.step.place)


def _logged(reading: Reading, planned: Planned) -> Iterator[Downgrade]:
    """Secrets and tokens in the URL of a request; in that of a browser they are an error."""
    if planned.step.kind != "authorize":
        found = url_secrets(reading, planned.step, _in_url(planned.options))
        for name, place in {name: use.place(1) for name, use in found}.items():
            yield Downgrade(f"secret in a URL: {name}", place or planned.step.place)


def _unbound(reading: Reading, planned: Planned) -> Iterator[Downgrade]:
    """What leaves the key out to which other steps bind tokens."""
    proves = planned.options.switched_on("dpop") or (
        planned.step.kind == "http" and "bearer" not in planned.options
    )
    lacks = _LACKING.get(planned.step.kind)
    if lacks and not proves and any(map(_binds, reading.rendered[0].values())):
        yield Downgrade(f"no dpop: {lacks}", planned.step.place)


_LACKING = {
    "authorize": "the code is not bound to the key of the token",
    "http": "a token that is bound to a key is sent without its proof",
    "token": "other tokens are bound to a key, and this one is not",
}


def _binds(planned: Planned) -> bool:
    return planned.step.kind == "token" and planned.options.switched_on("dpop")


def _in_url(options: Options) -> list[str]:
    """The options of a request that end up in its URL."""
    keys, client = [*METHODS, "query"], options.get("client")
    if str(options.get("as")) == "query":
        keys += ["form", "params"]
        if isinstance(client, Mapping) and client.get("auth") in (None, "post"):
            keys.append("client")
    return keys


def _place(flow: Flow, node: Node) -> Place | None:
    """Where *node* was decided: in the var that it stands for, if it does."""
    read = [use.path for use in uses(node)]
    if len(read) == 1 and read[0][0] == "vars":
        return place_of(flow.vars.get(read[0][1]))
    return place_of(node)
