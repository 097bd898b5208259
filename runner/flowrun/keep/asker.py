"""Sees to it that a person hears of what only a person can mend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from ..errors import FlowrunError, StoreError
from .asking import CLAIM_S, Ask, Notes, notice_of
from .inbox import Inbox
from .outlook import Reason, bug_of, reason_of
from .timetable import Clocks, Pace
from .voice import Voice
from .ways import Notice, Way

LOCKED_OUT_S = 5.0
"""After so long the note is tried again on a record that somebody else had."""


class _Bell:
    """One way to a person: who waits to be told by it, and who was."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.waiting: dict[tuple[str, str], Ask] = {}
        self.done = set[tuple[str, str]]()
        self.busy, self.pace = False, Pace()

    def wants(self, ask: Ask) -> None:
        if (place := (ask.name, ask.key)) not in self.done:
            self.waiting.setdefault(place, ask)

    def keep_only(self, name: str, keys: set[str]) -> None:
        self.waiting = {p: a for p, a in self.waiting.items() if p[0] != name or p[1] in keys}
        self.done = {place for place in self.done if place[0] != name or place[1] in keys}

    def settle(self, asks: Iterable[Ask]) -> None:
        for ask in asks:
            self.waiting.pop((ask.name, ask.key), None)
            self.done.add((ask.name, ask.key))


class Asker:
    """Asks by each of *ways*; what waits at the same moment goes into one notice."""

    def __init__(
        self,
        ways: Sequence[Way],
        notes: Notes,
        inbox: Inbox,
        voice: Voice,
        clocks: Clocks,
    ) -> None:
        self._bells = [_Bell(way) for way in ways]
        self._notes, self._inbox, self._voice = notes, inbox, voice
        self._uptime, self._chance = clocks.uptime, clocks.chance
        self._wanted: dict[str, set[str]] = {}

    @property
    def busy(self) -> bool:
        return any(bell.busy for bell in self._bells)

    def want(self, name: str, asks: Sequence[Ask]) -> None:
        """*asks* is all that the record *name* needs a person for; what is not in it is over."""
        keys, before = {ask.key for ask in asks}, self._wanted.get(name, set())
        for ask in asks:
            if ask.key not in before:
                self._voice.trouble("person", name, ask.reason)
            for bell in self._bells:
                bell.wants(ask)
        if before - keys:
            self.is_well(name, keys)
        if keys:
            self._wanted[name] = keys
        else:
            self._wanted.pop(name, None)

    def is_well(self, name: str, still: Iterable[str] = ()) -> None:
        """Whatever was asked about *name* is over, but for *still*: the next time it is new."""
        keys = set(still)
        for bell in self._bells:
            bell.keep_only(name, keys)
        if self._bells:
            self._noted(partial(self._notes.forget, name, keys))

    def wait_s(self) -> float | None:
        """How long until somebody is to be asked."""
        idle = [bell for bell in self._bells if bell.waiting and not bell.busy]
        return min((max(0.0, b.pace.until - self._uptime()) for b in idle), default=None)

    def ring(self) -> None:
        """Begin to ask whom it is time to ask."""
        for bell in self._bells:
            if not bell.waiting or bell.busy or bell.pace.until > self._uptime():
                continue
            if asks := [ask for ask in list(bell.waiting.values()) if self._ours(bell, ask)]:
                bell.busy = True
                work = partial(_rung, bell.way, notice_of(asks))
                self._inbox.apart(work, partial(self._ended, bell, asks))

    def _ours(self, bell: _Bell, ask: Ask) -> bool:
        try:
            claim = self._notes.claim(bell.way, ask)
        except StoreError as error:
            if error.code != "E704":
                return True  # a store that cannot be written must not keep it from a person
            bell.pace = Pace(0, self._uptime() + LOCKED_OUT_S)
            return False
        if claim == "asked":
            bell.settle([ask])
        elif claim == "theirs":
            bell.pace = Pace(0, self._uptime() + CLAIM_S)
        return claim == "ours"

    def _ended(self, bell: _Bell, asks: Sequence[Ask], failed: Reason | None) -> None:
        bell.busy = False
        note = self._notes.drop if failed else self._notes.asked
        for ask in asks:
            self._noted(partial(note, bell.way, ask))
        names = ", ".join(dict.fromkeys(ask.name for ask in asks))
        if failed:
            bell.pace = bell.pace.failed(self._uptime(), self._chance())
            wait_s = bell.pace.until - self._uptime()
            more = f"{bell.way.name} is tried again in {wait_s:.0f} s"
            self._voice.trouble("not-asked", names, failed, more)
        else:
            bell.pace = Pace()
            bell.settle(asks)
            self._voice.say("asked", f"a person was asked ({bell.way.name})", name=names)

    def _noted(self, note: Callable[[], None]) -> None:
        try:
            note()
        except StoreError as error:
            self._voice.trouble("not-noted", "", reason_of(error, str))


def _rung(way: Way, notice: Notice) -> Reason | None:
    """Tell a person by *way*; why it is not sure that they were told, if it is not."""
    try:
        way.send(notice)
    except FlowrunError as error:
        return reason_of(error, str)
    except Exception as bug:  # this way is tried again; the others, and the records, go on
        return bug_of(bug)
    return None
