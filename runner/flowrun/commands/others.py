"""`flowrun trust` and `flowrun sandbox`."""

from __future__ import annotations

from ..beside import outside
from ..console import Console
from ..flow import SECTIONS
from ..naming import load
from ..plan import plan
from ..rehearsal import open_sandbox
from ..secret import JSON, masked
from ..session import Session
from ..settings import Settings
from ..trust import trust as remember
from .each import each


def trust(flow_name: str) -> int:
    """Allow a flow, with all that it extends, to read what it names elsewhere."""
    console = Console()

    def act(name: str) -> JSON:
        flow = load(name, console)
        for item in flow.inputs.values():
            for how, what in item.source.items():
                console.tell(f"{item.name} comes from {how}: {what}")
        for also in outside(flow):
            console.tell(f"the token is also written to {also.file}")
        console.answer(remember(flow))
        return None

    return each([flow_name], act, console, json=False)


def sandbox(flow_name: str, settings: Settings, *, port: int) -> int:
    """Serve the provider that a recipe describes, until Ctrl-C."""
    console = Console()

    def act(name: str) -> JSON:
        session = Session(settings, console)
        job = session.job(load(name, console))
        with open_sandbox(job, session.folder, console.tell, person=True, port=port) as served:
            console.answer(served.origin)
            for planned in (each for s in SECTIONS for each in plan(job.flow, s, job.inputs)):
                for request in filter(None, (planned.keys, *planned.requests)):
                    url = served.route(str(masked(request.url)))
                    console.tell(f"  {planned.step.section}.{planned.step.id}: {url}")
            served.wait()
        return None

    return each([flow_name], act, console, json=False)
