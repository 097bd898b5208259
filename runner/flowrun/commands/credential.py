"""`flowrun export --format git`: a credential helper, which git calls."""

from __future__ import annotations

import sys

from ..console import Console
from ..errors import FlowError
from ..exports.git import MOST_BYTES, OPERATIONS, attributes, credential, is_meant, is_refused
from ..leaving import Asked, leaving
from ..naming import name_of
from ..secret import JSON
from ..session import Session
from ..settings import Settings
from .each import each


def answer_git(name: str, settings: Settings, asked: Asked, *, host: str, operation: str) -> int:
    """
    Answer git on stdin and stdout, for *host* alone.

    `get` prints the token of the record *name*; `erase` of that very token makes its next use
    refresh it; what else git may want one day is left alone, as gitcredentials(7) says.
    """
    _refuse_half(name, host, operation)
    console = Console(verbose=settings.verbose)

    def act(given: str) -> JSON:
        said = attributes(sys.stdin.buffer.read(MOST_BYTES).decode(errors="replace"))
        if operation not in ("get", "erase") or not is_meant(said, host):
            return None
        session = Session(settings, console)
        name = name_of(given, session)
        if operation == "erase":
            _erase(name, session, asked, said)
            return None
        console.answer_as_it_is(credential(leaving(name, session, asked), said))
        return None

    return each([name], act, console, json=False)


def _refuse_half(name: str, host: str, operation: str) -> None:
    if host and operation:
        return
    what = f"git says what it wants: {', '.join(OPERATIONS)}" if host else "for which host?"
    helper = f"'!flowrun export {name} --format git --host {host or 'HOST'}'"
    hint = f"git config --global credential.https://{host or 'HOST'}.helper {helper}"
    raise FlowError("E219", what, hint=hint)


def _erase(name: str, session: Session, asked: Asked, said: dict[str, str]) -> None:
    """The server has refused what git erases; if that is our token, the next use refreshes it."""
    store = session.store
    with store.locked(name):
        record = session.record(name)
        part = record.named(asked.named)
        token = part.fields.get(asked.field)
        if isinstance(token, str) and is_refused(said, token):
            marked = record.with_named(asked.named, part.knowing(rejected=True))
            store.swap(name, record, marked, asked.named)
