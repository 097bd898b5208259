"""
What every store does, whatever it is made of: the promises of `flowrun.stores.interface`.

A store that is to come joins by its name in `servers.kept.WAYS`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from flowrun.errors import FlowError, FlowrunError, StoreError
from flowrun.message import Response
from flowrun.record import Record
from flowrun.secret import JSON
from flowrun.stores.attempt import BODY_ROOM
from flowrun.stores.interface import Store, redemption
from servers.kept import WAYS, Kept

pytestmark = pytest.mark.parametrize("kept", WAYS, indirect=True)

RECORD = Record(
    {"access_token": "fake-access", "refresh_token": "fake-refresh", "extra": [1.5, None, "é"]},
    {"version": 3, "grant": "g1", "attempt": "a1", "tokens": {"user": {"access_token": "other"}}},
)
OTHER = RECORD._replace(fields={**RECORD.fields, "access_token": "fake-other"})
NOON = 1_700_000_000.0


@pytest.fixture
def store(kept: Kept, tmp_path: Path) -> Store:
    store = kept.store(tmp_path / "tokens")
    with store.locked("acme"):
        store.write("acme", RECORD)
    return store


@pytest.fixture
def again(kept: Kept, tmp_path: Path, store: Store) -> Store:
    """The same store, as another process sees it."""
    return kept.store(tmp_path / "tokens")


def refusal(act: Callable[[], object]) -> FlowrunError:
    with pytest.raises(FlowrunError) as caught:
        act()
    return caught.value


def answered(store: Store, body: bytes = b'{"access_token": "new"}') -> None:
    """A refresh that was interrupted after its answer had come."""
    headers = {"content-type": "application/json", "date": "Tue, 14 Nov 2023 22:13:20 GMT"}
    store.begin("acme", RECORD, at=NOON).keep(Response(200, headers, body))


def test_a_record_comes_back_to_everybody(again: Store) -> None:
    assert again.read("acme") == RECORD
    assert again.names() == ["acme"]


def test_a_record_says_how_and_where_it_is_kept(kept: Kept, again: Store) -> None:
    assert (again.kept_as("acme"), again.kept_as("other")) == (kept.kind, None)
    assert again.place("acme").startswith(again.where)


def test_there_is_none_where_none_was_written(again: Store) -> None:
    assert again.read("other") is None
    assert list(again.kept("other")) == []


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "a b", "x" * 101, "nul", "é", "a\n"])
def test_a_name_that_no_store_takes_is_refused(store: Store, name: str) -> None:
    acts = (lambda: store.read(name), lambda: store.write(name, RECORD), lambda: store.place(name))

    assert [refusal(act).code for act in acts] == ["E220"] * 3
    assert isinstance(refusal(acts[0]), FlowError)


def test_names_are_those_of_records_in_order(store: Store, again: Store) -> None:
    for name in ("b@x.example", "Acme-2", "acme.json", "acme.age"):
        store.write(name, RECORD)

    assert again.names() == ["Acme-2", "acme", "acme.age", "acme.json", "b@x.example"]
    assert again.read("acme.age") == RECORD


def test_a_record_is_replaced_whole(store: Store, again: Store) -> None:
    long = OTHER._replace(fields={**OTHER.fields, "extra": "x" * 100_000})

    store.write("acme", long)
    seen = again.read("acme")
    store.write("acme", OTHER)

    assert seen == long
    assert again.read("acme") == OTHER


MOVES: dict[str, Callable[[Record], Record]] = {
    "version": lambda record: record.knowing(version=4),
    "grant": lambda record: record.knowing(grant="g2"),
    "refresh token": lambda record: record._replace(fields={**OTHER.fields, "refresh_token": "x"}),
}


@pytest.mark.parametrize("moved", MOVES)
def test_a_record_that_has_moved_on_is_not_swapped(store: Store, again: Store, moved: str) -> None:
    newer = MOVES[moved](RECORD)
    store.write("acme", newer)

    assert not again.swap("acme", RECORD, OTHER)
    assert store.read("acme") == newer


def test_a_record_that_is_the_same_is_swapped(store: Store, again: Store) -> None:
    store.write("acme", RECORD.knowing(last_error={"code": "E502"}))

    assert again.swap("acme", RECORD, OTHER)
    assert store.read("acme") == OTHER


def test_a_record_that_is_gone_is_not_swapped(store: Store) -> None:
    store.delete("acme")

    assert not store.swap("acme", RECORD, OTHER)
    assert store.read("acme") is None


def test_what_is_redeemed_may_be_another_token_of_the_record(store: Store) -> None:
    user: dict[str, JSON] = {"access_token": "other", "refresh_token": "renewed"}
    store.write("acme", RECORD.with_named("user", Record(user, {})))

    assert not store.swap("acme", RECORD, OTHER, "user")
    assert store.swap("acme", RECORD, OTHER)


def test_who_changes_a_record_keeps_others_out(store: Store, again: Store) -> None:
    with store.locked("acme"):
        error = refusal(lambda: again.locked("acme", deadline_s=0.05).__enter__())
        with again.locked("other"):
            pass

    assert error.code == "E704"
    assert "acme is busy" in str(error)
    with again.locked("acme"):
        pass


def test_threads_count_without_a_loss(store: Store) -> None:
    def add() -> None:
        with store.locked("acme"):
            record = store.read("acme")
            assert record is not None
            store.write("acme", record.knowing(version=record.version + 1))

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    record = store.read("acme")
    assert record is not None
    assert record.version == RECORD.version + 6


def test_whoever_reads_meanwhile_sees_a_whole_record(store: Store, again: Store) -> None:
    def write() -> None:
        with store.locked("acme"):
            for number in range(20):
                store.write("acme", (OTHER, RECORD)[number % 2])

    thread = threading.Thread(target=write)
    thread.start()
    seen = [again.read("acme")]
    while thread.is_alive():
        seen.append(again.read("acme"))
    thread.join()

    assert all(record in (RECORD, OTHER) for record in seen)


def test_a_probe_changes_nothing(store: Store, again: Store) -> None:
    store.probe("acme", "new")

    assert again.names() == ["acme"]
    assert (again.read("acme"), list(again.kept("new"))) == (RECORD, [])


def test_a_name_in_other_capitals_is_refused_before_anybody_is_asked(store: Store) -> None:
    error = refusal(lambda: store.probe("ACME"))

    assert error.code == "E220"


def test_an_attempt_is_there_for_everybody_until_it_is_settled(store: Store, again: Store) -> None:
    made = store.begin("acme", RECORD, "user", at=NOON)
    seen = again.attempt("acme")

    assert seen is not None
    assert (seen.id, seen.state, seen.at, seen.token) == (made.id, "sent", NOON, "user")
    assert seen.of == redemption("acme", RECORD, "user")
    assert (seen.answer, seen.whole, again.pending("acme")) == (None, False, True)
    made.discard()
    assert (again.attempt("acme"), again.pending("acme")) == (None, False)


def test_no_second_attempt_is_begun(store: Store, again: Store) -> None:
    first = store.begin("acme", RECORD, at=NOON)

    error = refusal(lambda: again.begin("acme", RECORD, at=NOON + 1))

    assert isinstance(error, StoreError)
    seen = again.attempt("acme")
    assert seen is not None
    assert (seen.id, seen.at) == (first.id, NOON)


def test_an_answer_is_there_for_whoever_comes_next(store: Store, again: Store) -> None:
    answered(store, b'{"a": 1}\0\xff')

    seen = again.attempt("acme")

    assert seen is not None
    assert seen.answer is not None
    assert seen.whole
    assert (seen.answer.status, seen.answer.body) == (200, b'{"a": 1}\0\xff')
    assert seen.answer.content_type == "application/json"
    assert seen.answer.date == NOON


@pytest.mark.parametrize(("size", "whole"), [(BODY_ROOM, True), (BODY_ROOM + 1, False)])
def test_an_answer_has_room_for_64_kib(store: Store, again: Store, size: int, whole: bool) -> None:
    answered(store, b"x" * size)

    seen = again.attempt("acme")

    assert seen is not None
    assert seen.answer is not None
    assert (len(seen.answer.body), seen.whole) == (BODY_ROOM, whole)


def test_a_further_try_forgets_the_answer_that_was_there(store: Store, again: Store) -> None:
    answered(store)
    attempt = again.attempt("acme")
    assert attempt is not None

    probed = attempt.again("probed")
    seen = store.attempt("acme")
    assert seen is not None
    assert (probed.state, seen.state, seen.answer, seen.whole) == ("probed", "probed", None, False)

    probed.undo()
    seen = store.attempt("acme")
    assert seen is not None
    assert seen.state == "unknown"


def test_a_state_lasts(store: Store, again: Store) -> None:
    store.begin("acme", RECORD, at=NOON).mark("unknown")

    seen = again.attempt("acme")

    assert seen is not None
    assert seen.state == "unknown"


def test_a_try_that_used_nothing_up_was_none(store: Store, again: Store) -> None:
    store.begin("acme", RECORD, at=NOON).undo()

    assert again.attempt("acme") is None


def test_an_answer_without_a_record_is_kept_apart(store: Store, again: Store) -> None:
    answered(store, b"first")
    store.keep_orphan("acme")
    attempt = store.attempt("acme")
    assert attempt is not None
    attempt.again("unknown").keep(Response(200, {}, b"second"))
    store.keep_orphan("acme")
    attempt.discard()

    assert list(again.orphans()) == ["acme"]
    assert len(again.orphans()["acme"]) == 2
    beside = again.beside("acme")
    assert sorted(beside.values()) == [b"first", b"second"]


def test_what_was_typed_comes_back_for_its_record_alone(store: Store, again: Store) -> None:
    store.keep_typed("acme", {"values": {"client_secret": "fake-secret"}})

    assert again.typed("acme") == {"values": {"client_secret": "fake-secret"}}
    assert again.typed("other") == {}


def test_a_client_belongs_to_a_record_and_metadata_to_all(store: Store, again: Store) -> None:
    shelf = store.shelf("acme", lambda: NOON)
    shelf.put("client", "https://id.example", {"client_id": "a", "client_secret": "s"})
    shelf.put("metadata", "https://id.example", {"issuer": "i"}, until=NOON + 1)

    ours, theirs = again.shelf("acme", lambda: NOON), again.shelf("other", lambda: NOON)
    assert dict(ours.all("client")) == {
        "https://id.example": {"client_id": "a", "client_secret": "s"}
    }
    assert theirs.get("client", "https://id.example") is None
    assert theirs.get("metadata", "https://id.example") == {"issuer": "i"}
    assert again.shelf("acme", lambda: NOON + 1).get("metadata", "https://id.example") is None
    ours.drop("client", "https://id.example")
    assert shelf.get("client", "https://id.example") is None


def test_nothing_is_left_of_a_record_that_is_forgotten(store: Store, again: Store) -> None:
    store.write("acme.2", RECORD)
    for name in ("acme", "acme.2"):
        store.keep_typed(name, {"values": {}})
        store.shelf(name, lambda: NOON).put("client", "k", {})
        store.begin(name, RECORD, at=NOON).keep(Response(200, {}, b"{}"))
        store.keep_orphan(name)

    with store.locked("acme"):
        store.delete("acme")

    assert list(again.kept("acme")) == []
    assert again.names() == ["acme.2"]
    assert (again.typed("acme.2"), again.pending("acme.2")) == ({"values": {}}, True)
    assert list(again.orphans()) == ["acme.2"]


def test_a_record_is_adopted_with_what_lay_beside_it(store: Store, again: Store) -> None:
    store.keep_typed("acme", {"values": {"a": "b"}})
    beside = {**store.beside("acme"), "orphan-1": b"an answer"}

    with store.locked("new"):
        store.adopt("new", OTHER, beside)

    assert again.read("new") == OTHER
    assert again.typed("new") == {"values": {"a": "b"}}
    assert dict(again.beside("new")) == beside
