"""The page that the browser ends up at, and how every page of ours looks."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import NamedTuple

CLEAN = "history.replaceState(null,'',location.pathname)"  # the code leaves the address bar
HAND_OVER = """
(async()=>{const brought=location.hash.slice(1),here=location.origin+location.pathname
const say=text=>{document.querySelector('p').textContent=text}
history.replaceState(null,'',location.pathname)
if(!brought)return say('Nothing stands behind the # of this address. flowrun still waits.')
try{const headers={'Content-Type':'application/x-www-form-urlencoded'}
const answer=await fetch(here,{method:'POST',headers,body:brought})
const ended=new DOMParser().parseFromString(await answer.text(),'text/html')
document.title=ended.title
document.querySelector('main').replaceWith(ended.querySelector('main'))
}catch{say('flowrun has stopped waiting. Start the login again.')}})()
"""
"""Only a script sees what stands behind the #; it hands that over, and shows how it ended."""


class Page(NamedTuple):
    status: int
    sign: str  # a class of the style, and a path of SIGNS
    title: str
    text: str
    script: str = CLEAN


DONE = Page(200, "success", "You are logged in", "flowrun has its token. You can close this tab.")
RECEIVED = Page(200, "success", "Received", "The terminal shows how it goes on.")
LATE = Page(200, "success", "Already received", "flowrun has its answer. You can close this tab.")
DENIED = Page(200, "denied", "Access was not given", "Nothing was stored. Start again to retry.")
FAILED = Page(200, "wrong", "The login failed", "The terminal shows what to do.")
ASTRAY = Page(405, "wrong", "Not this way", "flowrun waits for a form that the provider posts.")
REFUSED = Page(400, "wrong", "Not for this login", "flowrun still waits for the one begun last.")
RELAY = Page(200, "pending", "One moment", "flowrun takes what the provider has sent.", HAND_OVER)
EMPTY = Page(204, "", "", "")

SIGNS = {
    "denied": "M7.5 12h9",
    "pending": "M12 7v5.5l3.5 2",
    "success": "M7 12.5l3.5 3.5L17 9",
    "wrong": "M8.5 8.5l7 7m0-7l-7 7",
}
WITHOUT_SCRIPT = "Here JavaScript is off: paste the whole address of this page into the terminal."
STYLE = """
:root{color-scheme:light dark;--back:#f6f7f9;--card:#fff;--ink:#16181d;--soft:#5b6270;--line:#e4e7ec
}@media(prefers-color-scheme:dark){:root{--back:#101216;--card:#191c22;--ink:#eef0f4;--soft:#9aa3b2;
--line:#2a2f38}}*{box-sizing:border-box;margin:0}body{min-height:100vh;display:grid;padding:24px;
place-items:center;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{width:100%;max-width:420px;padding:44px 36px 28px;text-align:center;background:var(--card);
border:1px solid var(--line);border-radius:16px;box-shadow:0 12px 32px #0000000f}svg{width:60px;
fill:none;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}circle{fill:currentColor;
opacity:.13}path{stroke:currentColor}.success{color:#12925a}.denied{color:#b7791f}.wrong{
color:#d3403a}.pending{color:#2563eb}h1{margin:18px 0 8px;font-size:22px;line-height:1.25;
font-weight:650}p,footer{color:var(--soft);overflow-wrap:anywhere;text-wrap:balance}footer{margin-top:28px;font-size:13px}ul{
margin:16px 0;padding:0;overflow-wrap:anywhere}li{display:inline-block;margin:3px;padding:2px 10px;
border:1px solid var(--line);border-radius:8px;font:14px/1.6 ui-monospace,monospace}form{
margin-top:24px}button{margin:0 4px;padding:9px 24px;font:inherit;color:inherit;cursor:pointer;
background:none;border:1px solid var(--line);border-radius:10px}[value=allow]{color:#fff;
background:#2563eb;border-color:#2563eb}
"""


def body(page: Page) -> bytes:
    title, text = escape(page.title), escape(page.text)
    without = f"<noscript><p>{WITHOUT_SCRIPT}</p></noscript>" if page.script == HAND_OVER else ""
    content = f"""<svg class="{page.sign}" viewBox="0 0 24 24"><circle cx="12" cy="12" r="11"/>
<path d="{SIGNS[page.sign]}"/></svg><h1>{title}</h1><p>{text}</p>{without}<footer>flowrun</footer>
<script>{page.script}</script>"""
    return document(title, content).encode()


def document(title: str, content: str) -> str:
    """A whole page; *title* and *content* are HTML."""
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style>
<main>{content}</main></html>"""


def headers(script: str, *, form_action: str = "'none'") -> dict[str, str]:
    """What keeps a page from being stored, framed or told to others; it may run *script* alone."""
    sources = f"default-src 'none'; style-src {_digest(STYLE)}; script-src {_digest(script)}"
    sources += "; connect-src 'self'" if script == HAND_OVER else ""
    bounds = f"base-uri 'none'; frame-ancestors 'none'; form-action {form_action}"
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": f"{sources}; {bounds}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
