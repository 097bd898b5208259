"""What is wrong with a step by itself, and with the steps as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..document import Items, Map
from ..errors import FlowError, Problem, located
from ..flow import Step
from ..hosts import HostRule
from ..near import did_you_mean
from ..place import place_of
from ..steps import KINDS
from ..template import Scope, holds, uses
from ..urls import checked
from .reading import Reading, key_place, steps_of

NEEDED = {"authorize": "url", "capture": "at"}
HOW = "Write the condition that decides, or take the step out."


def needed(reading: Reading) -> Iterator[Problem]:
    """E207: keys without which a step cannot work, and a token to save."""
    flow = reading.flow
    if flow.token is None:
        message = "no token step without a name in `steps`, so there is no token to save"
        yield Problem("E207", message, "", flow.document.keys_at["steps"])
    for step in steps_of(flow):
        if (key := NEEDED.get(step.kind, "")) and step.options.get(key) is None:
            yield Problem("E207", f"{step.kind} needs a key {key!r}", "", step.place)
        client = step.options.get("client")  # of which each file that is extended may say a part
        if isinstance(client, Map) and client.get("id") is None:
            yield Problem("E207", "'client' needs a key 'id'", "", client.place)


def published(reading: Reading) -> Iterator[Problem]:
    """E227: what is called public, and is not handed on."""
    for step in steps_of(reading.flow):
        handed, named = KINDS[step.kind].hands_on(step.options), step.options.get("public")
        if handed is None or not isinstance(named, Items):
            continue
        for name in named:
            if str(name) not in handed:
                message = f"the step {step.id!r} does not hand on {str(name)!r}"
                yield Problem("E227", message, did_you_mean(str(name), handed), place_of(name))


def sent_once(reading: Reading) -> Iterator[Problem]:
    """E205: a code or a refresh token works once, so it is not tried again."""
    for step in steps_of(reading.flow):
        for key in ("poll", "retry"):
            if step.kind != "token" or key not in step.modifiers:
                continue
            if key == "retry" or any(
                inner.path[0] in ("callback", "saved")
                for use in reading.of(step)
                for inner in reading.through(use)
            ):
                message = f"a token request is sent once, so it takes no {key}"
                hint = f"A step `http` before it may {key}."
                yield Problem("E205", message, hint, step.modifiers.keys_at[key])


def never(reading: Reading) -> Iterator[Problem]:
    """E229: conditions that are false whatever happens."""
    for step in steps_of(reading.flow):
        if _is_never(step.modifiers.get("if")):
            place = place_of(step.modifiers["if"]) or key_place(step.modifiers, "if")
            yield Problem("E229", f"the step {step.id!r} never runs", HOW, place)
        for mapping, key in ((step.options, "expect"), (step.modifiers.get("poll"), "until")):
            if isinstance(mapping, Mapping) and step.kind != "set" and _is_never(mapping.get(key)):
                place = place_of(mapping[key]) or key_place(mapping, key)
                message = f"`{key}` never holds, so nothing behind the step {step.id!r} runs"
                yield Problem("E229", message, "Write what a good answer looks like.", place)


def _is_never(condition: object) -> bool:
    """Whether a condition names nothing, so that it is known now, and does not hold."""
    if not isinstance(condition, str | bool | int | float) or "(" in str(condition):
        return False  # what a function draws is known to nobody
    try:
        return not any(uses(condition)) and not holds(condition, Scope({}))
    except FlowError:
        return False  # it is told as one that cannot be read


def requests(reading: Reading) -> Iterator[Problem]:
    """What shows when each step is rendered: URLs, hosts, words to choose."""
    planned, problems = reading.rendered
    for problem in problems:
        if problem.code != "E209":  # a name that is unknown is told by its own place
            yield problem
    for step in steps_of(reading.flow):
        found = planned.get((step.section, step.id))
        if found and found.request:
            for key in sorted(KINDS[step.kind].URLS):
                if key in found.options:
                    yield from _unsafe(step, key, str(found.options.get(key)))


def _unsafe(step: Step, key: str, url: str) -> Iterator[Problem]:
    try:
        with located(place_of(step.options.get(key)) or step.place):
            checked(url, endpoint=True)
    except FlowError as error:
        yield from error.problems


def hosts(reading: Reading) -> Iterator[Problem]:
    """E205 and E214: entries of `hosts` that are no hosts."""
    for host in reading.flow.hosts:
        try:
            HostRule([], [host])
        except FlowError as error:
            yield from error.problems
