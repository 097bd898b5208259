"""What an authorization request asks of the sign-in (OpenID Connect Core 5.5.1)."""

from __future__ import annotations

from ..secret import JSON


def essential_acr(claims: JSON) -> list[str]:
    """The values of acr, one of which the request's `claims` call essential; none by itself."""
    acr = _asked(claims, "acr")
    if acr.get("essential") is not True:
        return []
    values = acr.get("values", [acr["value"]] if "value" in acr else [])
    return [str(value) for value in values] if isinstance(values, list) else []


def wants_auth_time(claims: JSON) -> bool:
    """Whether the request's `claims` call auth_time essential."""
    return _asked(claims, "auth_time").get("essential") is True


def _asked(claims: JSON, name: str) -> dict[str, JSON]:
    about = claims.get("id_token") if isinstance(claims, dict) else None
    found = about.get(name) if isinstance(about, dict) else None
    return found if isinstance(found, dict) else {}
