"""What a reader of a recipe wants to know: whom it contacts, and what it weakens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from .checks.reading import Reading
from .checks.secrets import secret_inputs
from .document import Node
from .flow import Flow
from .merge import METHODS
from .place import Place, place_of
from .plan import Planned
from .secret import masked
from .template import uses

WEAKER = {
    "pkce": ("off", "plain"),
    "state": ("off", "false", "False"),
    "nonce": ("off", "false", "False"),
    "rotates": ("false", "False"),
}
"""Options whose values are a step down from what flowrun does by itself."""

IN_A_URL = (*METHODS, "query")
"""Options that end up where servers and proxies log them."""


class Downgrade(NamedTuple):
    """A line of a recipe that is less safe than flowrun's own way."""

    message: str
    place: Place


def hosts(reading: Reading) -> list[str]:
    """The hosts that the flow may contact, its inputs standing as {name}."""
    planned = reading.rendered[0].values()
    urls = {str(masked(each.request.url)) for each in planned if each.request}
    named = {urlsplit(url).netloc or url.partition("/")[0] for url in urls}
    return [*sorted(host for host in named if host and "<" not in host), *reading.flow.hosts]


def downgrades(reading: Reading) -> list[Downgrade]:
    """Every step down from flowrun's defaults, in the order of the steps."""
    return [
        downgrade
        for planned in reading.rendered[0].values()
        for look in (_weakened, _repeated, _published, _logged)
        for downgrade in look(reading, planned)
    ]


def _weakened(reading: Reading, planned: Planned) -> Iterator[Downgrade]:
    for key, values in WEAKER.items():
        said = str(planned.options.get(key))
        if said in values:
            place = _place(reading.flow, planned.step.options[key]) or planned.step.place
            yield Downgrade(f"{key}: {said.lower()}", place)


def _repeated(reading: Reading, planned: Planned) -> Iterator[Downgrade]:
    if "grace" in planned.options:
        yield Downgrade("grace: a refresh may be sent again", planned.step.place)


def _published(reading: Reading, planned: Planned) -> Iterator[Downgrade]:
    for name in planned.options.words("public"):
        yield Downgrade(f"public: {name} is no secret", planned.step.place)


def _logged(reading: Reading, planned: Planned) -> Iterator[Downgrade]:
    """Secrets in the URL of a request; in that of a browser they are an error."""
    step, as_query = planned.step, planned.options.get("as") == "query"
    if planned.request is None or step.kind == "authorize":
        return
    keys = (*IN_A_URL, *(("params", "form", "client") if as_query else ()))
    found = secret_inputs(reading, reading.of(step, *keys), step)
    for name, place in {name: use.place(1) for name, use in found}.items():
        yield Downgrade(f"a secret in a URL: {name}", place or step.place)


def _place(flow: Flow, node: Node) -> Place | None:
    """Where *node* was decided: in the var that it stands for, if it does."""
    read = [use.path for use in uses(node)]
    if len(read) == 1 and read[0][0] == "vars":
        return place_of(flow.vars.get(read[0][1]))
    return place_of(node)
