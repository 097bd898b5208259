"""When whose turn is: laws of the timetable, which has no clock of its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flowrun.freshness import AHEAD_S, due_at, is_due
from flowrun.keep.kept import Kept, reasons, seen
from flowrun.keep.outlook import Outlook
from flowrun.keep.timetable import (
    CALM_S,
    LONGEST_PAUSE_S,
    SHORTEST_PAUSE_S,
    SPREAD_S,
    Pace,
    Server,
    pause_s,
    share_of,
    turn_of,
    wait_s,
    warn_at,
)
from flowrun.record import Record
from flowrun.secret import JSON

NOW = 1_800_000_000
DAY_S = 86_400
CHANCE = st.floats(0, 1, exclude_max=True)
FAILURES = st.integers(1, 10_000)
UPTIME = st.floats(0, 1e9)


def token(life_s: float, **meta: JSON) -> Record:
    fields: dict[str, JSON] = {"access_token": "fake-access", "expires_at": NOW + life_s}
    return Record(fields, {"issued_at": NOW, **meta})


@given(st.integers(1, 10 * DAY_S), st.integers(-AHEAD_S, 11 * DAY_S))
def test_a_turn_comes_when_the_token_is_due_and_not_before(life_s: int, at: int) -> None:
    record = token(life_s)
    turn = turn_of(record)

    assert turn is not None
    assert is_due(record.fields, record.meta, NOW + at) == (NOW + at >= turn)


@given(st.integers(1, 10 * DAY_S), st.integers(0, 20 * DAY_S))
def test_a_token_is_left_alone_for_a_part_of_its_life(life_s: int, early_s: int) -> None:
    turn = turn_of(token(life_s, refresh_before=early_s))

    assert turn is not None
    assert turn > NOW
    assert turn == max(NOW + life_s - early_s, turn if early_s >= life_s else 0)


def test_a_recipe_that_wants_it_too_early_gets_half_of_a_life() -> None:
    assert turn_of(token(600, refresh_before=3600)) == NOW + 300


@given(st.integers(-DAY_S, 0))
def test_a_token_without_a_life_is_due_at_once(life_s: int) -> None:
    record = token(life_s)

    assert turn_of(record) == due_at(record.fields, record.meta)


def test_nobody_knows_the_turn_of_a_token_without_an_end() -> None:
    assert turn_of(Record({"access_token": "fake-access"}, {})) is None


def test_a_token_that_a_server_has_refused_has_its_turn_at_once() -> None:
    assert turn_of(token(3600, rejected=True)) == 0


@given(FAILURES, CHANCE)
def test_a_pause_is_within_its_bounds(failures: int, chance: float) -> None:
    assert SHORTEST_PAUSE_S <= pause_s(failures, chance) <= LONGEST_PAUSE_S


@given(FAILURES, CHANCE)
def test_a_pause_is_not_shorter_after_one_failure_more(failures: int, chance: float) -> None:
    assert pause_s(failures, chance) <= pause_s(failures + 1, chance)


@given(UPTIME, CHANCE, FAILURES)
def test_the_last_try_is_made_in_calm(uptime: float, chance: float, failures: int) -> None:
    pace = Pace(failures).failed(uptime, chance, calm=True)

    assert uptime + CALM_S <= pace.until <= uptime + LONGEST_PAUSE_S


@given(UPTIME, CHANCE, st.floats(0.1, 1e4))
def test_a_period_of_grace_is_used(uptime: float, chance: float, within_s: float) -> None:
    assert Pace().failed(uptime, chance, within_s=within_s).until <= uptime + within_s


@given(UPTIME, CHANCE, UPTIME)
def test_a_server_that_is_back_brings_the_next_try_near(
    until: float, chance: float, uptime: float
) -> None:
    assert Pace(3, until).sooner(uptime, chance).until <= uptime + SPREAD_S


@given(st.lists(st.booleans(), max_size=30), CHANCE, st.integers(1, 100))
def test_a_server_never_has_more_than_its_share(
    silences: list[bool], chance: float, jobs: int
) -> None:
    server, uptime, share = Server(), 0.0, share_of(jobs)
    for silent in silences:
        while server.has_room(uptime, share):
            server = server.begun()
            assert server.busy <= share
        uptime = max(uptime, server.until)
        if server.busy:
            server = server.kept_silent(uptime, chance) if silent else server.answered()
        assert server.busy >= 0

    assert share == 1 or share < jobs  # one dead server leaves a thread for the others


def test_a_silent_server_is_asked_by_one_at_a_time() -> None:
    silent = Server(2).kept_silent(100, 0.5).kept_silent(100, 0.5)

    assert not silent.has_room(100, 4)
    assert silent.has_room(silent.until, 4)
    assert not silent.begun().has_room(silent.until, 4)
    assert silent.begun().answered().has_room(silent.until, 4)


@given(st.floats(0, 1e10), st.floats(0, 1e10), UPTIME, UPTIME)
def test_a_wait_is_never_negative(turn_at: float, now: float, until: float, uptime: float) -> None:
    found = wait_s(turn_at, Pace(1, until), now=now, uptime=uptime)

    assert found is not None
    assert found >= 0
    assert (found == 0) == (turn_at <= now and until <= uptime)


@given(st.integers(0, 400 * DAY_S), st.integers(0, 30 * DAY_S))
def test_nobody_is_warned_in_the_first_half(life_s: int, warn_s: int) -> None:
    at = warn_at(NOW + life_s, NOW, warn_s)

    assert at >= NOW + life_s / 2
    assert at >= NOW + life_s - warn_s


# what a record is kept as


GRANT = Outlook(
    grant="g", version=1, turn_at=NOW + 3600, since=NOW, issued_at=NOW, ends_at=NOW + 30 * DAY_S
)


def said(kept: Kept, at: float) -> list[str]:
    return [reason.message for reason in reasons(kept, at, 3 * DAY_S)]


def test_an_end_is_believed_once_a_refresh_has_left_it() -> None:
    kept, soon = Kept(GRANT), NOW + 29 * DAY_S
    assert said(kept, soon) == []

    next_one = GRANT._replace(version=2, issued_at=NOW + DAY_S)
    moved = seen(kept, next_one._replace(ends_at=NOW + 31 * DAY_S))
    stayed = seen(kept, next_one._replace(turn_at=soon + 3600))

    assert said(moved, soon) == []
    assert said(stayed, soon)[0].startswith("the refresh token ends at ")
    assert said(stayed, NOW + 3600) == []


@given(st.integers(10, DAY_S), st.integers(-2, 2))
def test_an_end_that_slides_is_never_told_and_a_fixed_one_is_one_reason(
    pause_s: int, jitter_s: int
) -> None:
    later = GRANT._replace(version=2, issued_at=NOW + pause_s, ends_at=NOW + 3600 + pause_s)
    kept = Kept(GRANT._replace(ends_at=NOW + 3600))

    assert reasons(seen(kept, later), NOW + 3600 - 60, 3 * DAY_S) == []

    told = [
        reasons(seen(kept, later._replace(ends_at=NOW + 3600 + moved)), NOW + 3600, 3 * DAY_S)
        for moved in (0, jitter_s)
    ]
    assert len({reason.key for each in told for reason in each}) == 1
    assert all(told)


def test_an_end_before_the_next_refresh_is_believed_at_once() -> None:
    kept = Kept(GRANT._replace(turn_at=NOW + 60 * DAY_S))

    assert said(kept, NOW + 29 * DAY_S)[0].startswith("the refresh token ends at ")


def test_an_end_that_is_over_is_the_same_reason() -> None:
    kept = Kept(GRANT._replace(refreshed=False))
    before, after = (reasons(kept, NOW + days * DAY_S, 3 * DAY_S)[0] for days in (29, 31))

    assert before.message.startswith("the token ends at ")
    assert after.message.startswith("the token has ended at ")
    assert before.key == after.key


def test_another_grant_begins_anew() -> None:
    kept = Kept(GRANT, Pace(7, 1e9), fixed=True)

    assert seen(kept, GRANT._replace(grant="h")) == Kept(GRANT._replace(grant="h"))
    assert seen(kept, GRANT) == kept
    assert seen(kept, GRANT._replace(version=2)).pace == Pace()  # somebody else has done it
