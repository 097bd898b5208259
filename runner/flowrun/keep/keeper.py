"""The loop: it looks at the records, lets those refresh whose turn has come, and sleeps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..facts import when
from .asker import Asker
from .inbox import Inbox
from .kept import Kept
from .supervisor import Supervisor
from .timetable import Clocks, Pace, Server, share_of, wait_s
from .trial import Outcome
from .voice import Voice
from .watch import Watch

LOOK_EVERY_S = 60.0
LONGEST_NAP_S = 15.0
"""The clock is read so often: it may be set, and a machine may sleep."""

STEP_S = 5.0
"""The clock was moved when it and the time that has passed differ by more."""

LEAVE_S = 45.0
"""How long what is on its way may take when we are told to end; a request has 40 s."""


class Keeper:
    """Keeps records fresh until it is told to stop; *jobs* of them at once."""

    def __init__(
        self,
        watch: Watch,
        attempt: Callable[[str], Outcome],
        inbox: Inbox,
        asker: Asker,
        voice: Voice,
        supervisor: Supervisor,
        clocks: Clocks,
        *,
        jobs: int,
    ) -> None:
        self._watch, self._attempt, self._inbox = watch, attempt, inbox
        self._asker, self._voice, self._supervisor = asker, voice, supervisor
        self._clocks, self._jobs = clocks, jobs
        self._servers = dict[str, Server]()
        self._looked_at, self._offset = float("-inf"), clocks.now() - clocks.uptime()
        self._stops = 0

    def stop(self) -> None:
        """Begin nothing more, and end when what is on its way is done; the second time, at once."""
        self._stops += 1

    def hurry(self) -> None:
        """Look at everything now, and try again what waits after a failure."""
        self._looked_at = float("-inf")
        self._servers = {key: Server(each.busy) for key, each in self._servers.items()}
        for name, kept in self._watch.items():
            self._watch[name] = kept._replace(pace=Pace())

    def run(self) -> None:
        """Go on until `stop`, which a signal's handler puts into the inbox."""
        self._look()
        self._voice.say("started", self._watch.summary())
        self._supervisor.tell(READY="1", STATUS=self._watch.summary())
        while not self._stops:
            self._begin()
            self._asker.ring()
            self._inbox.rest(self._nap_s())
            self._mind_the_clock()
            if self._clocks.uptime() - self._looked_at >= LOOK_EVERY_S:
                self._look()
            self._supervisor.tell(WATCHDOG="1", STATUS=self._watch.summary())
        self._leave()

    def _look(self) -> None:
        self._looked_at = self._clocks.uptime()
        self._watch.look_around()
        used = {kept.outlook.server for _, kept in self._watch.items()}
        self._servers = {k: each for k, each in self._servers.items() if k in used or each.busy}

    def _mind_the_clock(self) -> None:
        offset = self._clocks.now() - self._clocks.uptime()
        if abs(moved_s := offset - self._offset) > STEP_S:
            text = f"the clock has moved by {moved_s:.0f} s, or the machine has slept"
            self._voice.say("clock", text, moved_s=round(moved_s))
            self._looked_at = float("-inf")
        self._offset = offset

    def _leave(self) -> None:
        self._supervisor.tell(STOPPING="1")
        end = self._clocks.uptime() + LEAVE_S
        while self._stops < 2 and (self._watch.busy() or self._asker.busy):
            if (left_s := end - self._clocks.uptime()) <= 0:
                break
            self._inbox.rest(left_s)
        for name in self._watch.busy():
            self._voice.say("left", "its refresh is on its way; the next run settles it", name=name)
        self._voice.say("stopped", "stopped")

    def _nap_s(self) -> float:
        """How long there is nothing to do, unless something comes in."""
        uptime, naps = self._clocks.uptime(), [LONGEST_NAP_S]
        naps.append(self._looked_at + LOOK_EVERY_S - uptime)
        naps += [self._supervisor.watchdog_s / 2] if self._supervisor.watchdog_s else []
        naps += [asks_s] if (asks_s := self._asker.wait_s()) is not None else []
        for kept in self._watch.values():
            waits_s = None if kept.busy else self._wait_s(kept)
            if waits_s == 0:  # it has found no room: a server's pause ends, or a thread does
                waits_s = self._server(kept).until - uptime
                waits_s = waits_s if waits_s > 0 else None
            naps += [] if waits_s is None else [waits_s]
        return min(naps)

    def _wait_s(self, kept: Kept) -> float | None:
        now, uptime = self._clocks.now(), self._clocks.uptime()
        return wait_s(kept.turn_at, kept.pace, now=now, uptime=uptime)

    def _is_restless(self, name: str, outcome: Outcome) -> bool:
        kept = self._watch[name]
        return kept.outlook.restless if outcome.refreshed else self._wait_s(kept) == 0

    def _server(self, kept: Kept) -> Server:
        return self._servers.get(kept.outlook.server, Server())

    def _begin(self) -> None:
        """Let those go whose turn has come, the most urgent first, as far as there is room."""
        ready = [
            (kept.turn_at or 0, name)
            for name, kept in self._watch.items()
            if not kept.busy and self._wait_s(kept) == 0
        ]
        room = self._jobs - len(self._watch.busy()) if ready else 0
        for _, name in sorted(ready):
            kept, server = self._watch[name], self._server(self._watch[name])
            if room and server.has_room(self._clocks.uptime(), share_of(self._jobs)):
                room -= 1
                self._servers[kept.outlook.server] = server.begun()
                self._watch[name] = kept._replace(busy=True)
                then = partial(self._ended, name, kept.outlook.server)
                self._inbox.apart(partial(self._attempt, name), then)

    def _ended(self, name: str, server: str, outcome: Outcome) -> None:
        for line in outcome.said:
            self._voice.say("talk", line, name=name)
        self._judge(server, outcome)
        if name not in self._watch:  # forgotten meanwhile
            return
        uptime, chance = self._clocks.uptime(), self._clocks.chance()
        before = self._watch[name]
        slower = before.pace.failed(uptime, chance, calm=outcome.calm, within_s=outcome.within_s)
        outcome = outcome._replace(asks=outcome.asks and slower.failures >= outcome.patience)
        self._watch.look_at(name, partial(_tried, outcome, slower if outcome.reason else Pace()))
        if name in self._watch:
            if before.unfinished and not outcome.unfinished:
                self._voice.say("in-step", "the files beside it are in step again", name=name)
                self._watch.is_well(name)
            self._heed(name, outcome)
            self._report(name, outcome, slower)

    def _heed(self, name: str, outcome: Outcome) -> None:
        """A server that has said when to come back is taken at its word."""
        kept = self._watch[name]
        if outcome.reason and (ahead_s := (kept.turn_at or 0) - self._clocks.now()) > 0:
            pace = kept.pace.at(self._clocks.uptime() + ahead_s, self._clocks.chance())
            self._watch[name] = kept._replace(pace=pace)

    def _report(self, name: str, outcome: Outcome, slower: Pace) -> None:
        if outcome.refreshed:
            self._watch.is_well(name)
            at = self._watch[name].outlook.expires_at
            until = f" until {when(int(at))}" if at else ""
            self._voice.say("refreshed", f"refreshed{until}", name=name, expires_at=at)
        if outcome.reason is None and self._is_restless(name, outcome):
            # A token that ends when it begins, or our clock is wrong: no storm comes of it.
            self._watch[name] = self._watch[name]._replace(pace=slower)
            self._voice.say("due", "is due again at once; is the clock right?", name=name)
        if outcome.reason and not outcome.asks:
            wait_s = self._wait_s(self._watch[name])
            more = "" if wait_s is None else f"tried again in {wait_s:.0f} s"
            self._voice.trouble("failed", name, outcome.reason, more)

    def _judge(self, where: str, outcome: Outcome) -> None:
        """What *outcome* says of the server that it was sent to."""
        server, uptime = self._servers.get(where, Server(1)), self._clocks.uptime()
        if outcome.silent:
            self._servers[where] = server.kept_silent(uptime, self._clocks.chance())
        elif outcome.answered:
            self._servers[where] = server.answered()
            for name, kept in self._watch.items() if server.silent else ():
                if kept.outlook.server == where and kept.pace.failures:
                    pace = kept.pace.sooner(uptime, self._clocks.chance())
                    self._watch[name] = kept._replace(pace=pace)
        else:
            self._servers[where] = server._replace(busy=server.busy - 1)


def _tried(outcome: Outcome, pace: Pace, kept: Kept) -> Kept:
    failed = outcome.reason if outcome.asks else None
    return kept._replace(busy=False, pace=pace, failed=failed, unfinished=outcome.unfinished)
