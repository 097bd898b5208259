"""A record goes from one store to another, and nothing of it is lost, doubled or left behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from flowrun.errors import FlowrunError, PersonNeeded
from flowrun.message import Response
from flowrun.record import Record, refuse_released
from flowrun.secret import JSON
from flowrun.stores.files import FileStore
from flowrun.stores.moving import move
from flowrun.stores.vaults import KINDS, SUFFIXES
from servers import kept as ways
from servers.command import TESTS, Cli, Done
from servers.dying import deaths
from servers.kept import Kept
from servers.rotating import logged_in, rotating, secret_of
from servers.strict_keyring import entries

RECORD = Record(
    {"access_token": "fake-access-of-acme", "refresh_token": "fake-refresh-of-acme"},
    {"version": 3, "grant": "g1", "plan": {"steps": ["x" * 3000]}},
)
TYPED: dict[str, JSON] = {"values": {"client_secret": "fake-secret-of-acme"}}
NOON = 1_700_000_000
PAIRS = [(old, new) for old in KINDS for new in KINDS if old != new]
ACROSS = [("files", "files"), ("keyring", "age")]

Stores = Callable[..., FileStore]


@pytest.fixture
def environ(tmp_path: Path, request: pytest.FixtureRequest) -> Mapping[str, str]:
    """An environment in which records of every kind can be kept."""
    found = [ways.way(name, tmp_path / name, request) for name in ("age", "strict keyring")]
    return {name: value for way in found for name, value in way.environ.items()}


@pytest.fixture
def stores(tmp_path: Path, environ: Mapping[str, str]) -> Iterator[Stores]:
    """Makes stores, in this process."""

    def store(kind: str = "files", folder: str = "tokens") -> FileStore:
        return FileStore(tmp_path / folder, kind, environ)

    with ways.here(Kept("keyring", environ)):
        yield store


@pytest.fixture
def in_keyring(environ: Mapping[str, str]) -> Callable[[], list[str]]:
    """The entries in the keyring that belong to records."""
    path = Path(environ["STRICT_KEYRING"])
    others = ("flowrun/beside/", "flowrun/trial/")  # a trial that is killed leaves its entry
    return lambda: [entry for entry in entries(path) if not entry.startswith(others)]


def filled(store: FileStore) -> FileStore:
    with store.locked("acme"):
        store.write("acme", RECORD)
        store.keep_typed("acme", TYPED)
        store.shelf("acme").put("client", "https://id.example", {"client_secret": "s"})
        store.begin("acme", RECORD, at=NOON).keep(Response(200, {}, b"fake-answer"))
        store.keep_orphan("acme")
        attempt = store.attempt("acme")
        assert attempt is not None
        attempt.discard()
    return store


def refusal(act: Callable[[], object]) -> FlowrunError:
    with pytest.raises(FlowrunError) as caught:
        act()
    return caught.value


def has_all(store: FileStore) -> bool:
    client = store.shelf("acme").get("client", "https://id.example")
    beside = store.beside("acme")
    return (
        store.read("acme") == RECORD
        and store.typed("acme") == TYPED
        and client == {"client_secret": "s"}
        and b"fake-answer" in beside.values()
    )


def files(store: FileStore) -> list[str]:
    """The files of records, and what only an interrupted write leaves."""
    found = [*store.folder.glob("[a-z]*.*"), *store.folder.glob(".flowrun/[a-z]*.keyring")]
    return sorted(str(path.relative_to(store.folder)) for path in found)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_record_is_kept_otherwise_with_all_that_is_beside_it(
    stores: Stores, in_keyring: Callable[[], list[str]], old: str, new: str
) -> None:
    store = filled(stores(old))

    moved = move("acme", store, stores(new), now=NOON)

    assert has_all(stores())
    assert files(store) == [f"acme{SUFFIXES[new]}"]
    assert moved.place == str(store.folder / f"acme{SUFFIXES[new]}")
    assert bool(in_keyring()) == (new == "keyring")
    sealed = [path.read_bytes() for path in store.folder.rglob("acme.*")]
    readable = [text for text in sealed if b"fake-" in text]
    assert bool(readable) == (new == "files")


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_goes_to_another_folder(
    stores: Stores, in_keyring: Callable[[], list[str]], kind: str
) -> None:
    here, there = filled(stores(kind)), stores(kind, "elsewhere")
    before = in_keyring()

    move("acme", here, there, now=NOON)

    assert has_all(there)
    assert here.kept("acme") == []
    assert len(in_keyring()) == len(before)
    assert not set(in_keyring()) & set(before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_that_is_moved_to_where_it_is_is_written_anew(stores: Stores, kind: str) -> None:
    store = filled(stores(kind))
    before = store.path("acme").read_bytes()

    move("acme", store, stores(kind), now=NOON)

    assert has_all(store)
    assert (store.path("acme").read_bytes() == before) == (kind == "files")


def put_back(folder: Path, saved: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(saved, folder)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_move_that_is_killed_anywhere_leaves_the_record_and_is_ended_by_the_next_one(
    stores: Stores, tmp_path: Path, in_keyring: Callable[[], list[str]], old: str, new: str
) -> None:
    store = filled(stores(old))
    shutil.copytree(store.folder, saved := tmp_path / "saved")
    ring = tmp_path / "strict keyring"
    shutil.copytree(ring, ring_saved := tmp_path / "ring")
    steps = 0

    for _ in deaths(lambda: move("acme", stores(old), stores(new), now=NOON)):
        steps += 1
        assert has_all(stores())
        with stores().locked("acme"):
            stores().write("acme", RECORD)  # as a refresh does, which sweeps
        left = stores().kept_as("acme")
        assert files(store) == [f"acme{SUFFIXES[left or '']}"]
        assert bool(in_keyring()) == (left == "keyring")
        move("acme", stores(), stores(new), now=NOON)
        assert has_all(stores())
        assert stores().kept_as("acme") == new
        put_back(store.folder, saved)
        put_back(ring, ring_saved)

    assert steps > 20


@pytest.mark.parametrize(("old", "new"), ACROSS)
def test_no_two_records_are_refreshed_when_a_move_to_another_folder_is_killed(
    stores: Stores, tmp_path: Path, old: str, new: str
) -> None:
    here, there = filled(stores(old)), stores(new, "elsewhere")
    shutil.copytree(here.folder, saved := tmp_path / "saved")
    ring = tmp_path / "strict keyring"
    shutil.copytree(ring, ring_saved := tmp_path / "ring")
    steps = 0

    for _ in deaths(lambda: move("acme", here, there, now=NOON)):
        steps += 1
        found = [record for each in (here, there) if (record := each.read("acme"))]
        usable = [record for record in found if record.released is None]
        assert len(usable) <= 1
        assert all(record.fields == RECORD.fields for record in found)
        if not there.read("acme") or here.read("acme"):
            move("acme", stores(old), stores(new, "elsewhere"), now=NOON)
        assert has_all(stores(new, "elsewhere"))
        assert stores(old).read("acme") is None
        shutil.rmtree(there.folder, ignore_errors=True)
        put_back(here.folder, saved)
        put_back(ring, ring_saved)

    assert steps > 20


def test_a_record_that_was_half_moved_says_how_that_ends(stores: Stores) -> None:
    here = filled(stores())
    deathly = deaths(lambda: move("acme", here, stores("files", "elsewhere"), now=NOON))
    while (record := here.read("acme")) == RECORD:
        next(deathly)

    assert record is not None
    assert "part of a move to" in str(record.released)
    assert "run it again" in str(record.released)


def test_no_token_of_a_record_that_was_half_moved_is_refreshed_there(stores: Stores) -> None:
    user: dict[str, JSON] = {"access_token": "fake-user", "refresh_token": "fake-refresh-user"}
    here, there = filled(stores()), stores("files", "elsewhere")
    whole = RECORD.with_named("user", Record(user, {}))
    here.write("acme", whole)
    deathly = deaths(lambda: move("acme", here, there, now=NOON))
    while (record := here.read("acme")) == whole:
        next(deathly)

    assert record is not None
    for token in ("", "user"):
        with pytest.raises(PersonNeeded, match="part of a move"):
            refuse_released("acme", record, token)

    move("acme", here, there, now=NOON)
    assert there.read("acme") == whole


def test_a_move_that_was_cut_short_is_ended_with_what_has_happened_since(stores: Stores) -> None:
    here, there = filled(stores()), filled(stores("files", "elsewhere"))
    marked: JSON = {
        "at": NOON,
        "as": f"part of a move to {there.place('acme')}, which was cut short",
    }
    here.write("acme", RECORD.knowing(released=marked))
    newer = RECORD.knowing(version=4)
    there.write("acme", newer)

    move("acme", here, there, now=NOON)

    assert there.read("acme") == newer
    assert here.read("acme") is None


def test_a_record_that_was_handed_over_stays_so(stores: Stores) -> None:
    here, there = filled(stores()), stores("age", "elsewhere")
    given = RECORD.knowing(released={"at": NOON, "as": "webmethods"})
    here.write("acme", given)

    move("acme", here, there, now=NOON)

    assert there.read("acme") == given


def test_another_record_is_never_written_over(stores: Stores) -> None:
    here, there = filled(stores()), filled(stores("files", "elsewhere"))
    there.write("acme", other := RECORD.knowing(grant="g2"))

    error = refusal(lambda: move("acme", here, there, now=NOON))

    assert error.code == "E711"
    assert (here.read("acme"), there.read("acme")) == (RECORD, other)


def test_a_refresh_that_is_not_settled_stays_where_it_is(stores: Stores) -> None:
    here = filled(stores())
    here.begin("acme", RECORD, at=NOON)

    error = refusal(lambda: move("acme", here, stores("age"), now=NOON))

    assert error.code == "E712"
    assert error.problems[0].hint == "Settle it first: flowrun refresh acme"
    assert (here.read("acme"), here.pending("acme")) == (RECORD, True)


NEITHER = {
    "newer": RECORD.knowing(version=4),
    "of another grant": RECORD.knowing(grant="g2"),
}


@pytest.mark.parametrize("which", NEITHER)
def test_a_second_file_that_no_move_has_left_is_not_removed(stores: Stores, which: str) -> None:
    stores("age", "elsewhere").write("acme", NEITHER[which])
    store = filled(stores())
    shutil.copy(stores("age", "elsewhere").path("acme"), store.folder)

    acts = (lambda: store.probe("acme"), lambda: store.locked("acme").__enter__())

    for act in acts:
        error = refusal(act)
        assert error.code == "E711"
        assert "acme.json and " in str(error)
    assert files(store) == ["acme.age", "acme.json"]


def test_a_store_that_cannot_be_used_takes_no_record(stores: Stores, tmp_path: Path) -> None:
    here = filled(stores())
    (tmp_path / "strict keyring" / "locked").touch()

    error = refusal(lambda: move("acme", here, stores("keyring"), now=NOON))

    assert error.code == "E708"
    assert files(here) == ["acme.json"]
    assert has_all(here)


# The command.


def moved(cli: Cli, environ: Mapping[str, str], *words: str) -> Done:
    return cli("move", *words, **environ, PYTHONPATH=str(TESTS))


def test_the_command_says_what_it_did(cli: Cli, environ: Mapping[str, str]) -> None:
    with rotating() as server:
        logged_in(cli, server, "acme", "other")
        first = moved(cli, environ, "acme", "--store", "age")
        second = moved(cli, environ, "acme", "./other.yaml", "--store", "keyring", "--json")
        third = moved(cli, environ, "acme", "--to", "elsewhere")

    assert (first.status, first.stdout) == (0, "tokens/acme.age\n")
    assert first.stderr == "acme: tokens/acme.json is now tokens/acme.age\n"
    assert json.loads(second.stdout) == [
        {
            "name": name,
            "from": f"tokens/{name}.{old}",
            "to": f"tokens/{name}.keyring",
            "store": "keyring",
            "with": [],
        }
        for name, old in (("acme", "age"), ("other", "json"))
    ]
    assert third.stdout == "elsewhere/acme.keyring\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(["acme"], "E219", id="nowhere"),
        pytest.param(["acme", "--store", "agee"], "E707", id="no such store"),
        pytest.param(["acme", "--store", "postgresql://u:p@h/d"], "E707", id="not yet"),
        pytest.param(["nobody", "--store", "age"], "E705", id="no such record"),
    ],
)
def test_a_move_that_cannot_be_is_told(
    cli: Cli, environ: Mapping[str, str], words: list[str], code: str
) -> None:
    with rotating() as server:
        logged_in(cli, server)
        done = moved(cli, environ, *words)

    assert f"error {code}: " in done.stderr
    assert "u:p@h" not in done.stderr
    assert cli.record("acme").exists()


def test_the_folder_of_the_records_is_no_other_one(cli: Cli, environ: Mapping[str, str]) -> None:
    with rotating() as server:
        logged_in(cli, server)
        (cli.folder / "link").symlink_to(cli.folder / "tokens")
        done = moved(cli, environ, "acme", "--store", "age", "--to", str(cli.folder / "link"))

    assert (done.status, done.stdout) == (0, "tokens/acme.age\n")


def test_a_record_lives_on_wherever_it_goes(cli: Cli, environ: Mapping[str, str]) -> None:
    everything = {**environ, "PYTHONPATH": str(TESTS), **secret_of("acme")}
    with rotating() as server:
        logged_in(cli, server)
        statuses = []
        for words in (["--store", "keyring"], ["--store", "age"], ["--store", "files"]):
            statuses.append(moved(cli, environ, "acme", *words).status)
            statuses.append(cli("refresh", "acme", **everything).status)
        token = cli("token", "acme", **everything).stdout.strip()

    assert statuses == [0] * 6
    assert token == server.issued[-2]
    assert server.refused == 0
