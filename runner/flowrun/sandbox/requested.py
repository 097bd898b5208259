"""What a login asks for inside a signed object (RFC 9101 section 6)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..filters import spelled
from ..oauth.jwt import header_of
from ..oauth.request_object import claims_in_vain
from ..secret import JSON
from .client import Refused
from .identity import key_of
from .provider import Provider
from .shape import HOLE, OWN, Put

OF_THE_OBJECT = ("iss", "aud", "exp", "nbf", "iat", "jti")


def unpacked(put: Put, sent: Mapping[str, str], target: str, provider: Provider) -> dict[str, str]:
    """The parameters in the object that was *sent* to *target*, once it holds."""
    from ..jose import claims_signed

    token = _opened(sent.get("request", ""), put, provider)
    claims = claims_signed(token, put.key, shared=put.shared) if token else None
    if claims is None:
        raise Refused(400, "invalid_request_object", "it is not signed, or closed, as was agreed")
    meant = put.audience if not HOLE.search(put.audience) else ""
    if wrong := claims_in_vain(claims, str(sent.get("client_id")), at=provider.now()):
        raise Refused(400, "invalid_request_object", wrong)
    audience = str(claims.get("aud"))
    if meant not in ("", audience) or not (meant or target.startswith(_host(audience))):
        raise Refused(400, "invalid_request_object", f"it is for {audience}")
    asked = {name: value for name, value in claims.items() if name not in OF_THE_OBJECT}
    return {name: _text(value) for name, value in asked.items() if value is not None}


def _host(url: str) -> str:
    return url.partition("://")[2]


def _text(value: JSON) -> str:
    return json.dumps(value) if isinstance(value, (dict, list)) else spelled(value)


def _opened(token: str, put: Put, provider: Provider) -> str | None:
    if not put.opens:
        return token
    from ..jose.decrypting import decrypted

    header = header_of(token, "the request object")
    alg = str(header.get("alg"))
    return decrypted(token, header, key_of(alg, provider.keys) if put.opens == OWN else put.opens)
