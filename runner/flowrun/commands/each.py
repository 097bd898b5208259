"""A command for many names: one after the other, whatever happens to the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..console import Console, Line, as_json, gravest
from ..errors import FlowrunError, StoreError
from ..secret import JSON
from ..settings import Settings

Act = Callable[[str], JSON]


def each(names: Sequence[str], act: Act, console: Console, *, json: bool, jobs: int = 1) -> int:
    """
    Do *act* for every name, whatever happens to the others; the gravest exit status.

    As many as *jobs* are under way at once, and told in the order of the names.
    """
    statuses, answers = [0], list[JSON]()
    done = _together(names, act, console, jobs) if jobs > 1 else _in_turn(names, act)
    for name, answer in done:
        if isinstance(answer, FlowrunError):
            statuses.append(console.show(answer) if not json else answer.exit_status)
            problems: list[JSON] = [as_json(problem) for problem in answer.problems]
            answers.append({"name": name, "problems": problems})
        else:
            answers.append(answer)
    if json:
        console.answer_json(answers)
    console.conclude()
    return gravest(statuses)


def refuse_no_folder(settings: Settings) -> None:
    """
    Refuse to look for all records in a folder that somebody has named, and that is not there.

    Raises:
        StoreError: there is no such folder (E705).
    """
    named = settings.tokens or os.environ.get("FLOWRUN_TOKENS")
    if named and not Path(named).exists():
        hint = "Is it spelled as it was when the records were made? Nothing was looked at."
        raise StoreError("E705", f"there is no folder {named}", hint=hint)


def _in_turn(names: Sequence[str], act: Act) -> Iterator[tuple[str, JSON | FlowrunError]]:
    for name in names:
        yield name, _outcome(act, name)


def _together(
    names: Sequence[str], act: Act, console: Console, jobs: int
) -> Iterator[tuple[str, JSON | FlowrunError]]:
    from concurrent.futures import ThreadPoolExecutor

    def held(name: str) -> tuple[list[Line], JSON | FlowrunError]:
        with console.holding() as lines:
            return lines, _outcome(act, name)

    pool = ThreadPoolExecutor(jobs)
    try:
        for name, future in [(name, pool.submit(held, name)) for name in names]:
            lines, answer = future.result()
            console.release(lines)
            yield name, answer
    finally:  # what is under way ends, also when somebody wants to stop
        pool.shutdown(cancel_futures=True)


def _outcome(act: Act, name: str) -> JSON | FlowrunError:
    try:
        return act(name)
    except FlowrunError as error:
        return error
