"""
Records in the system's keyring, in as many entries as their length takes.

    N.keyring            the head: the entries' names and a digest of what they hold together
    .flowrun/N.keyring   while a record is written: every entry that may be there
    .flowrun/.keyring    the name of the entry with the key for what lies beside records

An entry is never written twice: a new record takes new ones, then its head moves, and then the old
ones go. What is beside a record is in files, encrypted with a key from the keyring, so that an
answer can be kept even when the keyring has gone away since it was asked for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from flowrun.errors import StoreError
from flowrun.keys import Keyring
from flowrun.secret import JSON

from . import private
from .lock import locked
from .vault import unopened

USER = "flowrun"
ROOMS = (32_768, 1_200)
"""
Characters in an entry: as many as any record has, or, where such an entry is refused, as many as
Windows takes, which is 2,560 bytes of UTF-16.
"""

MARK = b"flowrun-keyring/1 "
KEY_BYTES, NONCE_BYTES = 32, 12  # RFC 8439 section 2.8


class KeyringVault:
    """The vault of the records in *folder* that are in the keyring."""

    kind = "keyring"

    def __init__(self, folder: Path, keyring: Keyring | None = None) -> None:
        self._aside = folder / private.ASIDE
        self._keyring = keyring or Keyring()
        self._keys: dict[str, bytes] = {}  # by their entries
        self._sealing = ""  # the entry of the one that seals

    def read(self, path: Path) -> bytes | None:
        while (head := private.read(path)) is not None:
            try:
                return self._held(path, head)
            except StoreError:
                if private.read(path) == head:  # and nobody has replaced it meanwhile
                    raise
        return None

    def _held(self, path: Path, head: bytes) -> bytes:
        """What the entries of *head* hold together."""
        entries, digest = _of_head(path, head)
        parts = [self._keyring.get(entry, USER) for entry in entries]
        content = "".join(part or "" for part in parts).encode()
        if sha256(content).hexdigest() != digest:
            raise unopened(str(path), "the keyring does not hold what belongs to it")
        return content

    def write(self, path: Path, content: bytes) -> None:
        self.sweep(path)
        text, old = content.decode("ascii"), self._entries(path)
        made = self._made(path, text, old)
        head: JSON = {"entries": [*made], "sha256": sha256(content).hexdigest()}
        private.write(path, json.dumps(head).encode() + b"\n", part=private.part_of(path))
        self.sweep(path)

    def remove(self, path: Path) -> None:
        entries = self._entries(path)
        if not entries and not path.exists() and not self._keyring.is_there():
            private.remove(self._note(path))  # what is noted is nowhere that anybody could reach
            return
        self.sweep(path)
        for entry in entries[:1]:
            self._keyring.get(entry, USER)  # it answers, or nothing is removed
        self._write_note(path, entries)
        private.remove(path)
        self.sweep(path)

    def sweep(self, path: Path) -> None:
        """Drop the entries that are noted and in no head."""
        note = private.read(self._note(path))
        if note is not None:
            noted, live = note.decode().split("\n"), self._entries(path)
            self._drop([entry for entry in noted if entry not in live])
            private.remove(self._note(path))

    def seal(self, label: str, content: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        self._sealing = self._sealing or self._entry_of_key()
        cipher, nonce = ChaCha20Poly1305(self._key(self._sealing)), os.urandom(NONCE_BYTES)
        head = MARK + self._sealing.encode() + b"\n"
        return head + nonce + cipher.encrypt(nonce, content, label.encode())

    def open(self, label: str, sealed: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        entry, _, rest = sealed.removeprefix(MARK).partition(b"\n")
        cipher = ChaCha20Poly1305(self._key(entry.decode("utf-8", "replace")))
        nonce, content = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, content, label.encode())
        except (InvalidTag, ValueError):
            raise unopened(label, "it is damaged, or was sealed as another file") from None

    def prove(self) -> None:
        entry = f"flowrun/trial/{os.urandom(4).hex()}"
        held = self._keyring.put(entry, USER, "trial")
        self._drop([entry])
        if not held:
            raise refused()
        self.seal("", b"")  # which remembers the key

    def _made(self, path: Path, text: str, old: Sequence[str]) -> list[str]:
        """New entries that hold *text*."""
        self._keyring.check()  # before anything is noted
        for room in ROOMS:
            parts = [text[at : at + room] for at in range(0, len(text), room)]
            base = f"flowrun/{path.stem}/{os.urandom(8).hex()}"
            made = [f"{base}/{number}" for number in range(len(parts))]
            self._write_note(path, [*old, *made])
            pairs = zip(made, parts, strict=True)
            if all(self._keyring.put(entry, USER, part) for entry, part in pairs):
                return made
            self._drop(made)
        self.sweep(path)
        raise refused()

    def _drop(self, entries: Sequence[str]) -> None:
        for entry in entries:
            self._keyring.drop(entry, USER)

    def _entries(self, path: Path) -> list[str]:
        head = private.read(path)
        return [] if head is None else _of_head(path, head)[0]

    def _write_note(self, path: Path, entries: Sequence[str]) -> None:
        note = self._note(path)
        private.write(note, "\n".join(entries).encode(), part=private.part_of(note))

    def _note(self, path: Path) -> Path:
        return self._aside / path.name

    def _key(self, entry: str) -> bytes:
        if entry not in self._keys:
            found = self._keyring.get(entry, USER)
            if found is None:
                raise unopened(entry, "the keyring has it no more")
            self._keys[entry] = bytes.fromhex(found)
        return self._keys[entry]

    def _entry_of_key(self) -> str:
        """The name of the entry with the key that seals, which each folder has one of."""
        path = self._aside / ".keyring"
        known = private.read(path)
        if known is not None and self._keyring.get(entry := known.decode(), USER):
            return entry
        with locked(path.with_suffix(".lock"), deadline_s=self._keyring.deadline_s):
            known = private.read(path)
            entry = known.decode() if known else f"flowrun/beside/{os.urandom(8).hex()}"
            if known is None:
                private.sweep(path)
                private.write(path, entry.encode())  # first, so that no entry is left unnamed
            if self._keyring.get(entry, USER) is None and not self._keyring.put(
                entry, USER, os.urandom(KEY_BYTES).hex()
            ):
                raise refused()
        return entry


def _of_head(path: Path, head: bytes) -> tuple[list[str], str]:
    """The entries that a head names, and the digest."""
    try:
        document: JSON = json.loads(head)
    except ValueError:
        document = None
    if isinstance(document, dict):
        entries, digest = document.get("entries"), document.get("sha256")
        if isinstance(entries, list) and isinstance(digest, str):
            return [str(entry) for entry in entries], digest
    raise unopened(str(path), "it is damaged")


def refused() -> StoreError:
    """The error for a back end that forgets."""
    hint = "Another back end may: `python -m keyring --list-backends`. Or encrypt files: age."
    return StoreError("E708", "the keyring does not keep what it is given", hint=hint)
