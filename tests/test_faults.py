"""
A refresh under every fault that can be made, some of each: `benchmarks/promises.py` has them all.

Which ones of many are tried is another choice each time; a failure names its place.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from faults import clocks, disks, refusals, suite, tracing
from faults.spread import Crew, crew, with_age
from faults.suite import Every
from servers.rig import unavailable


@pytest.fixture(scope="module")
def plain() -> Iterator[Crew]:
    with crew() as started:
        yield started


def some(step: int) -> Every:
    """Every *step*-th place, from one that chance chooses."""
    return Every(step, random.randrange(step))


def needs(why_not: str) -> None:
    if why_not:
        unavailable(why_not)


@pytest.mark.parametrize(
    ("mode", "before"),
    [
        ("strict", "nothing"),
        ("grace", "nothing"),
        ("lasting", "nothing"),
        ("strict", "unsent"),
        ("strict", "unanswered"),
        ("strict", "unjudged"),
    ],
)
def test_a_refresh_that_is_killed_at_a_system_call_is_settled_by_the_next_one(
    plain: Crew, mode: str, before: str
) -> None:
    needs(tracing.why_not())
    row = suite.killed(plain, mode, before, some(24))

    assert row.wrong == ()
    assert row.trials > 5
    assert mode == "strict" or row.lost == 0


def test_a_refresh_is_forced_to_the_disk_five_times(plain: Crew) -> None:
    needs(tracing.why_not())

    assert suite.forced(plain) == 5


def test_a_refresh_of_an_encrypted_record_that_is_killed_is_settled_too() -> None:
    needs(tracing.why_not())
    with crew(with_age()) as encrypted:
        row = suite.killed(encrypted, every=some(40))

    assert row.wrong == ()


def test_whoever_is_suspended_keeps_the_others_waiting_and_ends_well(plain: Crew) -> None:
    needs(tracing.why_not())
    row = suite.suspended(plain, some(24))

    assert row.wrong == ()
    assert row.found["busy"] > 3


def test_a_call_that_the_system_refuses_loses_nothing(plain: Crew) -> None:
    needs(refusals.why_not())
    row = suite.refused(plain, random.sample(refusals.ERRORS, 1))

    assert (row.wrong, row.lost) == ((), 0)
    assert row.trials > 20


def test_a_full_disk_loses_nothing() -> None:
    needs(disks.why_not())
    row = suite.small_disk(some(9))

    assert (row.wrong, row.lost) == ((), 0)


def test_nothing_is_sent_where_nothing_can_be_written() -> None:
    needs(disks.why_not())
    row = suite.unwritable()

    assert row.wrong == ()
    assert row.found == {"E701": 2}


@pytest.mark.parametrize("way", ["unread", "fin", "rst", "late"])
def test_a_connection_that_breaks_at_a_byte_has_one_more_try(plain: Crew, way: str) -> None:
    row = suite.cut(plain, way, some(24))

    assert row.wrong == ()
    assert row.trials > 5
    assert way != "unread" or row.lost == 0


def test_many_at_once_redeem_once(plain: Crew) -> None:
    processes, threads = suite.crowded(plain, processes=8, threads=8)

    assert (processes.wrong, threads.wrong) == ((), ())


@pytest.mark.parametrize("shift", clocks.SHIFTS)
def test_a_clock_that_is_moved_loses_nothing_and_is_told(plain: Crew, shift: str) -> None:
    needs(clocks.why_not())
    row = suite.clock_moved(plain, [shift])

    assert row.wrong == ()
    assert row.found["told"] > 2
