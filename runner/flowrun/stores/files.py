"""Records as private files in one folder, each with a lock and a journal beside it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from flowrun.errors import FlowError, StoreError
from flowrun.record import Record
from flowrun.secret import JSON

from . import attempt as journal
from . import private
from .attempt import Attempt
from .documents import parsed, record_in, text, text_of, written
from .interface import redemption
from .lock import locked
from .places import Places
from .shelf import FileShelf, clear
from .vaults import KINDS, Vaults

STAYS = ("attempt", "keyring")
"""What beside a record is about something that is under way there."""


class FileStore:
    """
    The records in *folder*, of which each is plain, encrypted, or in the keyring.

    A record stays as it is kept; *kind* is how a new one is. Every change happens inside
    `locked(name)`.
    """

    def __init__(
        self, folder: Path, kind: str = "files", environ: Mapping[str, str] = os.environ
    ) -> None:
        self.folder, self.kind = folder, kind
        self._places = Places(folder)
        self._vaults = Vaults(folder, environ)

    @property
    def where(self) -> str:
        return str(self.folder)

    def place(self, name: str) -> str:
        return str(self.path(name))

    def path(self, name: str) -> Path:
        """Where *name* is, or would be; raises `FlowError` when it is no portable file name."""
        return self._places.record(name, self.kept_as(name) or self.kind)

    def kept_as(self, name: str) -> str | None:
        """How the record *name* is kept, None when there is none."""
        return self._places.kept_as(name)

    def names(self) -> list[str]:
        """The names of all records, sorted."""
        return self._places.names()

    def read(self, name: str) -> Record | None:
        """The record, None only when there is none; whatever else is wrong raises."""
        if not private.is_private(self.folder):
            self._places.record(name, self.kind)
            return None
        found = (self._read(name, kind) for kind in (*KINDS, *KINDS))  # it may move while we look
        return next((record for record in found if record), None)

    def carried(self, name: str) -> bytes | None:
        """The file of the record; one that is in the keyring, as a plain file would hold it."""
        if self.kept_as(name) != "keyring":
            return private.read(self.path(name))
        record = self.read(name)
        return record and written(record)

    def write(self, name: str, record: Record) -> None:
        """Replace the record whole; the caller holds the lock."""
        self._prepare(name)
        self._write(name, self._kind_of(name), record)

    def swap(self, name: str, old: Record, new: Record, token: str = "") -> bool:
        """Write *new* if what is stored is still *old*, as far as *token* goes."""
        stored = self.read(name)
        if stored is None or redemption(name, stored, token) != redemption(name, old, token):
            return False
        self.write(name, new)
        return True

    def adopt(self, name: str, record: Record, beside: Mapping[str, bytes]) -> None:
        """Take over *record*, and what lay *beside* it, as this store keeps new ones."""
        self._prepare(name)
        self._vaults.of(self.kind).prove()  # `probe` proves how the record is kept so far
        for what, content in beside.items():
            self._write_aside(name, what, content, kind=self.kind)
        self._write(name, self.kind, record)
        for kind in reversed(KINDS):  # what is read first goes last
            if kind != self.kind:
                self._remove(name, kind)
        private.sync(self.folder)

    def beside(self, name: str) -> dict[str, bytes]:
        """What lies beside the record and goes with it, opened, by what it is."""
        found = {path.suffix[1:]: path for path in self._places.asides(name)}
        return {
            what: self._vaults.opened(path.name, private.read(path) or b"")
            for what, path in found.items()
            if what not in STAYS
        }

    def delete(self, name: str) -> None:
        """
        Remove all that is kept of *name* but the lock, for which others may wait; and what no
        record owns, so that nothing of it is left there.
        """
        for path in (path for path in self._places.asides(name) if path.suffix[1:] not in STAYS):
            private.remove(path)
        for kind in reversed(KINDS):  # what is read first goes last
            self._remove(name, kind)
        for path in self.kept(name):  # the journal too: without it a token might be sent again
            private.remove(path)
        clear(self._places.beside)

    def kept(self, name: str) -> list[Path]:
        """What there is of *name*: its record, and what is beside it, half written or whole."""
        return self._places.kept(name)

    @contextmanager
    def locked(self, name: str, *, deadline_s: float = 30) -> Iterator[None]:
        """Nobody else changes *name* in here; raises `StoreError` after *deadline_s*."""
        self._prepare()
        with locked(self._places.aside(name, "lock"), deadline_s=deadline_s):
            self._sweep(name)
            yield

    def probe(self, *names: str) -> None:
        """Prove that the store can be written, and *names* used, before anybody is asked."""
        self._prepare(*names)
        for name in names:
            self._leftovers(name)
        for kind in {self._kind_of(name) for name in names} or {self.kind}:
            self._vaults.of(kind).prove()
        trial = self._places.beside / "trial"
        private.write(trial, bytes(journal.SIZE))
        private.remove(trial)

    def pending(self, name: str) -> bool:
        """Whether a refresh is not settled."""
        return self._places.pending(name)

    def attempt(self, name: str) -> Attempt | None:
        """The journal that an interrupted refresh left."""
        return journal.read(self._places.aside(name, "attempt"), self._vaults.of)

    def begin(self, name: str, record: Record, token: str = "", *, at: float) -> Attempt:
        """The journal of a refresh of *token* that is about to be sent; "" is the record's own."""
        of, vault = redemption(name, record, token), self._vaults.of(self._kind_of(name))
        return journal.create(self._places.aside(name, "attempt"), of, at=at, vault=vault)

    def keep_orphan(self, name: str) -> None:
        """Copy the journal's answer, if it may hold a token, to where nothing overwrites it."""
        attempt = self.attempt(name)
        if attempt is not None and attempt.answer is not None and attempt.answer.ok:
            body = attempt.answer.body
            self._write_aside(name, f"orphan-{sha256(body).hexdigest()[:16]}", body)

    def orphans(self) -> dict[str, list[str]]:
        """The files that `keep_orphan` made, by the names of their records."""
        return self._places.orphans()

    def typed(self, name: str) -> dict[str, JSON]:
        """What a person typed for this record."""
        path = self._places.aside(name, "inputs")
        sealed = private.read(path) if private.is_private(path.parent) else None
        return {} if sealed is None else parsed(path, self._vaults.opened(path.name, sealed))

    def keep_typed(self, name: str, document: dict[str, JSON]) -> None:
        self._prepare()
        self._write_aside(name, "inputs", text(document))

    def shelf(self, name: str, now: Callable[[], float] = time.time) -> FileShelf:
        """What was learned from servers, as *name* sees it."""

        def seal(label: str, content: bytes) -> bytes:
            return self._vaults.of(self._kind_of(name)).seal(label, content)

        return FileShelf(self._places.beside, name, now, seal=seal, opened=self._vaults.opened)

    def _kind_of(self, name: str) -> str:
        return self.kept_as(name) or self.kind

    def _read(self, name: str, kind: str) -> Record | None:
        path, bound = self._places.record(name, kind), kind != "files"
        content = None if bound and not path.exists() else self._vaults.of(kind).read(path)
        return None if content is None else record_in(content, path, bound=bound)

    def _write(self, name: str, kind: str, record: Record) -> None:
        path = self._places.record(name, kind)
        self._vaults.of(kind).write(path, text_of(record, path, bound=kind != "files"))

    def _write_aside(self, name: str, what: str, content: bytes, *, kind: str = "") -> None:
        path, vault = self._places.aside(name, what), self._vaults.of(kind or self._kind_of(name))
        private.write(path, vault.seal(path.name, content), part=private.part_of(path))

    def _sweep(self, name: str) -> None:
        """Remove what a crash has left half done."""
        private.remove(private.part_of(self._places.aside(name, "lock")))
        for kind in KINDS:
            if self._places.aside(name, kind).exists():
                with suppress(StoreError):  # which others meet when it matters to them
                    self._vaults.of(kind).sweep(self._places.record(name, kind))
        for kind in self._leftovers(name):
            self._remove(name, kind)

    def _leftovers(self, name: str) -> list[str]:
        """The kinds of the files that a move has left beside the record when a crash came."""
        kept, *others = self._places.kinds(name) or [""]
        record = self._read(name, kept) if others else None
        for kind in others:
            other = self._read(name, kind)
            if record and other and not _is_older(other, record):
                both = " and ".join(str(self._places.record(name, each)) for each in (kept, kind))
                hint = "Look at both, and move the one that is out of date out of the folder."
                raise StoreError("E711", f"{both} are two records", hint=hint)
        return others

    def _remove(self, name: str, kind: str) -> None:
        path, note = self._places.record(name, kind), self._places.aside(name, kind)
        if path.exists() or note.exists():
            self._vaults.of(kind).remove(path)

    def _prepare(self, *names: str) -> None:
        """Make the folders; refuse a new name that git knows, or that is another's in capitals."""
        private.folder(self.folder)
        private.folder(self._places.beside)
        for name in names:
            if self.kept_as(name):
                continue
            private.refuse_tracked(self.path(name))
            for twin in (other for other in self.names() if other.casefold() == name.casefold()):
                hint = "Some systems take both for one file; use another name."
                raise FlowError("E220", f"{name} is {twin} in other capitals", hint=hint)


def _is_older(record: Record, other: Record) -> bool:
    return record.grant == other.grant and record.version <= other.version
