"""JSON Web Tokens as texts: what stands in them, before anybody knows who signed it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..content import read_json
from ..errors import ProviderError
from ..secret import JSON

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"),
    *("EdDSA", "Ed25519", "Ed448", "HS256", "HS384", "HS512"),
)
"""How a token may be signed at all; never `none` (RFC 8725 section 3.2)."""

LONGEST = 1 << 16
_PART = re.compile("[A-Za-z0-9_-]*")


class Jwt(NamedTuple):
    """A token whose signature says nothing yet."""

    text: str
    header: Mapping[str, JSON]
    claims: Mapping[str, JSON]

    @property
    def alg(self) -> str:
        return str(self.header.get("alg"))

    def __repr__(self) -> str:
        return f"Jwt({self.alg})"


def refused(code: str, message: str, hint: str = "") -> ProviderError:
    """What is wrong with an answer that is good OAuth, and yet not believed."""
    return ProviderError(code, message, hint=hint, outcome="held")


def is_encrypted(text: JSON) -> bool:
    """Whether *text* has the five parts of an encrypted token (RFC 7516 section 7.1)."""
    return isinstance(text, str) and text.count(".") == 4


def header_of(text: str, what: str) -> dict[str, JSON]:
    """The header of a token in compact form, signed or encrypted; E520 when it has none."""
    header = _object(text.partition(".")[0])
    if header is None or len(text) > LONGEST:
        raise refused("E520", f"{what} cannot be read")
    if "crit" in header:  # RFC 7515 section 4.1.11
        raise refused("E520", f"{what} says that something unknown is critical")
    return header


def read(text: JSON, what: str) -> Jwt:
    """The token in *text*, which has a header, claims and a signature; E520 when it has not."""
    parts = text.split(".") if isinstance(text, str) else []
    claims = _object(parts[1]) if len(parts) == 3 else None
    if not isinstance(text, str) or claims is None or not _PART.fullmatch(parts[2]):
        raise refused("E520", f"{what} cannot be read: it is no signed token")
    return Jwt(text, header_of(text, what), claims)


def check_alg(jwt: Jwt, allowed: Sequence[str], what: str) -> None:
    """E522 for a token that is signed in another way than the issuer and we agreed on."""
    if jwt.alg not in allowed or jwt.alg not in ALGORITHMS:
        names = ", ".join(allowed)
        how = "not signed" if jwt.alg.lower() == "none" else f"signed with {jwt.alg[:20]}"
        hint = f"If the client is registered for it, say so: alg: [{jwt.alg[:20]}]"
        hint = hint if jwt.alg in ALGORITHMS else "Nobody vouches for what it says."
        raise refused("E522", f"{what} is {how}, and not with {names}", hint)


def _object(part: str) -> dict[str, JSON] | None:
    if not _PART.fullmatch(part) or len(part) > LONGEST:
        return None
    try:
        found = read_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return None
    return found if isinstance(found, dict) else None
