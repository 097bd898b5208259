"""
What a store of records does, whatever it is made of.

Files keep this promise today; a database can. Three rules hold for each:

* What `write` and `swap` have been given is read by everybody, whole, once they return, and is
  still there after a crash; until then everybody reads what was there before.
* Whatever changes a record is called inside `locked`, by one thread of one process at a time.
  Where a lock can be lost, as a lease can, it decides who waits and no more: that a token is
  redeemed once is the work of `begin`, which succeeds once for each version.
* What is beside a record (what was typed, registered clients, answers) is as secret as it is.

In a database a record is a row, and `swap` an update where grant and version are still those.
`begin` inserts a row whose key is record, token and version, and that key is what keeps a second
one out; `keep` seals the answer, and where the database has gone away puts it on the local disk,
from where `attempt` takes it. `again` is an update where nobody has probed yet. No transaction is
open while a request is on its way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from flowrun.message import Response
from flowrun.record import Record
from flowrun.secret import JSON
from flowrun.services import Shelf

Redemption = tuple[JSON, ...]


def redemption(name: str, record: Record, token: str = "") -> Redemption:
    """What must not have changed for an answer to belong to the *token* of *record*."""
    redeemed = record.named(token).refresh_token or ""
    digest = hashlib.sha256(redeemed.encode("utf-8", "surrogatepass")).hexdigest()
    return (name, record.grant, record.version, token, digest)


class Attempt(Protocol):
    """
    One try to redeem a refresh token, as it was when it was read; a method changes what is stored.

    It lasts from before the request leaves until its answer is settled (docs/promises.md).
    """

    @property
    def id(self) -> str:
        """Random; "" when it was not written whole, so that nothing was sent."""
        ...

    @property
    def state(self) -> str:
        """`sent`, `unknown`, or `probed`: after that one nothing is sent again."""
        ...

    @property
    def of(self) -> Redemption:
        """What is redeemed, see `redemption`."""
        ...

    @property
    def at(self) -> float:
        """When the first try was made, in seconds since 1970."""
        ...

    @property
    def token(self) -> str:
        """The name of the token that is redeemed; "" is the record's own."""
        ...

    @property
    def answer(self) -> Response | None:
        """What has come back, None when nothing was kept."""
        ...

    @property
    def whole(self) -> bool:
        """Whether all of the answer was kept."""
        ...

    def mark(self, state: str) -> None:
        """Store another state."""
        ...

    def again(self, state: str) -> Attempt:
        """Forget the answer, since one more request is sent; *state* lasts before it is."""
        ...

    def keep(self, answer: Response, *, whole: bool = True) -> None:
        """Store *answer*, or what has come of it or finds room, before it is judged."""
        ...

    def undo(self) -> None:
        """The request used nothing up; what became of one before it is as unknown as ever."""
        ...

    def discard(self) -> None:
        """It is settled."""
        ...


class Store(Protocol):
    """
    Records by their names, and what is beside them.

    Every method may raise `StoreError`, and those that take a name `FlowError` (E220) for one
    that no record can have.
    """

    @property
    def where(self) -> str:
        """Where all of it is, for people."""
        ...

    @property
    def folder(self) -> Path:
        """Where files are that go with records, such as those of `save.also`."""
        ...

    def place(self, name: str) -> str:
        """Where the record *name* is, or would be; what `flowrun run` prints."""
        ...

    def kept_as(self, name: str) -> str | None:
        """How the record *name* is kept, as --store calls it; None when there is none."""
        ...

    def names(self) -> list[str]:
        """The names of all records, sorted."""
        ...

    def read(self, name: str) -> Record | None:
        """The record, None only when there is none; whatever else is wrong raises."""
        ...

    def carried(self, name: str) -> bytes | None:
        """What makes the record again on another machine: its file, sealed if that is."""
        ...

    def write(self, name: str, record: Record) -> None:
        """Replace the record whole, or make it; inside `locked`."""
        ...

    def swap(self, name: str, old: Record, new: Record, token: str = "") -> bool:
        """
        Write *new* if what is stored is still *old*, as far as *token* goes; else return False.

        That is the case when `redemption` says the same of both. Inside `locked`, which does not
        keep out who takes no lock, such as a person with an editor.
        """
        ...

    def beside(self, name: str) -> Mapping[str, bytes]:
        """What lies beside the record and goes with it, opened, by what it is; for `adopt`."""
        ...

    def adopt(self, name: str, record: Record, beside: Mapping[str, bytes]) -> None:
        """
        Take over *record*, and what lay *beside* it, as this store keeps new ones.

        Inside `locked`. A crash leaves the record where, or as, it was, or as it shall be.
        """
        ...

    def delete(self, name: str) -> None:
        """Remove the record and all that is beside it; inside `locked`."""
        ...

    def kept(self, name: str) -> Sequence[object]:
        """What there is of *name*: its record, and what is beside it, half written or whole."""
        ...

    def locked(self, name: str, *, deadline_s: float = 30) -> AbstractContextManager[None]:
        """Nobody else changes *name* in here; raises `StoreError` (E704) after *deadline_s*."""
        ...

    def probe(self, *names: str) -> None:
        """Prove that records can be written, and *names* used, before a person is asked."""
        ...

    def pending(self, name: str) -> bool:
        """Whether a refresh is not settled; opens nothing secret."""
        ...

    def attempt(self, name: str) -> Attempt | None:
        """What an interrupted refresh left."""
        ...

    def begin(self, name: str, record: Record, token: str = "", *, at: float) -> Attempt:
        """
        The attempt to redeem *token* of *record*, lasting and with room for its answer.

        Raises before anything is sent when there is one, or when an answer could not be kept.
        """
        ...

    def keep_orphan(self, name: str) -> None:
        """Keep the attempt's answer, if it may hold a token, where nothing overwrites it."""
        ...

    def orphans(self) -> Mapping[str, Sequence[str]]:
        """Where the answers are that belong to no record any more, by the names of theirs."""
        ...

    def typed(self, name: str) -> dict[str, JSON]:
        """What a person typed for this record."""
        ...

    def keep_typed(self, name: str, document: dict[str, JSON]) -> None:
        """Keep what a person typed; inside `locked`."""
        ...

    def shelf(self, name: str, now: Callable[[], float]) -> Shelf:
        """What was learned from servers, as *name* sees it; *now* in seconds since 1970."""
        ...
