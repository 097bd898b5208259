"""The fast way to a cached token: what it prints, what it leaves alone, what it imports."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from flowrun.quick import print_cached_token
from flowrun.record import Record
from flowrun.secret import JSON
from flowrun.stores.files import FileStore

LATER = int(time.time()) + 86_400


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileStore:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLOWRUN_STORE", raising=False)
    monkeypatch.delenv("FLOWRUN_TOKENS", raising=False)
    store = FileStore(tmp_path / "tokens")
    save(store)
    return store


def save(
    store: FileStore,
    fields: Mapping[str, JSON] | None = None,
    meta: Mapping[str, JSON] | None = None,
) -> None:
    known = {"access_token": "fake-access", "expires_at": LATER, **(fields or {})}
    store.write("acme", Record(known, {"version": 1, "grant": "g1", **(meta or {})}))


WHOLE = '{"access_token": "a", "flowrun": {}}'


def test_a_fresh_token_is_printed(store: FileStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert store.names() == ["acme"]
    assert print_cached_token(["token", "acme"])
    assert capsys.readouterr() == ("fake-access\n", "")


def test_a_token_of_unknown_expiry_is_printed(
    store: FileStore, capsys: pytest.CaptureFixture[str]
) -> None:
    save(store, {"expires_at": None})

    assert print_cached_token(["token", "acme"])
    assert capsys.readouterr().out == "fake-access\n"


def test_the_folder_may_come_from_the_environment(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir("/")
    monkeypatch.setenv("FLOWRUN_TOKENS", str(store.folder))

    assert print_cached_token(["token", "acme"])
    assert capsys.readouterr().out == "fake-access\n"


def left_alone(capsys: pytest.CaptureFixture[str], *argv: str) -> bool:
    taken = print_cached_token(list(argv) or ["token", "acme"])
    return not taken and capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "argv",
    [
        ["run"],
        ["token"],
        ["verify", "acme"],
        ["token", "acme", "--json"],
        ["token", "--help"],
        ["token", "./acme"],
        ["token", "acme.yaml"],
        ["token", "nobody"],
        ["token", ""],
        ["token", ".."],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("store")
def test_another_command_line_is_left_alone(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert left_alone(capsys, *argv)


@pytest.mark.parametrize(
    ("fields", "meta"),
    [
        pytest.param({"expires_at": 1}, {}, id="expired"),
        pytest.param({"expires_at": int(time.time()) + 30}, {}, id="due"),
        pytest.param({}, {"refresh_before": 10**6}, id="due by its recipe"),
        pytest.param({}, {"issued_at": LATER}, id="from before the clock was set back"),
        pytest.param({}, {"sandbox": True}, id="sandbox"),
        pytest.param({}, {"needs_person": "the grant is refused"}, id="needs a person"),
        pytest.param({}, {"released": {"at": 1, "as": "json"}}, id="handed over"),
        pytest.param({"access_token": 7}, {}, id="no text"),
        pytest.param({"access_token": "\ud800"}, {}, id="no text that can be printed"),
    ],
)
def test_a_record_that_needs_a_look_is_left_alone(
    store: FileStore,
    fields: dict[str, JSON],
    meta: dict[str, JSON],
    capsys: pytest.CaptureFixture[str],
) -> None:
    save(store, fields, meta)

    assert left_alone(capsys)


def test_every_json_is_read(store: FileStore, capsys: pytest.CaptureFixture[str]) -> None:
    save(store, {"more": [1, -2.5e3, True, None, "\u00e9\n\ud83d\ude00", {"a": {"b": []}}]})

    assert print_cached_token(["token", "acme"])
    assert capsys.readouterr().out == "fake-access\n"


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"access_token": "a"}', WHOLE + "{"])
def test_a_damaged_record_is_left_alone(
    store: FileStore, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store.path("acme").write_text(content)

    assert left_alone(capsys)


def test_a_record_that_others_may_read_is_left_alone(
    store: FileStore, capsys: pytest.CaptureFixture[str]
) -> None:
    store.path("acme").chmod(0o644)

    assert left_alone(capsys)


def test_a_folder_that_others_may_enter_is_left_alone(
    store: FileStore, capsys: pytest.CaptureFixture[str]
) -> None:
    store.folder.chmod(0o755)

    assert left_alone(capsys)


def test_a_symbolic_link_is_left_alone(
    store: FileStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.path("acme").rename(tmp_path / "elsewhere")
    store.path("acme").symlink_to(tmp_path / "elsewhere")

    assert left_alone(capsys)


def test_an_unsettled_attempt_is_left_alone(
    store: FileStore, capsys: pytest.CaptureFixture[str]
) -> None:
    record = store.read("acme")
    assert record is not None
    with store.locked("acme"):
        store.begin("acme", record, at=0)

    assert left_alone(capsys)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("kind", ["", "files", "age", "keyring"])
def test_a_plain_record_is_printed_however_new_ones_are_kept(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLOWRUN_STORE", kind)

    assert not left_alone(capsys)


@pytest.mark.usefixtures("store")
def test_another_store_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLOWRUN_STORE", "postgresql://127.0.0.1/tokens")

    assert left_alone(capsys)


LOADED = """
import sys
import __future__, _json, errno, os, time
allowed = set(sys.modules)
sys.path.insert(0, sys.argv.pop(1))
from flowrun.quick import print_cached_token
assert print_cached_token(["token", "acme"])
print(*sorted(set(sys.modules) - allowed))
"""


@pytest.mark.usefixtures("store")
def test_hardly_anything_is_imported_for_it() -> None:
    import flowrun

    source = Path(flowrun.__path__[0]).parent
    command = [sys.executable, "-S", "-E", "-c", LOADED, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    token, loaded = done.stdout.splitlines()
    assert token == "fake-access"
    assert loaded.split() == [
        "flowrun",
        "flowrun.freshness",
        "flowrun.quick",
        "flowrun.stores",
        "flowrun.stores.private",
    ]
