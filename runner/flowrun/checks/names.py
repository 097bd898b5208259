"""Names in templates that stand for nothing, and names that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..errors import Problem
from ..flow import Flow, Input
from ..near import did_you_mean, near_to
from ..scope import cycle
from ..template import Use
from .reading import Reading, key_place, names_in


def unknown(reading: Reading) -> Iterator[Problem]:
    """E209: inputs and vars that do not exist."""
    for use, known in _unknown(reading):
        what, name = use.path[0].removesuffix("s"), use.path[1]
        hint = did_you_mean(name, known)
        yield Problem("E209", f"there is no {what} {name!r}", hint, use.place(1))


def circles(reading: Reading) -> Iterator[Problem]:
    """E209: vars that are made of themselves."""
    seen: set[str] = set()
    for name in reading.vars:
        if chain := _circle(reading, name, seen):
            use = next(use for use in reading.vars[chain[-2]] if use.path[1:2] == chain[-1:])
            yield cycle(chain).problems[0]._replace(place=use.place(1))


def _circle(reading: Reading, first: str, seen: set[str]) -> tuple[str, ...]:
    """A circle that *first* leads to, if there is one; what was *seen* is not looked at again."""
    way, ahead = list[str](), [iter([first])]
    while ahead:
        name = next(ahead[-1], None)
        if name is None:
            ahead.pop()
            way = way[: len(ahead) - 1]
        elif name in way:
            return (*way[way.index(name) :], name)
        elif name not in seen:
            seen.add(name)
            way.append(name)
            ahead.append(iter(sorted(names_in(reading.vars.get(name, ()), "vars"))))
    return ()


def unread_vars(reading: Reading) -> Iterator[Problem]:
    """E209: vars that nobody reads are nearly always misspelt."""
    flow, read = reading.flow, names_in(reading.all(), "vars")
    for name in _unread(_set_here(flow), read, reading):
        hint = did_you_mean(name, [each for each in read if flow.vars.get(each) is None])
        yield Problem(
            "E209",
            f"nothing reads the var {name!r}",
            hint or "Remove it, or put it in: {{ vars." + name + " }}",
            key_place(flow.vars, name),
        )


def _set_here(flow: Flow) -> dict[str, object]:
    """The vars that the file itself gives a value; what a base offers may stay unused."""
    places = {name: key_place(flow.vars, name) for name in flow.vars}
    own = {name for name, place in places.items() if place and place.source.name == flow.files[0]}
    return {name: flow.vars[name] for name in own if flow.vars[name] is not None}


def unread_inputs(reading: Reading) -> Iterator[Problem]:
    """E226: a person would be asked for what is used for nothing."""
    inputs = reading.flow.inputs
    for name in _unread(inputs, names_in(reading.all(), "inputs"), reading):
        yield _unread_input(reading, inputs[name])


def _unread_input(reading: Reading, item: Input) -> Problem:
    flow, origin = reading.flow, item.place.source.name
    message = f"nothing reads the input {item.name!r}"
    if origin == flow.files[0]:
        hint = "Remove it, or put it in: {{ inputs." + item.name + " }}"
        return Problem("E226", message, hint, item.place)
    hint = f"Take it out of this file: inputs: {{{item.name}: null}}"
    message += f", which comes from {origin}"
    return Problem("E226", message, hint, flow.document.keys_at.get("extends"))


def _unknown(reading: Reading) -> Iterator[tuple[Use, Mapping[str, object]]]:
    """Uses of names that do not exist, with the names that do."""
    known: Mapping[str, Mapping[str, object]] = {
        "inputs": reading.flow.inputs,
        "vars": reading.flow.vars,
    }
    for use in reading.all():
        names = known.get(use.path[0], {})
        if use.path[0] in known and len(use.path) > 1 and use.path[1] not in names:
            yield use, names


def _unread(names: Mapping[str, object], read: set[str], reading: Reading) -> list[str]:
    """Those of *names* that are not *read*; what was meant by a misspelt name counts as read."""
    if "*" in read:
        return []
    meant = {near for use, known in _unknown(reading) for near in near_to(use.path[1], known)}
    return [name for name in names if name not in read | meant | reading.broken_words]
