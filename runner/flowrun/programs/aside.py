"""Work that waits, kept out of an event loop's way; the owner of anyio, which httpx brings."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import anyio
from anyio import to_thread
from anyio.lowlevel import RunVar

Done = TypeVar("Done")

_LOCKS = RunVar[dict[Hashable, anyio.Lock]]("flowrun")


async def aside(place: Hashable, work: Callable[[], Done]) -> Done:
    """
    What *work* returns, done in a thread; under asyncio and trio.

    For each *place*, a loop gives away one thread: its other tasks wait without one. A task that
    is cancelled goes at once; its thread ends what it has begun, so that no refresh is lost.
    """
    locks = _LOCKS.get(None)
    if locks is None:
        _LOCKS.set(locks := {})
    async with locks.setdefault(place, anyio.Lock()):
        return await to_thread.run_sync(work, abandon_on_cancel=True)
