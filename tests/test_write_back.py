"""`flowrun refresh --write-back`: what a refresh has changed reaches the place where it is kept."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowrun.commands.stopping import stopping_between
from flowrun.console import Console
from flowrun.errors import StoreError
from flowrun.record import Record
from flowrun.stores.files import FileStore
from flowrun.stores.lock import locked
from flowrun.write_back import WriteBack
from servers.command import TIMEOUT_S, Cli, Done
from servers.rotating import SECRET, Rotating, logged_in, rotating, secret_of

KEEPER = """#!/bin/sh
# Somebody's store of secrets: keeps what it is given, and tells of each run in `log`.
echo "$FLOWRUN_WRITE_BACK $FLOWRUN_NAME $#" >> log
case " $FAILS " in *" $FLOWRUN_WRITE_BACK "*) echo "403 no permission" >&2; exit 4;; esac
cat > "kept-$FLOWRUN_NAME.json"
"""


@pytest.fixture
def server() -> Iterator[Rotating]:
    with rotating() as server:
        yield server


@pytest.fixture
def acme(cli: Cli, server: Rotating) -> Cli:
    """A folder with a record, and a command `./keep` that keeps it elsewhere."""
    keeper = cli.folder / "keep"
    keeper.write_text(KEEPER)
    keeper.chmod(0o700)
    logged_in(cli, server)
    return cli


def refreshed(cli: Cli, *words: str, command: str = "./keep", **environment: str) -> Done:
    arguments = ("refresh", "acme", *words, "--write-back", command)
    return cli(*arguments, FLOWRUN_CLIENT_SECRET=SECRET, **environment)


def held(server: Rotating) -> tuple[threading.Event, threading.Event]:
    """What is set once *server* has issued tokens, and what lets it answer."""
    came, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        came.set()
        go_on.wait(TIMEOUT_S)

    server.once_issued = wait
    return came, go_on


def log(cli: Cli) -> list[str]:
    path = cli.folder / "log"
    return path.read_text().splitlines() if path.exists() else []


def kept(cli: Cli) -> bytes:
    return (cli.folder / "kept-acme.json").read_bytes()


def test_a_record_is_tried_before_a_refresh_and_written_after_it(
    acme: Cli, server: Rotating
) -> None:
    done = refreshed(acme)

    assert done.status == 0, done.stderr
    assert log(acme) == ["try acme 0", "write acme 0"]
    assert kept(acme) == acme.record("acme").read_bytes()
    assert json.loads(kept(acme))["refresh_token"] == server.issued[-1]


def test_nothing_is_run_when_nothing_is_due(acme: Cli, server: Rotating) -> None:
    done = refreshed(acme, "--due")

    assert done.status == 0, done.stderr
    assert (log(acme), server.redeemed) == ([], [])


def test_a_lack_of_permission_is_found_while_nothing_is_lost(acme: Cli, server: Rotating) -> None:
    before = acme.record("acme").read_bytes()

    done = refreshed(acme, FAILS="try write")

    assert done.status == 7
    assert "E714" in done.stderr
    assert "acme, write-back: 403 no permission" in done.stderr
    assert "Nothing was sent" in done.stderr
    assert (log(acme), server.redeemed) == (["try acme 0"], [])
    assert acme.record("acme").read_bytes() == before
    assert {each.name for each in (acme.folder / "tokens" / ".flowrun").iterdir()} == {
        ".gitignore", "acme.lock",
    }  # fmt: skip


def test_a_command_that_fails_after_a_refresh_fails_the_job_and_is_made_up_for(
    acme: Cli, server: Rotating
) -> None:
    failed = refreshed(acme, FAILS="write")
    later = refreshed(acme, "--due")
    last = refreshed(acme, "--due")

    assert failed.status == 7
    assert "error E714: acme is not written back: the write-back command ended with 4" in (
        failed.stderr
    )
    assert "tokens/acme.json, and nowhere else" in failed.stderr
    assert (later.status, last.status) == (0, 0), later.stderr
    assert log(acme) == ["try acme 0", *["write acme 0"] * 3, "write acme 0"]
    assert kept(acme) == acme.record("acme").read_bytes()
    assert len(server.redeemed) == 1


def test_a_grant_that_is_over_is_written_back_too(acme: Cli, server: Rotating) -> None:
    server.answer({"grant_type": "refresh_token", "client_secret": SECRET,
                   "refresh_token": server.issued[1]})  # fmt: skip

    done = refreshed(acme)

    assert done.status == 5
    assert log(acme) == ["try acme 0", "write acme 0"]
    assert "invalid_grant" in json.loads(kept(acme))["flowrun"]["needs_person"]


def test_two_errors_are_told_and_the_graver_one_counts(acme: Cli, server: Rotating) -> None:
    server.answer({"grant_type": "refresh_token", "client_secret": SECRET,
                   "refresh_token": server.issued[1]})  # fmt: skip

    done = refreshed(acme, FAILS="write")

    assert done.status == 7
    assert [code for code in ("E501", "E714") if code in done.stderr] == ["E501", "E714"]


def test_a_login_that_needs_nobody_is_written_back(acme: Cli, server: Rotating) -> None:
    recipe = acme.folder / "acme.yaml"
    recipe.write_text(recipe.read_text().partition("refresh:")[0])
    assert acme("./acme.yaml", "--fresh", FLOWRUN_CLIENT_SECRET=SECRET).status == 0

    refused = refreshed(acme, FAILS="try")
    issued = len(server.issued)
    done = refreshed(acme)

    assert (refused.status, done.status) == (7, 0)
    assert len(server.issued) == issued + 2
    assert kept(acme) == acme.record("acme").read_bytes()


def test_a_kill_between_refresh_and_write_back_is_made_up_for(acme: Cli, server: Rotating) -> None:
    die = '[ "$FLOWRUN_WRITE_BACK" = try ] && exec ./keep; kill -KILL $PPID'
    killed = refreshed(acme, command=die)
    left = kept(acme)

    done = refreshed(acme, "--due")

    assert killed.status == -signal.SIGKILL
    assert left != acme.record("acme").read_bytes()
    assert done.status == 0, done.stderr
    assert kept(acme) == acme.record("acme").read_bytes()
    assert server.redeemed == [server.issued[1]]


def test_a_kill_while_the_provider_answers_is_told_to_the_next_job(
    acme: Cli, server: Rotating
) -> None:
    came, go_on = held(server)
    command = [sys.executable, "-m", "flowrun", "refresh", "acme", "--write-back", "./keep"]
    environment = acme.environment() | secret_of("acme")
    with subprocess.Popen(command, cwd=acme.folder, env=environment) as job:
        assert came.wait(TIMEOUT_S)
        job.kill()
    go_on.set()

    done = refreshed(acme, "--due")

    assert done.status == 5  # the new token was lost with the answer, as docs/promises.md says
    assert kept(acme) == acme.record("acme").read_bytes()
    assert "needs_person" in json.loads(kept(acme))["flowrun"]


def test_a_file_that_is_not_in_step_keeps_no_record_from_being_written_back(
    acme: Cli, server: Rotating
) -> None:
    logged_in(acme, server, more="save: {name: acme, also: [{file: a.env, format: env}]}")
    (acme.folder / "tokens" / "a.env").chmod(0o644)

    done = refreshed(acme)

    assert done.status == 7
    assert "E713" in done.stderr
    assert "E714" not in done.stderr
    assert kept(acme) == acme.record("acme").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_is_cancelled_ends_what_it_has_begun(
    number: signal.Signals, acme: Cli, server: Rotating
) -> None:
    logged_in(acme, server, "globex")
    came, go_on = held(server)
    command = [sys.executable, "-m", "flowrun", "refresh", "--all", "--write-back", "./keep"]
    environment = acme.environment() | secret_of("acme", "globex")
    with subprocess.Popen(
        command, cwd=acme.folder, env=environment, stderr=subprocess.PIPE, text=True
    ) as job:
        assert came.wait(TIMEOUT_S)
        job.send_signal(number)
        assert job.stderr is not None
        told = job.stderr.readline()
        go_on.set()
        rest = job.stderr.read()

    assert told == "stopping, once what is under way is done and written back\n"
    assert job.returncode == (130 if number == signal.SIGINT else -number), rest
    assert log(acme) == ["try acme 0", "write acme 0"]
    assert kept(acme) == acme.record("acme").read_bytes()
    assert len(server.redeemed) == 1


def test_a_signal_that_comes_a_second_time_is_not_held_back() -> None:
    said: list[str] = []

    def work() -> None:
        with stopping_between(said.append) as stop:
            stop()
            signal.raise_signal(signal.SIGINT)  # which changes nothing yet
            said.append("went on")
            signal.raise_signal(signal.SIGTERM)  # as a job's runner sends it after that
            said.append("went on")
            signal.raise_signal(signal.SIGINT)
            said.append("never")

    with pytest.raises(KeyboardInterrupt):
        work()

    stopping = "stopping, once what is under way is done and written back"
    assert said == [stopping, "went on", stopping, "went on"]


def test_jobs_on_one_machine_take_turns_and_the_last_record_is_kept(
    acme: Cli, server: Rotating
) -> None:
    words = ("refresh", "acme", "--within", "2h", "--write-back", "./keep")
    command = [sys.executable, "-m", "flowrun", *words]
    environment = acme.environment() | {"FLOWRUN_CLIENT_SECRET": SECRET}
    jobs = [subprocess.Popen(command, cwd=acme.folder, env=environment) for _ in range(4)]

    statuses = [job.wait(TIMEOUT_S) for job in jobs]

    assert statuses == [0] * 4
    assert len(server.redeemed) == log(acme).count("try acme 0") >= log(acme).count("write acme 0")
    assert server.refused == 0
    assert kept(acme) == acme.record("acme").read_bytes()


def test_two_machines_that_are_not_kept_apart_end_the_grant_and_say_so(
    acme: Cli, server: Rotating
) -> None:
    """What docs/ci.md warns of: without a concurrency group both start from one secret."""
    other = acme.folder / "other"
    shutil.copytree(acme.folder / "tokens", other / "tokens")
    assert refreshed(acme).status == 0

    late = refreshed(acme, "--tokens", str(other / "tokens"))

    assert late.status == 5
    assert "E501" in late.stderr
    assert server.refused == 1


def test_what_the_command_sees_and_says_holds_no_secret(acme: Cli, server: Rotating) -> None:
    spy = (
        "env > seen; cat /proc/$$/cmdline >> seen; tee copy; echo; "
        'base64 -w0 copy >/dev/null; sed \'s/.*"\\(fake-refresh[^"]*\\)".*/\\1/\' copy | base64'
    )
    acme.keep_secret(SECRET, *server.issued)

    done = refreshed(acme, "-v", command=spy)

    secrets = [SECRET, *server.issued]
    seen = (acme.folder / "seen").read_text()
    assert done.status == 0, done.stderr
    assert "acme, write-back:" in done.stderr
    assert [each for each in secrets if each in seen or each in done.stderr] == []
    names = {line.partition("=")[0] for line in seen.splitlines() if line.startswith("FLOWRUN")}
    assert names == {"FLOWRUN_NAME", "FLOWRUN_WRITE_BACK"}
    assert (acme.folder / "copy").read_bytes() == acme.record("acme").read_bytes()


def test_an_encrypted_record_is_written_back_encrypted(acme: Cli, server: Rotating) -> None:
    key = {"FLOWRUN_STORE_KEY_FILE": str(acme.folder / "key.txt")}
    assert acme("key", "--make", "--file", "key.txt").status == 0
    assert acme("move", "acme", "--store", "age", **key).status == 0

    done = refreshed(acme, **key)

    assert done.status == 0, done.stderr
    assert log(acme) == ["try acme 0", "write acme 0"]
    assert kept(acme) == (acme.folder / "tokens" / "acme.age").read_bytes()
    assert kept(acme).startswith(b"age-encryption.org/")


def test_a_command_that_hangs_is_ended_with_all_that_it_has_started(tmp_path: Path) -> None:
    store, console = FileStore(tmp_path / "tokens"), Console()
    store.write("acme", Record({"access_token": "fake-access-of-acme"}, {}))
    shelf = store.shelf("acme", lambda: 0)
    command = "exec 9>lock; flock 9; sleep 600 & sleep 600"  # each holds it until its end
    back = WriteBack(f"cd {tmp_path}; {command}", "acme", store, shelf, console, timeout_s=0.2)
    record = store.read("acme")
    assert record

    with pytest.raises(StoreError, match=r"did not end within 0\.2 s"):
        back.trial(record)

    with locked(tmp_path / "lock", deadline_s=TIMEOUT_S):  # which nobody holds any more
        pass


def test_a_record_of_the_sandbox_is_not_written_back(acme: Cli) -> None:
    done = refreshed(acme, "--sandbox")

    assert done.status == 2
    assert "the sandbox writes nothing back" in done.stderr
    assert log(acme) == []


def test_a_command_that_reads_nothing_is_none_the_worse(acme: Cli) -> None:
    assert refreshed(acme, command="true").status == 0


def test_a_command_that_is_not_there_sends_nothing(acme: Cli, server: Rotating) -> None:
    done = refreshed(acme, command="flowrun-has-no-such-command")

    assert done.status == 7
    assert "ended with 127" in done.stderr
    assert server.redeemed == []


def test_many_records_are_refreshed_at_once_and_told_in_order(cli: Cli, server: Rotating) -> None:
    names = [f"tenant-{number:02}" for number in range(12)]
    logged_in(cli, server, *names)
    together, lock, most = threading.Barrier(4), threading.Lock(), []

    def meet() -> None:
        with lock:
            most.append(1)
        together.wait(TIMEOUT_S)  # so that four are under way, or nobody goes on

    server.once_issued = meet
    done = cli("refresh", "--all", "--jobs", "4", "--json", "-v", **secret_of(*names))

    assert done.status == 0, done.stderr
    assert [each["name"] for each in json.loads(done.stdout)] == names
    told = [line.split(":")[0] for line in done.stderr.splitlines() if ": refreshed" in line]
    assert told == names
    assert len(set(server.redeemed)) == 12


def test_the_gravest_status_of_many_counts(cli: Cli, server: Rotating) -> None:
    logged_in(cli, server, "acme", "globex")
    cli.record("acme").write_text("{}")

    done = cli("refresh", "--all", "--jobs", "8", **secret_of("globex"))

    assert done.status == 7
    assert done.stderr.index("E702") < done.stderr.index("globex: refreshed")


def test_jobs_are_at_least_one(cli: Cli) -> None:
    assert cli("refresh", "--all", "--jobs", "0").status == 2
