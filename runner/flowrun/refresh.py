"""
Redeem a refresh token once, and lose nothing whatever stops in between (docs/promises.md).

An attempt lies beside the record from before its request leaves until its answer is settled. What
whoever locks the record next finds of it, and does:

       state            answer          so                      then
    -  none             -               nothing was sent, or    -
                                        all is done
    a  torn             -               nothing was sent        removed
    b  the record       any             it was applied          removed
       names it
    c  sent, unknown,   whole           it was not judged, or   judged; nothing is sent
       probed                           not believed
    d  sent, unknown    none, or part   nobody knows            `unknown` and sent again in the
                                                                grace; else `probed`, sent once
    d  probed           none, or part   nobody ever will        the record needs a person

It is `sent` when it begins, `unknown` when what came back says nothing, or when a further request
has used nothing up, and `probed` before the last request leaves. A provider that does not rotate
has no case d: its attempt is removed, and another begins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .errors import FlowrunError, ProviderError, StoreError
from .journal import Journal
from .message import Response
from .oauth.waiting import left_s, retry_at
from .record import Record, refuse_released
from .secret import JSON
from .services import Http
from .stores.interface import Attempt, Redemption, Store, redemption

OUTCOME_UNKNOWN = "refresh outcome unknown"
TOO_MANY = 429
"""Says for certain that the request was not looked at (RFC 6585 section 4)."""

TROUBLES = ("last_error", "needs_person", "rejected", "retry_at")
"""What a record knows of failures; a success forgets them."""


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
    before: Callable[[Record], None] | None = None,
) -> Record:
    """
    Settle what an interrupted refresh left, then refresh the tokens that are *due*, one by one.

    A token is called by its name; "" is the record's own. When there is something to do, *before*
    sees the record first, in the lock; what it raises ends it while nothing is sent.
    """
    with store.locked(name, deadline_s=deadline_s):
        attempt = store.attempt(name)
        token = attempt.token if attempt else ""
        refreshing = _Refresh(store, name, token, redeem, policy(token), now)
        record = refreshing.stored()
        if before and (attempt or due(record)):
            before(record)
        settled = refreshing.settle(record, attempt)
        for token in due(settled):
            settled = _Refresh(store, name, token, redeem, policy(token), now).run(settled)
        return settled


def carry_over(old: Record, new: Record) -> Record:
    """*new*, with the refresh token of *old* if the provider sent none: then that one lives on."""
    kept = {} if new.refresh_token else {"refresh_token": old.refresh_token}
    return new._replace(fields={**new.fields, **kept}) if old.refresh_token else new


def require_patience(name: str, token: str, record: Record, now: float) -> None:
    """Raise while the provider wants no request for *token*; nothing was sent then."""
    at = record.named(token).retry_at
    if at is None or not left_s(at, now=now):
        return
    until = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(at))
    message = f"{_what(name, token)} is not refreshed before {until}: the provider asked to wait"
    hint = "Nothing was sent. Try again then; a token that still lives is good until it ends."
    raise ProviderError("E532", message, hint=hint, outcome="unspent")


def noted(
    part: Record, error: FlowrunError, answer: Response | None, *, at: float, **meta: JSON
) -> Record:
    """*part*, knowing what went wrong, and until when the last *answer* asks to be left alone."""
    last: JSON = {"code": error.code, "message": str(error), "at": int(at)}
    wait = retry_at(answer, now=at)
    known = {key: part.meta[key] for key in part.meta if key != "retry_at"}
    more: dict[str, JSON] = {} if wait is None else {"retry_at": wait}
    return part._replace(meta={**known, "last_error": last, **more, **meta})


def _what(name: str, token: str) -> str:
    return f"{name}, token {token}," if token else name


class _Refresh(NamedTuple):
    """One refresh, by somebody who holds the lock."""

    store: Store
    name: str
    token: str
    redeem: Redeem
    policy: Policy
    now: Callable[[], float]

    def settle(self, record: Record, attempt: Attempt | None) -> Record:
        """The *record* that is stored, as it is once *attempt* is settled."""
        return record if attempt is None else self._recover(record, attempt)

    def run(self, record: Record) -> Record:
        refuse_released(self.name, record, self.token)
        if reason := record.named(self.token).needs_person:
            raise self._needs_person(reason)
        self._require_patience(record)

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
        if self.policy.rotates and attempt.state == "probed":
            raise self._given_up(record, attempt)
        self.store.keep_orphan(self.name)
        if not self.policy.rotates:
            attempt.discard()
            return record
        self._require_patience(record)
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
        turned_away = journal.answer is not None and journal.answer.status == TOO_MANY
        last_word = verdict in ("ended", "unknown") or (verdict == "unspent" and not turned_away)
        if attempt and last_word and attempt.state == "probed":
            raise self._given_up(record, attempt) from None
        over: dict[str, JSON] = {"needs_person": str(error)} if verdict == "ended" else {}
        self._note(record, error, journal.answer, **over)
        if attempt and verdict == "unknown":
            attempt.mark("unknown")
        elif attempt and verdict == "unspent":
            attempt.undo()
        elif attempt and verdict == "ended":
            attempt.discard()
        raise error  # what is held stays in the journal, to be judged again

    def _given_up(self, record: Record, attempt: Attempt) -> ProviderError:
        self.store.keep_orphan(self.name)  # once it is noted, the journal counts as settled
        kept = self.store.orphans().get(self.name, ())
        where = f" What came of an answer is in {', '.join(kept)}." if kept else ""
        error = self._needs_person(OUTCOME_UNKNOWN, where)
        self._note(record, error, None, needs_person=OUTCOME_UNKNOWN)
        attempt.discard()
        return error

    def _needs_person(self, reason: str, more: str = "") -> ProviderError:
        code = "E510" if reason == OUTCOME_UNKNOWN else "E501"
        hint = "Run its flow again and consent; the tokens that were there are kept until then."
        message = f"{_what(self.name, self.token)} needs a person: {reason}"
        return ProviderError(code, message, hint=hint + more, outcome="ended")

    def _note(
        self, record: Record, error: FlowrunError, answer: Response | None, **meta: JSON
    ) -> None:
        part = noted(record.named(self.token), error, answer, at=self.now(), **meta)
        self._swap(record, record.with_named(self.token, part))

    def _require_patience(self, record: Record) -> None:
        require_patience(self.name, self.token, record, self.now())

    def _set_aside(self, attempt: Attempt | None) -> Record:
        """The answer is for a record that is gone: keep both, it and what is there now."""
        if attempt:
            self.store.keep_orphan(self.name)
            attempt.discard()
        return self.stored()

    def _swap(self, old: Record, new: Record) -> bool:
        """Write *new* unless somebody put another record in the place of *old*."""
        return self.store.swap(self.name, old, new, self.token)

    def _of(self, record: Record) -> Redemption:
        return redemption(self.name, record, self.token)

    def stored(self) -> Record:
        record = self.store.read(self.name)
        if record is None:
            hint = "Run its flow first, or say with --tokens where the records are."
            raise StoreError("E705", f"there is no record {self.name}", hint=hint)
        return record
