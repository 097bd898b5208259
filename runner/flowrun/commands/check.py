"""`flowrun check`: everything that is wrong with flows, whom they contact, what they weaken."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence

from ..console import Console, gravest
from ..errors import FlowError, FlowrunError
from ..naming import read
from ..near import did_you_mean
from ..review import downgrades, hosts
from .checked import Checked
from .report import REPORTERS


def check(flows: Sequence[str], *, format: str = "text") -> int:
    """Say everything that is wrong with each flow, and what it weakens."""
    if format not in REPORTERS:
        hint = did_you_mean(format, REPORTERS) or f"There are {', '.join(REPORTERS)}."
        raise FlowError("E219", f"there is no format {format!r}", hint=hint)
    # What is read is let go file by file, and little of it in circles, which are looked for later.
    gc.set_threshold(50_000)
    console, statuses = Console(), [0]

    def found() -> Iterator[Checked]:
        for name in flows:
            checked = _checked(name, console)
            statuses.append(checked.exit_status)
            yield checked

    REPORTERS[format](found(), console)
    console.conclude()
    return gravest(statuses)


def _checked(name: str, console: Console) -> Checked:
    try:
        reading = read(name, console, base=True)
        return Checked(name, hosts(reading), downgrades(reading))
    except FlowrunError as error:
        return Checked(name, error=error)
