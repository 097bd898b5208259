"""What was learned from servers and can be used again: a private file for each thing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from flowrun.secret import JSON

from . import private

OF_A_RECORD = ("asked", "client", "unsaved")
"""Kinds that belong to one record, and are as secret; what is the same for each is published."""

Sealing = Callable[[str, bytes], bytes]
"""Makes of a file's name and what is to be in it what is in it, or the other way round."""

FOREVER = float("inf")


class FileShelf:
    """
    The things in *folder*, `.flowrun` of a store, as the record *name* sees them.

    Each file says what it is for, so that one cannot be put in the place of another.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        now: Callable[[], float] = time.time,
        *,
        seal: Sealing = lambda _, content: content,
        opened: Sealing = lambda _, sealed: sealed,
    ) -> None:
        self.folder, self.name, self.now = folder, name, now
        self._seal, self._opened = seal, opened

    def get(self, kind: str, key: str, *, late_s: float = 0) -> JSON:
        until, value = self._found(kind, key)
        return value if self.now() < until + late_s else None

    def put(self, kind: str, key: str, value: JSON, *, until: float | None = None) -> None:
        path = self._path(kind, key)
        private.folder(self.folder.parent)
        private.folder(path.parent)
        content: JSON = {"kind": kind, "key": key, "until": until, "value": value}
        text = json.dumps(content).encode() + b"\n"
        private.write(path, self._seal(path.name, text) if kind in OF_A_RECORD else text)

    def drop(self, kind: str, key: str) -> None:
        private.remove(self._path(kind, key))

    def all(self, kind: str) -> Iterator[tuple[str, JSON]]:
        path = self._path(kind, "")
        for each in sorted(path.parent.glob(f"{path.name.rpartition('-')[0]}-*")):
            found = self._read(each)
            if found and isinstance(key := found.get("key"), str):
                yield key, found.get("value")

    def _found(self, kind: str, key: str) -> tuple[float, JSON]:
        found = self._read(self._path(kind, key)) or {}
        if (found.get("kind"), found.get("key")) != (kind, key):
            return 0, None
        until = found.get("until")
        ends = until if isinstance(until, (int, float)) else FOREVER if until is None else 0
        return ends, found.get("value")

    def _read(self, path: Path) -> dict[str, JSON] | None:
        """What *path* holds; None when that is nothing, since a server can say it again."""
        content = private.read(path) if private.is_private(path.parent) else None
        try:
            found: JSON = json.loads(self._opened(path.name, content or b"null"))
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def _path(self, kind: str, key: str) -> Path:
        digest = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        if kind in OF_A_RECORD:
            return self.folder / f"{self.name}.{kind}-{digest}"  # `FileStore.delete` finds it
        return shared(self.folder) / f"{kind}-{digest}"


def shared(folder: Path) -> Path:
    """Where the things that belong to no record are; no record has a name with such a dot."""
    return folder / ".shelf"


def clear(folder: Path) -> None:
    """Remove what belongs to no record; whoever misses it asks the server again."""
    for path in shared(folder).glob("*-*"):
        private.remove(path)
