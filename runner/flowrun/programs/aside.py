"""Work that waits, kept out of an event loop's way; the owner of anyio, which httpx brings."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import anyio
from anyio import to_thread
from anyio.lowlevel import RunVar

Done = TypeVar("Done")

NAP_S = 0.05

_AT_WORK = set[Hashable]()
"""The places for which a thread works, be it that its task has gone."""

_LOCKS = RunVar[dict[Hashable, anyio.Lock]]("flowrun")


async def aside(place: Hashable, work: Callable[[], Done]) -> Done:
    """
    What *work* returns, done in a thread; under asyncio and trio.

    For each *place*, a loop gives away one thread: its other tasks wait without one. A task that
    is cancelled goes at once; its thread ends what it has begun, so that no refresh is lost, and
    only then the next one begins.
    """

    def run() -> Done:
        _AT_WORK.add(place)
        try:
            return work()
        finally:
            _AT_WORK.discard(place)

    locks = _LOCKS.get(None)
    if locks is None:
        _LOCKS.set(locks := {})
    async with locks.setdefault(place, anyio.Lock()):
        while place in _AT_WORK:
            await anyio.sleep(NAP_S)
        return await to_thread.run_sync(run, abandon_on_cancel=True)
