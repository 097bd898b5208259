"""A person is asked once for each grant and reason, by each way, whoever asks and how often."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from ..secret import JSON
from ..stores.interface import Store
from .outlook import Reason
from .ways import Notice, Way

KIND = "asked"
"""What a note is called on a record's shelf."""

CLAIM_S = 30.0
"""How long somebody who is asking keeps others from it: longer than a notification may take."""

BUSY_S = 0.5
"""How long the note waits for a record that somebody else has; then it is tried again."""


class Ask(NamedTuple):
    """What a person is asked for."""

    name: str
    grant: str
    reason: Reason

    @property
    def key(self) -> str:
        return f"{self.grant} {self.reason.key}"

    def document(self) -> dict[str, JSON]:
        code, message, hint, _ = self.reason
        return {"name": self.name, "code": code, "message": message, "hint": hint}


def notice_of(asks: Sequence[Ask]) -> Notice:
    names = list(dict.fromkeys(ask.name for ask in asks))
    title = names[0] if len(names) == 1 else f"{len(names)} records"
    needs = "needs" if len(names) == 1 else "need"
    lines = [f"{ask.name}: {ask.reason}. {ask.reason.hint}".rstrip(". ") for ask in asks]
    return Notice(f"{title} {needs} a person", "\n".join(lines), tuple(a.document() for a in asks))


Claim = Literal["ours", "theirs", "asked"]


def claim_of(note: JSON, now: float) -> Claim:
    """What *note* leaves to do: to ask, to wait for somebody who is asking, or nothing."""
    at = note.get("at") if isinstance(note, dict) else None
    if not isinstance(note, dict) or not isinstance(at, int | float):
        return "ours"
    if note.get("state") == "asked":
        return "asked"
    return "theirs" if 0 <= now - at < CLAIM_S else "ours"


class Notes:
    """What is written on the shelves of records, so that it outlasts whoever asks."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store, self._now = store, now

    def claim(self, way: Way, ask: Ask) -> Claim:
        """Whose it is to ask; when it is ours, nobody else does for a while."""
        with self._store.locked(ask.name, deadline_s=BUSY_S):
            shelf = self._store.shelf(ask.name, self._now)
            if (claim := claim_of(shelf.get(KIND, _key(way, ask)), self._now())) == "ours":
                shelf.put(KIND, _key(way, ask), {"state": "asking", "at": self._now()})
        return claim

    def asked(self, way: Way, ask: Ask) -> None:
        note: JSON = {"state": "asked", "at": self._now()}
        self._store.shelf(ask.name, self._now).put(KIND, _key(way, ask), note)

    def drop(self, way: Way, ask: Ask) -> None:
        self._store.shelf(ask.name, self._now).drop(KIND, _key(way, ask))

    def forget(self, name: str, still: Iterable[str]) -> None:
        """Keep only what was asked for a reason in *still*; the others are over."""
        shelf, kept = self._store.shelf(name, self._now), set(still)
        for key, _ in list(shelf.all(KIND)):
            if key.partition(" ")[2] not in kept:
                shelf.drop(KIND, key)


def _key(way: Way, ask: Ask) -> str:
    return f"{way.key} {ask.key}"
