"""The ways to keep records, each with what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import keyring.core
import pyrage
import pytest

from flowrun.stores.files import FileStore
from servers.command import TESTS

WAYS = [
    "files",
    "age",
    "strict keyring",
    pytest.param("secret service", marks=pytest.mark.rig),
]
"""What `kept` is about in turn; a store that is to come joins here, and in `way`."""

SEALED = WAYS[1:]
KEYRINGS = WAYS[2:]


class Kept(NamedTuple):
    """One way to keep records."""

    kind: str
    environ: Mapping[str, str]

    def store(self, folder: Path) -> FileStore:
        return FileStore(folder, self.kind, self.environ)

    @property
    def environment(self) -> dict[str, str]:
        """For a process of the command line."""
        return {**self.environ, "FLOWRUN_STORE": self.kind, "PYTHONPATH": str(TESTS)}


def way(name: str, folder: Path, request: pytest.FixtureRequest) -> Kept:
    """The way of that name; what it needs is in the new *folder*."""
    folder.mkdir()
    if name == "age":
        key = folder / "key.txt"
        key.write_text(f"{pyrage.x25519.Identity.generate()}\n")
        key.chmod(0o600)
        return Kept("age", {"FLOWRUN_STORE_KEY_FILE": str(key)})
    if name == "strict keyring":
        backend = "servers.strict_keyring.Keyring"
        where = {"STRICT_KEYRING": str(folder / "entries")}
        return Kept("keyring", {"PYTHON_KEYRING_BACKEND": backend, **where})
    if name == "secret service":
        backend = "keyring.backends.SecretService.Keyring"
        bus = request.getfixturevalue("secret_service")
        where = {"DBUS_SESSION_BUS_ADDRESS": bus}
        return Kept("keyring", {"PYTHON_KEYRING_BACKEND": backend, **where})
    return Kept("files", {})


@contextmanager
def here(kept: Kept) -> Iterator[None]:
    """This process has the keyring of *kept*, and the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in kept.environ.items():
            patch.setenv(name, value)
        if backend := kept.environ.get("PYTHON_KEYRING_BACKEND"):
            before = keyring.get_keyring()
            keyring.set_keyring(keyring.core.load_keyring(backend))
            try:
                yield
            finally:
                keyring.set_keyring(before)
        else:
            yield
