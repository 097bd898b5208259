"""What the sandbox answers where the recipe shows only what it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from secrets import token_urlsafe

from ..secret import JSON
from .identity import SUBJECT
from .shape import Exchange


def invented_answer(paths: tuple[str, ...], url: str) -> JSON:
    """JSON in which every one of *paths* leads to something; *url* was asked for it."""
    answer: JSON = {}
    for path in sorted(paths):  # so that json.a.b comes after json.a, and wins
        kind, *keys = path.split(".")
        if kind == "json" and keys:
            value = _invented(keys[-1], url)
            for key in reversed(keys):
                value = {key: value}
            answer = overlaid(answer, value, {})
    return answer


def invitation(kind: str, site: str) -> JSON:
    """What a person is invited with: a code to enter at *site*, or a request to their device."""
    timed: dict[str, JSON] = {"interval": 0, "expires_in": 600}
    if kind == "ciba":
        return {"auth_req_id": token_urlsafe(24), **timed}
    code: JSON = "SAND-BOXX"
    return {
        "device_code": token_urlsafe(24),
        "user_code": code,
        "verification_uri": f"{site}/device",
        **timed,
    }


def exchanged(form: Mapping[str, str]) -> dict[str, JSON]:
    """What an answer says of a token that was made of another (RFC 8693 section 2.2.1)."""
    if "subject_token" not in form:
        return {}
    usual = "urn:ietf:params:oauth:token-type:access_token"
    return {"issued_token_type": form.get("requested_token_type", usual)}


def overlaid(under: JSON, over: JSON, issued: Mapping[str, JSON]) -> JSON:
    """*under* with *over* on top: null takes away, `<access_token>` stands for the issued one."""
    if isinstance(over, dict):
        base = under if isinstance(under, dict) else {}
        merged = {**base, **{key: overlaid(base.get(key), over[key], issued) for key in over}}
        return {key: value for key, value in merged.items() if value is not None}
    if isinstance(over, str):
        return re.sub(r"<(\w+)>", lambda hole: str(issued.get(hole[1], hole[0])), over)
    return over


def issuer_of(url: str) -> str:
    """The issuer whose discovery document *url* is."""
    return re.sub(r"/\.well-known/[^/]+", "", url)


def _invented(name: str, url: str) -> JSON:
    if name.endswith(("_endpoint", "_uri", "_url")):
        return "/".join([*url.split("/")[:3], name])
    known: dict[str, JSON] = {
        "code_challenge_methods_supported": ["S256"],
        "issuer": issuer_of(url),
        "response_types_supported": ["code"],
        "sub": SUBJECT,
    }
    return known.get(name, f"sandbox-{name}")


def own_answer(exchange: Exchange, usual: int = 200) -> tuple[int, JSON]:
    """The status and the JSON that the recipe itself gives for this step."""
    shape = exchange.answer if isinstance(exchange.answer, dict) else {}
    status = shape.get("status", usual)
    return status if isinstance(status, int) else usual, shape.get("json")


def scheme_of(exchange: Exchange) -> str:
    """How the exchange is asked for: http is for loopback."""
    return "http" if exchange.url.startswith("http:") else "https"
