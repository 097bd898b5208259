"""What servers have said is kept in private files, for its time, and for whom it was meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowrun.errors import StoreError
from flowrun.record import Record
from flowrun.stores.files import FileStore
from flowrun.stores.shelf import FileShelf

ISSUER = "https://id.example"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf(tmp_path: Path, clock: Clock) -> FileShelf:
    return FileShelf(tmp_path / "tokens" / ".flowrun", "acme", clock)


def file_of(shelf: FileShelf) -> Path:
    (found,) = (each for each in shelf.folder.rglob("*-*") if each.is_file())
    return found


def test_what_is_put_there_is_there_for_its_time(shelf: FileShelf, clock: Clock) -> None:
    shelf.put("metadata", ISSUER, {"issuer": ISSUER}, until=1060)

    assert shelf.get("metadata", ISSUER) == {"issuer": ISSUER}
    clock.seconds = 1060
    assert shelf.get("metadata", ISSUER) is None
    assert shelf.get("metadata", ISSUER, late_s=1) == {"issuer": ISSUER}


def test_only_its_owner_may_read_it(shelf: FileShelf) -> None:
    shelf.put("client", ISSUER, {"client_secret": "fake-secret"})

    modes = [file_of(shelf).stat().st_mode, shelf.folder.stat().st_mode]
    assert [mode & 0o777 for mode in modes] == [0o600, 0o700]


@pytest.mark.parametrize("kind", ["client", "metadata"])
def test_what_others_can_read_is_not_believed(shelf: FileShelf, kind: str) -> None:
    shelf.put(kind, ISSUER, {})
    file_of(shelf).chmod(0o644)

    with pytest.raises(StoreError) as caught:
        shelf.get(kind, ISSUER)

    assert caught.value.code == "E703"


def test_a_folder_that_others_can_write_is_not_believed(shelf: FileShelf) -> None:
    shelf.put("metadata", ISSUER, {}, until=2000)
    file_of(shelf).parent.chmod(0o777)

    with pytest.raises(StoreError) as caught:
        shelf.get("metadata", ISSUER)

    assert caught.value.code == "E703"


def test_a_file_does_not_answer_for_another_key(shelf: FileShelf) -> None:
    shelf.put("metadata", "https://other.example", {"issuer": ISSUER}, until=2000)
    theirs = file_of(shelf)
    shelf.put("metadata", ISSUER, {"issuer": ISSUER}, until=2000)
    (ours,) = (each for each in theirs.parent.glob("*-*") if each != theirs)
    theirs.replace(ours)

    assert shelf.get("metadata", ISSUER) is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"until": "later"}', b"[" * 99999]
)
def test_a_damaged_file_is_as_good_as_none(shelf: FileShelf, content: bytes) -> None:
    shelf.put("metadata", ISSUER, {"issuer": ISSUER}, until=2000)
    file_of(shelf).write_bytes(content)

    assert shelf.get("metadata", ISSUER) is None


def test_a_client_belongs_to_one_record_and_metadata_to_all(shelf: FileShelf) -> None:
    other = FileShelf(shelf.folder, "other", shelf.now)

    shelf.put("client", ISSUER, {"client_id": "a"})
    shelf.put("metadata", ISSUER, {"issuer": ISSUER}, until=2000)

    assert dict(shelf.all("client")) == {ISSUER: {"client_id": "a"}}
    assert other.get("client", ISSUER) is None
    assert other.get("metadata", ISSUER) == {"issuer": ISSUER}


def test_what_is_dropped_is_gone(shelf: FileShelf) -> None:
    shelf.put("client", ISSUER, {"client_id": "a"})

    shelf.drop("client", ISSUER)

    assert shelf.get("client", ISSUER) is None
    assert list(shelf.all("client")) == []


def test_a_record_that_is_forgotten_leaves_nothing_on_the_shelf(shelf: FileShelf) -> None:
    store = FileStore(shelf.folder.parent)
    for name in ("acme", "acme.2", "shelf"):
        store.write(name, Record({"access_token": "fake-access"}, {}))
        FileShelf(shelf.folder, name, shelf.now).put("client", ISSUER, {"client_id": name})
    shelf.put("metadata", ISSUER, {"issuer": ISSUER}, until=2000)

    store.delete("acme")

    left = [each for each in shelf.folder.rglob("*-*") if each.is_file()]
    assert sorted(json.loads(each.read_text())["value"]["client_id"] for each in left) == [
        "acme.2",
        "shelf",
    ]
