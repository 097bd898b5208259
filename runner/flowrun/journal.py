"""Stand before an `Http`: what redeems is on the disk before it leaves, and its answer after."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from .errors import FlowError, FlowrunError, Outcome, ProviderError, StoreError, TransportError
from .message import Request, Response
from .services import Http
from .stores.interface import Attempt


class Overheard:
    """Remembers the last answer."""

    answer: Response | None = None

    def __init__(self, http: Http) -> None:
        self._http = http

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        self.answer = None
        self.answer = self._http.send(request, redeems=redeems)
        return self.answer


class Journal(Overheard):
    """The first request that redeems begins the attempt; its answer may be a *replay*."""

    def __init__(self, begin: Callable[[], Attempt], replay: Response | None = None) -> None:
        self._begin, self.replay = begin, replay
        self.attempt: Attempt | None = None
        self._passed = False  # a request followed the answer, which had been found good then

    def wrap(self, http: Http) -> Http:
        super().__init__(http)
        return self

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        if not redeems or self.attempt is not None:
            self._passed = self.attempt is not None
            return super().send(request, redeems=redeems)
        self.attempt = self._begin()
        if self.replay:
            self.answer = self.replay
            return self.replay
        return self._sent(request, self.attempt)

    def _sent(self, request: Request, attempt: Attempt) -> Response:
        try:
            answer = super().send(request, redeems=True)
        except FlowError:
            self._undo(attempt)
            raise
        except TransportError as error:
            if not error.sent:
                self._undo(attempt)
            elif error.partial:
                self._keep(attempt, error.partial, whole=False)
            raise
        self._keep(attempt, answer, whole=True)
        return answer

    def _undo(self, attempt: Attempt) -> None:
        attempt.undo()
        self.attempt = None

    def _keep(self, attempt: Attempt, answer: Response, *, whole: bool) -> None:
        with contextlib.suppress(StoreError):  # a disk that fails now must not cost the answer
            attempt.keep(answer, whole=whole)

    def verdict(self, error: FlowrunError) -> Outcome | None:
        """What *error* says about the redemption, None when it is about something else."""
        if self.attempt is None or self._passed:
            return None
        if isinstance(error, ProviderError):
            return error.outcome
        return "unknown" if isinstance(error, TransportError) else None
