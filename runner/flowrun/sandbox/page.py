"""The pages that a person sees, with nothing in them from outside."""

from __future__ import annotations

import base64
import hashlib
from html import escape

CONSENT = ".sandbox/consent"
STYLE = """
:root{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-items:center;
font:16px/1.5 system-ui,sans-serif;background:light-dark(#f1f3f7,#15171b)}
main{box-sizing:border-box;width:min(27rem,92vw);padding:2rem;border-radius:1rem;
background:light-dark(#fff,#1f2228);box-shadow:0 1rem 3rem #0003;overflow-wrap:anywhere}
small{opacity:.65}h1{margin:.3rem 0 1rem;font-size:1.35rem}li{font-family:ui-monospace,monospace}
button{font:inherit;padding:.55rem 1.4rem;margin:1.2rem .5rem 1.2rem 0;border:1px solid #8886;
border-radius:.6rem;background:none;color:inherit;cursor:pointer}
[value=allow]{background:#2563eb;border-color:#2563eb;color:#fff}
"""
DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (  # a form's redirect has to lead back to whoever asked, hence http and https
    f"default-src 'none'; style-src 'sha256-{DIGEST}'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self' http: https:"
)


def consent(client_id: str, scope: list[str], host: str, ticket: str) -> str:
    """Asks whether *client_id* may have *scope*; the answer is posted with *ticket*."""
    wishes = "".join(f"<li>{escape(each)}</li>" for each in scope) or "<li>no scope</li>"
    return page(
        f"{client_id} asks for:",
        f"<ul>{wishes}</ul>at <b>{escape(host)}</b><form method=post action=/{CONSENT}>"
        f"<input type=hidden name=ticket value={ticket}>"
        "<button name=choice value=allow>Allow</button><button name=choice value=deny>Deny</button>"
        "</form><small>Nothing leaves this machine, and no real account is touched.</small>",
    )


def page(title: str, content: str) -> str:
    """A whole page; *content* is HTML."""
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
        f"<meta name=viewport content='width=device-width'><style>{STYLE}</style>"
        f"<main><small>Sandbox consent</small><h1>{escape(title)}</h1>{content}</main>"
    )
