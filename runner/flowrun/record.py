"""What a token file holds: the provider's answer, and what flowrun knows about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .errors import PersonNeeded, StoreError
from .freshness import is_due
from .secret import JSON, is_public

DEVICE = r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$"  # Windows ignores the extension
NAMES = "Use up to 100 letters, digits and . _ @ + -, beginning with a letter or digit."
NAME = re.compile(rf"(?!(?i:{DEVICE}))[A-Za-z0-9][A-Za-z0-9._@+-]{{0,99}}(?<!\.)")

FIELDS = {"refresh_token": str | None, "expires_at": int | float | None}
META = {
    **dict.fromkeys(("grant", "attempt", "needs_person"), str | None),
    **dict.fromkeys(("dpop", "released", "tokens"), dict | None),
    "version": int | None,
    **dict.fromkeys(("refresh_expires_at", "retry_at"), int | float | None),
}

TIMES = (
    *("at", "expires_at", "issued_at", "obtained_at"),
    *("refresh_expires_at", "refreshed_at", "retry_at"),
)
"""What is a point in time, in seconds since 1970, where it is a number."""

LATEST = 1e14
"""Seconds; no date is so late."""

KEYS = {"EC": "kty crv x y d", "OKP": "kty crv x d", "RSA": "kty n e d"}
"""What a private key has, as JWK (RFC 7517)."""


class Record(NamedTuple):
    """One grant: *fields* as the provider sent them with `expires_at`, *meta* as flowrun knows."""

    fields: Mapping[str, JSON]
    meta: Mapping[str, JSON]

    def __repr__(self) -> str:
        return f"Record({', '.join(self.fields)})"

    @property
    def access_token(self) -> str:
        return str(self.fields["access_token"])

    @property
    def refresh_token(self) -> str | None:
        return _text(self.fields.get("refresh_token"))

    @property
    def expires_at(self) -> float | None:
        expires_at = self.fields.get("expires_at")
        return expires_at if isinstance(expires_at, (int, float)) else None

    @property
    def refresh_expires_at(self) -> float | None:
        """When the refresh token ends, where anybody says so."""
        expires_at = self.meta.get("refresh_expires_at")
        return expires_at if isinstance(expires_at, (int, float)) else None

    @property
    def version(self) -> int:
        """How many redemptions made it; nothing but a refresh counts it up."""
        version = self.meta.get("version")
        return version if isinstance(version, int) else 0

    @property
    def grant(self) -> str:
        return _text(self.meta.get("grant")) or ""

    @property
    def attempt(self) -> str | None:
        return _text(self.meta.get("attempt"))

    @property
    def needs_person(self) -> str | None:
        """Why no refresh can help any more."""
        return _text(self.meta.get("needs_person"))

    @property
    def released(self) -> str | None:
        """How the refresh token became another's, who would lose it if it were used here."""
        released = self.meta.get("released")
        return f"handed over as {released.get('as')}" if isinstance(released, dict) else None

    @property
    def retry_at(self) -> float | None:
        """Before when the provider wants no further request, in seconds since 1970."""
        at = self.meta.get("retry_at")
        return at if isinstance(at, (int, float)) else None

    @property
    def private_key(self) -> list[JSON]:
        """The parts of the key that the tokens are bound to which nobody else may have."""
        key = self.meta.get("dpop")
        private = ("d", "p", "q", "dp", "dq", "qi")
        return [key[name] for name in private if name in key] if isinstance(key, dict) else []

    @property
    def secrets(self) -> list[JSON]:
        """What nobody is shown by accident: what providers have sent, and the private key."""
        parts = [self, *map(self.named, self.names)]
        sent = [v for each in parts for k, v in each.fields.items() if not is_public(k)]
        return [*sent, *self.private_key]

    @property
    def names(self) -> list[str]:
        """The names of the tokens that are kept beside the record's own."""
        tokens = self.meta.get("tokens")
        return [*tokens] if isinstance(tokens, dict) else []

    def named(self, token: str) -> Record:
        """The token kept under that name, as a record of its own; "" is this record."""
        if not token:
            return self
        tokens = self.meta.get("tokens")
        found = tokens.get(token) if isinstance(tokens, dict) else None
        fields = dict(found) if isinstance(found, dict) else {}
        meta = fields.pop("flowrun", {})
        return Record(fields, meta if isinstance(meta, dict) else {})

    def with_named(self, token: str, part: Record) -> Record:
        """This record, with *part* in the place of the token of that name."""
        if not token:
            return part
        tokens = self.meta.get("tokens")
        others = tokens if isinstance(tokens, dict) else {}
        return self.knowing(tokens={**others, token: document_of(part)})

    def earlier(self, late_s: float) -> Record:
        """The same tokens, with ends that are *late_s* before what was reckoned."""
        fields, meta = dict(self.fields), dict(self.meta)
        if self.expires_at is not None:
            fields["expires_at"] = int(self.expires_at - late_s)
        if self.refresh_expires_at is not None:
            meta["refresh_expires_at"] = int(self.refresh_expires_at - late_s)
        return Record(fields, meta)

    def knowing(self, **meta: JSON) -> Record:
        """The same tokens, with more known about them."""
        return self._replace(meta={**self.meta, **meta})


def record_from(document: JSON) -> Record:
    """The record in a token file's *document*; raises `StoreError` when it is none."""
    fields = dict(document) if isinstance(document, dict) else {}
    meta = fields.pop("flowrun", {})
    if not isinstance(fields.get("access_token"), str) or not isinstance(meta, dict):
        raise StoreError("E702", "it is no object with an access_token")
    for values, kinds in ((fields, FIELDS), (meta, META)):
        for key, kind in kinds.items():
            if not isinstance(values.get(key), kind):
                raise StoreError("E702", f"its {key} is a {type(values[key]).__name__}")
    for part in (fields, meta, *_parts_of(meta)):
        _refuse_no_times(part)
    if isinstance(held := meta.get("dpop"), dict) and not _is_private_key(held):
        raise StoreError("E702", "its dpop is no private key")
    return Record(fields, meta)


def _parts_of(meta: Mapping[str, JSON]) -> Iterator[Mapping[str, JSON]]:
    """What is told of the last trouble, and of the tokens beside the record's own."""
    tokens = meta.get("tokens")
    for part in (meta.get("last_error"), *(tokens.values() if isinstance(tokens, dict) else ())):
        if isinstance(part, dict):
            yield part
            yield from (each for each in (part.get("flowrun"),) if isinstance(each, dict))


def _refuse_no_times(values: Mapping[str, JSON]) -> None:
    """Raise where a number is no point in time, such as Infinity, which Python reads as JSON."""
    for key in TIMES:
        at = values.get(key)
        if isinstance(at, int | float) and not abs(at) < LATEST:
            raise StoreError("E702", f"its {key} is no point in time")


def _is_private_key(jwk: Mapping[str, JSON]) -> bool:
    members = KEYS.get(str(jwk.get("kty")), "kty")
    return all(isinstance(jwk.get(name), str) for name in ["alg", *members.split()])


def document_of(record: Record) -> dict[str, JSON]:
    return {**record.fields, "flowrun": dict(record.meta)}


def due(record: Record, now: float, min_ttl_s: float | None = None) -> bool:
    """Whether *record* should be refreshed at *now*; an unknown expiry is fresh."""
    return is_due(record.fields, record.meta, now, min_ttl_s)


def refuse_released(name: str, record: Record, token: str = "") -> None:
    """Raise E803 when *token* of the record *name* is another's now; "" is the record's own."""
    if reason := record.named(token).released:
        what = f"the token {token} of {name}" if token else f"the token of {name}"
        again = f"flowrun run {record.meta.get('file', 'FLOW')}"
        hint = f"Who has it refreshes it now. Take it back with a new consent: {again}"
        raise PersonNeeded("E803", f"{what} was {reason}", hint=hint)


def _text(value: JSON) -> str | None:
    return value if isinstance(value, str) and value else None
