"""The answer to a pushed authorization request (RFC 9126 section 2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ..errors import ProviderError
from ..message import Response
from .answer import HINTS, Refusal

HINT = "Nobody was asked yet. Compare the request (`flowrun run -n`) with the documentation."
_REFERENCE = re.compile(r"[\x21-\x7e]{1,1024}")


class Pushed(NamedTuple):
    """What a request is called now, and for how many seconds."""

    request_uri: str
    lifetime_s: int | None


def pushed(response: Response, host: str) -> Pushed:
    """What *response* calls the request that was pushed; raises E517 when there is nothing."""
    payload = response.json if isinstance(response.json, dict) else {}
    uri, lifetime = payload.get("request_uri"), payload.get("expires_in")
    if not response.ok or not isinstance(uri, str) or not _REFERENCE.fullmatch(uri):
        message = f"{host} answered {response.status}, and without a request_uri"
        raise ProviderError("E517", message, hint=HINT, outcome="unspent")
    return Pushed(uri, lifetime if isinstance(lifetime, int) and lifetime > 0 else None)


def refused(host: str, refusal: Refusal, hints: Mapping[str, str]) -> ProviderError:
    """The error that the refusal of a pushed request stands for."""
    said = f"{host} refused the pushed request: {refusal.code}"
    said += f" ({refusal.text})" if refusal.text else ""
    known = {name: HINTS[name] for name in ("invalid_client", "invalid_scope")}
    hint = {**known, **hints}.get(refusal.code, HINT)
    return ProviderError("E517", said, hint=hint, outcome="unspent")
