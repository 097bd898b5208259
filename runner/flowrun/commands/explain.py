"""`flowrun explain` and `flowrun run -n`: what a flow would do, with its secrets masked."""

from __future__ import annotations

import json as codec
from collections.abc import Iterator, Mapping, Sequence

from ..console import Console
from ..flow import SECTIONS, Flow
from ..plan import plan
from ..secret import JSON, Value, masked
from ..session import Session
from ..settings import Settings
from ..urls import address_of
from ..wire import as_curl
from .subject import each, load


def explain(flow_name: str, settings: Settings, *, json: bool = False) -> int:
    """Show each input's value with its origin, and each request with its values masked."""
    console = Console()

    def act(name: str) -> JSON:
        flow = load(name, console)
        found = Session(settings, console).explained(flow)
        inputs: dict[str, JSON] = {
            name: {"value": masked(found.values[name]), "origin": found.origins[name]}
            for name in flow.inputs
        }
        requests = list(_requests(flow, found.values, SECTIONS))
        if not json:
            console.answer(f"{flow.title} ({' <- '.join(flow.files)}), saved as {found.name}\n")
            for name in flow.inputs:
                shown = codec.dumps(masked(found.values[name]))
                console.answer(f"{name:>16} = {shown}   ({found.origins[name]})")
            console.answer("\n" + "\n".join(requests))
        files: list[JSON] = list(flow.files)
        return {"name": found.name, "files": files, "inputs": inputs, "requests": [*requests]}

    return each([flow_name], act, console, json=json)


def dry_run(flows: Sequence[str], settings: Settings) -> int:
    """Print the requests that a run would send, masked, as curl."""
    console = Console()

    def act(name: str) -> JSON:
        flow = load(name, console)
        inputs = Session(settings, console).explained(flow).values
        console.answer("\n".join(_requests(flow, inputs, ("steps",))))
        return None

    return each(flows, act, console, json=False)


def _requests(flow: Flow, inputs: Mapping[str, Value], sections: Sequence[str]) -> Iterator[str]:
    for section in sections:
        for step, _, request in plan(flow, section, inputs):
            yield f"# {section}.{step.id}: {step.modifiers.get('title') or step.kind}"
            if request and step.kind == "authorize":
                yield f"# open {masked(address_of(request))}\n"
            elif request:
                yield as_curl(request) + "\n"
