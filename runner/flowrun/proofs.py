"""Proves the possession of a key with each request that asks for it (RFC 9449)."""

from __future__ import annotations

import json
import secrets

from .clock import Clock
from .jose import sign
from .message import Request, Response
from .oauth import dpop
from .secret import Secret, reveal
from .services import Http
from .urls import origin
from .wire import encode

NOTICED_S = 5
"""A clock that is set right by more than this may be what the first proof was refused for."""


class Prover:
    """
    An `Http` that signs a proof for each request, and one more where the server asks for it.

    A refused proof has used nothing up, so both count as one attempt to whoever keeps a journal.
    """

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http, self._clock = http, clock
        self._nonces = dict[str, str]()

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        url = encode(request).url
        server = origin(url)
        before = self._known(server)
        response = self._proved(request, url, redeems=redeems)
        refused = response.status in (400, 401) and dpop.error_of(response) in dpop.REFUSED
        if refused and self._known(server) != before:
            response = self._proved(_anew(request), url, redeems=redeems)
        return response

    def _known(self, server: str) -> tuple[str, int]:
        """What of *server* goes into a proof: its nonce, and roughly how its clock goes."""
        return self._nonces.get(server, ""), round(self._clock.ahead(server) / NOTICED_S)

    def _proved(self, request: Request, url: str, *, redeems: bool) -> Response:
        assert request.proof
        server, key, token = origin(url), request.proof.key(), request.proof.token
        claims = dpop.claims(
            request.method,
            url,
            id=secrets.token_urlsafe(18),
            at=self._clock() + self._clock.ahead(server),
            token=None if token is None else str(reveal(token)),
            nonce=self._nonces.get(server, ""),
        )
        signed = Secret(sign(dpop.header(key, str(key["alg"])), claims, json.dumps(key)))
        request.proof.made.append(signed)
        proved = request._replace(headers={**request.headers, "DPoP": signed}, proof=None)
        response = self._http.send(proved, redeems=redeems)
        if nonce := dpop.nonce_of(response):
            self._nonces[server] = nonce
        return response


def _anew(request: Request) -> Request:
    """*request* to be sent once more: the assertion of a client works once (RFC 7523 section 3)."""
    proof = request.proof
    if proof is None or proof.again is None:
        return request
    made = proof.again()
    proof.made.append(made.body.content if made.body else None)
    return made._replace(proof=proof)
