"""What the sandbox publishes about the servers that a recipe learns from."""

from __future__ import annotations

from collections.abc import Sequence

from ..oauth.metadata import ENDPOINTS, UNSAID
from ..secret import JSON
from .answers import invented_answer, overlaid


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
