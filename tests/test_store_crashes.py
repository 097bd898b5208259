"""A refresh that is killed before any change to a file, or at any request to a keyring."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowrun.errors import FlowrunError
from flowrun.stores.files import FileStore
from servers.dying import deaths
from servers.kept import WAYS, Kept
from test_refresh import Loopback, Provider, first_record, run, serving

GONE = "E510"


class Refreshes:
    """One record after the other, each with a provider of its own."""

    def __init__(self, kept: Kept, folder: Path) -> None:
        self.kept, self.folder, self.number = kept, folder, 0

    def new(self) -> FileStore:
        self.number += 1
        store = self.store()
        store.write("acme", first_record())
        return store

    def store(self) -> FileStore:
        """As a process of its own sees it."""
        return self.kept.store(self.folder / f"tokens-{self.number}")


def settled(store: FileStore, provider: Provider, port: int) -> str:
    """How the next process ends what was interrupted: with a token, or as lost."""
    try:
        token = run(store, Loopback(port)).access_token
    except FlowrunError as error:
        token = error.code
    record = store.read("acme")
    assert record is not None
    lost = token == GONE
    assert record.access_token == ("access-0" if lost else token)
    assert bool(record.needs_person) == lost
    assert lost or token == f"access-{provider.number}"
    return token


@pytest.mark.parametrize("kept", WAYS, indirect=True)
def test_a_refresh_that_is_killed_is_settled_by_the_next_one(kept: Kept, tmp_path: Path) -> None:
    refreshes, ends = Refreshes(kept, tmp_path), []
    with serving(provider := Provider()) as port:
        refreshes.new()
        for _ in deaths(lambda: run(refreshes.store(), Loopback(port))):
            ends.append(settled(refreshes.store(), provider, port))
            assert provider.redeemed.count("refresh-0") <= 2
            left = [path.name for path in refreshes.store().kept("acme")]
            assert left == [Path(refreshes.store().place("acme")).name]
            provider.number, provider.redeemed = 0, []
            refreshes.new()

    assert set(ends) == {"access-1", GONE}
    assert ends.count(GONE) == 1  # before the answer was kept, when the provider had sent it
