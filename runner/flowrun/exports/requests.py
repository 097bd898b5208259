"""A token for whoever makes requests: a header, a config for curl, a JSON object."""

from __future__ import annotations

import json
import re

from flowrun.errors import FlowError

from .exported import LASTING, Exported, refuse_bound

VISIBLE = re.compile(r"[\x21-\x7e]+")


def header(exported: Exported) -> str:
    """The header that carries the token (RFC 6750 section 2.1)."""
    refuse_bound(exported)
    return f"Authorization: Bearer {_on_a_line(exported)}\n"


def curl(exported: Exported) -> str:
    """A config for `curl -K -`, so that the token is in no argument."""
    refuse_bound(exported)
    quoted = _on_a_line(exported).replace("\\", "\\\\").replace('"', '\\"')
    return f'header = "Authorization: Bearer {quoted}"\n'


def as_json(exported: Exported) -> str:
    """The token and what is known of it; the refresh token only when it is handed over."""
    found: dict[str, object] = {
        exported.field: exported.token,
        "token_type": exported.type,
        "expires_at": exported.expires_at,
        "scope": exported.scope,
    }
    if exported.refresh_token:
        found[LASTING] = exported.refresh_token
    return json.dumps(found, indent=2) + "\n"


def _on_a_line(exported: Exported) -> str:
    """The token, if it is one that a header may hold: else it would end the line, and add more."""
    if exported.signs:
        message = f"the token of {exported.name} is no bearer's: each request is signed with it"
        raise FlowError("E236", message, hint="Take --format json or a template, with its secret.")
    if not VISIBLE.fullmatch(exported.token):
        message = f"the {exported.field} of {exported.name} cannot stand in a header"
        hint = "It holds spaces, controls or letters that are not ASCII. Take --format json."
        raise FlowError("E236", message, hint=hint)
    return exported.token
