"""What leaves of a record, and what may not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from flowrun.errors import FlowError, ProviderError
from flowrun.near import did_you_mean
from flowrun.record import Record
from flowrun.secret import JSON

LASTING = "refresh_token"
VARIABLE = re.compile("[A-Za-z_][A-Za-z0-9_]*")


class Client(NamedTuple):
    """What somebody else needs, beside a refresh token, to refresh and to use what comes."""

    id: str
    secret: str
    refresh_url: str
    server_url: str  # the API's
    in_query: bool = False  # what refreshes says everything in its URL

    def __repr__(self) -> str:
        return f"Client({self.id!r}, {self.refresh_url!r})"


class Exported(NamedTuple):
    """A token on its way to somebody who knows nothing of flowrun."""

    name: str
    """The record's."""

    token: str
    """The value of *field*, an access token if that says nothing else."""

    field: str = "access_token"
    type: str = "Bearer"

    expires_at: int | None = None
    """When the token ends, in seconds since 1970; None when nobody knows."""

    scope: str = ""
    var: str = ""
    """What a variable is to be called; see `variable`."""

    fields: Mapping[str, JSON] = {}
    """The provider's answer; with refresh tokens only when they are handed over."""

    inputs: Mapping[str, JSON] = {}
    """The inputs that are no secret."""

    keep: Mapping[str, JSON] = {}
    """The values that the recipe's `save.keep` names."""

    client: Client | None = None

    withheld: bool = False
    """There is a refresh token, and it stays."""

    def __repr__(self) -> str:
        return f"Exported({self.name!r}, {self.field!r})"

    @property
    def bound(self) -> bool:
        """Whether the token is worth nothing without a key (RFC 9449)."""
        return self.field == "access_token" and self.type.lower() == "dpop"

    @property
    def signs(self) -> bool:
        """Whether the token is no bearer's: requests are signed with its secret (RFC 5849)."""
        return self.field == "access_token" and "oauth_token_secret" in self.fields

    @property
    def refresh_token(self) -> str:
        """The refresh token, when it is handed over; else nothing."""
        return str(self.fields.get(LASTING) or "")

    @property
    def variable(self) -> str:
        """What a variable that holds the token is called; raises E219 where that is no name."""
        name = self.var or self.field.upper()
        if not VARIABLE.fullmatch(name):
            hint = "Say --var with letters, digits and _, beginning with no digit."
            raise FlowError("E219", f"a variable cannot be called {name!r}", hint=hint)
        return name

    @property
    def variables(self) -> dict[str, str]:
        """What goes into an environment, by name."""
        handed = {LASTING.upper(): self.refresh_token} if self.refresh_token else {}
        if self.variable in handed:
            hint = "Choose another name with --var."
            raise FlowError("E219", f"two tokens would be {self.variable}", hint=hint)
        return {self.variable: self.token, **handed}


def refuse_bound(exported: Exported) -> None:
    """Raise E236 for a token that is worth nothing to whoever has it alone."""
    if exported.bound:
        hint = "Whoever uses it signs a proof for each request: take `flowrun.Auth` in Python."
        raise FlowError("E236", f"the token of {exported.name} is bound to a key", hint=hint)


def exported_from(
    name: str,
    record: Record,
    *,
    named: str = "",
    field: str = "access_token",
    var: str = "",
    hand_over: bool = False,
    client: Client | None = None,
) -> Exported:
    """
    What leaves of the record *name*: a *field*, and all that the provider sent with it.

    *named* is the token that it keeps under that name, if not its own is meant; *var*, what a
    variable is called, if not like the field. The refresh token leaves only to *hand_over*.

    Raises:
        FlowError: the record has no such field, or it is no text (E235), or one that nobody can
            write down (E236).
    """
    part = record.named(named)
    fields = dict(part.fields) if hand_over else _without_lasting(part.fields)
    return Exported(
        name,
        token=_text_of(name, fields, field),
        field=field,
        type=str(fields.get("token_type") or "Bearer"),
        expires_at=ends_at(part, field),
        scope=_scope(fields.get("scope")),
        var=var,
        fields=fields,
        inputs=_map(record.meta.get("inputs")),
        keep=_map(record.meta.get("keep")),
        client=client,
        withheld=bool(part.refresh_token) and not hand_over,
    )


def _map(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}


def _without_lasting(fields: Mapping[str, JSON]) -> dict[str, JSON]:
    """*fields* without refresh tokens, however a provider spells them, and also further inside."""
    return {key: _shown(value) for key, value in fields.items() if not _is_lasting(key)}


def _is_lasting(key: str) -> bool:
    return re.sub("[^a-z]", "", key.lower()) == "refreshtoken"


def _shown(value: JSON) -> JSON:
    if isinstance(value, list):
        return [_shown(each) for each in value]
    return _without_lasting(value) if isinstance(value, dict) else value


def _text_of(name: str, fields: Mapping[str, JSON], field: str) -> str:
    value = fields.get(field)
    if isinstance(value, str) and value:
        return _encodable(value, f"the field {field!r} of {name} has what is no character")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value}"
    if field == LASTING:
        hint = "It leaves only with --hand-over, and then by itself."
        raise FlowError("E235", "a refresh token is not exported like any other field", hint=hint)
    texts = [key for key, other in fields.items() if isinstance(other, str)]
    what = "is no text" if value else "is not there"
    hint = did_you_mean(field, texts) or f"There are {', '.join(texts)}."
    raise FlowError("E235", f"the field {field!r} of {name} {what}", hint=hint)


def _encodable(text: str, otherwise: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:  # a half of a pair, which JSON can spell
        raise FlowError("E236", otherwise) from None
    return text


def ends_at(record: Record, field: str) -> int | None:
    """
    When the *field* of the token ends, in seconds since 1970; None when nobody knows.

    An id_token says it of itself (OpenID Connect Core section 2); whoever stored it has checked it.
    """
    if field == "access_token":
        return None if record.expires_at is None else int(record.expires_at)
    text = record.fields.get(field)
    if field != "id_token" or not isinstance(text, str):
        return None
    from flowrun.oauth.jwt import read

    try:
        ends = read(text, field).claims.get("exp")
    except ProviderError:  # it is encrypted, or was never looked at
        return None
    return int(ends) if isinstance(ends, int | float) else None


def _scope(value: JSON) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
