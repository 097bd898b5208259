"""The ways to keep records, and which one has kept what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flowrun.errors import StoreError
from flowrun.near import did_you_mean

from .vault import PLAIN, Vault

SUFFIXES = {"files": ".json", "age": ".age", "keyring": ".keyring"}
"""
The file of a record, by how it is kept. A crash can leave two files of one record; the first one
of these is then the record, whatever the other says.
"""

KINDS = tuple(SUFFIXES)


MARKS = {b"age-encryption.org/": "age", b"flowrun-keyring/": "keyring"}
"""How the sealed files begin; one without a mark is plain."""


class Vaults:
    """The vaults of one folder, each made when it is needed."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder, self._environ = folder, environ
        self._made: dict[str, Vault] = {"files": PLAIN}

    def of(self, kind: str) -> Vault:
        if kind not in self._made:
            self._made[kind] = self._new(kind)
        return self._made[kind]

    def opened(self, label: str, sealed: bytes) -> bytes:
        """What a file beside a record holds, whichever vault has sealed it."""
        kind = next((MARKS[mark] for mark in MARKS if sealed.startswith(mark)), "files")
        return self.of(kind).open(label, sealed)

    def _new(self, kind: str) -> Vault:
        if kind_of(kind) == "age":
            from .age import Age

            return Age(self._environ)
        from .keyring import KeyringVault

        return KeyringVault(self._folder)


def kind_of(word: str) -> str:
    """The kind of store that a person has named; raises `StoreError` (E707) for any other."""
    if word in KINDS:
        return word
    word = word.partition(":")[0]  # what follows in a URL may be a password
    known = f"There are: {', '.join(KINDS)}."
    raise StoreError("E707", f"there is no store {word!r}", hint=did_you_mean(word, KINDS) or known)
