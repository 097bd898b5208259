"""Names that exist, and not where the template stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import Problem
from ..flow import SECTIONS, Flow, Step
from ..template import Use
from .absent import EVERYWHERE, Where, missing
from .reading import Reading


def out_of_reach(reading: Reading) -> Iterator[Problem]:
    """
    E209 and E227: what cannot be known where a template stands.

    A var is told itself when it is wrong for all who read it, else those who read it are.
    """
    read: dict[Use, list[tuple[Where, Problem | None]]] = {}
    for where, uses in _parts(reading):
        for use in uses:
            _, *inside = reading.through(use)
            if problem := missing(use, where):
                yield problem
            for inner in inside:
                found = missing(inner, where, reader=use)
                read.setdefault(inner, []).append((where, found))
    for inner, readers in read.items():
        problems = [problem for _, problem in readers if problem]
        if len(problems) == len(readers):
            problems = [problem for problem in [missing(inner, readers[0][0])] if problem]
        yield from problems


def _parts(reading: Reading) -> Iterator[tuple[Where, Sequence[Use]]]:
    flow = reading.flow
    early = "`{}` cannot read {}: it is {} before anything runs"
    yield Where(flow, early.format("save", "{}", "made")), reading.save
    yield Where(flow, early.format("file", "{}", "named")), reading.also_files
    yield Where(flow, early.format("setup", "{}", "read")), reading.setup
    steps = {step.id: step for step in flow.steps("steps")}
    known = EVERYWHERE | {"steps", "saved", "callback"}
    yield Where(flow, section="steps", roots=known, earlier=steps), reading.keep
    known = EVERYWHERE | {"steps", "saved"} | _callback(flow)
    yield Where(flow, section="also", roots=known), reading.also_texts
    for section in SECTIONS:
        yield from _section(reading, section)


def _callback(flow: Flow) -> set[str]:
    """What a record knows of the redirect, where there was one."""
    return {"callback"} if any(step.kind == "capture" for step in flow.steps("steps")) else set()


def _section(reading: Reading, section: str) -> Iterator[tuple[Where, Sequence[Use]]]:
    flow, earlier = reading.flow, dict[str, Step]()
    known = EVERYWHERE | {"steps"} | ({"saved"} if section != "steps" else set())
    if section != "steps":
        known |= _callback(flow)
    for step in flow.steps(section):
        where = Where(flow, "", section, known, earlier, step)
        for part in reading.steps[section, step.id]:
            here = where._replace(roots=known | {part.besides}) if part.besides else where
            yield here, part.uses
        earlier = {**earlier, step.id: step}
        known |= {"callback"} if step.kind == "capture" else set()
