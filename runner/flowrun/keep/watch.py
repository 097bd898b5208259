"""All records that are kept, and what of them is told and asked when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..errors import FlowrunError
from ..facts import when
from .asker import Asker
from .asking import Ask
from .kept import Kept, reasons, seen
from .outlook import Outlook, reason_of
from .voice import Voice

MISSING = "there is no such record yet; it is kept once there is"


class Watch:
    """The records by their names; only the thread that decides may touch them."""

    def __init__(
        self,
        names: Callable[[], Sequence[str]],
        look: Callable[[str], Outlook | None],
        asker: Asker,
        voice: Voice,
        *,
        now: Callable[[], float],
        warn_s: float,
    ) -> None:
        self._names, self._look, self._asker, self._voice = names, look, asker, voice
        self._now, self._warn_s = now, warn_s
        self._kept, self._missing = dict[str, Kept](), set[str]()
        self._begun = False

    def __getitem__(self, name: str) -> Kept:
        return self._kept[name]

    def __setitem__(self, name: str, kept: Kept) -> None:
        self._kept[name] = kept

    def __contains__(self, name: str) -> bool:
        return name in self._kept

    def items(self) -> Iterator[tuple[str, Kept]]:
        return iter(list(self._kept.items()))

    def values(self) -> Iterator[Kept]:
        return iter(self._kept.values())

    def busy(self) -> list[str]:
        """The records that are being refreshed."""
        return [name for name, kept in self._kept.items() if kept.busy]

    def look_around(self) -> None:
        """See which records there are, and how each of them is."""
        try:
            names = self._names()
        except FlowrunError as error:  # such as a folder that others may read
            return self._voice.trouble("unreadable", "", reason_of(error, str))
        for name in [each for each in self._kept if each not in names]:
            self._drop(name)
        for name in names:
            if name not in self._kept or not self._kept[name].busy:
                self.look_at(name)
        self._begun = True

    def look_at(self, name: str, then: Callable[[Kept], Kept] = lambda kept: kept) -> None:
        """See how the record *name* is now; *then* adds what is known of it besides."""
        before = self._kept.get(name)
        try:
            outlook = self._look(name)
        except FlowrunError as error:
            known = before or Kept()
            broken = known.outlook._replace(turn_at=None, reason=reason_of(error, str))
            return self._see(name, then(known._replace(outlook=broken)))
        if outlook is not None:
            self._missing.discard(name)
            self._see(name, then(seen(before, outlook)))
        elif before is not None:
            self._drop(name)
        elif name not in self._missing:
            self._missing.add(name)
            self._voice.say("missing", MISSING, name=name)

    def is_well(self, name: str) -> None:
        """The record was refreshed, so most of what a person was asked for is over."""
        self._asker.is_well(name, [ask.key for ask in self._asks(name)])

    def summary(self) -> str:
        """How things are, in a line."""
        count = len(self._kept)
        turns = [(kept.outlook.turn_at or 0, name) for name, kept in self._kept.items()]
        at, name = min((turn for turn in turns if turn[0]), default=(0, ""))
        needy = sum(1 for name in self._kept if self._asks(name))
        parts = [f"keeping {count} record{'' if count == 1 else 's'}"]
        parts += [f"the next is {name} at {when(int(at))}"] if name else []
        parts += [f"{needy} need{'s' if needy == 1 else ''} a person"] if needy else []
        return "; ".join(parts)

    def _see(self, name: str, kept: Kept) -> None:
        before, self._kept[name] = self._kept.get(name), kept
        idle = kept.outlook.idle
        if before is None and self._begun:
            self._voice.say("kept", "is kept from now on", name=name)
        if idle and (before is None or before.outlook.idle != idle):
            self._voice.say("idle", f"is left alone: {idle}", name=name)
        self._asker.want(name, self._asks(name))

    def _asks(self, name: str) -> list[Ask]:
        kept = self._kept[name]
        return [
            Ask(name, kept.outlook.grant, reason)
            for reason in reasons(kept, self._now(), self._warn_s)
        ]

    def _drop(self, name: str) -> None:
        del self._kept[name]
        self._asker.want(name, [])
        self._voice.say("dropped", "is not there any more", name=name)
