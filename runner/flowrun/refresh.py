"""Redeem a refresh token once, and lose nothing whatever stops in between (docs/promises.md)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .errors import FlowError, FlowrunError, Outcome, ProviderError, StoreError, TransportError
from .message import Request, Response
from .record import Record, refuse_released
from .secret import JSON
from .services import Http
from .stores.interface import Attempt, Redemption, Store, redemption

OUTCOME_UNKNOWN = "refresh outcome unknown"
TROUBLES = ("last_error", "needs_person")


class Policy(NamedTuple):
    """What a provider does with a refresh token that was used."""

    rotates: bool
    grace_s: float  # for so long the old one still works


Redeem = Callable[[Record, str, Callable[[Http], Http]], Record]
"""Runs a recipe's refresh section for a token, with its `Http` wrapped; the first request that
`redeems` is the one that is journaled."""


def refresh(
    store: Store,
    name: str,
    *,
    due: Callable[[Record], Sequence[str]],
    redeem: Redeem,
    policy: Callable[[str], Policy],
    deadline_s: float = 30,
    now: Callable[[], float],
) -> Record:
    """
    Settle what an interrupted refresh left, then refresh the tokens that are *due*, one by one.

    A token is called by its name; "" is the record's own.
    """
    with store.locked(name, deadline_s=deadline_s):
        attempt = store.attempt(name)
        token = attempt.token if attempt else ""
        record, settled = _Refresh(store, name, token, redeem, policy(token), now).settle(attempt)
        if settled.version == record.version:
            for token in due(settled):
                settled = _Refresh(store, name, token, redeem, policy(token), now).run(settled)
        return settled


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
        if not redeems or self.attempt is not None:
            self._passed = self.attempt is not None
            return self._http.send(request, redeems=redeems)
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

    store: Store
    name: str
    token: str
    redeem: Redeem
    policy: Policy
    now: Callable[[], float]

    def settle(self, attempt: Attempt | None) -> tuple[Record, Record]:
        """The record as it was stored, and as it is once *attempt* is settled."""
        record = self._stored()
        return record, record if attempt is None else self._recover(record, attempt)

    def run(self, record: Record) -> Record:
        refuse_released(self.name, record, self.token)
        if reason := record.named(self.token).needs_person:
            raise self._needs_person(reason)

        def begin() -> Attempt:
            return self.store.begin(self.name, record, self.token, at=self.now())

        return self._redeem(record, Journal(begin))

    def _recover(self, record: Record, attempt: Attempt) -> Record:
        torn, applied = not attempt.id, attempt.id == record.attempt
        if torn or applied or record.named(self.token).needs_person:  # (a), (b), or judged
            attempt.discard()
            return record
        if attempt.of != self._of(record):
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
            new = self.redeem(record, self.token, journal.wrap)
        except FlowrunError as error:
            return self._judge(record, journal, error)
        attempt = journal.attempt
        part = carry_over(record.named(self.token), new.named(self.token))
        if attempt and journal.replay:
            part = part.earlier(max(0, self.now() - attempt.at))  # it was reckoned from now
        by = attempt.id if attempt else record.attempt
        settled = {key: part.meta[key] for key in part.meta if key not in TROUBLES}
        new = new.with_named(self.token, part._replace(meta=settled)).knowing(
            grant=record.grant, version=record.version + 1, attempt=by
        )
        if not self._swap(record, new):
            return self._set_aside(attempt)
        if attempt:
            attempt.discard()
        return new

    def _judge(self, record: Record, journal: Journal, error: FlowrunError) -> Record:
        attempt, verdict = journal.attempt, journal.verdict(error)
        if attempt and verdict == "unknown" and journal.replay and attempt.state == "unknown":
            return self._try_again(record, attempt)  # a mended recipe finds nothing in it either
        if attempt and verdict and verdict != "held" and attempt.state == "probed":
            raise self._given_up(record, attempt) from None
        self._note(record, error, **({"needs_person": str(error)} if verdict == "ended" else {}))
        if attempt and verdict == "unknown":
            attempt.mark("unknown")
        elif attempt and verdict == "unspent":
            attempt.undo()
        elif attempt and verdict == "ended":
            attempt.discard()
        raise error  # what is held stays in the journal, to be judged again

    def _given_up(self, record: Record, attempt: Attempt) -> ProviderError:
        error = self._needs_person(OUTCOME_UNKNOWN)
        self.store.keep_orphan(self.name)  # once it is noted, the journal counts as settled
        self._note(record, error, needs_person=OUTCOME_UNKNOWN)
        attempt.discard()
        return error

    def _needs_person(self, reason: str) -> ProviderError:
        code = "E510" if reason == OUTCOME_UNKNOWN else "E501"
        hint = "Run its flow again and consent; the tokens that were there are kept until then."
        what = f"{self.name}, token {self.token}," if self.token else self.name
        message = f"{what} needs a person: {reason}"
        return ProviderError(code, message, hint=hint, outcome="ended")

    def _note(self, record: Record, error: FlowrunError, **meta: JSON) -> None:
        last: JSON = {"code": error.code, "message": str(error), "at": int(self.now())}
        part = record.named(self.token).knowing(last_error=last, **meta)
        self._swap(record, record.with_named(self.token, part))

    def _set_aside(self, attempt: Attempt | None) -> Record:
        """The answer is for a record that is gone: keep both, it and what is there now."""
        if attempt:
            self.store.keep_orphan(self.name)
            attempt.discard()
        return self._stored()

    def _swap(self, old: Record, new: Record) -> bool:
        """Write *new* unless somebody put another record in the place of *old*."""
        return self.store.swap(self.name, old, new, self.token)

    def _of(self, record: Record) -> Redemption:
        return redemption(self.name, record, self.token)

    def _stored(self) -> Record:
        record = self.store.read(self.name)
        if record is None:
            hint = "Run its flow first, or say with --tokens where the records are."
            raise StoreError("E705", f"there is no record {self.name}", hint=hint)
        return record
