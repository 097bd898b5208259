"""The keys that an issuer signs with: kept for a while, and asked for again when they change."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from ..errors import FlowrunError, ProviderError
from ..message import Request
from ..oauth.caching import lifetime_s
from ..oauth.jwk import Key, fitting, keys_in
from ..secret import JSON
from ..services import Services
from ..urls import checked, origin

AGAIN_AFTER_S = 10
"""Whoever makes up key ids must not have us ask a server each time."""


class Keys:
    """The set at *url*; what is on the shelf counts until its time is over."""

    def __init__(self, url: str, services: Services) -> None:
        self.url, self._services = checked(url, endpoint=True), services
        kept = services.shelf.get("jwks", url)
        self._keys, self._again_at = _kept(kept)
        if kept is None:
            self._fetch()

    @property
    def all(self) -> Sequence[Key]:
        """Every key of the set, for whatever use."""
        return self._keys

    def for_(self, alg: str, kid: JSON) -> Sequence[Key]:
        """The keys that may have signed with *alg* and *kid*, asked for anew when there is none."""
        if not (found := fitting(self._keys, alg, kid)) and self.renewed():
            found = fitting(self._keys, alg, kid)
        return found

    def renewed(self) -> bool:
        """Whether the issuer could be asked once more; not when a key has just made us ask."""
        now = self._services.now()
        if now < self._again_at + AGAIN_AFTER_S:
            return False
        self._again_at = now
        with contextlib.suppress(FlowrunError):  # by now there may be an answer to lose
            self._fetch()
            return True
        return False

    def _fetch(self) -> None:
        accept = {"Accept": "application/jwk-set+json, application/json"}
        response = self._services.http.send(Request("GET", self.url, headers=accept))
        keys = keys_in(response.json) if response.ok else None
        if keys is None:
            message = f"{origin(self.url)} answered {response.status}, and with no set of keys"
            hint = "`jwks` is the URL that the provider's metadata calls jwks_uri."
            raise ProviderError("E521", message, hint=hint, outcome="unspent")
        self._keys = keys
        kept: JSON = {"keys": [dict(key) for key in keys], "again_at": self._again_at}
        until = self._services.now() + lifetime_s(response.headers)
        self._services.shelf.put("jwks", self.url, kept, until=until)


def _kept(value: JSON) -> tuple[Sequence[Key], float]:
    """Keys, and when an unknown one last had the issuer asked for them, as the shelf has them."""
    found = value if isinstance(value, dict) else {}
    again_at = found.get("again_at")
    return keys_in(found) or (), again_at if isinstance(again_at, (int, float)) else 0
