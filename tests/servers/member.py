"""A program in a folder where somebody has logged in at a guarded API."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowrun.commands.run import run
from flowrun.settings import Settings
from flowrun.stores.files import FileStore
from servers.guarded import REFRESH, Guarded, guarding, secret_of, written

UNSET = ("FLOWRUN_STORE", "FLOWRUN_TOKENS", "FLOWRUN_CLIENT_SECRET", "HTTP_PROXY", "http_proxy")


@contextlib.contextmanager
def membership(folder: Path, patch: pytest.MonkeyPatch, *, dpop: str = "off") -> Iterator[Guarded]:
    """A server that has given a grant to this very process, which is in *folder*."""
    patch.chdir(folder)
    patch.setenv("HOME", str(folder))
    for name in UNSET:
        patch.delenv(name, raising=False)
    for name, value in secret_of().items():
        patch.setenv(name, value)
    with guarding() as server:
        log_in(server, dpop=dpop)
        yield server


def log_in(guarded: Guarded, *, dpop: str = "off", name: str = "acme", more: str = REFRESH) -> None:
    flow = written(Path(), guarded, dpop=dpop, name=name, more=more)
    assert run([f"./{flow}"], Settings(no_input=True)) == 0


def record_of(name: str = "acme") -> dict[str, object]:
    record: dict[str, object] = json.loads(Path("tokens", f"{name}.json").read_text("utf-8"))
    return record


def change(name: str = "acme", **fields: object) -> None:
    Path("tokens", f"{name}.json").write_text(json.dumps({**record_of(name), **fields}), "utf-8")


def known(name: str = "acme") -> dict[str, object]:
    """What flowrun knows of the record."""
    meta = record_of(name)["flowrun"]
    assert isinstance(meta, dict)
    return meta


def let_it_end() -> None:
    """The token has ended, as far as the record knows."""
    change(expires_at=int(time.time()) - 1)


def make_it_due() -> None:
    """The token lives for some seconds more, of an hour."""
    now = int(time.time())
    change(expires_at=now + 20, flowrun={**known(), "issued_at": now - 3580})


def set_back_the_attempt(seconds: int) -> None:
    """The refresh whose outcome is unknown was tried so much earlier."""
    store = FileStore(Path("tokens"))
    attempt, record = store.attempt("acme"), store.read("acme")
    assert attempt
    assert record
    with store.locked("acme"):
        attempt.discard()
        store.begin("acme", record, at=attempt.at - seconds).mark("unknown")
