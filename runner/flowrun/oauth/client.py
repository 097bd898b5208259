"""How a client authenticates at the token endpoint (RFC 6749 section 2.3, RFC 7521 section 4.2)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..errors import FlowError
from ..filters import encoded, spelled
from ..near import did_you_mean
from ..secret import Secret, Value, reveal
from .assertion import TYPE


class Client(NamedTuple):
    id: Value
    secret: Value
    auth: str = "post"
    assertion: Value = None  # what it has signed, for those that sign


Parts = tuple[Mapping[str, Value], Mapping[str, Value]]
"""What goes into the body, and what goes into the headers."""


def basic(user: Value, password: Value) -> Secret:
    """The value of an Authorization header of the Basic scheme (RFC 7617)."""
    name, word = _word(user), _word(password)
    if ":" in name or _CONTROL.search(name + word):
        hint = "With `auth: basic` a client's are encoded."
        raise FlowError("E222", "a name or password that no Basic header can hold", hint=hint)
    return Secret("Basic " + base64.b64encode(f"{name}:{word}".encode()).decode())


# RFC 7617 section 2; a lone surrogate is no character at all.
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def _word(value: Value) -> str:
    return "" if (plain := reveal(value)) is None else spelled(plain)


def client_cert(pem: str) -> str:
    """The first certificate in *pem* as a server behind a proxy is told of it (RFC 9440 2.2)."""
    found = re.search("-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", pem, re.DOTALL)
    return f":{''.join(found[1].split())}:" if found else ""


def _post(client: Client) -> Parts:
    return {"client_id": client.id, "client_secret": client.secret}, {}


def _basic(client: Client) -> Parts:
    # Both halves are form-encoded first (RFC 6749 section 2.3.1).
    user, password = (
        encoded(_word(half)).replace("%20", "+") for half in (client.id, client.secret)
    )
    return {}, {"Authorization": basic(user, password)}


def _basic_raw(client: Client) -> Parts:
    return {}, {"Authorization": basic(client.id, client.secret)}


def _none(client: Client) -> Parts:
    return {"client_id": client.id}, {}


def _assertion(client: Client) -> Parts:
    signed = {"client_assertion_type": TYPE, "client_assertion": client.assertion}
    return {"client_id": client.id, **signed}, {}


AUTHENTICATION: dict[str, Callable[[Client], Parts]] = {
    "post": _post,
    "basic": _basic,
    "basic-raw": _basic_raw,
    "none": _none,
    "client_secret_jwt": _assertion,
    "private_key_jwt": _assertion,
    "tls": _none,  # its certificate has proved it (RFC 8705 section 2)
}


def authenticate(client: Client) -> Parts:
    """
    What *client* adds to a token request; one without a secret or an assertion only names itself,
    and one without an id adds nothing.
    """
    check_auth(client.auth)
    if client.id is None:
        return {}, {}
    proves = client.secret is not None or client.assertion is not None
    return (AUTHENTICATION[client.auth] if proves else _none)(client)


def check_auth(auth: str) -> None:
    """Raise E205 unless *auth* is a way to authenticate."""
    if auth not in AUTHENTICATION:
        hint = did_you_mean(auth, AUTHENTICATION) or f"One of {', '.join(AUTHENTICATION)}."
        raise FlowError("E205", f"{auth!r} is no way to authenticate a client", hint=hint)
