"""Proves the possession of a key with each request that asks for it (RFC 9449)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping

from .clock import Clock
from .jose import sign
from .message import Request, Response
from .oauth import dpop
from .secret import JSON, Secret, reveal
from .services import Http
from .urls import origin
from .wire import encode

NOTICED_S = 5
"""A clock that is set right by more than this may be what the first proof was refused for."""


class Proofs:
    """Makes proofs, by what each server has told so far: its nonce, and how its clock goes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._nonces = dict[str, str]()

    def now(self) -> float:
        """Seconds since 1970, by our clock."""
        return self._clock()

    def known(self, url: str) -> tuple[str, int]:
        """What of the server at *url* goes into a proof: its nonce, and roughly its time."""
        server = origin(url)
        return self._nonces.get(server, ""), round(self._clock.ahead(server) / NOTICED_S)

    def proof(
        self, key: Mapping[str, JSON], method: str, url: str, token: str | None = None
    ) -> Secret:
        """
        The proof for one request, signed with *key*, a private one as JWK (RFC 9449 section 4.2).

        *token* is the access token that goes with the request.
        """
        server = origin(url)
        claims = dpop.claims(
            method,
            url,
            id=secrets.token_urlsafe(18),
            at=self._clock() + self._clock.ahead(server),
            token=token,
            nonce=self._nonces.get(server, ""),
        )
        return Secret(sign(dpop.header(key, str(key["alg"])), claims, json.dumps(key)))

    def hear(self, url: str, response: Response, *, sent_at: float | None = None) -> None:
        """
        Take the nonce for the next proof from any answer of that server (RFC 9449 section 8.2).

        With *sent_at*, when the request left in seconds since 1970, also how its clock goes.
        """
        if sent_at is not None:
            self._clock.compare(url, response, sent_at=sent_at)
        if nonce := dpop.nonce_of(response):
            self._nonces[origin(url)] = nonce


class Prover:
    """
    An `Http` that signs a proof for each request, and one more where the server asks for it.

    A refused proof has used nothing up, so both count as one attempt to whoever keeps a journal.
    """

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http, self._proofs = http, Proofs(clock)

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        url = encode(request).url
        before = self._proofs.known(url)
        response = self._proved(request, url, redeems=redeems)
        refused = response.status in (400, 401) and dpop.error_of(response) in dpop.REFUSED
        if refused and self._proofs.known(url) != before:
            response = self._proved(_anew(request), url, redeems=redeems)
        return response

    def _proved(self, request: Request, url: str, *, redeems: bool) -> Response:
        assert request.proof
        key, token = request.proof.key(), request.proof.token
        shown = None if token is None else str(reveal(token))
        signed = self._proofs.proof(key, request.method, url, shown)
        request.proof.made.append(signed)
        proved = request._replace(headers={**request.headers, "DPoP": signed}, proof=None)
        response = self._http.send(proved, redeems=redeems)
        self._proofs.hear(url, response)
        return response


def _anew(request: Request) -> Request:
    """*request* to be sent once more: the assertion of a client works once (RFC 7523 section 3)."""
    proof = request.proof
    if proof is None or proof.again is None:
        return request
    made = proof.again()
    proof.made.append(made.body.content if made.body else None)
    return made._replace(proof=proof)
