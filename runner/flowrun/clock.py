"""What time it is, here and at the servers, as far as the `Date` of their answers tells it."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from .errors import FlowError
from .message import Response
from .urls import origin

TOLERATED_S = 30
"""A clock that is further off is told: tokens and proofs that last for minutes begin to fail."""


class Clock:
    """Our clock; it remembers by how much each server's is ahead of it."""

    def __init__(
        self,
        now: Callable[[], float] = time.time,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._now, self._tell = now, tell
        self._ahead = dict[str, float]()

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self._now()

    def ahead(self, origin: str) -> float:
        """By how many seconds the clock at *origin* is ahead of ours; 0 when nobody knows."""
        return self._ahead.get(origin, 0)

    def compare(self, url: str, response: Response, *, sent_at: float) -> None:
        """Take the time of the server at *url* from its answer to what was sent at *sent_at*."""
        if response.date is None or response.headers.get("age", "0") != "0":  # a cache answered
            return
        # It was this second's beginning at some time between; the sum never runs ahead of theirs.
        least, most = response.date - self._now(), response.date + 1 - sent_at
        ahead = 0 if least <= 0 <= most else least
        try:
            self._ahead[origin(url)] = ahead
        except FlowError:  # no URL that a flow could name
            return
        if abs(ahead) > TOLERATED_S and self._tell:
            host = urlsplit(url).hostname
            side = "behind" if ahead > 0 else "ahead of"
            self._tell(f"your clock is {abs(ahead):.0f} s {side} {host}")
            self._tell = None  # once, however many servers say so
