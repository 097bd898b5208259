"""Records in the keyring: in entries of its size, whole whatever dies, and held up by nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from flowrun.errors import FlowrunError
from flowrun.keys import Keyring
from flowrun.record import Record
from servers.command import TIMEOUT_S, Cli
from servers.kept import Kept
from servers.rig import rig
from servers.rotating import rotating, secret_of, written
from servers.strict_keyring import MOST_BYTES, entries

STRICT = pytest.mark.parametrize("kept", ["strict keyring"], indirect=True)

RECORD = Record(
    {"access_token": "fake-access-0", "refresh_token": "fake-refresh-0"},
    {"version": 0, "grant": "g1", "plan": {"steps": ["x" * 3000]}},
)
NEWER = RECORD.knowing(version=1)._replace(
    fields={"access_token": "fake-access-1", "refresh_token": "fake-refresh-1"}
)


def held(kept: Kept) -> dict[str, str]:
    """The entries of records; there is another for what lies beside them."""
    found = entries(Path(kept.environ["STRICT_KEYRING"]))
    return {name: text for name, text in found.items() if "/beside/" not in name}


def beside(kept: Kept, name: str) -> Path:
    return Path(kept.environ["STRICT_KEYRING"]).with_name(name)


def refusal(act: Callable[[], object]) -> FlowrunError:
    with pytest.raises(FlowrunError) as caught:
        act()
    return caught.value


@STRICT
def test_a_record_is_cut_into_entries_that_the_keyring_takes(kept: Kept, tmp_path: Path) -> None:
    store = kept.store(tmp_path / "tokens")

    store.write("acme", RECORD)

    assert store.read("acme") == RECORD
    assert len(held(kept)) == 3
    assert max(len(text.encode("utf-16-le")) for text in held(kept).values()) <= MOST_BYTES
    head = json.loads(store.path("acme").read_text())
    assert [f"{entry} flowrun" for entry in head["entries"]] == list(held(kept))


@STRICT
def test_a_short_record_is_one_entry_and_every_write_makes_a_new_one(
    kept: Kept, tmp_path: Path
) -> None:
    store, short = kept.store(tmp_path / "tokens"), Record({"access_token": "fake"}, {})
    seen: list[str] = []

    for _ in range(3):
        store.write("acme", short)
        seen += held(kept)

    assert len(set(seen)) == 3
    assert len(held(kept)) == 1


def in_child_that_dies(kept: Kept, at: float, act: Callable[[], object]) -> bool:
    """Do *act* in a process that is killed at that request to the keyring; whether it was."""
    beside(kept, "dies").write_text(str(at))
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    beside(kept, "dies").unlink()
    return status == -signal.SIGKILL


def deaths(kept: Kept, act: Callable[[], object]) -> Iterator[None]:
    """*act*, killed before and after each of its requests to the keyring in turn."""
    at = 1.0
    while in_child_that_dies(kept, at, act):
        yield
        at += 0.5
    assert at > 4


@STRICT
def test_a_write_that_is_killed_at_any_request_leaves_the_old_record_or_the_new(
    kept: Kept, tmp_path: Path
) -> None:
    store = kept.store(tmp_path / "tokens")
    store.write("acme", RECORD)
    seen: list[Record | None] = []

    for _ in deaths(kept, lambda: kept.store(tmp_path / "tokens").write("acme", NEWER)):
        seen.append(store.read("acme"))
        store.write("acme", RECORD)
        assert len(held(kept)) == 3  # what was left half done is gone

    assert all(record in (RECORD, NEWER) for record in seen)
    assert seen[0] == RECORD
    assert seen[-1] == NEWER


@STRICT
def test_a_first_write_that_is_killed_leaves_nothing_once_it_is_forgotten(
    kept: Kept, tmp_path: Path
) -> None:
    store = kept.store(tmp_path / "tokens")
    seen: list[Record | None] = []

    for _ in deaths(kept, lambda: kept.store(tmp_path / "tokens").write("acme", NEWER)):
        seen.append(store.read("acme"))
        with store.locked("acme"):
            store.delete("acme")
        assert (held(kept), store.kept("acme")) == ({}, [])

    assert all(record in (None, NEWER) for record in seen)


@STRICT
def test_a_record_that_is_forgotten_is_there_or_gone_wherever_that_stops(
    kept: Kept, tmp_path: Path
) -> None:
    store = kept.store(tmp_path / "tokens")
    store.write("acme", RECORD)

    for _ in deaths(kept, lambda: kept.store(tmp_path / "tokens").delete("acme")):
        assert store.read("acme") in (RECORD, None)
        assert store.kept("acme")  # so that it can be forgotten again
        store.delete("acme")
        assert (held(kept), store.kept("acme")) == ({}, [])
        store.write("acme", RECORD)


@STRICT
def test_a_keyring_that_is_locked_removes_no_record(kept: Kept, tmp_path: Path) -> None:
    store = kept.store(tmp_path / "tokens")
    store.write("acme", RECORD)
    beside(kept, "locked").touch()

    error = refusal(lambda: store.delete("acme"))

    beside(kept, "locked").unlink()
    assert error.code == "E708"
    assert store.read("acme") == RECORD


@STRICT
def test_entries_that_somebody_has_removed_are_told(kept: Kept, tmp_path: Path) -> None:
    store = kept.store(tmp_path / "tokens")
    store.write("acme", RECORD)
    Path(kept.environ["STRICT_KEYRING"]).unlink()

    error = refusal(lambda: store.read("acme"))

    assert error.code == "E710"
    assert "the keyring does not hold what belongs to it" in str(error)
    store.delete("acme")
    assert store.kept("acme") == []


@STRICT
@pytest.mark.parametrize("head", ["", "{}", "[]", '{"entries": 1, "sha256": ""}', "\xff"])
def test_a_head_that_is_damaged_is_told(kept: Kept, tmp_path: Path, head: str) -> None:
    store = kept.store(tmp_path / "tokens")
    store.write("acme", RECORD)
    store.path("acme").write_text(head, "latin-1")

    assert refusal(lambda: store.read("acme")).code == "E710"


@STRICT
def test_a_head_in_the_place_of_another_is_refused(kept: Kept, tmp_path: Path) -> None:
    store = kept.store(tmp_path / "tokens")
    store.write("acme", RECORD)
    store.write("other", RECORD)
    store.path("acme").replace(store.path("other"))

    assert "sealed as another record" in str(refusal(lambda: store.read("other")))


@STRICT
def test_a_copy_of_the_folder_opens_nothing_once_the_original_has_moved_on(
    kept: Kept, tmp_path: Path
) -> None:
    store = kept.store(tmp_path / "tokens")
    store.write("acme", RECORD)
    shutil.copytree(tmp_path / "tokens", tmp_path / "copy")
    store.write("acme", NEWER)

    error = refusal(lambda: kept.store(tmp_path / "copy").read("acme"))

    assert error.code == "E710"
    assert store.read("acme") == NEWER


@STRICT
def test_what_lies_beside_a_record_is_opened_in_its_place_alone(kept: Kept, tmp_path: Path) -> None:
    store = kept.store(tmp_path / "tokens")
    store.keep_typed("acme", {"values": {"client_secret": "fake"}})
    aside = tmp_path / "tokens" / ".flowrun"
    (aside / "acme.inputs").rename(aside / "other.inputs")

    error = refusal(lambda: store.typed("other"))

    assert error.code == "E710"


# Back ends of all sorts.


class Silent(KeyringBackend):
    """Waits for somebody who never comes, as a prompt does where there is no screen."""

    priority = 5.0

    def __init__(self) -> None:
        self.over = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.over.wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.over.wait()


@pytest.fixture
def silent() -> Iterator[Silent]:
    before, backend = keyring.get_keyring(), Silent()
    keyring.set_keyring(backend)
    yield backend
    backend.over.set()
    keyring.set_keyring(before)


@pytest.mark.usefixtures("silent")
def test_a_keyring_that_never_answers_is_given_up() -> None:
    ring = Keyring(deadline_s=0.05)

    errors = [refusal(lambda: ring.get("a", "b")), refusal(lambda: ring.put("a", "b", "c"))]

    assert [error.code for error in errors] == ["E708", "E708"]
    assert str(errors[0]) == "the keyring has not answered for 0.05 s"
    assert "age" in errors[0].problems[0].hint


HANGING = """
import threading, keyring
from keyring.backend import KeyringBackend
from flowrun.keys import Keyring
class Silent(KeyringBackend):
    priority = 5.0
    def get_password(self, service, username):
        threading.Event().wait()
    set_password = get_password
keyring.set_keyring(Silent())
try:
    Keyring(deadline_s=0.05).get("a", "b")
except Exception as error:
    print(error)
"""


def test_a_keyring_that_never_answers_does_not_hold_the_process_at_its_end() -> None:
    command = [sys.executable, "-c", HANGING]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)

    assert done.stdout == "the keyring has not answered for 0.05 s\n"


@STRICT
def test_many_at_once_agree_on_the_key_for_what_lies_beside(kept: Kept, tmp_path: Path) -> None:
    names = [f"acme-{number}" for number in range(6)]

    def keep(name: str) -> None:
        kept.store(tmp_path / "tokens").keep_typed(name, {"values": {"for": name}})

    threads = [threading.Thread(target=keep, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    store = kept.store(tmp_path / "tokens")
    assert [store.typed(name) for name in names] == [{"values": {"for": name}} for name in names]
    assert len(entries(Path(kept.environ["STRICT_KEYRING"]))) == 1


IN_THE_OPEN = "keyrings.alt.file.PlaintextKeyring"


def run(cli: Cli, **environment: str) -> tuple[int, str, int]:
    """A login with the keyring as store: its status, what was said, and what was issued."""
    with rotating() as server:
        flow = written(cli.folder, server)
        done = cli("run", flow, **environment, **secret_of("acme"), FLOWRUN_STORE="keyring")
    return done.status, done.stderr, len(server.issued)


@pytest.mark.parametrize("backend", ["fail", "null"])
def test_a_keyring_that_keeps_nothing_is_told_before_anybody_is_asked(
    cli: Cli, backend: str
) -> None:
    status, said, issued = run(cli, PYTHON_KEYRING_BACKEND=f"keyring.backends.{backend}.Keyring")

    assert (status, issued) == (7, 0)
    assert "error E708: " in said


def test_a_keyring_in_the_open_is_refused_unless_it_is_named(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / ".config" / "python_keyring"
    config.mkdir(parents=True)
    (config / "keyringrc.cfg").write_text(f"[backend]\ndefault-keyring={IN_THE_OPEN}\n")

    status, said, issued = run(cli)
    named = run(cli, PYTHON_KEYRING_BACKEND=IN_THE_OPEN)

    assert (status, issued) == (7, 0)
    assert "PlaintextKeyring, which does not protect what it has" in said
    assert named[0] == 0, named[1]


NONE = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


def test_a_move_to_a_keyring_that_is_not_there_changes_nothing(cli: Cli) -> None:
    with rotating() as server:
        cli("run", written(cli.folder, server), **secret_of("acme"))
        done = cli("move", "acme", "--store", "keyring", **NONE)
        left = [*(cli.folder / "tokens").rglob("*.keyring")]
        token = cli("token", "acme", **NONE)
        gone = cli("forget", "acme", **NONE)

    assert (done.status, left) == (7, [])
    assert "error E708: there is no keyring on this machine" in done.stderr
    assert "age" in done.stderr
    assert token.stdout.strip() == server.issued[-2]
    assert gone.status == 0, gone.stderr


@pytest.mark.parametrize("words", [["forget", "acme"], ["move", "acme", "--to", "other"]])
def test_a_note_about_a_keyring_that_is_not_there_holds_nothing_up(
    cli: Cli, words: list[str]
) -> None:
    with rotating() as server:
        cli("run", written(cli.folder, server), **secret_of("acme"))
        note = cli.folder / "tokens" / ".flowrun" / "acme.keyring"
        note.write_text("flowrun/acme/fake/0")
        note.chmod(0o600)
        refreshed = cli("refresh", "acme", **NONE, **secret_of("acme"))
        kept = note.exists()
        done = cli(*words, **NONE)

    assert (refreshed.status, kept) == (0, True)  # another day the keyring may be there
    assert done.status == 0, done.stderr
    assert not note.exists()


@pytest.mark.parametrize("backend", ["fail", "null"])
def test_a_write_that_is_refused_leaves_no_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    name = f"keyring.backends.{backend}.Keyring"
    monkeypatch.setattr(keyring.core, "_keyring_backend", keyring.core.load_keyring(name))
    store = Kept("keyring", {}).store(tmp_path / "tokens")

    error = refusal(lambda: store.write("acme", RECORD))

    assert error.code == "E708"
    assert store.kept("acme") == []


@STRICT
def test_a_record_in_a_keyring_that_is_not_there_is_not_forgotten(kept: Kept, cli: Cli) -> None:
    ring = {**kept.environment, **secret_of("acme")}
    with rotating() as server:
        cli("run", written(cli.folder, server), **ring)
        done = cli("forget", "acme", **NONE)

    assert done.status == 7
    assert "there is no keyring on this machine" in done.stderr
    assert kept.store(cli.folder / "tokens").kept_as("acme") == "keyring"
    assert held(kept)


WITHOUT = """
import sys
sys.modules["keyring"] = None
sys.argv = ["flowrun", *sys.argv[1:]]
from flowrun.__main__ import main
main()
"""


def test_an_extra_that_is_missing_is_told_with_its_command(cli: Cli) -> None:
    with rotating() as server:
        flow = written(cli.folder, server)
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT, "run", flow],
            cwd=cli.folder,
            env={**cli.environment(), **secret_of("acme"), "FLOWRUN_STORE": "keyring"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert (done.returncode, server.issued) == (2, [])
    assert "pip install 'flowrun-oauth[keyring]'" in done.stderr


@STRICT
def test_a_locked_keyring_costs_no_token(kept: Kept, cli: Cli) -> None:
    ring = {**kept.environment, **secret_of("acme")}
    with rotating() as server:
        cli("run", written(cli.folder, server), **ring)
        beside(kept, "locked").touch()
        done = cli("refresh", "acme", **ring)
        beside(kept, "locked").unlink()
        again = cli("refresh", "acme", **ring)

    assert (done.status, again.status) == (7, 0)
    assert "error E708: " in done.stderr
    assert "fake-words-of-a-back-end" not in done.stderr
    assert len(server.redeemed) == 1


@STRICT
def test_an_answer_outlives_a_keyring_that_goes_away_while_it_is_awaited(
    kept: Kept, cli: Cli
) -> None:
    ring = {**kept.environment, **secret_of("acme")}
    with rotating() as server:
        cli("run", written(cli.folder, server), **ring)
        server.once_issued = beside(kept, "locked").touch
        done = cli("refresh", "acme", **ring)
        answered = list((cli.folder / "tokens" / ".flowrun").glob("acme.attempt"))
        readable = [token for token in server.issued if token.encode() in answered[0].read_bytes()]
        beside(kept, "locked").unlink()
        again = cli("refresh", "--due", **ring)
        token = cli("token", "acme", **ring)

    assert (done.status, again.status) == (7, 0)
    assert readable == []
    assert token.stdout.strip() == server.issued[-2]
    assert (len(server.redeemed), server.refused) == (1, 0)


@pytest.fixture(scope="session")
def locked_service() -> Iterator[str]:
    needs = ("dbus-daemon", "dbus-send", "gnome-keyring-daemon")
    with rig("secret-service", needs=needs, RIG_LOCKED="1") as address:
        yield address


@pytest.mark.rig
def test_a_real_keyring_that_is_locked_is_told(cli: Cli, locked_service: str) -> None:
    status, said, issued = run(
        cli,
        DBUS_SESSION_BUS_ADDRESS=locked_service,
        PYTHON_KEYRING_BACKEND="keyring.backends.SecretService.Keyring",
    )

    assert (status, issued) == (7, 0)
    assert "error E708: the keyring does not take flowrun/trial/" in said
    assert "Is it unlocked?" in said
