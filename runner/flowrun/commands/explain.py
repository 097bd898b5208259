"""`flowrun explain` and `flowrun run -n`: what a flow would do, with its secrets masked."""

from __future__ import annotations

import json as codec
from collections.abc import Iterator, Mapping, Sequence

from ..beside import path_of
from ..console import Console, where
from ..document import value_at
from ..flow import SECTIONS, Flow
from ..inputs import Origin, Resolved
from ..naming import load
from ..plan import imagined, plan
from ..secret import JSON, Value, masked
from ..session import Session
from ..settings import Settings
from ..taint import Unknown
from ..template import Scope, render
from ..urls import address_of
from ..wire import as_curl
from .each import each


def explain(flow_name: str, settings: Settings, *, json: bool = False) -> int:
    """Show each input and var with its value and origin, and each request, all masked."""
    console = Console()

    def act(name: str) -> JSON:
        flow = load(name, console)
        found = Session(settings, console).explained(flow)
        values = {"inputs": _inputs(flow, found), "vars": _vars(flow, found)}
        requests = list(_requests(flow, found.values, SECTIONS))
        beside = _beside(flow, found)
        if not json:
            console.answer(f"{flow.title} ({' <- '.join(flow.files)}), saved as {found.name}\n")
            for root, named in values.items():
                for name, (value, origin) in named.items():
                    shown = codec.dumps(masked(value))
                    console.answer(f"{f'{root}.{name}':>22} = {shown}   <- {origin}")
            for file in beside:
                console.answer(f"{'also':>22} = {file['file']}   <- {file['format'] or 'text'}")
            console.answer("\n" + "\n".join(requests))
        facts = {root: _facts(named) for root, named in values.items()}
        also: list[JSON] = [{**file} for file in beside]
        about: dict[str, JSON] = {"name": found.name, "files": [*flow.files], "also": also}
        return {**about, **facts, "requests": [*requests]}

    return each([flow_name], act, console, json=json)


def _inputs(flow: Flow, found: Resolved) -> dict[str, tuple[Value, Origin]]:
    told = [name for name in flow.inputs if name in found.origins]
    return {name: (found.values[name], found.origins[name]) for name in told}


def _beside(flow: Flow, found: Resolved) -> list[dict[str, str]]:
    """The files of `also`; one without a format is a text of the recipe's own."""
    scope = Scope({"inputs": found.values}, flow.vars)
    return [{"file": path_of(also, scope), "format": also.format} for also in flow.also]


def _vars(flow: Flow, found: Resolved) -> dict[str, tuple[Value, Origin]]:
    scope = imagined(flow, found.values).with_(response=Unknown("response"))
    return {
        name: (render(value, scope), Origin("vars", value_at(flow.vars, name)))
        for name, value in flow.vars.items()
    }


def _facts(named: Mapping[str, tuple[Value, Origin]]) -> JSON:
    return {
        name: {
            "value": masked(value),
            "origin": origin.words,
            **(where(origin.place) if origin.place else {}),
        }
        for name, (value, origin) in named.items()
    }


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
        for planned in plan(flow, section, inputs):
            step, request = planned.step, planned.request
            yield f"# {section}.{step.id}: {step.modifiers.get('title') or step.kind}"
            for earlier in (planned.keys, planned.before):
                if earlier:
                    yield as_curl(earlier) + "\n"
            if request and step.kind == "authorize":
                yield f"# open {masked(address_of(request))}\n"
            elif request:
                yield as_curl(request) + "\n"
