"""Kill a refresh at a system call, let another process settle it, and judge what is left."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Container
from typing import NamedTuple

from faults.rotating import Seen
from faults.scene import NAME, Ended, Scene, apart, silence
from faults.tracing import Stop, tracing
from flowrun.errors import StoreError
from flowrun.message import Response
from flowrun.refresh import OUTCOME_UNKNOWN

GONE = "E510"


class Where(NamedTuple):
    """A stop by its number, in the thread that refreshes or in the one that keeps the time."""

    number: int
    main: bool = True


class Kill(NamedTuple):
    """What one kill has left, and what the next process made of it."""

    stop: Stop | None  # None: the refresh had ended before
    case: str  # what was found, by the letters of docs/promises.md
    committed: bool  # when it was found, the provider had redeemed the token
    end: Ended
    seen: Seen
    wrong: tuple[str, ...]  # promises that were broken

    @property
    def lost(self) -> bool:
        """A person is needed."""
        return self.end.code == GONE

    @property
    def needless(self) -> bool:
        """A person is needed, though nobody has redeemed the token."""
        return self.lost and not self.seen.committed_ns


# What may have been interrupted before: how often the token may then be sent in all.


def nothing(_: Scene) -> int:
    """A refresh begins; one probe may follow it."""
    return 2


def unsent(scene: Scene) -> int:
    """Case d: the request has not arrived."""
    _begun(scene)
    return 1


def unanswered(scene: Scene) -> int:
    """Case d: the request was carried out, and its answer is lost."""
    _begun(scene)
    scene.provider.redeem(f"{scene.family}.0")
    return 2


def unjudged(scene: Scene) -> int:
    """Case c: the answer is in the journal."""
    keep = _begun(scene)
    body = scene.provider.redeem(f"{scene.family}.0")
    keep(Response(200, {"content-type": "application/json"}, body))
    return 1


def _begun(scene: Scene) -> Callable[[Response], None]:
    store = scene.session.store
    with store.locked(NAME):
        return store.begin(NAME, scene.record(), at=time.time()).keep


def kill(scene: Scene, where: Where, before: Callable[[Scene], int] = nothing) -> Kill:
    """Kill a refresh of *scene*, where that had been done *before*, at that stop."""
    most = before(scene)
    stop = killed(scene.renew, where)
    committed = len(scene.seen().committed_ns) > 0
    case, wrong = found(scene)
    end = apart(scene.renew)
    seen, last = scene.seen(), apart(scene.renew)
    wrong += _judged(scene, end, seen)
    rotates = not scene.family.startswith(("grace", "lasting"))
    wrong += [f"the first token was sent {len(seen.redeemed)} times"] * (
        rotates and len(seen.redeemed) > most
    )
    wrong += [f"then it ended with {last}"] * (
        (last.token, last.code == "") != (end.token, end.code == "")
    )
    wrong += ["one more request was sent"] * (scene.seen() != seen)
    in_window = before is unanswered or (case == "d" and (committed or before is unsent))
    wrong += ["lost outside of the window"] * (end.code == GONE and not (in_window and rotates))
    return Kill(stop, case, committed, end, seen, tuple(wrong))


def killed(renew: Callable[[], object], where: Where) -> Stop | None:
    """Run *renew* in a process and kill it there; None when it has ended before."""
    with tracing(_quietly(renew)) as traced:
        for stop in traced:
            if (stop.number, stop.main) == where:
                traced.kill()
                return stop
    return None


def stops(renew: Callable[[], object]) -> list[Where]:
    """All stops of *renew* when nobody kills it."""
    with tracing(_quietly(renew)) as traced:
        return [Where(stop.number, stop.main) for stop in traced]


def calls(renew: Callable[[], object], names: Container[str]) -> int:
    """How many of these system calls *renew* makes."""
    with tracing(_quietly(renew)) as traced:
        return sum(stop.entered and stop.call in names for stop in traced)


def _quietly(renew: Callable[[], object]) -> Callable[[], None]:
    def act() -> None:
        silence()
        renew()

    return act


def found(scene: Scene) -> tuple[str, list[str]]:
    """The case that a crash has left, and what is broken already."""
    try:
        record, attempt = scene.record(), scene.attempt()
    except StoreError as error:
        return "?", [f"the record or the journal is torn: {error}"]
    known = {scene.access(0), scene.access(scene.seen().newest)}
    wrong = ["a token came from nowhere"] * (record.access_token not in known)
    if attempt is None:
        return ("none" if record.version == 1 else "done"), wrong
    if not attempt.id:
        return "a", wrong
    if attempt.id == record.attempt:
        return "b", wrong
    return ("c" if attempt.whole else "d"), wrong


def _judged(scene: Scene, end: Ended, seen: Seen) -> list[str]:
    record, sends = scene.record(), Counter(seen.redeemed)
    wrong = [f"litter: {scene.litter()}"] * bool(scene.litter())
    wrong += ["a later token was sent"] * (len(sends) > 1)
    if end.code == GONE:
        kept = (record.access_token, record.needs_person) == (scene.access(0), OUTCOME_UNKNOWN)
        return wrong + ["the record does not say what is lost"] * (not kept)
    newest = scene.access(seen.newest)
    wrong += [f"it ended with {end}"] * (end.token != newest)
    wrong += ["the record has another token"] * (record.access_token != newest)
    wrong += ["the family has ended"] * seen.ended
    return wrong
