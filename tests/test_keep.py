"""`flowrun keep`, as a process with real servers: refreshed in time, and asked once."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowrun.stores.files import FileStore
from servers.command import Cli
from servers.keeping import (
    UNTIL,
    Provider,
    access_token,
    consent,
    keeping,
    notes_of,
    provider,
    variable,
)
from servers.pages import Asked, Page, serving_pages
from servers.rig import free_port, unavailable


@pytest.fixture
def idp() -> Iterator[Provider]:
    with provider() as started:
        yield started


class Told:
    """A way to a person that writes what it gets into a file, a line for each time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "told"
        self.way = f"--notify=command:cat >>{self._path}; echo >>{self._path}"

    def records(self) -> list[dict[str, str]]:
        """Each record that a person was told about."""
        lines = self._path.read_text("utf-8").splitlines() if self._path.exists() else []
        return [each for line in lines for each in json.loads(line)["records"]]

    def names(self) -> list[str]:
        return sorted(each["name"] for each in self.records())


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


# in time


def test_a_token_is_refreshed_in_time_and_again(cli: Cli, idp: Provider) -> None:
    idp.life_s = 2
    consent(cli, idp, "acme")
    first = access_token(cli, "acme")

    with keeping(cli, "acme") as keep:
        keep.until("refreshed", "acme", times=3)
        keep.signal(signal.SIGTERM)

        assert keep.ended() == 0
    assert len(idp.refreshed) == len(keep.told("refreshed"))
    assert access_token(cli, "acme") != first
    assert keep.said == []
    assert keep.told("failed") == []


def test_nothing_is_done_before_it_is_due(cli: Cli, idp: Provider) -> None:
    consent(cli, idp, "acme")

    with keeping(cli, "--all") as keep:
        started = keep.until("started")
        keep.signal(signal.SIGHUP)
        keep.signal(signal.SIGTERM)

        assert keep.ended() == 0
    assert "keeping 1 record; the next is acme at " in str(started["message"])
    assert idp.refreshed == []


def test_a_flow_file_stands_for_its_record(cli: Cli, idp: Provider) -> None:
    idp.life_s = 1
    consent(cli, idp, "acme")

    with keeping(cli, "./acme.yaml") as keep:
        assert keep.until("refreshed")["name"] == "acme"


def test_what_a_crash_has_left_is_settled_at_once(cli: Cli, idp: Provider) -> None:
    consent(cli, idp, "acme")
    store = FileStore(cli.folder / "tokens")
    record = store.read("acme")
    assert record
    with store.locked("acme"):
        store.begin("acme", record, at=time.time())

    with keeping(cli, "acme") as keep:
        keep.until("refreshed", "acme")

    assert not store.pending("acme")
    assert idp.refreshed == ["acme"]


def test_a_token_that_is_due_from_the_beginning_makes_no_storm(cli: Cli, idp: Provider) -> None:
    idp.more = {"ends_at": int(time.time()) - 60}  # as it looks when our clock is ahead
    consent(cli, idp, "acme", expires=UNTIL)

    with keeping(cli, "acme") as keep:
        due = keep.until("due", "acme")
        keep.signal(signal.SIGTERM)
        keep.ended()

    assert due["message"] == "is due again at once; is the clock right?"
    assert idp.refreshed == ["acme"]


def test_a_provider_that_asks_to_wait_is_left_alone(cli: Cli, idp: Provider) -> None:
    idp.life_s = 1
    consent(cli, idp, "acme")
    good = idp.pages.at["/token/acme"]
    busy_until = time.time() + 2

    def busy(asked: Asked) -> Page:
        if time.time() < busy_until:
            return Page({"error": "slow_down"}, 429, {"Retry-After": "3"})
        return good(asked) if callable(good) else Page(status=500)

    idp.pages.at["/token/acme"] = busy
    with keeping(cli, "acme") as keep:
        failed = keep.until("failed", "acme")
        keep.signal(signal.SIGHUP)  # which does not make it impatient
        keep.until("refreshed", "acme")

    assert failed["code"] == "E503"
    assert 3 <= int(str(failed["message"]).split()[-2]) <= 13
    assert idp.pages.lines == ["POST /token/acme"] * 3


def test_two_of_them_do_no_harm(cli: Cli, idp: Provider) -> None:
    idp.life_s = 2
    consent(cli, idp, "acme", "globex")

    with keeping(cli, "--all") as one, keeping(cli, "--all") as other:
        for _ in range(3):
            one_or_other(cli, idp, 2)
        for each in (one, other):
            each.signal(signal.SIGTERM)
        assert (one.ended(), other.ended()) == (0, 0)

    record = FileStore(cli.folder / "tokens").read("acme")
    assert record
    assert record.version == 1 + idp.refreshed.count("acme")
    assert idp.ended == set()
    assert one.told("failed") + other.told("failed") == []


def one_or_other(cli: Cli, idp: Provider, more: int) -> None:
    """Wait until *more* refreshes were made, by whomever."""
    wanted, end = len(idp.refreshed) + more, time.monotonic() + 60
    while len(idp.refreshed) < wanted:
        assert time.monotonic() < end
        idp.moved.wait(1)
        idp.moved.clear()


# outages


def test_it_goes_on_when_a_server_is_back(cli: Cli, told: Told) -> None:
    port = free_port()
    with serving_pages(port) as pages:
        idp = Provider(pages)
        idp.life_s = 1
        consent(cli, idp, "acme")
        good = dict(pages.at)
    with keeping(cli, "acme", told.way) as keep:
        failed = keep.until("failed", "acme")
        with serving_pages(port) as pages:
            pages.at = good
            keep.signal(signal.SIGHUP)
            keep.until("refreshed", "acme")

    assert failed["code"] == "E601"
    assert "tried again in " in str(failed["message"])
    assert told.names() == []  # nobody can do anything about an outage


def test_the_one_more_try_is_not_wasted_on_an_outage(cli: Cli, idp: Provider) -> None:
    idp.life_s = 1
    consent(cli, idp, "acme", "globex")
    good = dict(idp.pages.at)
    idp.pages.at["/token/acme"] = Page({"error": "maintenance"}, 503)
    idp.pages.at["/token/globex"] = Page({"error": "maintenance"}, 503)

    with keeping(cli, "--all") as keep:
        keep.until("failed", times=2)
        waits_s = [int(str(each["message"]).split()[-2]) for each in keep.told("failed")]
        idp.pages.at.update(good)
        keep.signal(signal.SIGHUP)
        keep.until("refreshed", times=2)

    assert all(600 <= wait_s <= 900 for wait_s in waits_s)
    assert idp.ended == set()


def test_a_dead_server_holds_up_nobody_else(cli: Cli, idp: Provider) -> None:
    idp.life_s = 1
    names = [f"good-{number}" for number in range(160)]
    consent(cli, idp, *names)
    over, at_once = threading.Event(), Crowd()
    with serving_pages() as dead:
        other = Provider(dead)
        other.life_s = 1
        lost = [f"dead-{number}" for number in range(40)]
        consent(cli, other, *lost)
        for path in dead.at:
            dead.at[path] = at_once.waiting(over)
        idp.life_s = 3600

        with keeping(cli, "--all", "--jobs=8") as keep:
            while {str(each["name"]) for each in keep.told("refreshed")} != set(names):
                keep.until("refreshed")
            over.set()
            keep.signal(signal.SIGTERM)
            assert keep.ended() == 0

    assert at_once.most == 4  # half of the threads
    assert sorted(idp.refreshed) == sorted(names)


class Crowd:
    """Counts who waits at the same time."""

    def __init__(self) -> None:
        self.here = self.most = 0
        self._lock = threading.Lock()

    def waiting(self, over: threading.Event) -> Callable[[Asked], Page]:
        """A page that comes only when it is *over*."""

        def page(_: Asked) -> Page:
            with self._lock:
                self.here += 1
                self.most = max(self.most, self.here)
            over.wait(60)
            with self._lock:
                self.here -= 1
            return Page({"error": "late"}, 503)

        return page


# a person is asked once


def test_a_grant_that_ends_asks_once_also_across_restarts(
    cli: Cli, idp: Provider, told: Told
) -> None:
    idp.life_s = 1
    consent(cli, idp, "acme", "globex")
    idp.ended |= {"acme", "globex"}

    with keeping(cli, "--all", told.way) as keep:
        while len(notes_of(cli, "asked")) < 2:
            keep.until("asked")
        keep.signal(signal.SIGKILL)
    for _ in range(2):
        with keeping(cli, "--all", told.way) as keep:
            keep.until("person", times=2)
            keep.signal(signal.SIGHUP)
            keep.signal(signal.SIGTERM)

            assert keep.ended() == 0
            assert keep.told("asked") == []

    assert told.names() == ["acme", "globex"]
    first = told.records()[0]
    assert first["code"] == "E501"
    assert "invalid_grant (consent was withdrawn)" in first["message"]
    assert first["hint"] == f"Consent again: flowrun {first['name']}.yaml"


def test_a_new_grant_is_kept_and_asked_about_anew(cli: Cli, idp: Provider, told: Told) -> None:
    idp.life_s = 1
    consent(cli, idp, "acme")
    idp.ended.add("acme")

    with keeping(cli, "acme", told.way) as keep:
        keep.until("asked")
        consent(cli, idp, "acme")
        keep.signal(signal.SIGHUP)
        keep.until("refreshed")
        idp.ended.add("acme")
        keep.until("asked")

    assert told.names() == ["acme", "acme"]
    assert len(notes_of(cli, "asked")) == 1  # the first grant's is gone


def test_two_of_them_ask_once(cli: Cli, idp: Provider, told: Told) -> None:
    idp.life_s = 1
    consent(cli, idp, "acme")
    idp.ended.add("acme")

    with keeping(cli, "acme", told.way) as one, keeping(cli, "acme", told.way) as other:
        for each in (one, other):
            each.until("person")
            each.signal(signal.SIGTERM)
            assert each.ended() == 0

    assert told.names() == ["acme"]


def test_a_notification_that_was_cut_off_is_not_forgotten(cli: Cli, idp: Provider) -> None:
    idp.life_s = 1
    consent(cli, idp, "acme")
    idp.ended.add("acme")

    with serving_pages() as pages:
        asked, over = threading.Event(), threading.Event()

        def slow(_: Asked) -> Page:
            asked.set()
            over.wait(60)
            return Page()

        pages.at["/hook"] = slow
        with keeping(cli, "acme", f"--notify={pages.url}/hook") as keep:
            assert asked.wait(60)
            keep.signal(signal.SIGKILL)
            keep.ended()
        over.set()

    assert len(notes_of(cli, "asking")) == 1  # which holds for half a minute, see test_keep_asking
    assert notes_of(cli, "asked") == []


def test_a_missing_secret_asks_once_and_the_others_go_on(
    cli: Cli, idp: Provider, told: Told
) -> None:
    idp.life_s = 2
    consent(cli, idp, "acme", secret="fake-client-secret")
    consent(cli, idp, "globex")

    with keeping(cli, "--all", told.way) as keep:
        keep.until("person", "acme")
        keep.signal(signal.SIGHUP)  # it is tried again, and is no news
        keep.until("refreshed", "globex", times=2)
    secret = {variable("acme"): "fake-client-secret"}
    with keeping(cli, "--all", told.way, before=(), **secret) as keep:
        keep.until("refreshed", "acme")

    assert told.records()[0]["code"] == "E801"
    assert variable("acme") in told.records()[0]["hint"]
    assert told.names() == ["acme"]
    assert notes_of(cli, "asked") == []  # it is over, so another time it is asked anew


def test_a_grant_that_no_refresh_renews_is_told_before_it_ends(
    cli: Cli, idp: Provider, told: Told
) -> None:
    consent(cli, idp, "acme")
    document = json.loads(without_refresh(cli.record("acme").read_text("utf-8")))
    document["flowrun"]["obtained_at"] -= 3700  # more than half of its life ago
    cli.record("acme").write_text(json.dumps(document), "utf-8")

    with keeping(cli, "acme", told.way, "--warn=2h") as keep:
        keep.until("idle")
        keep.until("asked")

    (record,) = told.records()
    assert record["code"] == "E802"
    assert record["message"].startswith("the token ends at ")
    assert idp.refreshed == []


def without_refresh(text: str) -> str:
    document = json.loads(text)
    del document["refresh_token"]
    return json.dumps(document)


def test_an_end_that_moves_with_each_refresh_asks_nobody(
    cli: Cli, idp: Provider, told: Told
) -> None:
    idp.life_s, idp.more = 2, {"refresh_token_expires_in": 6}
    consent(cli, idp, "rolling")

    with keeping(cli, "rolling", told.way, "--warn=1h") as keep:
        keep.until("refreshed", times=4)

    assert told.names() == []


def test_an_end_that_stays_is_told_in_time(cli: Cli, idp: Provider, told: Told) -> None:
    idp.life_s = 2
    ends_at = time.time() + 8
    consent_until(cli, idp, ends_at)

    with keeping(cli, "fixed", told.way, "--warn=1h") as keep:
        keep.until("refreshed")
        keep.until("asked")

    (record,) = told.records()
    assert record["message"].startswith("the refresh token ends at ")


def consent_until(cli: Cli, idp: Provider, ends_at: float) -> None:
    """A record whose provider counts down to the same end in each answer."""
    consent(cli, idp, "fixed")
    good = idp.pages.at["/token/fixed"]

    def counting(asked: Asked) -> Page:
        idp.more = {"refresh_token_expires_in": int(ends_at - time.time())}
        assert callable(good)
        return good(asked)

    idp.pages.at["/token/fixed"] = counting
    done = cli("run", "./fixed.yaml", "--fresh")
    assert done.status == 0


# the ways


def test_a_webhook_gets_json_and_its_url_is_told_to_nobody(cli: Cli, idp: Provider) -> None:
    idp.life_s = 1
    consent(cli, idp, "acme")
    idp.ended.add("acme")

    with serving_pages() as pages:
        pages.at["/hook/fake-secret-path"] = Page(status=204)
        hook = f"{pages.url}/hook/fake-secret-path?key=fake-secret-key"
        with keeping(cli, "acme", FLOWRUN_NOTIFY=f"\n{hook}\n") as keep:
            asked = keep.until("asked")
            keep.signal(signal.SIGTERM)
            keep.ended()

    (request,) = pages.asked
    assert request.path == "/hook/fake-secret-path?key=fake-secret-key"
    assert request.headers["Content-Type"] == "application/json"
    assert request.json["text"] == "\n".join(
        [
            "acme needs a person",
            f"acme: E501: {idp.url} refused: invalid_grant (consent was withdrawn). "
            "Consent again: flowrun acme.yaml",
        ]
    )
    assert asked["message"] == "a person was asked (webhook at 127.0.0.1)"
    assert "fake-secret" not in json.dumps(keep.events) + "".join(keep.said)


@pytest.mark.parametrize(
    "page",
    [Page(status=500), Page(status=302, headers={"Location": "/elsewhere"})],
    ids=["refused", "redirected"],
)
def test_a_webhook_that_does_not_take_it_is_tried_again(
    cli: Cli, idp: Provider, page: Page
) -> None:
    idp.life_s = 1
    consent(cli, idp, "acme")
    idp.ended.add("acme")

    with serving_pages() as pages:
        pages.at["/hook"] = page
        with keeping(cli, "acme", f"--notify={pages.url}/hook") as keep:
            failed = keep.until("not-asked")

    assert pages.lines == ["POST /hook"]
    assert failed["code"] == "E239"
    assert f"127.0.0.1 answered with {page.status}; webhook at 127.0.0.1 is tried again in" in str(
        failed["message"]
    )
    assert notes_of(cli, "asked") + notes_of(cli, "asking") == []


def test_a_command_gets_the_notice_and_nothing_of_ours(cli: Cli, idp: Provider) -> None:
    idp.life_s = 1
    consent(cli, idp, "acme")
    idp.ended.add("acme")

    with keeping(
        cli,
        "acme",
        "--notify=command:env >seen; cat >>seen",
        FLOWRUN_CLIENT_SECRET="fake-client-secret",
        NOTIFY_SOCKET="/nowhere",
    ) as keep:
        keep.until("asked")

    seen = (cli.folder / "seen").read_text("utf-8")
    assert "FLOWRUN_TITLE=acme needs a person\n" in seen
    assert "FLOWRUN_NAMES=acme\n" in seen
    assert "FLOWRUN_TEXT=acme: E501: " in seen
    assert "fake-client-secret" not in seen
    assert "NOTIFY_SOCKET" not in seen
    assert not idp.secrets & set(seen.split())


def test_people_read_lines_on_stderr(cli: Cli, idp: Provider) -> None:
    idp.life_s = 1
    consent(cli, idp, "acme")
    idp.ended.add("acme")

    done = cli("keep", "acme", "--notify=command:kill -TERM $PPID; exit 3")

    lines = done.stderr.splitlines()
    assert (done.status, done.stdout) == (0, "")
    assert lines[0].startswith("keeping 1 record; the next is acme at ")
    assert lines[1] == (
        f"acme: error E501: {idp.url} refused: invalid_grant (consent was withdrawn); "
        "Consent again: flowrun acme.yaml"
    )
    assert lines[2].startswith(
        "acme: error E239: the notification did not arrive: the command ended with 3; "
        "command is tried again in "
    )
    assert lines[3:] == ["stopped"]


@pytest.mark.parametrize(
    "way", ["pigeon", "desktop:1", "command: ", "http://example.com/fake-secret", "https://"]
)
def test_a_way_that_is_none_is_refused_without_repeating_it(cli: Cli, way: str) -> None:
    done = cli("keep", "acme", f"--notify={way}")

    assert done.status == 2
    assert "error E238: " in done.stderr
    assert "fake-secret" not in done.stderr


# records come and go


def test_records_come_and_go(cli: Cli, idp: Provider) -> None:
    idp.life_s = 2
    consent(cli, idp, "acme")

    with keeping(cli, "--all") as keep:
        keep.until("started")
        consent(cli, idp, "globex")
        keep.signal(signal.SIGHUP)
        keep.until("kept", "globex")
        keep.until("refreshed", "globex")
        assert cli("forget", "acme").status == 0
        keep.signal(signal.SIGHUP)
        keep.until("dropped", "acme")
        keep.until("refreshed", "globex")


def test_a_record_that_is_not_there_yet_is_waited_for(cli: Cli, idp: Provider) -> None:
    idp.life_s = 1

    with keeping(cli, "acme") as keep:
        keep.until("missing", "acme")
        consent(cli, idp, "acme")
        keep.signal(signal.SIGHUP)
        keep.until("refreshed", "acme")


def test_a_damaged_record_asks_and_the_others_go_on(cli: Cli, idp: Provider, told: Told) -> None:
    idp.life_s = 2
    consent(cli, idp, "acme", "globex")
    cli.record("acme").write_text("{}", "utf-8")

    with keeping(cli, "--all", told.way) as keep:
        keep.until("person", "acme")
        keep.until("refreshed", "globex", times=2)

    assert [each["code"] for each in told.records()] == ["E702"]


def test_what_is_open_to_others_is_told(cli: Cli, idp: Provider) -> None:
    consent(cli, idp, "acme")
    (cli.folder / "tokens").chmod(0o755)

    with keeping(cli, "--all") as keep:
        unreadable = keep.until("unreadable")

    assert unreadable["code"] == "E703"


def test_what_cannot_be_refreshed_is_told_once_and_left_alone(cli: Cli, idp: Provider) -> None:
    consent(cli, idp, "acme", "globex", "handed")
    endless = json.loads(cli.record("acme").read_text("utf-8"))
    del endless["expires_at"], endless["expires_in"]
    cli.record("acme").write_text(json.dumps(endless), "utf-8")
    lone = without_refresh(cli.record("globex").read_text("utf-8"))
    cli.record("globex").write_text(lone, "utf-8")
    released = json.loads(cli.record("handed").read_text("utf-8"))
    released["flowrun"]["released"] = {"at": 1, "as": "webmethods"}
    cli.record("handed").write_text(json.dumps(released), "utf-8")

    with keeping(cli, "--all") as keep:
        keep.until("started")
        keep.signal(signal.SIGHUP)
        keep.signal(signal.SIGTERM)
        assert keep.ended() == 0

    idle = {str(each["name"]): str(each["message"]) for each in keep.told("idle")}
    assert len(keep.told("idle")) == 3
    assert idle["acme"] == "is left alone: nobody knows when it ends"
    assert idle["globex"].startswith("is left alone: nothing refreshes it, and ends at ")
    assert idle["handed"] == "is left alone: handed over as webmethods"


def test_a_file_beside_the_record_is_brought_in_step(cli: Cli, idp: Provider, told: Told) -> None:
    idp.life_s = 3
    consent(cli, idp, "acme")
    flow = cli.folder / "acme.yaml"
    also = "save: {name: acme, also: [{file: acme.txt, format: header}]}"
    flow.write_text(flow.read_text("utf-8").replace("save: acme", also), "utf-8")
    done = cli("run", "./acme.yaml", "--fresh")
    assert done.status == 0, done.stderr
    beside = cli.folder / "tokens" / "acme.txt"
    beside.chmod(0o644)  # which flowrun does not write to

    idp.life_s = 3600
    with keeping(cli, "acme", told.way) as keep:
        keep.until("person", "acme")
        keep.until("asked")
        beside.chmod(0o600)
        keep.signal(signal.SIGHUP)
        keep.until("in-step", "acme")
        keep.signal(signal.SIGTERM)
        assert keep.ended() == 0

    assert access_token(cli, "acme") in beside.read_text("utf-8")
    assert [each["code"] for each in told.records()] == ["E713"]
    assert idp.refreshed == ["acme"]


# the end, and those who watch it


def test_a_refresh_that_is_on_its_way_is_finished(cli: Cli, idp: Provider) -> None:
    idp.life_s = 1
    consent(cli, idp, "acme")
    good, asked, over = idp.pages.at["/token/acme"], threading.Event(), threading.Event()

    def slow(request: Asked) -> Page:
        asked.set()
        over.wait(60)
        assert callable(good)
        return good(request)

    idp.pages.at["/token/acme"] = slow
    with keeping(cli, "acme") as keep:
        assert asked.wait(60)
        keep.signal(signal.SIGTERM)
        over.set()

        assert keep.ended() == 0
    assert [each["event"] for each in keep.events[-2:]] == ["refreshed", "stopped"]
    assert access_token(cli, "acme") in idp.secrets
    assert idp.ended == set()


def test_a_second_signal_does_not_wait(cli: Cli, idp: Provider) -> None:
    idp.life_s = 1
    consent(cli, idp, "acme")
    asked, over = threading.Event(), threading.Event()

    def slow(_: Asked) -> Page:
        asked.set()
        over.wait(60)
        return Page(status=503)

    good, idp.pages.at["/token/acme"] = idp.pages.at["/token/acme"], slow
    path = str(cli.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(60)
        with keeping(cli, "acme", NOTIFY_SOCKET=path) as keep:
            assert asked.wait(60)
            keep.signal(signal.SIGTERM)
            while b"STOPPING=1" not in manager.recv(4096):
                pass
            keep.signal(signal.SIGINT)
            assert keep.ended() == 0
            over.set()
    idp.pages.at["/token/acme"] = good

    assert keep.told("left")[0]["name"] == "acme"
    assert cli("refresh", "--due").status == 0  # the journal knows what was on its way


def test_the_service_manager_hears_of_it(cli: Cli, idp: Provider) -> None:
    consent(cli, idp, "acme")
    path = str(cli.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(60)
        with keeping(cli, "acme", NOTIFY_SOCKET=path, WATCHDOG_USEC="200000") as keep:
            ready = manager.recv(4096).decode()
            alive = [manager.recv(4096).decode() for _ in range(3)]
            keep.signal(signal.SIGTERM)
            said = ""
            while said != "STOPPING=1":
                said = manager.recv(4096).decode()
            assert keep.ended() == 0

    assert ready.startswith("READY=1\nSTATUS=keeping 1 record; the next is acme at ")
    assert all(each.startswith("WATCHDOG=1\nSTATUS=keeping 1 record") for each in alive)


def test_it_must_be_said_which(cli: Cli) -> None:
    assert "E219" in cli("keep").stderr
    assert cli("keep", "acme", "--all").status == 2


# the clock


@pytest.mark.parametrize("moved_s", [7200, -7200], ids=["on", "back"])
def test_it_goes_by_the_clock_also_when_that_is_set(cli: Cli, idp: Provider, moved_s: int) -> None:
    libraries = list(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not libraries:
        unavailable("the clock is moved with libfaketime")
    clock = cli.folder / "clock"
    clock.write_text("+0")
    moved = {
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    consent(cli, idp, "acme")

    with keeping(cli, "acme", before=(), **moved) as keep:
        keep.until("started")
        clock.write_text(f"{moved_s:+}")
        said = keep.until("clock")
        if not keep.told("refreshed"):  # set back, it says nothing of how much of a life is over
            keep.until("refreshed")
        keep.signal(signal.SIGTERM)
        assert keep.ended() == 0

    assert abs(int(str(said["moved_s"])) - moved_s) < 5
    assert idp.refreshed == ["acme"]
