"""Run the steps of a section, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import NamedTuple

from .errors import located
from .flow import Flow, Step
from .possession import Possession
from .secret import Value
from .services import Listener, Outputs, Services
from .steps import KINDS
from .steps.kind import Aim, Options, StepKind, applies
from .template import Scope

INVITING = ("ciba", "device")
"""Kinds that ask a person for consent on another device, which a later `poll` waits for."""


class State(NamedTuple):
    """What the steps so far have made."""

    inputs: Mapping[str, Value]
    steps: Mapping[str, Outputs] = {}
    callback: Outputs | None = None
    saved: Outputs | None = None
    possession: Possession | None = None

    def scope(self, flow: Flow) -> Scope:
        values: dict[str, Value] = {"inputs": self.inputs, "steps": self.steps}
        values |= {} if self.callback is None else {"callback": self.callback}
        values |= {} if self.saved is None else {"saved": self.saved}
        return Scope(values, flow.vars)


def run_section(
    flow: Flow,
    section: str,
    state: State,
    services: Services,
    *,
    listeners: Mapping[str, Listener] | None = None,
    kinds: Mapping[str, StepKind] = KINDS,
) -> State:
    """
    Run the steps of *section* and return what they made.

    Raises:
        FlowrunError: a step failed; the error knows the step's place in the flow.
    """
    done: dict[str, Outputs] = {}
    state = state._replace(steps=done, possession=state.possession or Possession())
    authorization: Outputs = {}
    invitation: Outputs = {}
    for step in flow.steps(section):
        with located(step.place):
            scope = state.scope(flow)
            if not applies(step, scope):
                continue
            options = Options(step, kinds[step.kind], scope)
            options.authorization, options.invitation = authorization, invitation
            options.possession = state.possession or options.possession
            options.listener = (listeners or {}).get(step.id)
            options.aims = partial(_aims, flow, step, state.inputs)
            outputs = kinds[step.kind].run(options, services)
        done[step.id] = outputs
        if step.kind == "authorize":
            authorization = outputs
        if step.kind in INVITING:
            invitation = outputs
        if step.kind == "capture":
            state = state._replace(callback=outputs)
    return state


def _aims(flow: Flow, step: Step, inputs: Outputs, outputs: Outputs) -> Iterable[Aim]:
    from .endpoints import aims

    return aims(flow, step, inputs, outputs)


def token_of(flow: Flow, section: str, state: State) -> Outputs | None:
    """The token that the section has yielded: its last token step without a name."""
    ran = [step for step in _tokens(flow, section) if step.id in state.steps]
    plain = [step for step in ran if not step.options.get("name")]
    return state.steps[plain[-1].id] if plain else None


def named_tokens(flow: Flow, section: str, state: State) -> dict[str, Outputs]:
    """The tokens that are kept beside it, by name."""
    return {
        str(step.options["name"]): state.steps[step.id]
        for step in _tokens(flow, section)
        if step.options.get("name") and step.id in state.steps
    }


def _tokens(flow: Flow, section: str) -> list[Step]:
    return [step for step in flow.steps(section) if step.kind == "token"]
