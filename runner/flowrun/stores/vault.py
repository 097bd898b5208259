"""How the bytes of private files are kept from those who can read the files."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from flowrun.errors import StoreError

from . import private


class Vault(Protocol):
    """One way to keep them. Every method may raise `StoreError`."""

    kind: str

    def read(self, path: Path) -> bytes | None:
        """What the record at *path* holds, None when there is none."""
        ...

    def write(self, path: Path, content: bytes) -> None:
        """Make *content* the record at *path*; a crash leaves the old or the new."""
        ...

    def remove(self, path: Path) -> None:
        """Remove the record at *path*, and what a crash has left of it."""
        ...

    def sweep(self, path: Path) -> None:
        """Remove what a crash has left of writing the record at *path*, but for the record."""
        ...

    def seal(self, label: str, content: bytes) -> bytes:
        """*content* for a file beside a record, which `open` takes for no other *label*."""
        ...

    def open(self, label: str, sealed: bytes) -> bytes:
        """What `seal` was given."""
        ...

    def prove(self) -> None:
        """Raise unless all of that can be done now; after it, `seal` needs nobody's help."""
        ...


class Plain:
    """The files as they are."""

    kind = "files"

    def read(self, path: Path) -> bytes | None:
        return private.read(path)

    def write(self, path: Path, content: bytes) -> None:
        private.write(path, content, part=private.part_of(path))

    def remove(self, path: Path) -> None:
        private.remove(path)

    def sweep(self, path: Path) -> None:
        return

    def seal(self, label: str, content: bytes) -> bytes:
        return content

    def open(self, label: str, sealed: bytes) -> bytes:
        return sealed

    def prove(self) -> None:
        return


PLAIN = Plain()


def unopened(what: str, why: str) -> StoreError:
    """The error for what a vault does not open, *why* in words."""
    hint = "Keep it: it may hold your only token. See: flowrun explain E710"
    return StoreError("E710", f"{what} cannot be opened: {why}", hint=hint)
