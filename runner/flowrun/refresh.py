"""Redeem a refresh token once, and lose nothing whatever stops in between (docs/promises.md)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import NamedTuple

from .errors import FlowError, FlowrunError, Outcome, ProviderError, StoreError, TransportError
from .message import Request, Response
from .record import Record
from .secret import JSON
from .services import Http
from .stores.attempt import Attempt, redemption
from .stores.files import FileStore

OUTCOME_UNKNOWN = "refresh outcome unknown"
TROUBLES = ("last_error", "needs_person")


class Policy(NamedTuple):
    """What a provider does with a refresh token that was used."""

    rotates: bool
    grace_s: float  # for so long the old one still works


Redeem = Callable[[Record, Callable[[Http], Http]], Record]
"""Runs a recipe's refresh section, with its `Http` wrapped; one request `redeems`."""


def refresh(
    store: FileStore,
    name: str,
    *,
    due: Callable[[Record], bool],
    redeem: Redeem,
    policy: Policy,
    deadline_s: float = 30,
    now: Callable[[], float],
) -> Record:
    """Settle what an interrupted refresh left, then refresh the record if it is *due*."""
    with store.locked(name, deadline_s=deadline_s):
        return _Refresh(store, name, redeem, policy, now).run(due)


def carry_over(old: Record, new: Record) -> Record:
    """*new*, with the refresh token of *old* if the provider sent none: then that one lives on."""
    kept = {} if new.refresh_token else {"refresh_token": old.refresh_token}
    return new._replace(fields={**new.fields, **kept}) if old.refresh_token else new


class Journal:
    """Stands before an `Http`: the request that redeems is on the disk before it leaves."""

    def __init__(self, begin: Callable[[], Attempt], replay: Response | None = None) -> None:
        self._begin, self.replay = begin, replay
        self.attempt: Attempt | None = None
        self._passed = False  # a request followed the answer, which had been found good then

    def wrap(self, http: Http) -> Http:
        self._http = http
        return self

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        if not redeems:
            self._passed = self.attempt is not None
            return self._http.send(request)
        if self.attempt is not None:
            raise FlowrunError("E300", "one refresh would redeem its token twice")
        self.attempt = self._begin()
        return self.replay or self._sent(request, self.attempt)

    def _sent(self, request: Request, attempt: Attempt) -> Response:
        try:
            answer = self._http.send(request, redeems=True)
        except (FlowError, TransportError) as error:
            if isinstance(error, FlowError) or not error.sent:
                attempt.undo()
                self.attempt = None
            raise
        with contextlib.suppress(StoreError):  # a disk that fails now must not cost the answer
            attempt.keep(answer)
        return answer

    def verdict(self, error: FlowrunError) -> Outcome | None:
        """What *error* says about the redemption, None when it is about something else."""
        if self.attempt is None or self._passed:
            return None
        if isinstance(error, ProviderError):
            return error.outcome
        return "unknown" if isinstance(error, TransportError) else None


class _Refresh(NamedTuple):
    """One refresh, by somebody who holds the lock."""

    store: FileStore
    name: str
    redeem: Redeem
    policy: Policy
    now: Callable[[], float]

    def run(self, due: Callable[[Record], bool]) -> Record:
        record, attempt = self._stored(), self.store.attempt(self.name)
        settled = record if attempt is None else self._recover(record, attempt)
        if settled.version != record.version or not due(settled):
            return settled
        if settled.needs_person:
            raise self._needs_person(settled.needs_person)
        return self._redeem(
            settled, Journal(lambda: self.store.begin(self.name, settled, at=self.now()))
        )

    def _recover(self, record: Record, attempt: Attempt) -> Record:
        torn, applied = not attempt.id, attempt.id == record.attempt
        if torn or applied or record.needs_person:  # (a), (b), or judged
            attempt.discard()
            return record
        if attempt.of != redemption(self.name, record):
            return self._set_aside(attempt)
        if attempt.whole:  # (c)
            return self._redeem(record, Journal(lambda: attempt, attempt.answer))
        return self._try_again(record, attempt)

    def _try_again(self, record: Record, attempt: Attempt) -> Record:
        """Case (d): nobody knows whether the token was redeemed."""
        if not self.policy.rotates:
            attempt.discard()
            return record
        if attempt.state == "probed":
            raise self._given_up(record, attempt)
        self.store.keep_orphan(self.name)
        graced = 0 <= self.now() - attempt.at < self.policy.grace_s  # since the first try
        state = "unknown" if graced else "probed"
        return self._redeem(record, Journal(lambda: attempt.again(state)))

    def _redeem(self, record: Record, journal: Journal) -> Record:
        try:
            new = carry_over(record, self.redeem(record, journal.wrap))
        except FlowrunError as error:
            return self._judge(record, journal, error)
        attempt = journal.attempt
        if attempt and journal.replay and new.expires_at:
            late_s = max(0, self.now() - attempt.at)  # it was reckoned from now
            new = new._replace(fields={**new.fields, "expires_at": int(new.expires_at - late_s)})
        by = attempt.id if attempt else record.attempt
        settled = {key: new.meta[key] for key in new.meta if key not in TROUBLES}
        new = new._replace(meta=settled).knowing(
            grant=record.grant, version=record.version + 1, attempt=by
        )
        if not self._replaced(record, new):
            return self._set_aside(attempt)
        if attempt:
            attempt.discard()
        return new

    def _judge(self, record: Record, journal: Journal, error: FlowrunError) -> Record:
        attempt, verdict = journal.attempt, journal.verdict(error)
        if attempt and verdict == "unknown" and journal.replay and attempt.state == "unknown":
            return self._try_again(record, attempt)  # a mended recipe finds nothing in it either
        if attempt and verdict and attempt.state == "probed":
            raise self._given_up(record, attempt) from None
        self._note(record, error, **({"needs_person": str(error)} if verdict == "ended" else {}))
        if attempt and verdict == "unknown":
            attempt.mark("unknown")
        elif attempt and verdict == "unspent":
            attempt.undo()
        elif attempt and verdict:
            attempt.discard()
        raise error

    def _given_up(self, record: Record, attempt: Attempt) -> ProviderError:
        error = self._needs_person(OUTCOME_UNKNOWN)
        self.store.keep_orphan(self.name)  # once it is noted, the journal counts as settled
        self._note(record, error, needs_person=OUTCOME_UNKNOWN)
        attempt.discard()
        return error

    def _needs_person(self, reason: str) -> ProviderError:
        code = "E510" if reason == OUTCOME_UNKNOWN else "E501"
        hint = "Run its flow again and consent; the tokens that were there are kept until then."
        message = f"{self.name} needs a person: {reason}"
        return ProviderError(code, message, hint=hint, outcome="ended")

    def _note(self, record: Record, error: FlowrunError, **meta: JSON) -> None:
        last: JSON = {"code": error.code, "message": str(error), "at": int(self.now())}
        self._replaced(record, record.knowing(last_error=last, **meta))

    def _set_aside(self, attempt: Attempt | None) -> Record:
        """The answer is for a record that is gone: keep both, it and what is there now."""
        if attempt:
            self.store.keep_orphan(self.name)
            attempt.discard()
        return self._stored()

    def _replaced(self, old: Record, new: Record) -> bool:
        """Write *new* unless somebody put another record in the place of *old*."""
        stored = self.store.read(self.name)
        same = stored and redemption(self.name, stored) == redemption(self.name, old)
        if same:
            self.store.write(self.name, new)
        return bool(same)

    def _stored(self) -> Record:
        record = self.store.read(self.name)
        if record is None:
            hint = "Run its flow first, or say with --tokens where the records are."
            raise StoreError("E705", f"there is no record {self.name}", hint=hint)
        return record
