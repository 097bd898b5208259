"""Whether a request has the form that the recipe declares, and its client the credentials."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from urllib.parse import unquote_plus

from ..oauth.assertion import ALGORITHMS as ASSERTED
from ..oauth.assertion import TYPE
from ..secret import JSON
from .provider import Provider
from .shape import HOLE, Client, Exchange, Received


class Refused(Exception):
    """An OAuth error: the status, its name, what was expected."""


def standard(exchange: Exchange, request: Received) -> dict[str, str]:
    """The parameters under their standard names."""
    ours = {theirs: name for name, theirs in exchange.names.items()}
    if wrong := [name for name in request.sent if name in exchange.names and name not in ours]:
        expected = exchange.names[wrong[0]]
        raise Refused(400, "invalid_request", f"expected {expected} instead of {wrong[0]}")
    return {ours.get(name, name): value for name, value in request.sent.items()}


def proved(
    exchange: Exchange, client: Client, request: Received, provider: Provider
) -> dict[str, str]:
    """The parameters of a token request, once its client has proved itself as declared."""
    if exchange.body not in (request.body, "text"):
        description = f"expected a body of kind {exchange.body}, got {request.body}"
        raise Refused(400, "invalid_request", description)
    sent = standard(exchange, request)
    if exchange.client_auth in ASSERTED:
        return _asserted(exchange, client, request, sent, provider)
    basic = _basic(request.authorization, raw=exchange.client_auth == "basic-raw")
    posted = "post" if "client_secret" in sent else "none"
    got = posted if basic is None else "basic" if posted == "none" else "basic and post"
    wanted = "none" if client.secret is None and got == "none" else exchange.client_auth
    wanted = "none" if wanted == "tls" else wanted  # which was seen to before
    if HOLE.fullmatch(wanted):  # as the client was registered
        wanted = got
    unnamed = client.id if wanted == "none" else ""  # not every grant needs a client
    pair = basic or (sent.get("client_id", unnamed), sent.pop("client_secret", ""))
    secret = "" if wanted == "none" else client.secret or ""
    if got != wanted.removesuffix("-raw") or pair != (client.id, secret):
        description = f"expected the client by {wanted}, got {got} or another id or secret"
        raise Refused(401, "invalid_client", description)
    return sent | {"client_id": client.id}


def _asserted(
    exchange: Exchange,
    client: Client,
    request: Received,
    sent: dict[str, str],
    provider: Provider,
) -> dict[str, str]:
    """The parameters, once the assertion among them holds (RFC 7523 section 3)."""
    from ..jose import claims_signed

    if sent.pop("client_assertion_type", "") != TYPE or "client_secret" in sent:
        raise Refused(401, "invalid_client", f"expected the client by {exchange.client_auth}")
    token, shared = sent.pop("client_assertion", ""), exchange.client_auth == "client_secret_jwt"
    claims = claims_signed(token, exchange.key, shared=shared)
    wrong = next(_wrong(claims or {}, exchange, client, request), "")
    if wrong or (wrong := provider.unfit(claims or {})):
        raise Refused(401, "invalid_client", f"the client's assertion: {wrong}")
    return sent | {"client_id": client.id}


def _wrong(
    claims: Mapping[str, JSON], exchange: Exchange, client: Client, request: Received
) -> Iterator[str]:
    """What an assertion lacks."""
    meant, audience = exchange.audience, str(claims.get("aud"))
    here = audience.partition("://")[2] == request.target
    if not claims:
        yield "its signature is wrong"
    if not (claims.get("iss") == claims.get("sub") == client.id):
        yield f"it is not of {client.id}"
    if not (audience == meant if meant and not HOLE.search(meant) else here or meant):
        yield f"it is for {audience}"


def _basic(authorization: str, *, raw: bool) -> tuple[str, str] | None:
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        identity, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return (identity, secret) if raw else (unquote_plus(identity), unquote_plus(secret))
