"""Sign a JSON Web Token: an assertion (RFC 7523), or a secret that is minted for each use."""

from __future__ import annotations

from ..jose import ALGORITHMS, sign
from ..message import Request
from ..secret import JSON, Secret, reveal
from ..services import Outputs, Services
from .kind import Options, text_of

URLS = frozenset[str]()
LATE = frozenset[str]()

LIFETIME_S = 300
"""Long enough for a slow clock; some servers refuse an assertion that lives for more."""


def run(options: Options, services: Services) -> Outputs:
    alg = options.one_of("alg", ALGORITHMS, "RS256")
    header = {"alg": alg, **_plain(options, "header")}
    claims = {**_timed(options, services), **_plain(options, "claims")}
    return {"jwt": Secret(sign(header, claims, text_of(options.get("key"))))}


def preview(options: Options) -> Request | None:
    options.one_of("alg", ALGORITHMS, "RS256")
    return None


def _plain(options: Options, key: str) -> dict[str, JSON]:
    return {name: reveal(value) for name, value in options.fields(key).items()}


def _timed(options: Options, services: Services) -> dict[str, JSON]:
    """What an assertion needs by itself: when it was made, when it ends, and an id of its own."""
    from uuid import uuid4

    made_at = int(services.now())
    ends_at = made_at + options.seconds("lifetime", LIFETIME_S)
    return {"iat": made_at, "exp": ends_at, "jti": str(uuid4())}
