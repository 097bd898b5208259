"""`flowrun token`: print an access token, refreshed first if it is due."""

from __future__ import annotations

import json as codec
import sys

from ..console import Console
from ..exports import exported_from
from ..facts import facts
from ..living import living
from ..secret import JSON
from ..session import Session
from ..settings import Settings
from .each import each


def token(
    name: str,
    settings: Settings,
    *,
    named: str = "",
    field: str = "access_token",
    min_ttl_s: float | None = None,
    json: bool = False,
) -> int:
    """
    Print the access token of the record *name*, living for *min_ttl_s* more if that is given.

    With *named*, the token that the record keeps under that name beside its own; with *field*,
    another part of the answer that brought it.
    """
    console = Console(verbose=settings.verbose)

    def act(name: str) -> JSON:
        session = Session(settings, console)
        record = living(name, session, named=named, min_ttl_s=min_ttl_s, field=field)
        # Past the console, which masks: here the secret is what was asked for.
        token = exported_from(name, record, named=named, field=field).token
        answer = {field: token, **facts(record.named(named))}
        sys.stdout.write((codec.dumps(answer, indent=2) if json else token) + "\n")
        sys.stdout.flush()
        return None

    return each([name], act, console, json=False)
