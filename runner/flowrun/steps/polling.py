"""Ask again until an answer holds, or until a person has consented."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..errors import CallbackError, FlowrunError, ProviderError, TransportError
from ..message import Response
from ..oauth.answer import Refusal
from ..oauth.polling import INTERVAL_S, backed_off, expired, next_wait
from ..oauth.waiting import wait_s as asked_wait_s
from ..secret import reveal
from ..services import Services
from .answers import answer_of
from .kind import Options

TIMEOUT_S = 300
PASSING = ("E601", "E602", "E603")
"""Ways to stay without an answer that may be over a moment later."""

Said = Callable[[Response], Refusal]


class _End(NamedTuple):
    """When to ask no more, and the error that it is then."""

    at: float
    error: FlowrunError


def polled(
    options: Options, services: Services, ask: Callable[[], Response], *, said: Said | None
) -> Response:
    """
    *ask* as often as `poll` says; with *said* a person is waited for, and it reads refusals.

    Raises:
        CallbackError: who was asked has denied it, or has not answered in time.
        ProviderError: what was waited for has not come.
        TransportError: nobody has answered in all the time.
    """
    every_s, end = _every_s(options), _end(options, services)
    error = end.error
    if options.invitation:  # nobody is so fast
        _pause(services, every_s, end, error)
    while True:
        try:
            response = ask()
        except TransportError as silence:
            if said is None or silence.code not in PASSING:
                raise
            error, every_s = silence, backed_off(every_s)
            pause_s = every_s
        else:
            error, wait_s = end.error, _wait_s(options, response, every_s, said)
            if wait_s is None:
                return response
            every_s = wait_s
            pause_s = max(every_s, asked_wait_s(response, now=services.now()) or 0)
        _pause(services, pause_s, end, error)


def _pause(services: Services, wait_s: float, end: _End, error: FlowrunError) -> None:
    if services.now() + wait_s > end.at:
        raise error
    time.sleep(wait_s)


def _wait_s(
    options: Options, response: Response, every_s: float, said: Said | None
) -> float | None:
    """How long to wait before the next question; None when what `poll` waits for has come."""
    payload = response.json if isinstance(response.json, dict) else {}
    asked = next_wait(every_s, said(response), payload) if said else None
    held = options.until(response=answer_of(response))
    if held is not None:
        return None if held else (asked or every_s)
    if said is None:
        return None if response.ok else every_s
    busy = response.status == 429 or response.status >= 500
    return backed_off(every_s) if asked is None and busy and not said(response).code else asked


def _every_s(options: Options) -> float:
    asked = reveal(options.invitation.get("interval"))
    usual_s = asked if isinstance(asked, int) else INTERVAL_S
    poll: Mapping[str, object] = options.modifier("poll") or {}
    return options.duration(poll.get("every"), usual_s)


def _end(options: Options, services: Services) -> _End:
    """The end that comes first: the recipe's, or that of what a person was invited to."""
    poll: Mapping[str, object] = options.modifier("poll") or {}
    now = services.now()
    expires_at = reveal(options.invitation.get("expires_at"))
    lives = isinstance(expires_at, int)
    left_s = int(expires_at - now) if isinstance(expires_at, int) else TIMEOUT_S
    limit_s = options.duration(poll.get("timeout"), left_s)
    if lives and left_s <= limit_s:
        return _End(now + left_s, expired())
    if options.invitation:
        hint = f"The recipe waits for {limit_s} s: `poll: {{timeout: ...}}`."
        return _End(now + limit_s, CallbackError("E401", "nobody has consented in time", hint=hint))
    message = "what the step waited for has not come"
    return _End(now + limit_s, ProviderError("E507", message, outcome="unspent"))
