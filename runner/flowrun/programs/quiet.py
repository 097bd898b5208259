"""The engine for a program: nobody is asked, nothing is printed, and no error carries a secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ..console import Console, printable
from ..errors import FlowrunError, PersonNeeded, ProviderError
from ..living import living
from ..message import Request, Response
from ..record import Record
from ..secret import Secret, reveal
from ..session import Session
from ..settings import Settings

LOG = logging.getLogger("flowrun")
LOG.addHandler(logging.NullHandler())  # else Python itself would print what matters


class Logbook(Console):
    """A `Console` whose talk goes to the logger `flowrun`."""

    def __init__(self) -> None:
        super().__init__(verbose=LOG.isEnabledFor(logging.DEBUG))
        self._level = logging.INFO

    def tell(self, text: str) -> None:
        LOG.log(self._level, "%s", printable(self.redact(text)))

    def show(self, error: FlowrunError) -> int:
        with self._as(logging.WARNING):
            return super().show(error)

    def trace(self, request: Request, response: Response | None) -> None:
        with self._as(logging.DEBUG):
            super().trace(request, response)

    @contextmanager
    def _as(self, level: int) -> Iterator[None]:
        before, self._level = self._level, level
        try:
            yield
        finally:
            self._level = before


def quietly_living(
    name: str,
    *,
    tokens: str | None,
    sandbox: bool,
    named: str,
    min_ttl_s: float | None,
    refused: Secret,
) -> Record:
    """
    The record *name* with a token that lives, and is not the *refused* one; see `living`.

    A secret of the environment is taken only from the variable of this very record, since a
    program may have many.
    """
    folder = None if tokens is None else Path(tokens)
    settings = Settings(folder, sandbox, no_input=True, no_browser=True, alone=False)
    logbook = Logbook()
    find = partial(living, name, Session(settings, logbook), named=named, min_ttl_s=min_ttl_s)
    try:
        return find(rejected=str(reveal(refused)))
    except FlowrunError as error:
        failure = _told(_person_needed(name, error) or error, logbook)
    raise failure


def _person_needed(name: str, error: FlowrunError) -> PersonNeeded | None:
    """What the next call will say of a grant that has just been found to be over."""
    if not isinstance(error, ProviderError) or error.outcome != "ended":
        return None
    about = str(error) if str(error).startswith(name) else f"{name} needs a person: {error}"
    return PersonNeeded("E802", about, hint=error.problems[0].hint)


def _told(error: FlowrunError, logbook: Logbook) -> FlowrunError:
    """
    *error* with its hint, without secrets and without its past.

    The frames that it came through hold requests, and whoever reports errors shows frames.
    """
    error.problems = tuple(
        each._replace(message=logbook.redact(each.message), hint=logbook.redact(each.hint))
        for each in error.problems
    )
    error.args = (error.problems[0].message,)
    error.__cause__ = error.__context__ = None
    return error.noted().with_traceback(None)
