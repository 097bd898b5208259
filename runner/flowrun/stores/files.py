"""Records as private files in one folder, each with a lock and a journal beside it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path

from flowrun.errors import FlowError, StoreError
from flowrun.record import NAME, NAMES, Record, document_of, record_from
from flowrun.secret import JSON

from . import attempt as journal
from . import private
from .attempt import Attempt
from .interface import redemption
from .lock import locked
from .shelf import FileShelf, clear


class FileStore:
    """The records in *folder*; every change happens inside `locked(name)`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def where(self) -> str:
        return str(self.folder)

    def place(self, name: str) -> str:
        return str(self.path(name))

    def path(self, name: str) -> Path:
        """Where *name* is, or would be; raises `FlowError` when it is no portable file name."""
        if not NAME.fullmatch(name):
            raise FlowError("E220", f"a record cannot be called {name!r}", hint=NAMES)
        return self.folder / f"{name}.json"

    def names(self) -> list[str]:
        found = self.folder.glob("*.json") if private.is_private(self.folder) else ()
        return sorted(path.stem for path in found if NAME.fullmatch(path.stem))

    def read(self, name: str) -> Record | None:
        """The record, None only when there is none; whatever else is wrong raises."""
        document = _read(path := self.path(name))
        try:
            return None if document is None else record_from(document)
        except StoreError as error:
            raise _damaged(path, str(error)) from None

    def write(self, name: str, record: Record) -> None:
        """Replace the record whole; the caller holds the lock."""
        self._prepare(name)
        private.write(self.path(name), written(record))

    def swap(self, name: str, old: Record, new: Record, token: str = "") -> bool:
        """Write *new* if what is stored is still *old*, as far as *token* goes."""
        stored = self.read(name)
        if stored is None or redemption(name, stored, token) != redemption(name, old, token):
            return False
        self.write(name, new)
        return True

    def delete(self, name: str) -> None:
        """
        Remove all that is kept of *name* but the lock, for which others may wait; and what no
        record owns, so that nothing of it is left there.
        """
        for path in self.kept(name):
            private.remove(path)
        clear(self.folder / ".flowrun")

    def kept(self, name: str) -> list[Path]:
        """What there is of *name*: its record, and what is beside it, half written or whole."""
        written = rf"\.{re.escape(name)}\.[^.]+\.[0-9a-f]+"  # in part, when a crash came
        return [
            path
            for path in (self.path(name), *self.folder.glob(".*"), *self.folder.glob(".flowrun/*"))
            if (path.stem == name and path.suffix != ".lock" and path.exists())
            or re.fullmatch(written, path.name)
        ]

    def locked(self, name: str, *, deadline_s: float = 30) -> AbstractContextManager[None]:
        """Nobody else changes *name* in here; raises `StoreError` after *deadline_s*."""
        self._prepare()
        return locked(self._aside(name, "lock"), deadline_s=deadline_s)

    def probe(self, *names: str) -> None:
        """Prove that the store can be written, and *names* used, before anybody is asked."""
        self._prepare(*names)
        trial = self.folder / ".flowrun" / "trial"
        private.write(trial, bytes(journal.SIZE))
        private.remove(trial)

    def pending(self, name: str) -> bool:
        """Whether a refresh is not settled."""
        return self._aside(name, "attempt").exists()

    def attempt(self, name: str) -> Attempt | None:
        """The journal that an interrupted refresh left."""
        return journal.read(self._aside(name, "attempt"))

    def begin(self, name: str, record: Record, token: str = "", *, at: float) -> Attempt:
        """The journal of a refresh of *token* that is about to be sent; "" is the record's own."""
        of = redemption(name, record, token)
        return journal.create(self._aside(name, "attempt"), of, at=at)

    def keep_orphan(self, name: str) -> None:
        """Copy the journal's answer, if it may hold a token, to where nothing overwrites it."""
        attempt = self.attempt(name)
        if attempt is not None and attempt.answer is not None and attempt.answer.ok:
            body = attempt.answer.body
            private.write(self._aside(name, f"orphan-{sha256(body).hexdigest()[:16]}"), body)

    def orphans(self, name: str) -> list[str]:
        """The files that `keep_orphan` made."""
        found = self._aside(name, "").parent.glob(f"{name}.orphan-*")
        return sorted(map(str, found))

    def typed(self, name: str) -> dict[str, JSON]:
        """What a person typed for this record."""
        return _read(self._aside(name, "inputs")) or {}

    def keep_typed(self, name: str, document: dict[str, JSON]) -> None:
        self._prepare()
        private.write(self._aside(name, "inputs"), _text(document))

    def shelf(self, name: str, now: Callable[[], float] = time.time) -> FileShelf:
        """What was learned from servers, as *name* sees it."""
        return FileShelf(self._aside(name, "").parent, name, now)

    def _aside(self, name: str, kind: str) -> Path:
        return self.path(name).parent / ".flowrun" / f"{name}.{kind}"

    def _prepare(self, *names: str) -> None:
        """Make the folders; refuse a new name that git knows, or that is another's in capitals."""
        private.folder(self.folder)
        private.folder(self.folder / ".flowrun")
        for name in names:
            if self.path(name).exists():
                continue
            private.refuse_tracked(self.path(name))
            for twin in (other for other in self.names() if other.casefold() == name.casefold()):
                hint = "Some systems take both for one file; use another name."
                raise FlowError("E220", f"{name} is {twin} in other capitals", hint=hint)


def written(record: Record) -> bytes:
    """What is in the file of *record*."""
    return _text(document_of(record))


def _damaged(path: Path, what: str) -> StoreError:
    hint = "Keep it: it may hold your only token. Repair it, or move it away and run the flow."
    return StoreError("E702", f"{path} is damaged: {what}", hint=hint)


def _read(path: Path) -> dict[str, JSON] | None:
    content = private.read(path) if private.is_private(path.parent) else None
    if content is None:
        return None
    try:
        document: JSON = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _damaged(path, "it is no JSON object")
    return document


def _text(document: dict[str, JSON]) -> bytes:
    return json.dumps(document, indent=2).encode() + b"\n"
