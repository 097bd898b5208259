"""Proofs of possession, held against the request that they came with (RFC 9449 section 4.3)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping

from ..jose import claims_of
from ..oauth import dpop
from ..secret import JSON
from .client import Refused
from .shape import Received

LASTS_S = 60
"""How far the time in a proof may be from ours; a nonce and one use make it no better."""


class Proofs:
    """Every proof names our nonce, and is good for one request."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now, self.nonce = now, secrets.token_urlsafe(12)
        self._seen = set[str]()

    def judged(self, request: Received, url: str, token: str = "") -> str:
        """
        The thumbprint of the key that made the proof in *request*; "" when there is none.

        Raises:
            Refused: it is for another request, it was used before, or it lacks the nonce.
        """
        if not request.proof:
            return ""
        try:
            header, claims = claims_of(request.proof, dpop.ALGORITHMS)
            expected = dpop.claims(request.method, url, id="", at=0, token=token or None)
            self._judge(claims, expected)
        except ValueError as error:
            code = "use_dpop_nonce" if "nonce" in str(error) else "invalid_dpop_proof"
            raise Refused(401 if token else 400, code, f"the proof {error}") from None
        jwk = header["jwk"]
        assert isinstance(jwk, dict)
        return dpop.thumbprint(jwk)

    def _judge(self, claims: Mapping[str, JSON], expected: Mapping[str, JSON]) -> None:
        for name in ("htm", "htu", "ath"):
            if claims.get(name) != expected.get(name):
                raise ValueError(f"has another {name} than the request")
        nonce, id, at = str(claims.get("nonce", "")), str(claims.get("jti", "")), claims.get("iat")
        if not hmac.compare_digest(nonce.encode(), self.nonce.encode()):
            raise ValueError("has to name the nonce of this sandbox")
        if not isinstance(at, int) or abs(at - self._now()) > LASTS_S:
            raise ValueError("was not made now")
        if not id or id in self._seen:
            raise ValueError("was used before")
        self._seen.add(id)
