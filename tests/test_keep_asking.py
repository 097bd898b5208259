"""Once for each grant and reason: notes that outlast whoever asks."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from flowrun.console import Console
from flowrun.errors import FlowError
from flowrun.keep.asker import Asker
from flowrun.keep.asking import CLAIM_S, Ask, Notes, claim_of, notice_of
from flowrun.keep.inbox import Inbox
from flowrun.keep.outlook import Reason
from flowrun.keep.timetable import Clocks
from flowrun.keep.voice import Voice
from flowrun.keep.ways import TIMEOUT_S, Notice, Way, way_of
from flowrun.record import Record
from flowrun.stores.files import FileStore

GONE = Reason("E501", "the grant is over", "Consent again: flowrun acme.yaml")
ACME = Ask("acme", "grant-1", GONE)


class World:
    """An asker with one way, and what has arrived by it."""

    def __init__(self, folder: Path, *, fails: int = 0) -> None:
        self.now, self.arrived, self.fails = time.time(), list[Notice](), fails
        self.inbox = Inbox()
        self.store = FileStore(folder)
        clocks = Clocks(lambda: self.now, lambda: self.now, lambda: 0.5)
        way = Way("a test", "test", self.send)
        voice = Voice(Console(), as_json=True)
        self.asker = Asker([way], Notes(self.store, lambda: self.now), self.inbox, voice, clocks)

    def send(self, notice: Notice) -> None:
        if self.fails:
            self.fails -= 1
            way_of("command:exit 1").send(notice)
        self.arrived.append(notice)

    def pass_by(self, seconds: float = 0) -> None:
        """Let so much time pass, and let those be asked whose time has come."""
        self.now += seconds
        self.asker.ring()
        while self.asker.busy:
            self.inbox.rest(60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tokens"
    record = Record({"access_token": "fake-access"}, {"grant": "grant-1"})
    for name in ("acme", "globex"):
        FileStore(folder).write(name, record)
    return folder


def test_a_person_is_asked_once(folder: Path) -> None:
    world = World(folder)

    for _ in range(3):
        world.asker.want("acme", [ACME])
        world.pass_by(3600)

    assert len(world.arrived) == 1


def test_whoever_comes_after_us_knows_it(folder: Path) -> None:
    before, after = World(folder), World(folder)
    for world in (before, after):
        world.asker.want("acme", [ACME])
        world.pass_by()

    assert (len(before.arrived), after.arrived) == (1, [])
    assert after.asker.wait_s() is None


def test_what_comes_up_together_is_one_message(folder: Path) -> None:
    world = World(folder)

    world.asker.want("acme", [ACME])
    world.asker.want("globex", [ACME._replace(name="globex")])
    world.pass_by()

    (notice,) = world.arrived
    assert notice.title == "2 records need a person"
    assert notice.text.splitlines()[1].startswith("globex: E501: the grant is over. Consent again")


@pytest.mark.parametrize(
    "other",
    [
        ACME._replace(grant="grant-2"),
        ACME._replace(reason=GONE._replace(code="E510")),
        ACME._replace(reason=GONE._replace(about="api")),
    ],
    ids=["grant", "code", "token"],
)
def test_another_grant_or_reason_asks_again(folder: Path, other: Ask) -> None:
    world = World(folder)
    world.asker.want("acme", [ACME])
    world.pass_by()

    world.asker.want("acme", [other])
    world.pass_by()

    assert len(world.arrived) == 2


def test_other_words_are_no_other_reason(folder: Path) -> None:
    world = World(folder)
    world.asker.want("acme", [ACME])
    world.pass_by()

    world.asker.want("acme", [ACME._replace(reason=GONE._replace(message="trace 4711: over"))])
    world.pass_by()

    assert len(world.arrived) == 1


def test_trouble_that_comes_back_is_news(folder: Path) -> None:
    world = World(folder)
    world.asker.want("acme", [ACME])
    world.pass_by()

    world.asker.want("acme", [])
    world.asker.want("acme", [ACME])
    world.pass_by()

    assert len(world.arrived) == 2


def test_a_failure_is_tried_again_later_and_later(folder: Path) -> None:
    world = World(folder, fails=3)
    world.asker.want("acme", [ACME])

    waits_s = list[float]()
    for _ in range(3):
        world.pass_by()
        waits_s.append(world.asker.wait_s() or 0)
        world.pass_by(waits_s[-1] - 1)  # a second too early
        world.now += 1
    world.pass_by()

    assert waits_s == [45, 75, 135]
    assert len(world.arrived) == 1


def test_a_claim_of_somebody_who_was_killed_ends(folder: Path) -> None:
    killed, world = World(folder), World(folder)
    assert Notes(killed.store, lambda: killed.now).claim(Way("a test", "test", print), ACME)

    world.asker.want("acme", [ACME])
    world.pass_by()
    assert world.arrived == []
    world.pass_by(CLAIM_S + 1)

    assert len(world.arrived) == 1
    assert CLAIM_S > TIMEOUT_S


def test_a_record_that_somebody_has_is_waited_for(folder: Path) -> None:
    world = World(folder)
    world.asker.want("acme", [ACME])

    with world.store.locked("acme"):
        world.pass_by()
    assert world.arrived == []
    world.pass_by(10)

    assert len(world.arrived) == 1


def test_a_store_that_cannot_be_written_does_not_keep_it_from_a_person(folder: Path) -> None:
    world = World(folder)
    (folder / ".flowrun").rename(folder / "aside")
    (folder / ".flowrun").write_text("no folder")

    world.asker.want("acme", [ACME])
    world.pass_by()
    world.pass_by(3600)

    assert len(world.arrived) == 1


@pytest.mark.parametrize("note", [None, 7, {}, {"state": "asked"}, {"state": "asking", "at": "x"}])
def test_a_note_that_says_nothing_is_none(note: object) -> None:
    assert claim_of(json.loads(json.dumps(note)), 0) == "ours"


def test_a_claim_from_the_future_holds_nobody_up() -> None:
    assert claim_of({"state": "asking", "at": 2e9}, 1e9) == "ours"
    assert claim_of({"state": "asked", "at": 2e9}, 1e9) == "asked"


def test_a_notice_has_a_line_for_each_reason() -> None:
    notice = notice_of([ACME, ACME._replace(reason=Reason("E802", "it ends."))])

    assert notice.title == "acme needs a person"
    assert notice.text.splitlines() == [
        "acme: E501: the grant is over. Consent again: flowrun acme.yaml",
        "acme: E802: it ends",
    ]


def test_a_command_that_does_not_end_is_ended(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="did not end within 10 s") as caught:
        way_of(f"command:(sleep 600; touch {tmp_path}/late) & wait").send(notice_of([ACME]))

    assert caught.value.code == "E239"


def test_a_command_may_hold_a_url(tmp_path: Path) -> None:
    way_of(f"command:cat > {tmp_path}/told # https://ops.example//hook").send(notice_of([ACME]))

    assert "acme" in (tmp_path / "told").read_text()


def test_a_command_that_cannot_start_is_told_as_that() -> None:
    with pytest.raises(FlowError, match="did not start") as caught:
        way_of("command:echo \0").send(notice_of([ACME]))

    assert caught.value.code == "E239"


def test_a_thousand_reasons_fit_into_one_notice(tmp_path: Path) -> None:
    asks = [ACME._replace(name=f"acme-{number}") for number in range(1000)]

    way_of(f"command:cat > {tmp_path}/told").send(notice_of(asks))

    assert len(json.loads((tmp_path / "told").read_text())["records"]) == 1000
