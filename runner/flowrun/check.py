"""Everything that is wrong with a flow, as far as that can be said before it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .document import Map, Node, plain
from .errors import FlowError, Problem, located
from .fit import coerce
from .flow import SECTIONS, Flow, Step
from .hosts import HostRule
from .inputs import OWN_VARIABLES, variable
from .near import did_you_mean
from .place import place_of
from .plan import plan
from .steps.capture import UNTIED, UNTIED_HINT
from .steps.token import redeems
from .taint import Unknown
from .template import Use, uses
from .urls import checked


def check(flow: Flow) -> None:
    """
    Refuse *flow* when something in it cannot work.

    Raises:
        FlowError: all that was found, in the order of the files.
    """
    found = [*_inputs(flow), *_values(flow), *_vars(flow), *_templates(flow), *_kinds(flow)]
    found += _untied(flow)
    if not list(unset_vars(flow)):
        told = {problem.place for problem in found}
        found += [problem for problem in _rehearsed(flow) if problem.place not in told]
    if found:
        raise FlowError.of(found)


def unset_vars(flow: Flow, *, base: bool = False) -> Iterator[Problem]:
    """Vars that nobody has set; a *base* leaves those of its own file to others."""
    read = _vars_read(flow)
    for name, value in flow.vars.items():
        at = flow.vars.keys_at[name] if isinstance(flow.vars, Map) else None
        left = base and at is not None and at.source.name == flow.files[0]
        if value is None and name in read and not left:
            place = flow.document.keys_at.get("extends") or flow.document.place
            yield Problem(
                "E212", f"the var {name!r} must be set", f"Add: vars: {{{name}: ...}}", place
            )


def _all_steps(flow: Flow) -> Iterator[Step]:
    for section in SECTIONS:
        yield from flow.steps(section)


def _inputs(flow: Flow) -> Iterator[Problem]:
    for item in flow.inputs.values():
        if item.name in OWN_VARIABLES:
            yield Problem(
                "E216",
                f"FLOWRUN_{item.name.upper()} is flowrun's own variable",
                "Call the input something else.",
                item.place,
            )
        if "__" in item.name:
            yield Problem(
                "E216",
                f"{variable(item.name)} would be another record's own variable",
                "Put one _ between the words.",
                item.place,
            )
        if item.secret and item.default is not None:
            yield Problem(
                "E205",
                f"the secret {item.name!r} has a default for all to read",
                "Leave it out; a person or the environment gives it.",
                place_of(item.default) or item.place,
            )
        if item.pattern:
            try:
                re.compile(item.pattern, re.ASCII)
            except (re.error, OverflowError, RecursionError) as error:
                yield Problem(
                    "E205",
                    f"{item.name}: the pattern is no regular expression: {error}",
                    "",
                    place_of(item.pattern) or item.place,
                )
                continue
        for value in (item.default, item.example):
            yield from _fits(flow, item.name, value)


def _values(flow: Flow) -> Iterator[Problem]:
    for values in (flow.values, *flow.profiles.values()):
        for name, value in values.items():
            place = values.keys_at.get(name) if isinstance(values, Map) else None
            if name not in flow.inputs:
                yield Problem(
                    "E216",
                    f"{flow.name} has no input {name!r}",
                    did_you_mean(name, flow.inputs)
                    or f"It has: {', '.join(flow.inputs) or 'none'}.",
                    place,
                )
            else:
                yield from _fits(flow, name, value)


def _fits(flow: Flow, name: str, value: Node) -> Iterator[Problem]:
    try:
        coerce(flow.inputs[name], plain(value))
    except FlowError as error:
        yield from error.problems


def _vars(flow: Flow) -> Iterator[Problem]:
    read = _vars_read(flow)
    for name, value in flow.vars.items():
        if name not in read and value is not None:
            place = flow.vars.keys_at.get(name) if isinstance(flow.vars, Map) else None
            hint = did_you_mean(name, [each for each in read if flow.vars.get(each) is None])
            yield Problem(
                "E209",
                f"nothing reads the var {name!r}",
                hint or "Remove it, or put it in: {{ vars." + name + " }}",
                place,
            )


def _vars_read(flow: Flow) -> set[str]:
    found = (use.path for use in _uses(flow.document) if len(use.path) > 1)
    return {path[1] for path in found if path[0] == "vars"}


def _uses(document: object) -> Iterator[Use]:
    try:
        yield from uses(document)
    except FlowError:
        return  # `_templates` says where and why


def _templates(flow: Flow) -> Iterator[Problem]:
    secret = {name for name, item in flow.inputs.items() if item.secret}
    for part in (flow.vars, flow.save, flow.keep, flow.document.get("setup")):
        yield from _names(flow, part, {step.id for step in flow.steps("steps")})
    for use in [*_uses(flow.save), *_uses(flow.keep)]:
        if use.path[0] == "inputs" and len(use.path) > 1 and use.path[1] in secret:
            message = f"`save` would show the secret {use.path[1]!r}"
            yield Problem("E220", message, "Make it from inputs that are none.", use.place)
    for use in _uses(flow.save):
        if use.path[0] not in ("inputs", "vars"):
            message = f"`save` cannot read {use.path[0]}: the name is made before anything runs"
            yield Problem("E209", message, "Make it from inputs.", use.place)
    for section in SECTIONS:
        known: set[str] = set()
        for step in flow.steps(section):
            yield from _names(flow, [step.options, step.modifiers], known)
            known.add(step.id)


def _names(flow: Flow, part: object, steps: set[str]) -> Iterator[Problem]:
    """Names in the templates of *part* that lead nowhere."""
    known: Mapping[str, set[str]] = {
        "inputs": set(flow.inputs),
        "vars": set(flow.vars),
        "steps": steps,
    }
    for text in _texts(part):
        try:
            found = list(uses(text))
        except FlowError as error:
            yield from error.problems
            continue
        for use in found:
            root, name = use.path[0], use.path[1] if len(use.path) > 1 else ""
            if root in known and name and name not in known[root]:
                what = {"inputs": "input", "vars": "var", "steps": "earlier step"}[root]
                yield Problem(
                    "E209",
                    f"there is no {what} {name!r}",
                    did_you_mean(name, known[root]),
                    use.place,
                )


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping):
        for item in part.values():
            yield from _texts(item)
    elif isinstance(part, list):
        for item in part:
            yield from _texts(item)


def _kinds(flow: Flow) -> Iterator[Problem]:
    if flow.token is None:
        yield Problem(
            "E207",
            "no token step without a name in `steps`, so there is no token to save",
            "",
            flow.document.keys_at["steps"],
        )
    for step in _all_steps(flow):
        for key in ("poll", "retry"):
            if step.kind != "token" or key not in step.modifiers:
                continue
            if key == "retry" or redeems(step, flow.vars):
                message = f"a token request is sent once, so it takes no {key}"
                place = step.modifiers.keys_at[key]
                yield Problem("E205", message, f"A step `http` before it may {key}.", place)
    needed = {"authorize": "url", "capture": "at"}
    for step in _all_steps(flow):
        if (key := needed.get(step.kind, "")) and step.options.get(key) is None:
            yield Problem("E207", f"{step.kind} needs a key {key!r}", "", step.place)


def _untied(flow: Flow) -> Iterator[Problem]:
    """Captures with neither a state to compare nor anything else that only the provider knows."""
    for section in SECTIONS:
        asked = False
        for step in flow.steps(section):
            asked = asked or step.kind == "authorize"
            read = {use.path[0] for use in _uses(step.options.get("expect"))}
            if step.kind == "capture" and not asked and not read & {"callback", "vars"}:
                yield Problem("E224", UNTIED, UNTIED_HINT, step.place)


def _rehearsed(flow: Flow) -> Iterator[Problem]:
    """What shows when each step is rendered with nothing known: URLs, hosts, words to choose."""
    unknown = {name: Unknown(f"inputs.{name}") for name in flow.inputs}
    try:
        HostRule([], flow.hosts)
    except FlowError as error:
        yield from error.problems
    for step in _all_steps(flow):
        alone = flow._replace(sections={step.section: (step,)})
        try:
            for planned in plan(alone, step.section, unknown):
                if planned.request:
                    key = "url" if step.kind == "authorize" else planned.request.method.lower()
                    with located(place_of(step.options.get(key)) or step.place):
                        checked(str(planned.request.url), endpoint=True)
        except FlowError as error:
            yield from error.problems
