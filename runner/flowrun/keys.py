"""Secrets that the system's keyring holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from .errors import FlowError, StoreError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

DEADLINE_S = 30
"""So long a person has to unlock it; without a person some keyrings never answer at all."""

NO_HINT = (
    "Keep records in files, or encrypted (age), with a key in a file: "
    "flowrun key --make --file FILE."
)

HINT = "Is it unlocked? `python -m keyring --list-backends` shows what is in use."

RECOMMENDED, CHOICE = 1, "PYTHON_KEYRING_BACKEND"
"""The least priority of a back end that is any good, and how a person names one (keyring)."""

Answer = TypeVar("Answer")


class Keyring:
    """
    The system's keyring: a text for each pair of a service and a user.

    Whatever a back end raises is told anew, since its words may hold anything.

    Raises, from every method:
        FlowError: the library is not installed (E233).
        StoreError: the keyring cannot be used, or has not answered in time (E708).
    """

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self.deadline_s = deadline_s

    def is_there(self) -> bool:
        """Whether there is a back end at all; without one nothing is held."""
        backend = _backend()
        return self._told("does not say what it is", lambda: not _is_none(backend()))

    def check(self) -> None:
        """Raise for a back end that `put` would refuse whatever it is given."""
        backend = _backend()
        self._told("does not say what it is", lambda: _refuse_open(backend()))

    def get(self, service: str, user: str) -> str | None:
        """The text, None when there is none."""
        backend = _backend()

        def ask() -> str | None:
            return backend().get_password(service, user)

        return self._told(f"does not give {service}", ask)

    def put(self, service: str, user: str, text: str) -> bool:
        """
        Whether the keyring holds *text* now; many refuse a long one, and one swallows all.

        A back end that is locked, or is none, or keeps secrets in the open, raises instead.
        """
        backend = _backend()
        from keyring.errors import InitError, KeyringLocked, NoKeyringError

        def ask() -> bool:
            _refuse_open(backend())
            try:
                backend().set_password(service, user, text)
            except (InitError, KeyringLocked, NoKeyringError):
                raise
            except Exception:  # in words of its own: Windows' is no error of this library
                return False
            return backend().get_password(service, user) == text

        return self._told(f"does not take {service}", ask)

    def drop(self, service: str, user: str) -> None:
        """Remove the text, if there is one."""
        backend = _backend()
        from keyring.errors import PasswordDeleteError

        def ask() -> None:
            try:
                backend().delete_password(service, user)
            except PasswordDeleteError:
                if backend().get_password(service, user) is not None:
                    raise

        return self._told(f"does not remove {service}", ask)

    def _told(self, what: str, ask: Callable[[], Answer]) -> Answer:
        """The answer, or why there is none."""
        from threading import Thread

        from keyring.errors import NoKeyringError

        answers, errors = list[Answer](), list[Exception]()

        def keep() -> None:
            try:
                answers.append(ask())
            except Exception as error:
                errors.append(error)

        thread = Thread(target=keep, daemon=True)  # one that hangs must not hold us at the end
        thread.start()
        thread.join(self.deadline_s)
        if answers:
            return answers[0]
        for error in errors[:]:
            if isinstance(error, StoreError):
                raise error
            if isinstance(error, NoKeyringError):
                raise _none()
            raise StoreError("E708", f"the keyring {what}: {type(error).__name__}", hint=HINT)
        message = f"the keyring has not answered for {self.deadline_s:g} s"
        hint = "Unlock it first. Where nobody can, keep records in files, or encrypted (age)."
        raise StoreError("E708", message, hint=hint)


def from_keyring(entry: str) -> str | None:
    """
    The password that the keyring holds for *entry*, SERVICE/USER, or None.

    Raises:
        FlowError: the keyring is not installed (E233), or does not answer (E215).
    """
    service, _, user = entry.partition("/")
    try:
        return Keyring().get(service, user)
    except StoreError as error:
        raise FlowError("E215", str(error), hint=error.problems[0].hint) from None


def _is_none(ring: KeyringBackend) -> bool:
    """Whether *ring* is what the library has where it finds no back end."""
    from keyring.backends.fail import Keyring as NoBackend

    return isinstance(ring, NoBackend)


def _none() -> StoreError:
    return StoreError("E708", "there is no keyring on this machine", hint=NO_HINT)


def _refuse_open(ring: KeyringBackend) -> None:
    """Refuse a back end that its own authors do not recommend, unless a person has chosen it."""
    if _is_none(ring):
        raise _none()
    first = next(iter(getattr(ring, "backends", ())), ring)  # of a chain, the one that is used
    if first.priority < RECOMMENDED and CHOICE not in os.environ:
        message = f"the keyring here is {type(first).__name__}, which does not protect what it has"
        hint = f"Encrypt files instead (age); or choose it all the same, with {CHOICE}."
        raise StoreError("E708", message, hint=hint)


def _backend() -> Callable[[], KeyringBackend]:
    """What finds the back end in use; which one that is, it may have to ask others."""
    try:
        import keyring
    except ImportError:
        hint = "Install it: pip install 'flowrun-oauth[keyring]'"
        raise FlowError("E233", "the keyring is an optional part", hint=hint) from None
    return keyring.get_keyring
