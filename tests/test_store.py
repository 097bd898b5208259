"""Files that hold tokens: private, whole, locked, and refused when they are not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.errors import FlowError, FlowrunError, StoreError
from flowrun.message import Response
from flowrun.record import Record
from flowrun.stores import attempt as journal
from flowrun.stores import private
from flowrun.stores.files import FileStore
from flowrun.stores.interface import redemption
from standards import proves

RECORD = Record(
    {"access_token": "fake-access", "refresh_token": "fake-refresh", "extra": [1.5, None]},
    {"version": 3, "grant": "g1", "attempt": "a1"},
)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    store = FileStore(tmp_path / "tokens")
    store.write("acme", RECORD)
    return store


def refusal(act: Callable[[], object]) -> FlowrunError:
    with pytest.raises(FlowrunError) as caught:
        act()
    return caught.value


def in_child(script: str, *args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@proves("RFC 6749", "10.3", "keeps tokens in files of their owner alone")
def test_a_record_comes_back_and_only_its_owner_may_read_it(store: FileStore) -> None:
    modes = [store.path("acme").stat().st_mode, store.folder.stat().st_mode]

    assert store.read("acme") == RECORD
    assert [mode & 0o777 for mode in modes] == [0o600, 0o700]
    assert (store.folder / ".gitignore").read_text() == "*\n"


def test_there_is_no_record_only_where_there_is_no_file(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "tokens")

    assert store.read("acme") is None
    assert store.names() == []
    assert not store.folder.exists()


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{", b"\xff", b"[" * 100_000, b"{}"])
def test_a_damaged_record_is_not_taken_for_none(store: FileStore, content: bytes) -> None:
    store.path("acme").write_bytes(content)

    error = refusal(lambda: store.read("acme"))

    assert error.code == "E702"
    assert str(store.path("acme")) in str(error)
    assert "Keep it" in error.problems[0].hint
    assert store.path("acme").read_bytes() == content


def test_names_are_those_of_records(store: FileStore) -> None:
    store.write("b@x.example", RECORD)
    store.write("Acme-2", RECORD)
    for other in (".acme.json.0123456789ab", "notes.txt", "-x.json", ".hidden.json"):
        (store.folder / other).write_text("{}")

    assert store.names() == ["Acme-2", "acme", "b@x.example"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a/b",
        "../x",
        "-x",
        "a b",
        "x" * 101,
        "a.",
        "nul",
        "COM1",
        "con.x",
        "é",
        "a\n",
    ],
)
def test_a_name_that_is_no_portable_file_name_is_refused(store: FileStore, name: str) -> None:
    error = refusal(lambda: store.read(name))

    assert error.code == "E220"


@pytest.mark.parametrize(
    "name", ["a", "0", "x" * 100, "a.b", "console", "com10", "a@b.example+c_d"]
)
def test_a_portable_name_is_taken(store: FileStore, name: str) -> None:
    store.write(name, RECORD)

    assert store.read(name) == RECORD


def test_a_name_that_differs_in_capitals_is_refused_before_anybody_is_asked(
    store: FileStore,
) -> None:
    error = refusal(lambda: store.probe("ACME"))

    assert error.code == "E220"
    assert "acme" in str(error)


def test_a_symbolic_link_is_refused(store: FileStore, tmp_path: Path) -> None:
    store.path("acme").rename(tmp_path / "elsewhere")
    store.path("acme").symlink_to(tmp_path / "elsewhere")

    error = refusal(lambda: store.read("acme"))

    assert error.code == "E703"
    assert "symbolic link" in str(error)


def test_a_folder_that_is_a_symbolic_link_is_refused(store: FileStore, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(store.folder)

    assert refusal(lambda: FileStore(link).read("acme")).code == "E703"
    assert refusal(lambda: FileStore(link).write("acme", RECORD)).code == "E703"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_file_open_to_others_is_refused_with_its_repair(store: FileStore, mode: int) -> None:
    store.path("acme").chmod(mode)

    error = refusal(lambda: store.read("acme"))

    assert error.code == "E703"
    assert error.problems[0].hint.endswith(f"chmod 600 {store.path('acme')}")


def test_a_folder_open_to_others_is_refused_with_its_repair(store: FileStore) -> None:
    store.folder.chmod(0o755)

    for act in (lambda: store.read("acme"), lambda: store.write("new", RECORD), store.probe):
        error = refusal(act)

        assert error.code == "E703"
        assert error.problems[0].hint.endswith(f"chmod 700 {store.folder}")


def test_a_pipe_in_the_place_of_a_record_holds_nobody_up(store: FileStore) -> None:
    os.mkfifo(store.path("pipe"), 0o600)

    assert refusal(lambda: store.read("pipe")).code == "E703"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_file_of_another_user_is_refused(store: FileStore) -> None:
    os.chown(store.path("acme"), 12345, 12345)

    error = refusal(lambda: store.read("acme"))

    assert error.code == "E703"
    assert "another user" in str(error)


def test_a_folder_that_cannot_be_made_is_told_before_anybody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")  # root may write into every folder, but not below a file

    error = refusal(FileStore(tmp_path / "file" / "tokens").probe)

    assert error.code == "E701"
    assert "--tokens" in error.problems[0].hint


def test_a_probe_leaves_nothing_behind(store: FileStore) -> None:
    store.probe("acme", "new")

    left = sorted(path.name for path in (store.folder / ".flowrun").iterdir())
    assert left == [".gitignore"]
    assert store.names() == ["acme"]


FULL = """
import resource, sys
from pathlib import Path
from flowrun.errors import StoreError
from flowrun.stores.files import FileStore
from flowrun.stores.interface import redemption
store = FileStore(Path(sys.argv[1]))
record = store.read("acme")
record = record._replace(fields={**record.fields, "more": "x" * 100_000})
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for act in (lambda: store.write("acme", record), store.probe,
            lambda: store.begin("acme", record, at=0)):
    try:
        act()
    except StoreError as error:
        print(error.code, error.problems[0].hint)
"""


def test_a_full_disk_leaves_the_old_record_and_no_rubbish(store: FileStore) -> None:
    done = in_child(FULL, store.folder)

    assert done.stdout.splitlines() == ["E701 Free some space there, then run again."] * 3
    assert store.read("acme") == RECORD
    left = {path.name for path in store.folder.rglob("*")}
    assert left == {".gitignore", "acme.json", ".flowrun"}


def test_a_record_that_git_tracks_is_refused(tmp_path: Path) -> None:
    def git(*args: str) -> None:
        subprocess.run(["git", *args], cwd=tmp_path, check=True, capture_output=True)

    folder = tmp_path / "tokens"
    folder.mkdir(mode=0o700)
    (folder / "acme.json").write_text("{}")
    git("init", "--quiet")
    git("add", "--force", "tokens/acme.json")
    (folder / "acme.json").unlink()

    error = refusal(lambda: FileStore(folder).write("acme", RECORD))

    assert error.code == "E706"
    assert f"git rm --cached {folder / 'acme.json'}" in error.problems[0].hint
    assert "revoke" in error.problems[0].hint
    FileStore(folder).write("other", RECORD)


def test_what_is_kept_of_a_record_goes_with_it_but_its_lock_stays(store: FileStore) -> None:
    store.write("acme.2", RECORD)
    for name in ("acme", "acme.2"):
        with store.locked(name):
            store.keep_typed(name, {"subdomain": name})
            store.begin(name, RECORD, at=0).keep(Response(200, {}, b"{}"))
            store.keep_orphan(name)

    store.delete("acme")

    left = {path.name.partition("-")[0] for path in (store.folder / ".flowrun").iterdir()}
    assert store.names() == ["acme.2"]
    assert left == {
        *(".gitignore", "acme.lock", "acme.2.lock"),
        *("acme.2.attempt", "acme.2.inputs", "acme.2.orphan"),
    }


def test_what_a_crash_left_half_written_goes_with_its_record(store: FileStore) -> None:
    halves = (
        ".acme.json.0123456789ab",
        ".flowrun/.acme.client-1.0123456789ab",
        ".flowrun/.acme.part",
    )
    others = (".acme.2.json.0123456789ab", ".flowrun/.acme.2.part")
    for half in (*halves, *others):
        (store.folder / half).write_bytes(b"fake-refresh-token")

    store.delete("acme")

    assert [half for half in halves if (store.folder / half).exists()] == []
    assert [half for half in others if not (store.folder / half).exists()] == []


def test_what_a_person_typed_is_kept_private(store: FileStore) -> None:
    store.keep_typed("acme", {"client_secret": "fake-secret-of-acme"})

    assert store.typed("acme") == {"client_secret": "fake-secret-of-acme"}
    assert store.typed("other") == {}
    assert (store.folder / ".flowrun" / "acme.inputs").stat().st_mode & 0o777 == 0o600


HOLD = """
import sys, time
from pathlib import Path
from flowrun.stores.files import FileStore
from flowrun.stores.interface import redemption
with FileStore(Path(sys.argv[1])).locked("acme"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_busy_record_names_who_has_it(store: FileStore) -> None:
    command = [sys.executable, "-c", HOLD, str(store.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"

        error = refusal(lambda: store.locked("acme", deadline_s=0.05).__enter__())
        holder.communicate()

    assert error.code == "E704"
    assert "acme is busy" in str(error)
    assert sys.platform != "linux" or f"process {holder.pid}" in str(error)


def test_a_killed_holder_keeps_nobody_out(store: FileStore) -> None:
    command = [sys.executable, "-c", HOLD, str(store.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()

    with store.locked("acme", deadline_s=5):
        assert (store.folder / ".flowrun" / "acme.lock").read_bytes() == b""


def test_threads_keep_each_other_out(store: FileStore) -> None:
    counts: list[int] = []

    def add() -> None:
        with store.locked("acme"):
            record = store.read("acme")
            assert record is not None
            meta = {**record.meta, "version": record.version + 1}
            store.write("acme", record._replace(meta=meta))
            counts.append(record.version)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(counts) == list(range(3, 11))


ATTEMPTS = st.builds(
    lambda name, grant, version, refresh: (
        name,
        Record(
            {"access_token": "a", "refresh_token": refresh}, {"grant": grant, "version": version}
        ),
    ),
    st.from_regex(r"[a-z]{1,100}", fullmatch=True),
    st.text(max_size=64),
    st.integers(0, 2**31),
    st.text(),
)


@given(ATTEMPTS, st.floats(0, 2e9))
def test_an_attempt_comes_back(named: tuple[str, Record], at: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (aside := Path(folder) / private.ASIDE).mkdir()
        of = redemption(*named)
        made = journal.create(aside / "n.attempt", of, at=at)

        read = journal.read(made.path)

        assert read == made
        assert (read.of, read.at, read.state, read.answer) == (of, at, "sent", None)
        assert made.path.stat().st_size == journal.SIZE


@given(st.integers(100, 599), st.binary(max_size=300), st.data())
def test_what_is_torn_at_any_byte_is_found_out(head: int, body: bytes, data: st.DataObject) -> None:
    whole = journal.sealed(str(head).encode(), body)
    cut = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[cut] ^= 1 << data.draw(st.integers(0, 7))

    assert journal.unsealed(whole) == (str(head).encode(), body)
    assert journal.unsealed(whole.ljust(5000, b"\0")) == (str(head).encode(), body)
    assert journal.unsealed(whole[:cut]) is None
    assert journal.unsealed(bytes(flipped)) is None


def test_what_a_crash_left_half_written_goes_with_the_next_lock(store: FileStore) -> None:
    half, other = store.folder / ".flowrun/.acme.part", store.folder / ".flowrun/.acme.2.part"
    for path in (half, other):
        path.write_bytes(b"fake-refresh-token")

    with store.locked("acme"):
        there = half.exists()
        store.write("acme", RECORD)

    assert not there
    assert not half.exists()
    assert other.exists()


def test_an_attempt_is_not_made_twice(store: FileStore) -> None:
    with store.locked("acme"):
        first = store.begin("acme", RECORD, at=1)

        error = refusal(lambda: store.begin("acme", RECORD, at=2))

        assert error.code == "E701"
        assert store.attempt("acme") == first


@pytest.mark.parametrize("at", [1, 40, 70, 100, 150])
def test_a_torn_header_says_that_nothing_was_sent(store: FileStore, at: int) -> None:
    with store.locked("acme"):
        path = store.begin("acme", RECORD, at=1).path
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))

    attempt = store.attempt("acme")

    assert attempt is not None
    assert attempt.id == ""


def test_an_answer_comes_back_with_its_state(store: FileStore) -> None:
    with store.locked("acme"):
        made = store.begin("acme", RECORD, at=1)
    made.keep(Response(201, {"Content-Type": "application/json; charset=utf-8"}, b'{"a": 1}\0'))
    made.mark("unknown")

    attempt = store.attempt("acme")

    assert attempt is not None
    assert attempt.answer is not None
    assert (attempt.state, attempt.whole) == ("unknown", True)
    assert (attempt.answer.status, attempt.answer.body) == (201, b'{"a": 1}\0')
    assert attempt.answer.content_type == "application/json"


def test_an_answer_beyond_the_room_is_kept_as_far_as_it_fits(store: FileStore) -> None:
    with store.locked("acme"):
        made = store.begin("acme", RECORD, at=1)
    made.keep(Response(200, {"content-type": "x" * 9000}, b"x" * (journal.BODY_ROOM + 1)))

    attempt = store.attempt("acme")

    assert attempt is not None
    assert attempt.answer is not None
    assert (len(attempt.answer.body), attempt.whole) == (journal.BODY_ROOM, False)
    assert made.path.stat().st_size == journal.SIZE


def test_a_probe_forgets_the_answer_that_was_there(store: FileStore) -> None:
    with store.locked("acme"):
        made = store.begin("acme", RECORD, at=1)
    made.keep(Response(503, {}, b"busy"))

    probed = made.again("probed")

    assert store.attempt("acme") == probed
    assert (probed.state, probed.answer) == ("probed", None)


def test_an_answer_is_kept_on_a_disk_that_has_become_full(store: FileStore) -> None:
    with store.locked("acme"):
        made = store.begin("acme", RECORD, at=1)
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from flowrun.message import Response; from flowrun.stores.files import FileStore\n"
        "attempt = FileStore(Path(sys.argv[1])).attempt('acme')\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({journal.SIZE},) * 2)\n"
        f"attempt.keep(Response(200, {{}}, b'y' * {journal.BODY_ROOM}))\n"
    )

    done = in_child(script, store.folder)

    attempt = store.attempt("acme")
    assert (done.returncode, done.stderr) == (0, "")
    assert attempt is not None
    assert attempt.whole
    assert made.path.stat().st_size == journal.SIZE


def test_the_record_on_disk_is_plain_json(store: FileStore) -> None:
    document = json.loads(store.path("acme").read_text())

    assert document == {**RECORD.fields, "flowrun": RECORD.meta}


def test_errors_are_those_of_the_store(store: FileStore) -> None:
    assert isinstance(refusal(lambda: store.path("a/b")), FlowError)
    store.path("acme").write_text("")
    assert isinstance(refusal(lambda: store.read("acme")), StoreError)
