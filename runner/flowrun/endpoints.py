"""Where other steps will send something, as far as what one step hands on decides it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .errors import FlowError
from .flow import SECTIONS, Flow, Step
from .scope import Undefined
from .secret import Value, reveal
from .services import Outputs
from .steps import KINDS
from .steps.kind import NEEDED_URLS, Aim, Need, applies
from .taint import Unknown
from .template import Scope, reads, render_url

URL_ENDINGS = ("_endpoint", "_uri")

UNSAFE = "?"
"""Stands for what is no URL."""


def aims(flow: Flow, step: Step, inputs: Value, outputs: Outputs) -> Iterator[Aim]:
    """The URLs that *outputs* of *step* decide, in every section that runs it."""
    for section in SECTIONS:
        steps = flow.steps(section)
        if not any((each.id, each.kind) == (step.id, step.kind) for each in steps):
            continue
        known: dict[str, Value] = {each.id: Unknown(f"steps.{each.id}") for each in steps}
        known[step.id] = outputs
        scope = Scope({"inputs": inputs, "steps": known, **UNKNOWN}, flow.vars)
        for other in steps:
            yield from _of(other, step, scope)


UNKNOWN = {"saved": Unknown("saved"), "callback": Unknown("callback")}


def _of(other: Step, step: Step, scope: Scope) -> Iterator[Aim]:
    """Where *other* is sent by what *step* hands on."""
    chosen = other.modifiers.get("if") is not None
    runs = not chosen or applies(other, scope)
    for key in KINDS[other.kind].URLS:
        text = other.options.get(key)
        if not isinstance(text, str) or not (name := _name_in(text, step.id, scope.vars)):
            continue
        url = _url(text, scope)
        if isinstance(url, Unknown) or (url is not None and not runs):
            continue
        need = Need.USED if key in NEEDED_URLS else Need.WELCOME
        if need and other.section == step.section and not chosen:
            need = Need.NEEDED
        yield Aim(name, url, need)


def _name_in(text: str, whose: str, vars: Mapping[str, object]) -> str:
    """What *text* reads, itself or by a var, of what *whose* hands on; a URL before all else."""
    names = [path[2] for path in reads(text, vars) if path[:2] == ("steps", whose) and path[2:]]
    return next((name for name in names if name.endswith(URL_ENDINGS)), "".join(names[:1]))


def _url(text: str, scope: Scope) -> str | None:
    """The URL that *text* makes; None when what it is made of is not there."""
    try:
        url = reveal(render_url(text, scope, optional=True))
    except Undefined:
        return None
    except FlowError:
        return UNSAFE
    return url if isinstance(url, str) else None
