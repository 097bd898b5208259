"""Records encrypted with age (https://age-encryption.org/v1); the age command reads them, too."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from flowrun.errors import StoreError

from . import private
from .key import FILE_VARIABLE, Key, needed_key
from .vault import unopened

STRANGE = "No matching keys"
"""How the library begins to say that the key is another one; anything else is damage."""

GIVE = f"Set {FILE_VARIABLE} to the file of the key that has sealed it. A new key opens nothing."


class Age:
    """
    The vault of encrypted files.

    What is beside a record begins with its file's name, so that one file cannot stand for
    another; a record itself says its name.
    """

    kind = "age"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    @cached_property
    def _key(self) -> Key:
        return needed_key(self._environ)

    def read(self, path: Path) -> bytes | None:
        sealed = private.read(path)
        return None if sealed is None else self._opened(str(path), sealed)

    def write(self, path: Path, content: bytes) -> None:
        private.write(path, self._sealed(content), part=private.part_of(path))

    def remove(self, path: Path) -> None:
        private.remove(path)

    def sweep(self, path: Path) -> None:
        return

    def seal(self, label: str, content: bytes) -> bytes:
        return self._sealed(label.encode() + b"\n" + content)

    def open(self, label: str, sealed: bytes) -> bytes:
        name, _, content = self._opened(label, sealed).partition(b"\n")
        if name != label.encode():
            raise unopened(label, "it was sealed as another file")
        return content

    def prove(self) -> None:
        sealed = self._sealed(b"")
        self._opened("a trial", sealed)

    def _sealed(self, content: bytes) -> bytes:
        key = self._key
        import pyrage

        return pyrage.encrypt(content, [key.identities[0].to_public()])

    def _opened(self, what: str, sealed: bytes) -> bytes:
        try:
            key = self._key
        except StoreError as error:
            message = f"{what} is encrypted; {error}"
            raise StoreError(error.code, message, hint=GIVE) from None
        import pyrage

        try:
            return pyrage.decrypt(sealed, key.identities)
        except pyrage.DecryptError as error:
            strange = str(error).startswith(STRANGE)
            why = f"the key in {key.origin} is another one" if strange else "it is damaged"
            raise unopened(what, why) from None
