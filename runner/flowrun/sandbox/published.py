"""What the sandbox publishes about the servers that a recipe learns from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ..oauth.metadata import ENDPOINTS, UNSAID
from ..secret import JSON
from .answers import invented_answer, issuer_of, overlaid
from .shape import Client, Exchange, Received

MANAGED_AT = "registration_client_uri"


def answer_to(exchange: Exchange, request: Received, client: Client) -> tuple[int, JSON]:
    """What *request* is told about a server, or about the *client* that it has registered."""
    scheme = "http" if exchange.url.startswith("http:") else "https"
    url = f"{scheme}://{request.target}"
    if exchange.kind == "metadata":
        return 200, exchange.document or server_document(issuer_of(url), exchange.answers)
    if request.method == "DELETE":
        return 204, None
    return 201 if request.method == "POST" else 200, registered_client(client, url, request.sent)


def server_document(issuer: str, read: Sequence[str]) -> JSON:
    """Metadata of the server *issuer*, all of whose endpoints are on its own host."""
    host = "/".join(issuer.split("/")[:3])
    others = tuple(f"json.{name}" for name in read if name not in UNSAID)
    document: JSON = {
        "issuer": issuer,
        **{name: f"{host}/{name}" for name in ENDPOINTS},
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "none",
        ],
        "authorization_response_iss_parameter_supported": True,
    }
    return overlaid(invented_answer(others, issuer), document, {})


def resource_document(resource: str, server: str) -> JSON:
    """Metadata of an API whose tokens *server* issues."""
    return {"resource": resource, "authorization_servers": [server]}


def registered_client(client: Client, url: str, asked: Mapping[str, str]) -> JSON:
    """The answer of an endpoint at *url* that has registered *client* as it was *asked* to."""
    default = "client_secret_basic" if client.secret else "none"
    secret = {"client_secret": client.secret, "client_secret_expires_at": 0}
    return {
        **{name: _value(text) for name, text in asked.items()},
        "client_id": client.id,
        **(secret if client.secret else {}),
        "token_endpoint_auth_method": asked.get("token_endpoint_auth_method", default),
        MANAGED_AT: "/".join([*url.split("/")[:3], MANAGED_AT]),
        "registration_access_token": "sandbox-registration-access-token",
    }


def _value(text: str) -> JSON:
    """What was a list or a map in the request."""
    value: JSON = json.loads(text) if text[:1] in ("[", "{") else text
    return value
