"""An answer as expressions see it, and what of it may be told."""

from __future__ import annotations

from collections.abc import Mapping

from ..message import Request, Response, secrets_of
from ..oauth.answer import Refusal, said
from ..secret import Redactor, Secret, Value, seal


def answer_of(response: Response) -> Mapping[str, Value]:
    """An answer as expressions see it, every value of it a secret."""
    return {
        "status": response.status,
        "headers": {name: Secret(value) for name, value in response.headers.items()},
        "json": seal(response.json),
        "text": Secret(response.text),
    }


def scrubbed(refusal: Refusal, request: Request, *others: Value) -> Refusal:
    """What a provider says, without what it repeats of the secrets that were sent to it."""
    redact = Redactor()
    redact.add([*secrets_of(request), *others])
    # Shortened after that, since half a secret would not be found.
    return Refusal(said(redact(refusal.code)), said(redact(refusal.text)))
