"""Clients that a server registers when it is asked (RFC 7591), and what becomes of them (7592)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from hashlib import sha256

from ..errors import ProviderError
from ..message import Response
from ..secret import JSON, Secret, Value, is_public, seal
from .answer import Refusal

AUTH = {
    "client_secret_basic": "basic",
    "client_secret_post": "post",
    "self_signed_tls_client_auth": "tls",
    "tls_client_auth": "tls",
}
"""How `client: {auth: ...}` calls what a server registers; the others have one name."""

OWN = ("registration_access_token", "client_secret", "software_statement")
"""Fields that are secret, whatever else a client is."""

MANAGED = (
    "client_id_issued_at",
    "client_secret_expires_at",
    "registration_access_token",
    "registration_client_uri",
)
"""What the server says about a registration, and is not told again (RFC 7592 section 2.2)."""

SOON_S = 60
"""A secret that ends so soon is as good as ended."""

HINTS = {
    "access_denied": "The server wants an initial access token: `bearer`.",
    "invalid_token": "The server wants another initial access token: `bearer`.",
    "invalid_redirect_uri": "The server does not take this redirection URI; see its documentation.",
    "invalid_client_metadata": "Compare what is asked for (`flowrun run -n`) with what the server "
    "supports (its metadata).",
    "invalid_software_statement": "Ask whoever issued the software statement for another one.",
    "unapproved_software_statement": "The server does not know who issued the software statement.",
}


def digest_of(endpoint: str, metadata: Mapping[str, JSON]) -> str:
    """What tells one registration from another: who was asked, and for what."""
    text = json.dumps([endpoint, metadata], sort_keys=True)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def client_in(
    response: Response, asked: Mapping[str, JSON], host: str, refusal: Refusal
) -> dict[str, JSON]:
    """The client that *response* brings; raises the error that it, or its *refusal*, stands for."""
    payload = response.json if isinstance(response.json, dict) else {}
    if not response.ok:
        raise refused(response, host, refusal)
    client_id = payload.get("client_id")
    if not isinstance(client_id, str) or not client_id:
        raise ProviderError("E513", f"{host} has registered a client without an id")
    registered, wanted = payload.get("redirect_uris"), asked.get("redirect_uris")
    others = set(map(str, _list(wanted))) - set(map(str, _list(registered)))
    if isinstance(registered, list) and others:
        message = f"{host} has registered {client_id} for other addresses than {min(others)}"
        raise ProviderError("E513", message, hint=HINTS["invalid_redirect_uri"])
    return payload


def _list(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def refused(response: Response, host: str, refusal: Refusal) -> ProviderError:
    """The error that a refusal stands for (RFC 7591 section 3.2.2)."""
    told = f": {refusal.code}" + (f" ({refusal.text})" if refusal.text else "")
    message = f"{host} registers no client" + (
        told if refusal.code else f": it answered {response.status}"
    )
    hint = HINTS.get(refusal.code, HINTS["access_denied"] if response.status in (401, 403) else "")
    return ProviderError("E513", message, hint=hint, outcome="unspent")


def expired(client: Mapping[str, JSON], now: float) -> bool:
    """Whether the secret of *client* has ended (RFC 7591 section 3.2.1; 0 is never)."""
    at = client.get("client_secret_expires_at")
    return "client_secret" in client and isinstance(at, (int, float)) and 0 < at <= now + SOON_S


def merged(old: Mapping[str, JSON], new: Mapping[str, JSON]) -> dict[str, JSON]:
    """What is known of a client once *new* has been said: what manages it may be left out."""
    kept = {name: old[name] for name in MANAGED if name in old}
    secret = {"client_secret": old["client_secret"]} if "client_secret" in old else {}
    return {**kept, **secret, **new}


def update_of(
    client: Mapping[str, JSON], asked: Mapping[str, JSON], before: Collection[str]
) -> dict[str, JSON]:
    """
    What to send to change *client* into what is *asked*: all that it is, but for what was asked
    for *before* and is no more (RFC 7592 section 2.2).
    """
    gone = {*MANAGED, *(name for name in before if name not in asked)}
    return {**{name: value for name, value in client.items() if name not in gone}, **asked}


def auth_of(client: Mapping[str, JSON]) -> str:
    """How the client authenticates, in the word of `client: {auth: ...}`."""
    default = "client_secret_basic" if client.get("client_secret") else "none"
    method = str(client.get("token_endpoint_auth_method") or default)
    return AUTH.get(method, method)


def handed_on(client: Mapping[str, JSON], asked: Mapping[str, JSON]) -> dict[str, Value]:
    """The client as later steps read it; what was asked for and what is public is no secret."""
    whole = {**asked, **client}
    return {
        **dict.fromkeys((*OWN, *MANAGED)),
        **{name: _field(name, value) for name, value in whole.items()},
        "auth": auth_of(whole),
    }


def _field(name: str, value: JSON) -> Value:
    if name in OWN:
        return None if value is None else Secret(value)
    return value if is_public(name) or name in CLIENT_METADATA.split() else seal(value)


CLIENT_METADATA = """
    application_type client_id_issued_at client_name client_secret_expires_at client_uri contacts
    default_max_age dpop_bound_access_tokens grant_types id_token_signed_response_alg jwks
    logo_uri policy_uri redirect_uris request_object_signing_alg require_auth_time
    require_pushed_authorization_requests response_types scope software_id software_version
    subject_type tls_client_certificate_bound_access_tokens token_endpoint_auth_method
    token_endpoint_auth_signing_alg tos_uri userinfo_signed_response_alg
"""
"""What is said about a client, and no secret (RFC 7591 section 2, OpenID Connect Registration)."""


def bearer(token: object) -> Secret:
    """The Authorization header with the token that manages a client."""
    return Secret(f"Bearer {token}")
