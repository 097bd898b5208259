"""What a reader of a recipe wants to know: whom it contacts, and what it weakens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from .document import Node
from .flow import SECTIONS, Flow
from .place import Place, place_of
from .plan import Planned, plan
from .secret import masked
from .taint import Unknown
from .template import uses

WEAKER = {
    "pkce": ("off", "plain"),
    "state": ("off", "false", "False"),
    "nonce": ("off", "false", "False"),
    "rotates": ("false", "False"),
}
"""Options whose values are a step down from what flowrun does by itself."""


class Downgrade(NamedTuple):
    """A line of a recipe that is less safe than flowrun's own way."""

    message: str
    place: Place


def hosts(flow: Flow) -> list[str]:
    """The hosts that the flow may contact, its inputs standing as {name}."""
    urls = {str(masked(each.request.url)) for each in _steps(flow) if each.request}
    named = {urlsplit(url).netloc or url.partition("/")[0] for url in urls}
    return [*sorted(host for host in named if host and "<" not in host), *flow.hosts]


def downgrades(flow: Flow) -> list[Downgrade]:
    """Every step down from flowrun's defaults."""
    found = []
    for step, options, _ in _steps(flow):
        for key, values in WEAKER.items():
            if str(options.get(key)) in values:
                place = _place(flow, step.options[key]) or step.place
                found.append(Downgrade(f"{key}: {str(options.get(key)).lower()}", place))
        if "grace" in options:
            found.append(Downgrade("grace: a refresh may be sent again", step.place))
    return found


def _place(flow: Flow, node: Node) -> Place | None:
    """Where *node* was decided: in the var that it stands for, if it does."""
    read = [use.path for use in uses(node)]
    if len(read) == 1 and read[0][0] == "vars":
        return place_of(flow.vars.get(read[0][1]))
    return place_of(node)


def _steps(flow: Flow) -> Iterator[Planned]:
    # What a base recipe leaves to others is as unknown here as what is saved.
    unset = {name: f"{{{{ saved.{name} }}}}" for name in flow.vars if flow.vars[name] is None}
    flow = flow._replace(vars={**flow.vars, **unset})
    inputs = {name: Unknown(name, f"{{{name}}}") for name in flow.inputs}
    for section in SECTIONS:
        yield from plan(flow, section, inputs)
