"""
Each kind of fault as often as it can happen, or every so-many-th time, and what came of it.

A row says what was done how often, what was found and what was lost; `wrong` lists the promises
that were broken, each with where. *step* and *begin* choose every *step*-th place from *begin* on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from faults import clocks, crowds, cuts, disks, kills, refusals, suspensions
from faults.kills import Where, nothing, unanswered, unjudged, unsent
from faults.scene import Stage
from faults.spread import Crew

BEFORE = {each.__name__: each for each in (nothing, unsent, unanswered, unjudged)}


class Row(NamedTuple):
    trials: int
    found: dict[str, int]
    lost: int = 0
    needless: int = 0  # of those lost: nobody had redeemed the token
    where: tuple[str, ...] = ()  # the calls before or after which something was lost
    wrong: tuple[str, ...] = ()


class Every(NamedTuple):
    step: int = 1
    begin: int = 0

    def of(self, places: Sequence[Where]) -> list[Where]:
        return list(places)[self.begin % self.step :: self.step]

    def numbers(self, end: int) -> range:
        return range(self.begin % self.step, end, self.step)


ALL = Every()


def killed(crew: Crew, mode: str = "strict", before: str = "nothing", every: Every = ALL) -> Row:
    """Killed before and after each system call, in a scene where something was done *before*."""
    places = crew.spread(_stops, [(mode, before)])[0]
    chosen = every.of(places)
    done = crew.spread(_killed, [(mode, before, where) for where in chosen])
    lost = [kill for kill in done if kill.lost]
    return Row(
        len(done),
        dict(Counter(kill.case for kill in done)),
        len(lost),
        sum(kill.needless for kill in done),
        _in_order(kill.stop.call for kill in lost if kill.stop and kill.stop.main),
        _wrong(
            (f"{place} {kill.stop}", kill.wrong) for place, kill in zip(chosen, done, strict=True)
        ),
    )


def _stops(stage: Stage, item: tuple[str, str]) -> list[Where]:
    mode, before = item
    scene = stage.scene(mode)
    BEFORE[before](scene)
    return kills.stops(scene.renew)


def _killed(stage: Stage, item: tuple[str, str, Where]) -> kills.Kill:
    mode, before, where = item
    return kills.kill(stage.scene(mode), where, BEFORE[before])


def forced(crew: Crew) -> int:
    """How often a refresh waits until something is on the disk."""
    return crew.spread(_forced, [None])[0]


def _forced(stage: Stage, _: None) -> int:
    return kills.calls(stage.scene().renew, ("fsync", "fdatasync"))


def suspended(crew: Crew, every: Every = ALL) -> Row:
    """Suspended before and after each system call, while another process comes by."""
    places = [each for each in crew.spread(_stops, [("strict", "nothing")])[0] if each.main]
    chosen = every.of(places)
    done = crew.spread(_suspended, chosen)
    found = Counter("busy" if each.busy else "free" for each in done)
    wrong = _wrong((f"{at} {each.stop}", each.wrong) for at, each in zip(chosen, done, strict=True))
    return Row(len(done), dict(found), wrong=wrong)


def _suspended(stage: Stage, where: Where) -> suspensions.Suspension:
    return suspensions.suspend(stage.scene(), where)


def cut(crew: Crew, way: str, every: Every = ALL) -> Row:
    """The connection broken at each byte of the request, or of the answer."""
    request, answer = crew.spread(_sizes, [None])[0]
    chosen = every.numbers(request if way == "unread" else answer)
    done = crew.spread(_cut, [(way, number) for number in chosen])
    wrong = _wrong((f"{way} {at}", each.wrong) for at, each in zip(chosen, done, strict=True))
    found = Counter(
        "kept for a person" if each.kept else "nothing kept" for each in done if each.lost
    )
    return Row(len(done), dict(found), sum(each.lost for each in done), wrong=wrong)


def _sizes(stage: Stage, _: None) -> tuple[int, int]:
    stage.scene().renew()
    return stage.provider.sizes()


def _cut(stage: Stage, item: tuple[str, int]) -> cuts.Cut:
    return cuts.cut(stage.scene(), *item)


def refused(crew: Crew, errors: Sequence[str] = refusals.ERRORS) -> Row:
    """Each call that asks something of the disk, refused with each of *errors*."""
    kinds = [(call, error) for call in refusals.CALLS for error in errors]
    done = [each for found in crew.spread(_refused, kinds) for each in found]
    found = Counter(each.first.code or "it went well" for _, each in done)
    wrong = _wrong((at, each.wrong) for at, each in done)
    return Row(
        len(done), dict(found), sum(map(refusals.lost, (each for _, each in done))), wrong=wrong
    )


def _refused(stage: Stage, item: tuple[str, str]) -> list[tuple[str, refusals.Refused]]:
    call, error = item
    done: list[tuple[str, refusals.Refused]] = []
    while each := refusals.refuse(stage.scene(), call, error, len(done) + 1):
        done.append((f"{call} {len(done) + 1} {error}", each))
    return done


def small_disk(every: Every = ALL) -> Row:
    """A disk with room for so many KiB beside the record, a page more each time."""
    done = [(f"{room} KiB", disks.tried("full", str(room))) for room in _rooms(every)]
    return _on_disks(done)


def _rooms(every: Every) -> list[int]:
    return [number * disks.PAGE_KIB for number in every.numbers(disks.MOST_PAGES)]


def unwritable() -> Row:
    """A folder that may not be written, and a disk that is mounted read-only."""
    return _on_disks([(way, disks.tried(way)) for way in ("refused", "read-only")])


def _on_disks(done: Sequence[tuple[str, disks.Tried]]) -> Row:
    found = Counter(each.code or "it went well" for _, each in done)
    return Row(len(done), dict(found), wrong=_wrong((at, each.wrong) for at, each in done))


def crowded(crew: Crew, *, processes: int, threads: int) -> tuple[Row, Row]:
    """So many processes, and so many threads, at once on one record."""
    return (
        _crowd(crew.spread(_processes, [processes])[0]),
        _crowd(crew.spread(_threads, [threads])[0]),
    )


def _processes(stage: Stage, number: int) -> crowds.Crowd:
    return crowds.processes(stage.scene(), number)


def _threads(stage: Stage, number: int) -> crowds.Crowd:
    return crowds.threads(stage.scene(), number)


def _crowd(crowd: crowds.Crowd) -> Row:
    wrong = [f"tokens were sent {crowd.sends} times"] * (crowd.sends != 1)
    wrong += [f"they got {sorted(set(crowd.got))}"] * (set(crowd.got) != {crowd.newest})
    return Row(len(crowd.got), {"redemptions": crowd.sends}, wrong=tuple(wrong))


def clock_moved(crew: Crew, shifts: Iterable[str] = clocks.SHIFTS) -> Row:
    """The clock moved under a record that is due, fresh, or whose refresh was interrupted."""
    items = [(state, shift) for state in clocks.STATES for shift in shifts]
    done = crew.spread(_moved, items)
    wrong = _wrong((f"{at}", each.wrong) for at, each in zip(items, done, strict=True))
    return Row(len(done), {"told": sum(each.told for each in done)}, wrong=wrong)


def _moved(stage: Stage, item: tuple[str, str]) -> clocks.Moved:
    state, shift = item
    mode, before = clocks.STATES[state]
    scene = stage.scene(mode)
    before(scene)
    return clocks.move(scene, clocks.SHIFTS[shift])


def _wrong(judged: Iterable[tuple[str, Iterable[str]]]) -> tuple[str, ...]:
    return tuple(f"{at}: {what}" for at, wrongs in judged for what in wrongs)


def _in_order(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
