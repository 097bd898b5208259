"""`flowrun.token`: what a program gets, what is sent for it, and what it is told."""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest

import flowrun
from flowrun.programs.aside import aside
from flowrun.programs.turns import Turn
from servers.guarded import REFRESH, Guarded, secret_of
from servers.member import (
    change,
    known,
    let_it_end,
    log_in,
    make_it_due,
    membership,
    record_of,
    set_back_the_attempt,
)


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    with membership(tmp_path, monkeypatch) as server:
        yield server


def test_a_token_that_lives_is_read_and_nothing_is_sent(guarded: Guarded) -> None:
    assert flowrun.token("acme") == guarded.issued[0]
    assert guarded.redeemed == []


def test_a_token_that_is_due_is_refreshed_first(guarded: Guarded) -> None:
    make_it_due()
    token = flowrun.token("acme")

    assert token == guarded.issued[2] == record_of()["access_token"]
    assert guarded.redeemed == [guarded.issued[1]]


@pytest.mark.usefixtures("guarded")
def test_the_folder_may_be_named_or_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = flowrun.token("acme")
    monkeypatch.chdir("/")

    assert flowrun.token("acme", tokens=tmp_path / "tokens") == here
    monkeypatch.setenv("FLOWRUN_TOKENS", str(tmp_path / "tokens"))
    assert flowrun.token("acme") == here


def test_a_token_can_be_asked_to_live_longer(guarded: Guarded) -> None:
    assert flowrun.token("acme", min_ttl=3000) == guarded.issued[0]
    assert flowrun.token("acme", min_ttl=7200) == guarded.issued[2]


def test_a_token_that_never_lives_that_long_is_not_refreshed_again_and_again(
    guarded: Guarded,
) -> None:
    tokens = {flowrun.token("acme", min_ttl=7200) for _ in range(5)}

    assert tokens == {guarded.issued[2]}
    assert len(guarded.redeemed) == 1


def test_a_token_beside_the_records_own_is_had_by_its_name(guarded: Guarded) -> None:
    change(flowrun={**known(), "tokens": {"write": {"access_token": "fake-write-token"}}})

    assert flowrun.token("acme", named="write") == "fake-write-token"
    with pytest.raises(flowrun.StoreError, match="no token called 'wrte'") as caught:
        flowrun.token("acme", named="wrte")
    assert "Did you mean 'write'" in caught.value.__notes__[0]
    assert guarded.redeemed == []


def test_a_flows_file_may_be_named(guarded: Guarded) -> None:
    assert flowrun.token("./acme.yaml") == guarded.issued[0]


# What it is told


def test_a_record_that_is_not_there_is_told_with_what_to_do(guarded: Guarded) -> None:
    with pytest.raises(flowrun.StoreError, match="no record 'acne'") as caught:
        flowrun.token("acne")

    assert caught.value.code == "E705"
    assert caught.value.__notes__ == [
        "E705: Records in tokens: acme. A flow file makes one: flowrun FLOW"
    ]


def test_a_provider_that_is_down_costs_no_token_that_lives(
    guarded: Guarded, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "flowrun")
    guarded.answers_token = lambda: (503, {}, {})
    make_it_due()

    assert [flowrun.token("acme") for _ in range(3)] == [guarded.issued[0]] * 3
    assert guarded.redeemed == []
    warned = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert len(warned) == 1
    assert "answered 503" in warned[0].getMessage()
    assert "the token still lives" in caplog.text


def test_a_provider_that_is_down_is_told_once_the_token_has_ended(guarded: Guarded) -> None:
    guarded.answers_token = lambda: (503, {}, {})
    let_it_end()
    with pytest.raises(flowrun.ProviderError, match="answered 503"):
        flowrun.token("acme")


def test_an_unclear_refresh_is_left_alone_for_a_while(guarded: Guarded) -> None:
    guarded.answers_token = lambda: (503, {}, {})
    let_it_end()
    told = []
    for _ in range(3):
        with pytest.raises(flowrun.ProviderError) as caught:
            flowrun.token("acme")
        told.append(caught.value.code)
    guarded.answers_token = lambda: None
    set_back_the_attempt(121)

    assert told == ["E504", "E510", "E510"]
    assert flowrun.token("acme") == guarded.issued[2]
    assert len(guarded.redeemed) == 1


@pytest.mark.parametrize("line", ["rotates: false", "grace: 10m"])
def test_an_unclear_refresh_is_tried_at_once_where_that_spends_nothing(
    guarded: Guarded, line: str
) -> None:
    log_in(guarded, more=REFRESH.replace("dpop: {dpop}", f"dpop: {{dpop}}\n      {line}"))
    guarded.answers_token = lambda: (503, {}, {})
    let_it_end()
    with pytest.raises(flowrun.ProviderError):
        flowrun.token("acme")
    guarded.answers_token = lambda: None

    assert flowrun.token("acme") == guarded.issued[2]


def test_a_grant_that_is_over_needs_a_person_the_first_time_too(guarded: Guarded) -> None:
    guarded.answers_token = lambda: (400, {"error": "invalid_grant"}, {})
    let_it_end()
    told = []
    for _ in range(2):
        with pytest.raises(flowrun.PersonNeeded) as caught:
            flowrun.token("acme")
        told.append((caught.value.code, str(caught.value)))

    assert told[0] == told[1]
    assert told[0][0] == "E802"
    assert "acme needs a person: " in told[0][1]
    assert "invalid_grant" in told[0][1]


def test_a_secret_is_taken_from_the_variable_of_this_record_alone(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    (name,) = secret_of()
    monkeypatch.setenv("FLOWRUN_CLIENT_SECRET", os.environ[name])
    monkeypatch.delenv(name)
    let_it_end()
    with pytest.raises(flowrun.PersonNeeded, match="client_secret") as caught:
        flowrun.token("acme")

    assert caught.value.code == "E801"
    assert name in caught.value.__notes__[0]
    assert guarded.redeemed == []


def test_nothing_is_printed(guarded: Guarded, capfd: pytest.CaptureFixture[str]) -> None:
    guarded.answers_token = lambda: (503, {}, {})
    make_it_due()
    capfd.readouterr()
    flowrun.token("acme")
    guarded.answers_token = lambda: None
    set_back_the_attempt(121)
    let_it_end()
    flowrun.token("acme")

    assert len(guarded.redeemed) == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "error",
    [
        flowrun.StoreError("E705", "there is no record 'x'", hint="Look."),
        flowrun.TransportError("E601", "nobody is there", sent=False),
        flowrun.ProviderError("E501", "refused", outcome="ended"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_reaches_another_process_whole(error: flowrun.FlowrunError) -> None:
    copied = pickle.loads(pickle.dumps(error))

    assert type(copied) is type(error)
    assert (str(copied), copied.problems, vars(copied)) == (
        str(error),
        error.problems,
        vars(error),
    )


# Threads and processes


def test_many_threads_refresh_once(guarded: Guarded) -> None:
    let_it_end()
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: flowrun.token("acme"), range(512)))

    assert tokens == {guarded.issued[2]}
    assert len(guarded.redeemed) == 1


def of_one(_: int) -> list[str]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda _: flowrun.token("acme"), range(32)))


@pytest.mark.parametrize("how", ["spawn", "forkserver"])
def test_many_processes_refresh_once(guarded: Guarded, how: str) -> None:
    let_it_end()
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context(how)) as pool:
        tokens = {token for each in pool.map(of_one, range(4)) for token in each}

    assert tokens == {guarded.issued[2]}
    assert len(guarded.redeemed) == 1


FORKED = """
import os, threading, flowrun
from flowrun.programs.access import Access
from flowrun.programs.turns import turn_of
taken, done = threading.Event(), threading.Event()
turn = turn_of(Access("acme").place)
turn.take()  # as if a thread refreshed just now
child = os.fork()
if child == 0:
    os._exit(0 if flowrun.token("acme").startswith("fake-access") else 1)
turn.leave()
assert os.waitpid(child, 0)[1] == 0
print(flowrun.token("acme"))
"""


def test_a_child_does_not_wait_for_a_thread_that_is_not_in_it(guarded: Guarded) -> None:
    let_it_end()
    done = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [guarded.issued[2]]
    assert len(guarded.redeemed) == 1


def test_those_who_wait_share_what_went_wrong() -> None:
    moment, came, told = itertools.count(), threading.Event(), list[object]()

    def now() -> float:
        if threading.current_thread() is waiting:
            came.set()
        return next(moment)

    turn = Turn(now)

    def wait() -> None:
        told.append(turn.take())
        turn.leave()

    waiting = threading.Thread(target=wait)
    assert turn.take() is None
    waiting.start()
    came.wait(10)
    turn.failed(flowrun.TransportError("E602", "nobody answers", sent=False))
    turn.leave()
    waiting.join()
    later = turn.take()

    assert [str(each) for each in told] == ["nobody answers"]
    assert later is None


class Shipper(logging.Handler):
    """Sends what is logged away with a token, as a program may."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        with pytest.raises(flowrun.StoreError) as caught:
            flowrun.token("acme")
        self.told.append(caught.value.code)


def test_a_log_that_needs_the_token_does_not_wait_for_itself(guarded: Guarded) -> None:
    shipper, log = Shipper(), logging.getLogger("flowrun")
    log.addHandler(shipper)
    guarded.answers_token = lambda: (503, {}, {})
    make_it_due()
    try:
        assert flowrun.token("acme") == guarded.issued[0]
    finally:
        log.removeHandler(shipper)

    assert shipper.told == ["E704"]


def test_a_turn_shows_nothing() -> None:
    turn = Turn()
    turn.replaced("fake-access-token")

    assert "fake" not in repr(turn)


LOADED = """
import sys
import __future__, _json, errno, os, time
before = set(sys.modules)
import flowrun
at_once = set(sys.modules) - before
flowrun.token("acme")
print(*sorted(at_once))
print(*sorted(each for each in sys.modules if each.startswith("flowrun")))
"""


@pytest.mark.usefixtures("guarded")
def test_hardly_anything_is_imported_for_a_token_that_lives() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    at_once, for_a_token = (line.split() for line in done.stdout.splitlines())

    assert at_once == ["flowrun"]
    assert for_a_token == [
        "flowrun",
        "flowrun.freshness",
        "flowrun.programs",
        "flowrun.programs.access",
        "flowrun.programs.turns",
        "flowrun.quick",
        "flowrun.stores",
        "flowrun.stores.private",
    ]


def test_what_the_package_offers_is_what_it_says() -> None:
    assert sorted(flowrun.__all__) == flowrun.__all__
    assert set(flowrun.__all__) <= set(dir(flowrun))
    assert all(hasattr(flowrun, name) for name in flowrun.__all__)
    unknown = "tokens"
    with pytest.raises(AttributeError, match="no attribute 'tokens'"):
        getattr(flowrun, unknown)


@pytest.mark.parametrize(("name", "min_ttl"), [("acme", "3h"), (None, None)])
def test_a_mistake_of_types_is_told_at_once(name: Any, min_ttl: Any) -> None:
    with pytest.raises(TypeError):
        flowrun.token(name, min_ttl=min_ttl)


def test_cancelled_tasks_leave_one_thread_behind(tmp_path: Path) -> None:
    ends, begun = threading.Event(), list[int]()

    def work() -> None:
        begun.append(1)
        ends.wait(60)

    async def many() -> None:
        for _ in range(5):
            with anyio.move_on_after(0.05):
                await aside(tmp_path, work)
        ends.set()

    anyio.run(many)

    assert begun == [1]
