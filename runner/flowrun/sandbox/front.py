"""What comes back through the browser, or from an API, when it is more than one thing or signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from oauthlib.oauth2 import Server

from ..oauth.redirect import SIGNED, carrier_of
from ..secret import JSON

RESPONSE_S = 300
HYBRID = {"code", "token", "id_token"}


def asked(url: str) -> dict[str, str]:
    """The parameters of the authorization request at *url*."""
    return dict(parse_qsl(url.partition("?")[2]))


def parts_of(url: str) -> list[str]:
    """Requests for one thing each, which together are the one at *url*; an id_token comes last."""
    params = asked(url)
    words = params.get("response_type", "").split()
    if ("id_token" not in words and len(words) < 2) or not set(words) <= HYBRID:
        return [url]
    front, needed = url.partition("?")[0], [word for word in words if word != "id_token"]
    return [
        f"{front}?{urlencode({**params, 'response_type': word})}" for word in needed or ["token"]
    ]


def issued_at(server: Server, url: str) -> tuple[str, dict[str, str]]:
    """Where the request at *url* leads back to, and with what, but for an id_token."""
    found: dict[str, str] = {}
    base = ""
    for part in parts_of(url):
        headers, _, _ = server.create_authorization_response(part)
        base, _, query = headers["Location"].replace("#", "?", 1).partition("?")
        found |= dict(parse_qsl(query, keep_blank_values=True))
    if asked(url).get("response_type") == "id_token":
        found = {name: value for name, value in found.items() if name == "state"}
    return base, found


def mode_of(exchange_mode: str, url: str) -> tuple[str, bool]:
    """How it comes back, and whether as one that is signed."""
    params = asked(url)
    response_type = params.get("response_type", "code")
    mode = exchange_mode or params.get("response_mode") or ""
    usual = carrier_of(mode or "jwt", response_type)
    return usual, mode in SIGNED


def claims_of(pairs: Sequence[tuple[str, str]], client_id: str, now: float) -> dict[str, JSON]:
    """The claims of a response that carries *pairs* (JARM section 2.1)."""
    return {**dict(pairs), "aud": client_id, "exp": int(now) + RESPONSE_S}


def wants_identity(url: str) -> bool:
    return "id_token" in asked(url).get("response_type", "").split()


def renamed(names: Mapping[str, str], params: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((names.get(name, name), value) for name, value in params.items())


def vouching(
    read: Sequence[str], content: JSON, issuer: str, client_id: str, now: float
) -> tuple[str, dict[str, JSON]]:
    """The type and the claims of an API's *content* that is signed; *read* tells what it is."""
    about: dict[str, JSON] = {"iss": issuer, "aud": client_id, "iat": int(now)}
    if "json.active" in read:
        return "token-introspection+jwt", {**about, "token_introspection": content}
    return "jwt", {**about, **(content if isinstance(content, dict) else {})}
