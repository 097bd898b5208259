"""What a plain provider expects and answers; a quirk is written as what differs from it."""

from __future__ import annotations

from collections.abc import Mapping

from servers.quirky.judge import Exchange

Declared = Mapping[str, object]
BODIES = ("json", "form", "text", "page", "redirect")

PLAIN: Mapping[str, Declared] = {
    "authorize": {
        "request": "GET https://id.example.com/authorize",
        "query": {
            "response_type": "code",
            "client_id": "<client_id>",
            "redirect_uri": "<new:redirect_uri>",
            "state": "<new:state>",
            "code_challenge": "<new:challenge>",
            "code_challenge_method": "S256",
        },
        "answer": {
            "redirect": "<redirect_uri>",
            "query": {"code": "<new:code>", "state": "<state>"},
        },
    },
    "token": {
        "request": "POST https://id.example.com/token",
        "form": {
            "grant_type": "authorization_code",
            "code": "<code>",
            "redirect_uri": "<redirect_uri>",
            "code_verifier": "<verifier>",
            "client_id": "<client_id>",
            "client_secret": "<client_secret>",
        },
        "answer": {
            "json": {
                "access_token": "<new:access_token>",
                "refresh_token": "<new:refresh_token>",
                "token_type": "bearer",
                "expires_in": 3600,
            }
        },
    },
    "refresh": {
        "request": "POST https://id.example.com/token",
        "form": {
            "grant_type": "refresh_token",
            "refresh_token": "<refresh_token>",
            "client_id": "<client_id>",
            "client_secret": "<client_secret>",
        },
        "answer": {
            "json": {
                "access_token": "<new:access_token>",
                "refresh_token": "<new:refresh_token>",
                "token_type": "bearer",
                "expires_in": 3600,
            }
        },
    },
    "me": {
        "request": "GET https://api.example.com/me",
        "headers": {"authorization": "Bearer <access_token>"},
        "answer": {"json": {"id": 42}},
    },
}


def exchange(declared: object) -> Exchange:
    """The exchange that *declared* is: a plain one by its name, or what differs from one."""
    if isinstance(declared, str):
        return exchange({"like": declared})
    assert isinstance(declared, Mapping)
    own = {name: value for name, value in declared.items() if name not in ("like", "as")}
    fields = merged(PLAIN[str(declared["like"])], own) if "like" in declared else own
    if place := declared.get("as"):  # where this provider wants what others take as a form
        form, there = fields.pop("form"), fields.get(str(place), {})
        fields[str(place)] = merged(form, there)
    unknown = set(fields) - set(Exchange._fields)
    assert not unknown, f"an exchange has no {unknown}"
    return Exchange(**fields)


def merged(plain: object, own: object) -> dict[str, object]:
    """*own* laid over *plain*; null removes, and another kind of answer replaces the plain one."""
    assert isinstance(plain, Mapping)
    assert isinstance(own, Mapping)
    replaced = any(kind in own for kind in BODIES) and "request" not in plain
    result = {name: value for name, value in plain.items() if not replaced or name not in BODIES}
    for name, value in own.items():
        before = plain.get(name)
        if value is None:
            result.pop(name, None)
        elif isinstance(before, Mapping) and isinstance(value, Mapping) and not reckons(value):
            result[name] = merged(before, value)
        else:
            result[name] = value
    return result


def reckons(value: Mapping[str, object]) -> bool:
    return next(iter(value), "").startswith("$")
