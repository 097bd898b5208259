"""What glewlwyd's sign-in page does with its script: the same calls of the JSON API."""

import json
from urllib.parse import parse_qs, quote, urljoin, urlsplit

GRANTED = "1"


def is_one(page):
    """Whether *page* is a sign-in page that waits for its script."""
    parts = urlsplit(page.url)
    return not page.forms and parts.path.endswith("/login.html")


def go_on(ua, page, opt):
    """Sign in, consent, and open what the page would open; None where nothing is left to do."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
    back = asked.get("callback_url")
    prompt = asked.get("prompt", "")
    if "ciba_message" in asked or prompt in ("deviceComplete", "deviceServerError"):
        ua.say("told:", asked.get("ciba_message", prompt))
        return None
    if prompt in ("device", "deviceCodeError"):
        if not opt["user_code"] or prompt == "deviceCodeError":
            raise ua.Failed(f"the page asks for a user code ({prompt}): pass --user-code")
        return ua.open("GET", f"{back}?code={quote(opt['user_code'])}")
    if not back:
        raise ua.Failed(f"nowhere to go on from {page.url}")
    call(ua, page, "POST", "/api/auth/", {"username": opt["user"], "password": opt["password"]})
    if "ciba_login_hint" in asked and opt["deny"]:
        return ua.open("GET", f"{back}&cancel")
    if "client_id" in asked:
        consent(ua, page, asked, "" if opt["deny"] else asked["scope"])
    return ua.open("GET", back + ("&" if "?" in back else "?") + "g_continue")


def consent(ua, page, asked, scope):
    client = quote(asked["client_id"], safe="")
    call(ua, page, "PUT", f"/api/auth/grant/{client}", {"scope": scope})
    for kind in filter(None, asked.get("authorization_details", "").split(",")):
        plugin = asked["plugin"]
        call(ua, page, "PUT", f"/api/{plugin}/rar/{client}/{kind}/{GRANTED if scope else 0}")


def call(ua, page, method, path, body=None):
    text = None if body is None else json.dumps(body)
    url = urljoin(page.url, path)
    status, _, answer = ua.request(method, url, text, "application/json", "application/json")
    if status >= 400:
        raise ua.Failed(f"{method} {path}: HTTP {status} {answer[:200]}")
