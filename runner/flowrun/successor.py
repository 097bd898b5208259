"""What whoever takes a grant over needs beside its refresh token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .engine import run_section
from .errors import FlowrunError
from .exports import Client
from .job import Job, state_of
from .plan import Planned, imagined, plan_step
from .record import Record
from .secret import Secret, Value, reveal
from .services import Outputs
from .session import Session
from .taint import Unknown, contains
from .urls import origin

Steps = Mapping[str, Outputs]


def client_for(name: str, record: Record, session: Session, *, handed: bool = False) -> Client:
    """
    The client of the record *name*, and where it refreshes, as its recipe says.

    Its secret is there only when the grant is *handed* over; what cannot be known is empty.

    Raises:
        PersonNeeded: the secret is nowhere (E801).
    """
    job, _ = session.job_of(name, ("refresh",) if handed else ())
    told = {k: v for k, v in job.inputs.items() if handed or not isinstance(v, Secret)}
    unknown = {each: Unknown(f"inputs.{each}") for each in job.flow.inputs}
    job = job._replace(inputs={**unknown, **told})
    learned = _learned(job, record, session)
    asked = (each for each in _planned(job, "refresh", learned) if each.step.kind == "token")
    refreshing = next((each for each in asked if each.request), None)
    request = refreshing.request if refreshing else None
    sent = refreshing.sent() if refreshing else {}
    return Client(
        id=_known(sent.get("client_id")),
        secret=_known(sent.get("client_secret")) if handed else "",
        refresh_url=_known(request.url) if request else "",
        server_url=_known(record.fields.get("instance_url")) or _api(job, learned),
        in_query=request is not None and request.body is None,
    )


def _learned(job: Job, record: Record, session: Session) -> Steps:
    """What the server's metadata says, kept or asked for; nothing where none is to be had."""
    steps = tuple(step for step in job.flow.steps("refresh") if step.kind == "metadata")
    if not steps:
        return {}
    flow = job.flow._replace(sections={**job.flow.sections, "refresh": steps})
    try:
        with session.services(job) as services:
            state = state_of(job, record)
            return run_section(flow, "refresh", state, job.services(services)).steps
    except FlowrunError as error:
        session.console.show(error)
        return {}


def _planned(job: Job, section: str, learned: Steps) -> Iterator[Planned]:
    """The steps of *section* with their requests, as far as *learned* lets them be known."""
    unknown = {step.id: Unknown(f"steps.{step.id}") for step in job.flow.steps(section)}
    scope = imagined(job.flow, job.inputs).with_(steps={**unknown, **learned})
    for step in job.flow.steps(section):
        if planned := plan_step(step, scope):
            yield planned


def _api(job: Job, learned: Steps) -> str:
    """The origin of the API that the recipe asks whether a token works; "" if it asks nobody."""
    requests = (each.request for each in _planned(job, "verify", learned) if each.request)
    url = next((known for each in requests if (known := _known(each.url))), "")
    return origin(url) if url else ""


def _known(value: Value) -> str:
    plain = reveal(value)
    return "" if plain is None or contains(value, Unknown) else str(plain)
