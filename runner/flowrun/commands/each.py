"""A command for many names: one after the other, whatever happens to the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..console import Console, as_json, gravest
from ..errors import FlowrunError
from ..secret import JSON


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
