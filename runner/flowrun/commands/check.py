"""`flowrun check`: everything that is wrong with flows, whom they contact, what they weaken."""

from __future__ import annotations

from collections.abc import Sequence

from ..console import Console
from ..review import downgrades, hosts
from ..secret import JSON
from .subject import each, load


def check(flows: Sequence[str], *, json: bool = False) -> int:
    """Say everything that is wrong with each flow, and what it weakens."""
    console = Console()

    def act(name: str) -> JSON:
        flow = load(name, console, base=True)
        contacts = hosts(flow)
        weaker = [f"{each.place}: {each.message}" for each in downgrades(flow)]
        if not json:
            console.answer(
                f"{name}: ok" + (f"; contacts {', '.join(contacts)}" if contacts else "")
            )
            for line in weaker:
                console.answer(f"{line}: weaker than flowrun's own way")
        return {"name": name, "hosts": [*contacts], "downgrades": [*weaker], "problems": []}

    return each(flows, act, console, json=json)
