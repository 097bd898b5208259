"""What a server says about a token: whether it is active (RFC 7662), and revoked (RFC 7009)."""

from __future__ import annotations

from ..errors import ProviderError
from ..secret import JSON

HINTS = {
    "unsupported_token_type": "The server revokes no tokens of this kind. Revoke another one of "
    "the same grant, or end the grant in its web pages.",
}
"""What helps when a server does not do with a token what it was asked to (RFC 7009 2.2.1)."""


def is_inactive(answer: JSON) -> bool:
    """Whether *answer* is an introspection's that says no (RFC 7662 section 2.2)."""
    return isinstance(answer, dict) and answer.get("active") is False


def inactive(host: str) -> ProviderError:
    """The token has ended, was revoked, or was never this server's; it does not say which."""
    hint = "The token is not accepted: run the flow again."
    message = f"{host} says that the token is not active"
    return ProviderError("E509", message, hint=hint, outcome="ended")
