"""One try to refresh a record, in a thread of its own; nothing is raised."""

from __future__ import annotations

import time
from typing import NamedTuple

from ..console import Console
from ..current import renew
from ..errors import FlowrunError, ProviderError, StoreError, TransportError
from ..job import Job
from ..passes import policy_of
from ..session import Session
from ..settings import Settings
from .outlook import Reason, bug_of, reason_of

TRANSIENT = ("E532", "E704", "E705")
"""Errors that say of themselves that time mends them."""

PATIENCE = 3
"""So often a provider may refuse a request for a reason of its own before a person hears of it."""

HASTE_S = 2
"""What a try needs of the period of grace for which an old refresh token works."""


class Outcome(NamedTuple):
    """How a try ended."""

    said: tuple[str, ...] = ()  # the talk
    refreshed: bool = False
    reason: Reason | None = None  # what went wrong
    asks: bool = False  # a person has to mend it
    patience: int = 0  # after so many failures in a row
    unfinished: bool = False  # a file beside the record is not in step with it
    answered: bool = False  # the server works
    silent: bool = False  # it has not answered, or not as one that works
    calm: bool = False  # whether the token was redeemed is open, and only one more try is left
    within_s: float = 0  # the pause at most, where the old token works for so long; 0: as usual


class Heard(Console):
    """Keeps what it is told, so that one thread speaks for all."""

    def __init__(self, *, verbose: bool) -> None:
        super().__init__(verbose=verbose)
        self.said: list[str] = []

    def tell(self, text: str) -> None:
        self.said.append(self.redact(text))


def attempt(name: str, settings: Settings) -> Outcome:
    """Refresh the record *name* if it is due."""
    console = Heard(verbose=settings.verbose)
    try:
        return _tried(name, settings, console)
    except Exception as bug:  # one record's must not end the others
        return Outcome(tuple(console.said), reason=bug_of(bug))


def _tried(name: str, settings: Settings, console: Heard) -> Outcome:
    # All that it knows is new, so that nothing of a secret outlasts the try.
    session = Session(settings, console)
    job: Job | None = None
    try:
        job, record = session.job_of(name)
        with session.services(job) as services:
            new = renew(job, services)
        refreshed = (new.grant, new.version) != (record.grant, record.version)
        return Outcome(tuple(console.said), refreshed=refreshed, answered=refreshed)
    except FlowrunError as error:
        return _in_doubt(name, job, session, _failed(error, console))


def _failed(error: FlowrunError, console: Heard) -> Outcome:
    silent = isinstance(error, TransportError) or _is_open(error)
    return Outcome(
        tuple(console.said),
        reason=reason_of(error, console.redact),
        asks=not silent and error.code not in TRANSIENT,
        patience=PATIENCE if _may_pass(error) else 0,
        unfinished=error.code == "E713",
        answered=isinstance(error, ProviderError) and not silent,
        silent=silent,
    )


def _may_pass(error: FlowrunError) -> bool:
    """Whether a provider that works might say something else tomorrow."""
    return isinstance(error, ProviderError) and error.outcome != "ended" and error.code != "E502"


def _is_open(error: FlowrunError) -> bool:
    """Whether nobody knows what the provider has made of the request."""
    return isinstance(error, ProviderError) and error.outcome == "unknown"


def _in_doubt(name: str, job: Job | None, session: Session, outcome: Outcome) -> Outcome:
    """*outcome*, with what is left to try when a refresh token's redemption is open."""
    try:
        pending = session.store.attempt(name)
    except StoreError:
        pending = None
    if pending is None or job is None:
        return outcome
    policy = policy_of(job.flow, pending.token)
    if not policy.rotates:
        return outcome
    left_s = pending.at + policy.grace_s - time.time() - HASTE_S
    return outcome._replace(within_s=left_s) if left_s > 0 else outcome._replace(calm=True)
