"""What a command is about: the flows and records that a person names, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..checks import check, unset_vars
from ..console import Console, as_json, gravest
from ..errors import FlowError, FlowrunError
from ..flow import SECTIONS, Flow
from ..library import find, is_file
from ..load import load_source
from ..secret import JSON

if TYPE_CHECKING:  # which a check would have to load for nothing
    from ..checks.reading import Reading
    from ..job import Job
    from ..record import Record
    from ..session import Session


def each(names: Sequence[str], act: Callable[[str], JSON], console: Console, *, json: bool) -> int:
    """Do *act* for every name, whatever happens to the others; the gravest exit status."""
    statuses, answers = [0], list[JSON]()
    for name in names:
        try:
            answers.append(act(name))
        except FlowrunError as error:
            statuses.append(console.show(error) if not json else error.exit_status)
            problems: list[JSON] = [as_json(problem) for problem in error.problems]
            answers.append({"name": name, "problems": problems})
    if json:
        console.answer_json(answers)
    console.conclude()
    return gravest(statuses)


def load(flow: str, console: Console) -> Flow:
    """The flow that a person named, checked; a shipped one that stood in for a file is told."""
    return read(flow, console).flow


def read(flow: str, console: Console, *, base: bool = False) -> Reading:
    """
    The flow that a person named, as the checks have read it.

    A *base* recipe, which nobody runs, may leave vars for others to set.
    """
    source, shipped = find(flow)
    if shipped and flow.endswith(".yaml"):
        console.tell(f"{flow} is not here; using the recipe that flowrun ships")
    reading = check(load_source(source))
    if unset := list(unset_vars(reading, base=base)):
        raise FlowError.of(unset)
    return reading


def job_of(name: str, session: Session, sections: Sequence[str] = SECTIONS) -> tuple[Job, Record]:
    """The job of a record, named itself or by its flow, with the secrets that *sections* read."""
    from ..job import refuse_foreign

    if is_file(name):  # what has changed in it applies once it has been run
        flow = load(name, session.console)
        name = session.explained(flow).name
        refuse_foreign(name, session.record(name), flow.name, session.settings.profile)
    return session.job_of(name, sections)


def again(record: Record) -> str:
    """How a person gives consent again."""
    return f"Consent again: flowrun {record.meta.get('file', 'FLOW')}"
