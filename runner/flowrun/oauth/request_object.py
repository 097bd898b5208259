"""What an authorization request says as a signed object (RFC 9101 section 4)."""

from __future__ import annotations

from collections.abc import Mapping

from ..secret import JSON

TYPE = "oauth-authz-req+jwt"

LIFETIME_S = 300
"""From when it is made until the browser has brought it."""

NEVER = ("request", "request_uri")
"""Parameters that no request object holds."""

NUMBERS = ("max_age",)


def claims_of(
    asked: Mapping[str, JSON], client_id: str, audience: str, *, at: float, id: str
) -> dict[str, JSON]:
    """The claims of what *client_id* asks of *audience*, with when it was made and ends."""
    made_at = int(at)
    return {
        **{name: _native(name, value) for name, value in asked.items() if name not in NEVER},
        "client_id": client_id,
        "iss": client_id,
        "aud": audience,
        "jti": id,
        "iat": made_at,
        "nbf": made_at,
        "exp": made_at + LIFETIME_S,
    }


def _native(name: str, value: JSON) -> JSON:
    is_number = name in NUMBERS and isinstance(value, str) and value.isascii() and value.isdigit()
    return int(str(value)) if is_number else value


def claims_in_vain(claims: Mapping[str, JSON], client_id: str, *, at: float) -> str:
    """Why a server does not take the *claims* of a request object, or nothing."""
    starts, ends = claims.get("nbf"), claims.get("exp")
    if not (claims.get("iss") == claims.get("client_id") == client_id):
        return f"it is not of {client_id}"
    if any(name in claims for name in NEVER):
        return "it names another one"
    if not isinstance(ends, int) or ends < at or (isinstance(starts, int) and starts > at + 1):
        return "it does not hold now"
    return ""
