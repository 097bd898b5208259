"""Where the files of records are, and what lies beside them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from flowrun.errors import FlowError
from flowrun.record import NAME, NAMES

from . import private
from .vaults import KINDS, SUFFIXES


class Places:
    """The files in *folder*; a method that takes a name refuses one that no file can have."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.beside = folder, folder / private.ASIDE

    def names(self) -> list[str]:
        """The names of all records, sorted."""
        if not private.is_private(self.folder):
            return []
        with os.scandir(self.folder) as found:  # a path for each of thousands takes its time
            named = [entry.name.rpartition(".") for entry in found]
        kept = {name for name, _, suffix in named if f".{suffix}" in SUFFIXES.values()}
        return sorted(name for name in kept if NAME.fullmatch(name))

    def kept_as(self, name: str) -> str | None:
        """How the record *name* is kept, None when there is none."""
        return next(iter(self.kinds(name)), None)

    def kinds(self, name: str) -> list[str]:
        """The kinds of which there is a file of *name*; the first one's is the record."""
        return [kind for kind in KINDS if self.record(name, kind).exists()]

    def kept(self, name: str) -> list[Path]:
        """What there is of *name*: its record, and what is beside it, half written or whole."""
        half = re.compile(rf"\.{re.escape(name)}\.(part|[^.]+\.[0-9a-f]+)")  # by a crash
        halves = (*self.folder.glob(".*"), *self.folder.glob(f"{private.ASIDE}/.*"))
        return [
            *(path for kind in KINDS if (path := self.record(name, kind)).exists()),
            *self.asides(name),
            *(path for path in halves if half.fullmatch(path.name)),
        ]

    def orphans(self) -> dict[str, list[str]]:
        """The files that `keep_orphan` made, by the names of their records."""
        found: dict[str, list[str]] = {}
        for path in sorted(self.folder.glob(f"{private.ASIDE}/*.orphan-*")):
            found.setdefault(path.stem, []).append(str(path))
        return found

    def record(self, name: str, kind: str) -> Path:
        return self.folder / f"{_checked(name)}{SUFFIXES[kind]}"

    def aside(self, name: str, what: str) -> Path:
        return self.beside / f"{_checked(name)}.{what}"

    def asides(self, name: str) -> Iterator[Path]:
        """The files beside the record, but for its lock."""
        found = self.beside.glob("*")
        return (path for path in found if path.stem == name and path.suffix != ".lock")

    def pending(self, name: str) -> bool:
        return os.access(f"{self.beside}/{_checked(name)}.attempt", os.F_OK)


def _checked(name: str) -> str:
    """*name*, which may stand in a path; raises `FlowError` when it is no portable file name."""
    if not NAME.fullmatch(name):
        raise FlowError("E220", f"a record cannot be called {name!r}", hint=NAMES)
    return name
