"""Secrets that the system's keyring holds."""

from __future__ import annotations

from .errors import FlowError


def from_keyring(entry: str) -> str | None:
    """
    The password that the keyring holds for *entry*, SERVICE/USER, or None.

    Raises:
        FlowError: the keyring is not installed (E233), or does not answer (E215).
    """
    try:
        import keyring
        import keyring.errors
    except ImportError:
        hint = "Install it: pip install 'flowrun-oauth[keyring]'"
        raise FlowError("E233", "the keyring is an optional part", hint=hint) from None
    service, _, user = entry.partition("/")
    try:
        return keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        # Not `from error`: a back end's words may hold anything.
        message = f"the keyring does not give {entry}: {type(error).__name__}"
        hint = "Is it unlocked? `python -m keyring --list-backends` shows what is in use."
        raise FlowError("E215", message, hint=hint) from None
