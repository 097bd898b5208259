"""What git and its credential helpers say to each other (gitcredentials(7), git-credential(1))."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping

from flowrun.errors import FlowError

from .exported import Exported, refuse_bound

LOOPBACK = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?")

SOMEBODY = "oauth2"
"""GitLab wants this name; the others take any that is not empty."""

OPERATIONS = ("get", "store", "erase")
"""What git asks a helper for; it may ask for more one day, which a helper has to ignore."""

MOST_BYTES = 1 << 16
"""Of what git says to a helper; it says a few hundred."""


def attributes(text: str) -> dict[str, str]:
    """What git says on a helper's stdin, up to an empty line."""
    lines = text.partition("\n\n")[0].split("\n")
    return dict(line.split("=", 1) for line in lines if "=" in line)


def is_meant(asked: Mapping[str, str], host: str) -> bool:
    """Whether git asks for *host*, with its port if it has one, where nobody can listen."""
    meant = asked.get("host", "").lower()
    secure = asked.get("protocol") == "https"
    local = asked.get("protocol") == "http" and LOOPBACK.fullmatch(meant)
    return meant == host.lower() and bool(secure or local)


def credential(exported: Exported, asked: Mapping[str, str]) -> str:
    """
    The answer to `get`: the token as a password, and until when.

    Raises:
        FlowError: the token would end its line (E236).
    """
    refuse_bound(exported)
    if re.search(r"[\r\n\0]", exported.token):
        message = f"the {exported.field} of {exported.name} is no password that git can be told"
        raise FlowError("E236", message, hint="It has more than one line.")
    lines = [f"username={asked.get('username') or SOMEBODY}", f"password={exported.token}"]
    if exported.expires_at is not None:
        lines.append(f"password_expiry_utc={exported.expires_at}")
    return "\n".join(lines) + "\n"


def is_refused(asked: Mapping[str, str], token: str) -> bool:
    """Whether what git erases, since the server has refused it, is *token*."""
    return hmac.compare_digest(asked.get("password", "").encode(), token.encode(errors="replace"))
