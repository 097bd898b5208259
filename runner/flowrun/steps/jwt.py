"""Sign a JSON Web Token: an assertion (RFC 7523), or a secret that is minted for each use."""

from __future__ import annotations

from ..document import Map
from ..jose import ALGORITHMS, sign
from ..message import Request
from ..secret import JSON, Secret, Value, reveal
from ..services import Outputs, Services
from .exchange import opened
from .kind import Options, text_of

URLS = frozenset[str]()
LATE = frozenset[str]()

LIFETIME_S = 300
"""Long enough for a slow clock; some servers refuse an assertion that lives for more."""


def run(options: Options, services: Services) -> Outputs:
    alg = options.one_of("alg", ALGORITHMS, "RS256")
    header = _over({"alg": alg}, options.get("header"))
    claims = _over(_timed(options, services), options.get("claims"))
    signed = Secret(sign(header, claims, text_of(options.get("key"))))
    return opened(options, {"jwt": signed})


def preview(options: Options) -> Request | None:
    options.one_of("alg", ALGORITHMS, "RS256")
    return None


def hands_on(options: Map) -> frozenset[str] | None:
    return frozenset({"jwt"})


def _over(own: dict[str, JSON], given: Value) -> dict[str, JSON]:
    """*own* fields with the *given* over them; null takes away."""
    plain = reveal(given)
    merged = {**own, **(plain if isinstance(plain, dict) else {})}
    return {name: value for name, value in merged.items() if value is not None}


def _timed(options: Options, services: Services) -> dict[str, JSON]:
    """What an assertion needs by itself: when it was made, when it ends, and an id of its own."""
    from uuid import uuid4

    made_at = int(services.now())
    ends_at = made_at + options.seconds("lifetime", LIFETIME_S)
    return {"iat": made_at, "exp": ends_at, "jti": str(uuid4())}
