"""Why a name is not there, in words, and where it is instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..errors import Problem
from ..flow import SECTIONS, Flow, Step
from ..near import did_you_mean
from ..place import Place
from ..steps import KINDS
from ..template import Use

EVERYWHERE = frozenset({"inputs", "vars"})


class Where(NamedTuple):
    """What may be named at some part of a flow."""

    flow: Flow
    refusal: str = ""  # outside of all sections: why a root cannot be named there
    section: str = ""
    roots: frozenset[str] = EVERYWHERE
    earlier: Mapping[str, Step] = {}
    step: Step | None = None

    @property
    def used_at(self) -> Place | None:
        """Where `use` stands, when the template was written for another section."""
        return self.step.used_at if self.step else None

    def section_of(self, name: str) -> str:
        """The section that has a step of that name, this one before all others."""
        sections = [self.section, *SECTIONS] if self.section else SECTIONS
        own = (each for each in sections if any(s.id == name for s in self.flow.steps(each)))
        return next(own, "")


class Absence(NamedTuple):
    """What is not there, and which part of the path that is."""

    message: str
    hint: str = ""
    part: int = 0
    code: str = "E209"


def missing(use: Use, where: Where, reader: Use | None = None) -> Problem | None:
    """What is wrong with *use*, if it may not stand there; *reader* reads it through a var."""
    absence = _absence(use, where)
    if absence is None or (where.used_at and _is_wrong_at_home(use, absence, where)):
        return None
    message, hint, part, code = absence
    if reader:
        hint = f"{'.'.join(reader.path[:2])} reads it. {hint}".strip()
    elif where.used_at:
        hint = f"That step reads {'.'.join(use.path)}. {hint}".strip()
    place = where.used_at or (reader.place(1) if reader else use.place(part))
    return Problem(code, message, hint, place)


def _is_wrong_at_home(use: Use, absence: Absence, where: Where) -> bool:
    """Whether it is told where the step was written, so that its use needs no word."""
    root, name = (*use.path, "")[:2]
    strange = root == "steps" and not where.section_of(name)
    return strange or absence.code == "E227" or root in ("response", "request")


def _absence(use: Use, where: Where) -> Absence | None:
    root, name, key = (*use.path, "", "")[:3]
    if root not in where.roots:
        return _no_root(use, where)
    if root != "steps" or not name:
        return None
    if name not in where.earlier:
        return _no_step(name, key, where, use)
    return _no_output(where.earlier[name], key) if key else None


def _no_root(use: Use, where: Where) -> Absence:
    root = use.path[0]
    if where.refusal:
        return Absence(where.refusal.format(root), "Make it from inputs.")
    if root == "callback":
        return _no_callback(where)
    if root == "saved":
        tokens = [step.id for step in where.earlier.values() if step.kind == "token"]
        name = use.path[-1] if len(use.path) > 1 else "access_token"
        hint = f"What a step has just brought is in steps.{tokens[-1]}.{name}" if tokens else ""
        return Absence("there is no record yet: `saved` is for later sections", hint)
    if root == "response":
        hint = "Hand it on with `outputs`; a later step reads steps.ID.NAME."
        if where.section == "also":
            hint = "What the record holds is in saved.NAME"
        elif where.step and where.step.kind == "capture":
            hint = "What came with the redirect is in callback.NAME"
        return Absence("there is no answer here: only what judges one reads `response`", hint)
    return Absence("only `headers`, which are rendered last, can read `request`")


def _no_callback(where: Where) -> Absence:
    captures = [step for step in where.flow.steps("steps") if step.kind == "capture"]
    if not captures:
        hint = 'Put one before: - capture: {at: "{{ inputs.redirect_uri }}"}'
        return Absence("no step `capture` waits for a redirect, so there is no `callback`", hint)
    line = captures[0].place.line
    message = f"no redirect has come yet: the capture stands in line {line}"
    return Absence(message, "Put it before this step.")


def _no_step(name: str, key: str, where: Where, use: Use) -> Absence:
    section = where.section_of(name)
    if not section:
        return Absence(f"there is no earlier step {name!r}", did_you_mean(name, where.earlier), 1)
    step = next(step for step in where.flow.steps(section) if step.id == name)
    if where.step and section == where.section:
        if name == where.step.id:
            return Absence(
                f"the step {name!r} reads what it has yet to bring", _before(step, key), 1
            )
        here, there = use.place(), step.used_at or step.place
        same = here and here.source.name == there.source.name
        at = f"line {there.line}" if same else str(there)
        return Absence(f"the step {name!r} runs later, in {at}", "Put it before this one.", 1)
    message = f"there is no earlier step {name!r} in `{where.section}`"
    return Absence(message, _instead(step, section, key), 1)


def _before(step: Step, key: str) -> str:
    """Where a step that renews a token finds it."""
    renews = step.kind == "token" and step.section != "steps"
    return f"The token that it renews is in the record: saved.{key}" if renews and key else ""


def _instead(step: Step, section: str, key: str) -> str:
    """How to get at what a step of another section brings."""
    if step.kind == "capture":
        return f"What came with the redirect is in callback.{key or 'NAME'}"
    if step.kind == "token" and section == "steps":
        of = f".flowrun.tokens.{step.options['name']}" if step.options.get("name") else ""
        return f"Its token is in the record: saved{of}.{key or 'access_token'}"
    return f"It is one of `{section}`; to run it here, too: - use: {section}.{step.id}"


def _no_output(step: Step, key: str) -> Absence | None:
    handed = KINDS[step.kind].hands_on(step.options)
    if handed is None or key in handed:
        return None
    hint = did_you_mean(key, handed)
    if step.kind == "authorize":
        hint = hint or f"After a `capture`, what came with the redirect is in callback.{key}"
    elif handed:
        hint = hint or f"It hands on: {', '.join(sorted(handed))}."
    elif step.kind == "http":
        hint = f"Add to that step: outputs: {{{key}: response.json.{key}}}"
    return Absence(f"the step {step.id!r} does not hand on {key!r}", hint, 2, "E227")
