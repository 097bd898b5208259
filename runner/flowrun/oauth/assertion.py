"""What a client says of itself in an assertion that it signs (RFC 7521, RFC 7523)."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import FlowError
from ..near import did_you_mean
from ..secret import JSON

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

LIFETIME_S = 300
"""Long enough for a slow clock; some servers refuse an assertion that lives for more."""

ALGORITHMS: dict[str, Sequence[str]] = {
    "client_secret_jwt": ("HS256", "HS384", "HS512"),
    "private_key_jwt": (
        *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
        *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
    ),
}
"""What each way to authenticate may sign with (OpenID Connect Core section 9)."""


def fitting(auth: str, alg: str) -> str:
    """*alg*, if *auth* may sign with it; raises E205."""
    known = ALGORITHMS[auth]
    if alg and alg not in known:
        hint = did_you_mean(alg, known) or f"One of {', '.join(known)}."
        raise FlowError("E205", f"{auth} cannot sign with {alg!r}", hint=hint)
    return alg


def claims_of(client_id: str, audience: str, *, at: float, id: str) -> dict[str, JSON]:
    """The claims of an assertion that is made *at* that time, for *audience* (RFC 7523 3)."""
    made_at = int(at)
    return {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": id,
        "iat": made_at,
        "exp": made_at + LIFETIME_S,
    }
