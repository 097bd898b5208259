"""What can be said of a flow before it runs: everything that is wrong, and what it weakens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .document import Map, Node, plain
from .errors import FlowError, Problem
from .flow import SECTIONS, Flow, Step
from .inputs import OWN_VARIABLES, coerce
from .near import did_you_mean
from .place import Place, place_of
from .template import Use, uses

PROFILE_VALUES = "values for the inputs of this recipe"


class Downgrade(NamedTuple):
    """A line of a recipe that is less safe than flowrun's way."""

    message: str
    place: Place | None


def check(flow: Flow) -> None:
    """
    Refuse *flow* when something in it cannot work.

    Raises:
        FlowError: all that was found, in the order of the files.
    """
    found = [*_inputs(flow), *_values(flow), *_vars(flow), *_templates(flow), *_kinds(flow)]
    if found:
        raise FlowError.of(sorted(dict.fromkeys(found), key=_position))


def unset_vars(flow: Flow) -> Iterator[Problem]:
    """Vars of a base recipe that the file which extends it must set."""
    for name, value in flow.vars.items():
        if value is None:
            place = flow.document.keys_at.get("extends") or flow.document.place
            yield Problem("E212", f"the var {name!r} must be set", f"vars: {{{name}: ...}}", place)


def downgrades(flow: Flow) -> list[Downgrade]:
    """Every step down from flowrun's defaults, for `flowrun check` to list."""
    found = []
    for step in _all_steps(flow):
        for key in ("pkce", "state", "nonce"):
            value = str(_resolved(flow, step.options.get(key)) or "").lower()
            if value in ("off", "plain", "false"):
                found.append(
                    Downgrade(f"{key}: {value}", place_of(step.options[key]) or step.place)
                )
        if step.options.get("rotates") is False:
            found.append(Downgrade("rotates: false (a refresh may be repeated)", step.place))
        if step.options.get("grace"):
            found.append(Downgrade("grace (a refresh may be repeated)", step.place))
    return found


def hosts(flow: Flow) -> list[str]:
    """The hosts that the flow may contact, with its inputs as they stand in the URLs."""
    named = {
        match[1]
        for step in _all_steps(flow)
        for key in ("url", "get", "post", "put", "patch", "delete")
        if (match := re.match(r"https?://([^/?#]+)", _spliced(flow, step.options.get(key))))
    }
    return [*sorted(named), *flow.hosts]


def _all_steps(flow: Flow) -> Iterator[Step]:
    for section in SECTIONS:
        yield from flow.steps(section)


def _resolved(flow: Flow, value: Node) -> Node:
    match = re.fullmatch(r"\{\{\s*vars\.(\w+)\s*\}\}", str(value or ""))
    return flow.vars.get(match[1]) if match else value


def _spliced(flow: Flow, text: Node) -> str:
    def var(match: re.Match[str]) -> str:
        return str(flow.vars.get(match[1], match[0]))

    shown = str(text or "")
    for _ in range(5):
        shown = re.sub(r"\{\{\s*vars\.(\w+)\s*\}\}", var, shown)
    return re.sub(r"\{\{\s*inputs\.(\w+)\s*\}\}", r"{\1}", shown)


def _position(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (place.source.name, place.line, place.column) if place else ("", 0, 0)


def _inputs(flow: Flow) -> Iterator[Problem]:
    for item in flow.inputs.values():
        if item.name in OWN_VARIABLES:
            yield Problem(
                "E216",
                f"FLOWRUN_{item.name.upper()} is flowrun's own variable",
                "Call the input something else.",
                item.place,
            )
        if item.secret and item.default is not None:
            yield Problem(
                "E205",
                f"the secret {item.name!r} has a default for all to read",
                "Leave it out; a person or the environment gives it.",
                item.place,
            )
        if item.pattern:
            try:
                re.compile(item.pattern, re.ASCII)
            except re.error as error:
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
                    did_you_mean(name, flow.inputs),
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
    read = {
        use.path[1]
        for use in _uses(flow.document)
        if use.path[0] == "vars" and len(use.path) > 1
    }
    for name in flow.vars:
        if name not in read:
            place = flow.vars.keys_at.get(name) if isinstance(flow.vars, Map) else None
            hint = did_you_mean(name, [each for each in read if flow.vars.get(each) is None])
            yield Problem(
                "E209",
                f"nothing reads the var {name!r}",
                hint or "Remove it, or put it in: {{ vars." + name + " }}",
                place,
            )


def _uses(document: Node) -> Iterator[Use]:
    try:
        yield from uses(document)
    except FlowError:
        return  # `_templates` says where and why


def _templates(flow: Flow) -> Iterator[Problem]:
    for part in (flow.vars, flow.save, flow.keep):
        yield from _names(flow, part, set(flow_ids(flow, "steps")))
    for section in SECTIONS:
        known: set[str] = set()
        for step in flow.steps(section):
            yield from _names(flow, step.options, known | {step.id})
            yield from _names(flow, step.modifiers, known | {step.id})
            known.add(step.id)


def flow_ids(flow: Flow, section: str) -> list[str]:
    return [step.id for step in flow.steps(section)]


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
    needed = {"authorize": "url", "capture": "at"}
    for step in _all_steps(flow):
        if (key := needed.get(step.kind, "")) and step.options.get(key) is None:
            yield Problem("E207", f"{step.kind} needs a key {key!r}", "", step.place)
        if step.kind in ("http", "token"):
            methods = [m for m in ("get", "post", "put", "patch", "delete") if step.options.get(m)]
            if len(methods) != 1:
                what = (
                    "has no method" if not methods else f"has two methods: {' and '.join(methods)}"
                )
                yield Problem(
                    "E206",
                    f"this request {what}",
                    "One of get, post, put, patch, delete, with the URL.",
                    step.place,
                )
