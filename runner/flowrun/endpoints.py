"""Which of the URLs that a step hands on others will be sent to."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .flow import SECTIONS, Flow, Step
from .steps import KINDS
from .steps.kind import NEEDED_URLS, Need

_ALONE = re.compile(r"\s*\{\{\s*(vars|steps)\.(\w+)(?:\.(\w+))?\s*\}\}\s*")
MOST_VARS = 20


def endpoints_read(flow: Flow, step: Step) -> dict[str, Need]:
    """
    What *step* hands on that stands as a whole URL in others, in any section that runs it, and
    how much depends on it.
    """
    found: dict[str, Need] = {}
    for section in SECTIONS:
        if not any((each.id, each.kind) == (step.id, step.kind) for each in flow.steps(section)):
            continue
        for other in flow.steps(section):
            runs = section == step.section and other.modifiers.get("if") is None
            for key in KINDS[other.kind].URLS:
                if name := _named(other.options.get(key), step.id, flow.vars):
                    need = Need.USED if key in NEEDED_URLS else Need.WELCOME
                    need = Need.NEEDED if runs and need is Need.USED else need
                    found[name] = max(found.get(name, need), need)
    return found


def _named(text: object, whose: str, vars: Mapping[str, object]) -> str:
    """The name of what *whose* hands on when *text* is that alone, itself or by a var."""
    for _ in range(MOST_VARS):
        if not isinstance(text, str) or not (found := _ALONE.fullmatch(text)):
            return ""
        if found[1] == "steps":
            return found[3] if found[2] == whose and found[3] else ""
        text = vars.get(found[2])
    return ""
