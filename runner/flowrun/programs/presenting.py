"""How a token goes with a request to an API, and what a refusal means; rules without I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from ..errors import FlowError, ProviderError, StoreError
from ..message import Response
from ..oauth import dpop
from ..proofs import Proofs
from ..secret import MASK, reveal
from ..urls import is_loopback
from .access import Held

Next = Literal["done", "repeat", "renew"]

PROOFS = 2
"""How often a request is proven anew with one token: a redirect can take one, a nonce another."""

OTHERWISE = ("insufficient_scope", "insufficient_user_authentication", "invalid_request")
"""Errors that a new token would meet again (RFC 6750 section 3.1, RFC 9470 section 3)."""


class Veiled(str):
    """A header's value that is sent as it is, and masked where somebody prints the headers."""

    __slots__ = ()

    def __repr__(self) -> str:
        return MASK


class Asked(NamedTuple):
    """A request as it left, which may be one that a redirect has led to."""

    method: str
    url: str
    authorization: str
    proven: bool

    def __repr__(self) -> str:
        return f"Asked({self.method})"


class Presentation:
    """One request's token: what is sent with it, and what follows from the answer."""

    def __init__(self, held: Held, proofs: Proofs) -> None:
        self.held = held
        self._proofs, self._proofs_left = proofs, PROOFS
        self._known: object = None  # of the server, when the last proof was made
        self._sent_at = 0.0
        self._may_renew = True

    def headers(self, method: str, url: str) -> dict[str, Veiled]:
        """
        What says who we are in a request of *method* to *url*.

        Raises:
            StoreError: the token cannot be sent, or its key is not there (E702).
            ProviderError: it is a token of OAuth 1 (E531).
        """
        made = {"Authorization": _authorization(self.held)}
        if self.held.key:
            self._known, self._sent_at = self._proofs.known(url), self._proofs.now()
            proof = self._proofs.proof(self.held.key, method, url, self.held.token)
            made["DPoP"] = Veiled(reveal(proof))
        return made

    def follows(self, asked: Asked, status: int, headers: Mapping[str, str]) -> Next:
        """What an answer of *status* with these *headers* asks for."""
        if status != 401 and not self.held.key:
            return "done"
        response = Response(status, headers, b"")
        if self.held.key:
            self._proofs.hear(asked.url, response, sent_at=self._sent_at)
        if status != 401 or asked.authorization != _authorization(self.held):
            return "done"  # where no token of ours went, none was refused
        if self.held.key and not asked.proven:
            return self._proven_anew(helps=True)
        if self.held.key and dpop.error_of(response) in dpop.REFUSED:
            return self._proven_anew(helps=self._proofs.known(asked.url) != self._known)
        may, self._may_renew = self._may_renew, False
        return "renew" if may and _error(response) not in OTHERWISE else "done"

    def go_on_with(self, held: Held | None) -> Next:
        """Present another token, if there is one; the server may want another proof for it."""
        if held is None:
            return "done"
        self.held, self._proofs_left = held, PROOFS
        return "repeat"

    def _proven_anew(self, *, helps: bool) -> Next:
        self._proofs_left -= 1
        return "repeat" if helps and self._proofs_left >= 0 else "done"


def require_encrypted(url: str) -> None:
    """Raise `FlowError` (E214) where the token would be readable on its way (RFC 6750 5.3)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme in ("http", "ws") and not is_loopback(f"[{host}]" if ":" in host else host):
        hint = "Use https; or say Auth(..., allow_http=True) where something else encrypts."
        raise FlowError(
            "E214", f"the token would go to {host} without encryption", hint=hint
        ).noted()


def _authorization(held: Held) -> Veiled:
    if held.scheme == "OAuth":
        hint = "Sign with a library for OAuth 1, with the token and the secret of the record."
        message = "a token of OAuth 1 is not presented by itself: each request is signed with it"
        raise ProviderError("E531", message, hint=hint).noted()
    if held.scheme == "DPoP" and not held.key:
        hint = "Run its flow again, so that there is a new token with its key."
        raise StoreError(
            "E702", "the key that the token is bound to is not there", hint=hint
        ).noted()
    if not _SENDABLE.fullmatch(held.token):
        hint = "Look at the record; run its flow again."
        raise StoreError(
            "E702", "the access token is none that a header can carry", hint=hint
        ).noted()
    return Veiled(f"{held.scheme} {held.token}")


_SENDABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


def _error(response: Response) -> str:
    """The error that the challenge names (RFC 6750 section 3); a token has a new one then."""
    found = _ERROR.search(response.headers.get("www-authenticate", ""))
    return found[1] if found else ""


_ERROR = re.compile(r'\berror="?([a-z_]+)', re.IGNORECASE)
