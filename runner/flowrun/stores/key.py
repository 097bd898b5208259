"""The key of encrypted records: where it is, and a new one. Its form is that of age-keygen."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from flowrun.errors import FlowError, StoreError
from flowrun.keys import Keyring

from . import private

if TYPE_CHECKING:
    from pyrage import x25519

VARIABLE, FILE_VARIABLE = "FLOWRUN_STORE_KEY", "FLOWRUN_STORE_KEY_FILE"
SERVICE, USER = "flowrun", "store-key"
"""Where the system's keyring has the key."""

BEGINS = "AGE-SECRET-KEY-"
MAKE = f"Make one: flowrun key --make, or flowrun key --make --file FILE and set {FILE_VARIABLE}."


class Key(NamedTuple):
    """What opens encrypted records; the first identity also seals them."""

    origin: str
    identities: Sequence[x25519.Identity]

    @property
    def public(self) -> str:
        """Whom records are encrypted to; no secret."""
        return str(self.identities[0].to_public())


def needed_key(environ: Mapping[str, str]) -> Key:
    """
    The key that the environment, the file that it names, or the keyring holds, in this order.

    Raises:
        FlowError: pyrage is not installed (E233).
        StoreError: there is none, or it is no key (E709); its file is open to others (E703).
    """
    _need_library()  # first, so that nobody makes a key and then meets this
    origin, text = _text(environ)
    lines = [line.strip() for line in text.splitlines()]
    wanted = [line for line in lines if line and not line.startswith("#")]
    import pyrage

    try:
        identities = [pyrage.x25519.Identity.from_str(line) for line in wanted]
    except pyrage.IdentityError:
        identities = []
    if not identities:
        hint = f"It begins with {BEGINS}1, as age-keygen writes it."
        raise StoreError("E709", f"{origin} holds no key of age", hint=hint)
    return Key(origin, identities)


def _need_library() -> None:
    try:
        import pyrage  # noqa: F401
    except ImportError:
        hint = "Install it: pip install 'flowrun-oauth[age]'"
        raise FlowError("E233", "encrypted records are an optional part", hint=hint) from None


def _text(environ: Mapping[str, str]) -> tuple[str, str]:
    """Where the key is, and what is there."""
    if text := environ.get(VARIABLE):
        return VARIABLE, text
    if name := environ.get(FILE_VARIABLE):
        if name.upper().startswith(BEGINS):  # which a message must not show
            message = f"{FILE_VARIABLE} holds a key, and not the name of its file"
            raise StoreError("E709", message, hint=f"Set {VARIABLE} to it.")
        content = private.read(os.path.realpath(Path(name).expanduser()))
        if content is None:
            message = f"there is no file {name}, which {FILE_VARIABLE} names"
            raise StoreError("E709", message, hint=f"Make one: flowrun key --make --file {name}")
        return name, content.decode("utf-8", "replace")
    none = f"{VARIABLE} and {FILE_VARIABLE} are not set"
    try:
        text = Keyring().get(SERVICE, USER)
    except (FlowError, StoreError) as error:
        raise StoreError("E709", f"there is no key: {none}, and {error}", hint=MAKE) from None
    if not text:
        message = f"there is no key: {none}, and the keyring has none"
        raise StoreError("E709", message, hint=MAKE)
    return "the keyring", text


def make_key(file: Path | None) -> Key:
    """
    A new key, in the new private *file* or in the keyring.

    Raises:
        StoreError: a key is there already, which is never replaced (E711).
    """
    _need_library()
    import pyrage

    made = pyrage.x25519.Identity.generate()
    if file is None:
        return _kept_in_keyring(made)
    lines = ("# made by flowrun key", f"# public key: {made.to_public()}", str(made))
    if file.exists() or file.is_symlink():
        raise _there(str(file))
    private.write(file, "\n".join(lines).encode() + b"\n", new=True)
    return Key(str(file), [made])


def _kept_in_keyring(made: x25519.Identity) -> Key:
    keyring = Keyring()
    if keyring.get(SERVICE, USER):
        raise _there("the keyring")
    if not keyring.put(SERVICE, USER, str(made)):
        hint = "With --file the key goes into a file."
        raise StoreError("E708", "the keyring does not keep the key", hint=hint)
    return Key("the keyring", [made])


def _there(where: str) -> StoreError:
    hint = "It opens what it has sealed, so it is not replaced. `flowrun key` shows it."
    return StoreError("E711", f"there is a key in {where} already", hint=hint)
