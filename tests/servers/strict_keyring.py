"""
A keyring as strict as the Windows Credential Manager: an entry has 2,560 bytes of UTF-16 at most.

It is used by its name, in PYTHON_KEYRING_BACKEND. Its entries are in the file that STRICT_KEYRING
names. A file beside that, called `locked`, locks it, and one called `dies` says at which of the
requests from then on the process that makes it is killed: `3` before the third, `3.5` after it.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

MOST_BYTES = 2560  # CRED_MAX_CREDENTIAL_BLOB_SIZE

Entries = dict[str, str]


class Keyring(KeyringBackend):
    priority = 5.0

    def get_password(self, service: str, username: str) -> str | None:
        with self._entries() as entries:
            return entries.get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        with self._entries() as entries:
            if len(password.encode("utf-16-le")) > MOST_BYTES:
                raise OSError(1783, "CredWrite", "The stub received bad data")
            entries[f"{service} {username}"] = password

    def delete_password(self, service: str, username: str) -> None:
        with self._entries() as entries:
            if entries.pop(f"{service} {username}", None) is None:
                raise PasswordDeleteError(service)

    @contextmanager
    def _entries(self) -> Iterator[Entries]:
        path = Path(os.environ["STRICT_KEYRING"])
        with path.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.with_name("locked").exists():
                raise KeyringLocked("fake-words-of-a-back-end")
            after = _counted(path.with_name("dies"))
            file.seek(0)
            entries: Entries = json.loads(file.read() or "{}")
            try:
                yield entries
            finally:
                file.truncate(0)
                file.write(json.dumps(entries))
                file.flush()
                after()


def entries(path: Path) -> Entries:
    """What the keyring in the file *path* holds."""
    return json.loads(path.read_text() or "{}") if path.exists() else {}


def _counted(path: Path) -> Callable[[], None]:
    """Die when it is time to; what comes back is called once the request has been met."""
    if not path.exists():
        return lambda: None
    left = float(path.read_text()) - 1
    path.write_text(str(left))
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return (lambda: os.kill(os.getpid(), signal.SIGKILL)) if left == 0.5 else lambda: None
