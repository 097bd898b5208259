"""What is wrong with inputs, and with the values that files give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..document import Node, plain
from ..errors import FlowError, Problem
from ..fit import coerce
from ..flow import Flow, Input
from ..inputs import OWN_VARIABLES, variable
from ..near import did_you_mean
from ..patterns import pattern_of
from ..place import Place, Source, place_of
from ..scope import Slip
from ..spelling import place_in
from ..taint import parts
from .reading import Reading, key_place


def variables(reading: Reading) -> Iterator[Problem]:
    """E216: inputs whose variables of the environment belong to somebody else."""
    for item in reading.flow.inputs.values():
        name = variable(item.name)
        if item.name in OWN_VARIABLES:
            hint = "Call the input something else."
            yield Problem("E216", f"{name} is flowrun's own variable", hint, item.place)
        if "__" in item.name:
            hint = "Put one _ between the words."
            message = f"{name} would be another record's own variable"
            yield Problem("E216", message, hint, item.place)


def patterns(reading: Reading) -> Iterator[Problem]:
    """E205: patterns that are none."""
    for item in reading.flow.inputs.values():
        try:
            pattern_of(item.pattern)
        except FlowError as error:
            span = error.span(item.pattern) if isinstance(error, Slip) else None
            place = place_in(item.pattern, item.pattern, span=span) or item.place
            yield Problem("E205", f"{item.name}: {error}", "", place)


def shown_secrets(reading: Reading) -> Iterator[Problem]:
    """E205: secrets that everybody can read who can read the file."""
    hint = "Leave it out; a person or the environment gives it."
    for what, item, value, place in _secrets(reading.flow):
        message = f"the secret {item.name!r} has a {what} for all to read"
        yield Problem("E205", message, hint, place_of(value) or place)


def _secrets(flow: Flow) -> Iterator[tuple[str, Input, Node, Place | None]]:
    """What the files say of secrets."""
    for item in flow.inputs.values():
        if item.secret and item.default is not None:
            yield "default", item, item.default, item.place
    for name, value, place in _given(flow):
        if name in flow.inputs and flow.inputs[name].secret and value is not None:
            yield "value", flow.inputs[name], value, place


def masked(reading: Reading, problems: list[Problem]) -> list[Problem]:
    """*problems*, whose excerpts show no secret that stands in a file."""
    sources: dict[str, Source] = {}
    for _, _, value, place in _secrets(reading.flow):
        for part in parts(value):
            known = place_of(part) or place
            if known and isinstance(part, str | int | float):
                source = sources.get(known.source.name, known.source)
                sources[source.name] = known._replace(source=source).masked(str(part))
    return [_in(sources, problem) for problem in problems]


def _in(sources: Mapping[str, Source], problem: Problem) -> Problem:
    place = problem.place
    if place is None or place.source.name not in sources:
        return problem
    return problem._replace(place=place._replace(source=sources[place.source.name]))


def unfit(reading: Reading) -> Iterator[Problem]:
    """E215 and E216: values that do not fit, or that no input takes."""
    flow = reading.flow
    for item in flow.inputs.values():
        for value in (item.default, item.example):
            yield from _unfit(item, value)
    for name, value, place in _given(flow):
        if name in flow.inputs:
            yield from _unfit(flow.inputs[name], value, place)
        else:
            hint = did_you_mean(name, flow.inputs) or f"It has: {', '.join(flow.inputs) or 'none'}."
            yield Problem("E216", f"{flow.name} has no input {name!r}", hint, place)


def _given(flow: Flow) -> Iterator[tuple[str, Node, Place | None]]:
    """The values that stand in files, each with its input's name and its place."""
    for values in (flow.values, *flow.profiles.values()):
        for name, value in values.items():
            yield name, value, key_place(values, name)


def _unfit(item: Input, value: Node, place: Place | None = None) -> Iterator[Problem]:
    try:
        coerce(item, plain(value))
    except FlowError as error:
        known = place_of(value)
        for problem in error.problems:
            if problem.code == "E215":  # a pattern that is none is told once
                yield problem if known or not place else problem._replace(place=place)
