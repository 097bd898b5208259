"""`flowrun exec`: a command with a token in its environment."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple, NoReturn

from ..console import Console
from ..errors import FlowError, FlowrunError
from ..exports import Exported, refuse_bound
from ..inherited import inherited
from ..leaving import Asked, leaving
from ..naming import name_of
from ..session import Session
from ..settings import Settings

NOT_FOUND, NOT_RUN = 127, 126
"""The exit statuses of a shell for a command that is not there, or cannot be run."""

IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ")


class Wanted(NamedTuple):
    """A record whose token a command gets."""

    name: str
    asked: Asked


def exec_command(command: Sequence[str], settings: Settings, wanted: Sequence[Wanted]) -> int:
    """
    Become *command*, with the token of each record *wanted* in its environment.

    Returns only when that cannot be done: the exit status, which is 127 or 126 when it is the
    command that fails.
    """
    console = Console(verbose=settings.verbose)
    settings = settings._replace(alone=len(wanted) == 1)
    try:
        tokens = [_leaving(each, Session(settings, console)) for each in wanted]
        _become(command, _environment(os.environ, tokens))
    except FlowrunError as error:
        status = console.show(error)
        console.conclude()
        return status
    except OSError as error:
        console.show(_not_run(command, str(error.strerror)))
        console.conclude()
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_RUN


def _not_run(command: Sequence[str], why: str) -> FlowError:
    hint = "Behind -- stand a program and its arguments; what a shell reads goes to: sh -c '...'"
    return FlowError("E240", f"cannot run {command[0]}: {why}", hint=hint)


def _leaving(wanted: Wanted, session: Session) -> Exported:
    exported = leaving(name_of(wanted.name, session), session, wanted.asked)
    refuse_bound(exported)
    if "\0" in exported.token:
        raise FlowError("E236", f"no variable can hold the {exported.field} of {exported.name}")
    return exported


def _environment(environ: Mapping[str, str], tokens: Sequence[Exported]) -> dict[str, str]:
    """What the command inherits, without what is flowrun's own, but for where records are."""
    kept, folder = inherited(environ), environ.get("FLOWRUN_TOKENS")
    if folder is not None:
        kept["FLOWRUN_TOKENS"] = folder  # it may ask anew
    names = [exported.variable for exported in tokens]
    if twice := next((name for name in names if names.count(name) > 1), None):
        hint = "Name another one: --also NAME:VARIABLE"
        raise FlowError("E219", f"two tokens would be {twice}", hint=hint)
    return {**kept, **{exported.variable: exported.token for exported in tokens}}


def _become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for name in IGNORED_BY_PYTHON:  # the command would inherit that
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    # Without a shell: these are the words that a person has typed.
    os.execvpe(command[0], [*command], environment)  # noqa: S606
