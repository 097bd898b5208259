"""Many trials, in as many processes as there are processors, each with a provider of its own."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import TypeVar

from faults.kills import unanswered, unjudged
from faults.rotating import Rotating, rotating
from faults.scene import Stage, ended

Item = TypeVar("Item")
Result = TypeVar("Result")
Environment = Mapping[str, str]
PLAIN: Environment = {}

_stages: list[Stage] = []


class Crew:
    """Processes that make trials."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def spread(self, trial: Callable[[Stage, Item], Result], items: Sequence[Item]) -> list[Result]:
        """What *trial*, a function of a module, makes of each item."""
        return list(self._pool.map(functools.partial(_tried, trial), items))


@contextlib.contextmanager
def crew(environ: Environment = PLAIN) -> Iterator[Crew]:
    """
    Processes that have done everything once, so that nothing is imported during a trial.

    They are new ones, and not copies of this one, which may have threads.
    """
    context = multiprocessing.get_context("spawn")
    workers, ports = os.cpu_count() or 1, context.SimpleQueue()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for _ in range(workers):
            ports.put(stack.enter_context(rotating()).port)
        begin = functools.partial(_begin, folder, environ)
        pool = ProcessPoolExecutor(workers, context, initializer=begin, initargs=(ports,))
        yield Crew(stack.enter_context(pool))


def with_age() -> Environment:
    """An environment in which records are encrypted."""
    import pyrage

    key = str(pyrage.x25519.Identity.generate())
    return {"FLOWRUN_STORE": "age", "FLOWRUN_STORE_KEY": key}


def _begin(folder: Path, environ: Environment, ports: SimpleQueue[int]) -> None:
    port = ports.get()
    stage = Stage(folder / str(port), Rotating(port), environ)
    _stages.append(stage)
    for before in (None, unjudged, unanswered):
        scene = stage.scene()
        if before:
            before(scene)
        ended(scene.renew)


def _tried(trial: Callable[[Stage, Item], Result], item: Item) -> Result:
    return trial(_stages[0], item)
