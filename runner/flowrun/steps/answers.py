"""An answer as expressions see it."""

from __future__ import annotations

from collections.abc import Mapping

from ..message import Response
from ..secret import Secret, Value, seal


def answer_of(response: Response) -> Mapping[str, Value]:
    """An answer as expressions see it, every value of it a secret."""
    return {
        "status": response.status,
        "headers": {name: Secret(value) for name, value in response.headers.items()},
        "json": seal(response.json),
        "text": Secret(response.text),
    }
