"""What a person names: a flow, or a record by itself or by its flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .checks import check, unset_vars
from .console import Console
from .errors import FlowError
from .flow import Flow
from .library import find, is_file
from .load import load_source

if TYPE_CHECKING:  # which a check would have to load for nothing
    from .checks.reading import Reading
    from .job import Job
    from .record import Record
    from .session import Session


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


def name_of(name: str, session: Session) -> str:
    """The record that *name* says, itself or as the flow file that makes it; it need not exist."""
    from .job import refuse_foreign

    if not is_file(name):
        return name
    flow = load(name, session.console)
    name = session.explained(flow).name
    if record := session.store.read(name):
        refuse_foreign(name, record, flow.name, session.settings.profile)
    return name


def job_of(
    name: str, session: Session, sections: Sequence[str] | None = None
) -> tuple[Job, Record]:
    """The job of a record, named itself or by its flow; see `Session.job_of`."""
    # What has changed in the flow applies once it has been run.
    return session.job_of(name_of(name, session), sections)


def again(record: Record) -> str:
    """How a person gives consent again."""
    where = " --sandbox" if record.meta.get("sandbox") else ""
    return f"Consent again: flowrun {record.meta.get('file', 'FLOW')}{where}"
