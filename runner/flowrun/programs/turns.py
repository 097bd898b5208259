"""One thread at a time renews a token; those that waited for it share what came of it."""

from __future__ import annotations

import copy
import os
import threading
import time

TYPE_CHECKING = False  # a cached token is here before `typing` would be
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from ..errors import FlowrunError

REST_S = 30
"""After a refresh that did not help, a token that lives is good for so long without another."""

NEW_S = 60
"""A token that took the place of a refused one and is refused, too, says nothing about tokens."""


class Turn:
    """
    The right to renew one token, for the threads of this process.

    The lock of the record would do, but those who wait for it would each try, one after the other,
    what has just failed.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._lock = now, threading.Lock()
        self._failure: FlowrunError | None = None
        self._failed_at = self._rests_until = self._replaced_at = float("-inf")
        self._replacement, self._owner = "", 0

    def __repr__(self) -> str:
        return "Turn()"

    def take(self) -> FlowrunError | None:
        """
        Wait for it; what went wrong meanwhile for the thread that had it, if anything did.

        Raises `StoreError` (E704) in the thread that has it, which would wait for itself: what is
        logged may be sent away with the very token that is renewed.
        """
        me, came_at = threading.get_ident(), self._now()
        if self._owner == me:
            from ..errors import StoreError

            hint = "Let what handles the log not need the token that the log is about."
            raise StoreError(
                "E704", "the token is busy: this very thread renews it", hint=hint
            ).noted()
        self._lock.acquire()
        self._owner = me
        return copy.copy(self._failure) if self._failed_at >= came_at else None

    def leave(self) -> None:
        self._owner = 0
        self._lock.release()

    def failed(self, error: FlowrunError) -> None:
        """Whoever waits is to know, and need not try the same."""
        self._failure, self._failed_at = copy.copy(error), self._now()

    @property
    def rests(self) -> bool:
        """Whether a refresh has just been tried in vain."""
        return self._now() < self._rests_until

    def rest(self) -> None:
        self._rests_until = self._now() + REST_S

    def replaced(self, token: str) -> None:
        """*token* came into the place of one that an API had refused."""
        self._replacement, self._replaced_at = token, self._now()

    def is_replacement(self, token: str) -> bool:
        """Whether *token* is a new one, which was asked for because another was refused."""
        return token == self._replacement and self._now() < self._replaced_at + NEW_S


_TURNS: dict[Hashable, Turn] = {}


def turn_of(place: Hashable) -> Turn:
    """The turn of everybody who wants the token at *place*."""
    return _TURNS.setdefault(place, Turn())


os.register_at_fork(after_in_child=_TURNS.clear)  # whoever held one is not in the child
