"""The pages that a person sees, with nothing in them from outside."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..capture.page import document

SUBMIT = "document.forms[0].submit()"
CONSENT = ".sandbox/consent"


def consent(client_id: str, scope: list[str], host: str, ticket: str) -> str:
    """Asks whether *client_id* may have *scope*; the answer is posted with *ticket*."""
    wishes = "".join(f"<li>{escape(each)}</li>" for each in scope) or "<li>no scope</li>"
    return page(
        f"{client_id} asks for:",
        f"<ul>{wishes}</ul><p>at <b>{escape(host)}</b></p><form method=post action=/{CONSENT}>"
        f"<input type=hidden name=ticket value={ticket}>"
        "<button name=choice value=allow>Allow</button><button name=choice value=deny>Deny</button>"
        "</form><footer>Nothing leaves this machine, and no real account is touched.</footer>",
    )


def posted(action: str, fields: Sequence[tuple[str, str]]) -> str:
    """Posts *fields* to *action* by itself (OAuth 2.0 Form Post Response Mode)."""
    inputs = "".join(
        f'<input type=hidden name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields
    )
    return page(
        "Back to where you came from",
        f'<form method=post action="{escape(action)}">{inputs}<button>Go on</button></form>'
        f"<script>{SUBMIT}</script>",
    )


def page(title: str, content: str) -> str:
    """A whole page; *content* is HTML."""
    heading = escape(title)
    return document(heading, f"<p>Sandbox consent</p><h1>{heading}</h1>{content}")
