"""The key that the tokens of a record are bound to (RFC 9449)."""

from __future__ import annotations

from collections.abc import Mapping

from .secret import JSON


class Possession:
    """One key for each grant: the one that its record has brought, or a new one at first use."""

    def __init__(self, kept: JSON = None) -> None:
        self._kept = kept if isinstance(kept, dict) else None

    @property
    def kept(self) -> dict[str, JSON] | None:
        """The private key as JWK, for the record alone; None when nothing has asked for one."""
        return self._kept

    def key(self, alg: str) -> Mapping[str, JSON]:
        """The private key as JWK; a new one signs with *alg*, another stays as it was made."""
        if self._kept is None:
            import json

            from .jose import new_key

            self._kept = {"alg": alg, **json.loads(new_key(alg))}
        return self._kept

    def thumbprint(self, alg: str) -> str:
        """What the provider knows the key by (RFC 7638)."""
        from .oauth.dpop import thumbprint

        return thumbprint(self.key(alg))
