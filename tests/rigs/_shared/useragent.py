#!/usr/bin/env python3
"""A scripted end user for the rigs: standard library only, no JavaScript.

    useragent.py [options] AUTHORIZE_URL
    useragent.py --device [options] VERIFICATION_URI_COMPLETE

It opens the URL as a browser would (cookies, redirects, forms), signs in as
the seeded user, consents, and performs the redirect back to the client, so a
listener waiting on the redirect URI receives the response. Every `approve`
is a thin wrapper around this file.

options (each may stand before the URL, so BROWSER="…/approve --deny %s" works):
  --print            print the client redirect instead of performing it
                     (form_post prints: POST <uri> <urlencoded body>)
  --deny             refuse consent
  --user NAME        default: $RIG_USER or alice
  --password WORD    default: $RIG_PASSWORD or wonderland-42
  --detach           return at once and act in the background, as desktop openers do
  --delay SECONDS    wait before acting (default $RIG_DELAY or 0)
  --timeout SECONDS  per request, default 30
  --user-code CODE   with --device: type this code in (plain verification_uri)
  --verbose          trace each request on stderr

exit status: 0 done, 1 the server or the client listener did not go along,
2 usage.
"""
import http.client
import os
import sys
import time
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

import single_page

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
MAX_STEPS = 40


class Failed(Exception):
    pass


class Page(HTMLParser):
    """The forms and links of one HTML page."""

    def __init__(self, url, text):
        super().__init__(convert_charrefs=True)
        self.url, self.forms, self.links, self.words = url, [], [], []
        self._form = self._link = self._button = self._area = self._select = None
        self._loose = {}
        self.feed(text)
        for form in self.forms:  # <button form="id"> outside of its form
            form["buttons"] += self._loose.get(form["id"], [])

    def handle_starttag(self, tag, attrs):
        a = {k: (v if v is not None else "") for k, v in attrs}
        if tag == "form":
            self._form = {
                "id": a.get("id"), "method": a.get("method", "get").lower(),
                "action": urljoin(self.url, a.get("action") or self.url),
                "fields": [], "buttons": [], "password": None, "login": None, "text": [],
            }
            self.forms.append(self._form)
        elif tag in ("input", "button"):
            kind = a.get("type", "text" if tag == "input" else "submit").lower()
            if kind in ("submit", "image") or tag == "button" and kind != "button":
                b = {"name": a.get("name"), "value": a.get("value", ""), "text": a.get("value", "")}
                if a.get("form"):
                    self._loose.setdefault(a["form"], []).append(b)
                elif self._form:
                    self._form["buttons"].append(b)
                self._button = b if tag == "button" else None
            elif self._form is not None and a.get("name") and kind != "button":
                if kind in ("checkbox", "radio") and "checked" not in a:
                    return
                if kind == "password":
                    self._form["password"] = a["name"]
                elif kind in ("text", "email") and self._form["login"] is None:
                    self._form["login"] = a["name"]
                default = "on" if kind in ("checkbox", "radio") else ""
                self._form["fields"].append([a["name"], a.get("value", default)])
        elif tag == "textarea" and self._form is not None and a.get("name"):
            self._area = [a["name"], ""]
            self._form["fields"].append(self._area)
        elif tag == "select" and self._form is not None and a.get("name"):
            self._select = [a["name"], None]
            self._form["fields"].append(self._select)
        elif tag == "option" and self._select is not None:
            if self._select[1] is None or "selected" in a:
                self._select[1] = a.get("value", "")
        elif tag == "a" and a.get("href"):
            self._link = {"href": urljoin(self.url, a["href"]), "text": ""}
            self.links.append(self._link)

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "button":
            self._button = None
        elif tag == "a":
            self._link = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data):
        if data.strip():
            self.words.append(data.strip())
        if self._button is not None:
            self._button["text"] += data.strip()
        if self._link is not None:
            self._link["text"] += data.strip()
        if self._area is not None:
            self._area[1] += data


class Cookies:
    """Host and path scoped; Secure cookies are sent on loopback, as browsers do."""

    def __init__(self):
        self.kept = {}

    def learn(self, url, headers):
        host, path = urlsplit(url).hostname, urlsplit(url).path or "/"
        for header in headers:
            first, *rest = header.split(";")
            name, _, value = first.strip().partition("=")
            at, gone = path[: path.rfind("/")] or "/", False
            for part in rest:
                k, _, v = part.strip().partition("=")
                k = k.lower()
                if k == "path" and v.startswith("/"):
                    at = v
                elif k == "max-age":
                    gone = v.lstrip("-").isdigit() and int(v) <= 0
                elif k == "expires":
                    try:
                        gone = parsedate_to_datetime(v).timestamp() <= time.time()
                    except (TypeError, ValueError):
                        pass
            if gone:
                self.kept.pop((host, at, name), None)
            else:
                self.kept[host, at, name] = value

    def header(self, url):
        host, path = urlsplit(url).hostname, urlsplit(url).path or "/"
        hits = [
            (len(at), name, value) for (h, at, name), value in self.kept.items()
            if h == host and (path == at or path.startswith(at.rstrip("/") + "/"))
        ]
        return "; ".join(f"{n}={v}" for _, n, v in sorted(hits, key=lambda c: -c[0]))


class Browser:
    Failed = Failed

    def __init__(self, start, timeout=30.0, verbose=False):
        self.home = self.origin(start)
        self.timeout, self.verbose, self.cookies = timeout, verbose, Cookies()

    @staticmethod
    def origin(url):
        u = urlsplit(url)
        host = "loopback" if u.hostname in LOOPBACK else u.hostname
        return u.scheme, host, u.port or {"http": 80, "https": 443}.get(u.scheme)

    def ours(self, url):
        return self.origin(url) == self.home

    def say(self, *words):
        if self.verbose:
            print("useragent:", *words, file=sys.stderr)

    def request(self, method, url, body=None, kind=None, accept="text/html,*/*;q=0.8"):
        u = urlsplit(url)
        if u.scheme not in ("http", "https"):
            raise Failed(f"cannot open a {u.scheme}: URL")
        maker = http.client.HTTPSConnection if u.scheme == "https" else http.client.HTTPConnection
        headers = {"Accept": accept, "User-Agent": "rig-useragent/1 (scripted)", "Connection": "close"}
        cookie = self.cookies.header(url)
        if cookie:
            headers["Cookie"] = cookie
        if body is not None:
            headers["Content-Type"] = kind or "application/x-www-form-urlencoded"
        if method != "GET":
            headers["Origin"] = f"{u.scheme}://{u.netloc}"
            headers["Referer"] = url
        conn = maker(u.hostname, u.port, timeout=self.timeout)
        try:
            conn.request(method, (u.path or "/") + ("?" + u.query if u.query else ""), body, headers)
            r = conn.getresponse()
            text = r.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as e:
            raise Failed(f"{method} {u.scheme}://{u.netloc}{u.path}: {e!r}")
        finally:
            conn.close()
        self.cookies.learn(url, r.headers.get_all("Set-Cookie") or [])
        self.say(method, url, "->", r.status, r.headers.get("Location", ""))
        return r.status, r.headers, text

    def open(self, method, url, body=None):
        """Follow redirects while they stay on the server.

        Returns ("page", Page, status) or ("client", method, url, body)."""
        for _ in range(MAX_STEPS):
            if not self.ours(url):
                return "client", method, url, body
            status, headers, text = self.request(method, url, body)
            where = headers.get("Location")
            if where and 300 <= status < 400:
                url = urljoin(url, where)
                if status not in (307, 308):
                    method, body = "GET", None
                continue
            return "page", Page(url, text), status
        raise Failed("too many redirects")

    def submit(self, form, values=(), button=None, drop=()):
        data = [(k, v or "") for k, v in form["fields"] if k not in dict(values) and k not in drop]
        data += list(dict(values).items())
        if button and button["name"]:
            data.append((button["name"], button["value"]))
        if form["method"] == "post":
            return self.open("POST", form["action"], urlencode(data))
        return self.open("GET", form["action"].split("?")[0] + "?" + urlencode(data))


NO = ("deny", "cancel", "abort", "reject", "decline", "refuse", "disallow", "no")
ELSE = ("logout", "switch", "forgot", "register", "another")
YES = ("allow", "accept", "authorize", "authorise", "approve", "continue", "consent",
       "confirm", "yes", "sign", "log", "submit", "next")


def looks(button, words):
    said = " ".join(str(button[k] or "") for k in ("name", "value", "text")).lower()
    tokens = "".join(c if c.isalnum() else " " for c in said).split()
    return any(t.startswith(w) if len(w) > 2 else t == w for t in tokens for w in words)


def choose(form, deny):
    buttons = form["buttons"]
    noes = [b for b in buttons if looks(b, NO)]
    if deny:
        return noes[0] if noes else None
    rest = [b for b in buttons if b not in noes and not looks(b, ELSE)]
    return next((b for b in rest if looks(b, YES)), rest[0] if rest else None)


def walk(ua, url, opt):
    """Sign in and consent; returns the client redirect, or None (device flow)."""
    got = ua.open("GET", url)
    logins, rounds, typed, denied = 0, 0, False, False
    for _ in range(MAX_STEPS):
        if got[0] == "client":
            return got[1:]
        page, status = got[1], got[2]
        foreign = [f for f in page.forms if not ua.ours(f["action"])]
        if foreign:  # response_mode=form_post
            f = foreign[0]
            return f["method"].upper(), f["action"], urlencode([(k, v or "") for k, v in f["fields"]])
        login = next((f for f in page.forms if f["password"]), None)
        if login:
            logins += 1
            if logins > 3:
                raise Failed("the sign-in form came back again: " + " ".join(page.words)[:200])
            values = {login["password"]: opt["password"]}
            if login["login"]:
                values[login["login"]] = opt["user"]
            got = ua.submit(login, values, choose(login, False))
            continue
        if single_page.is_one(page):
            rounds += 1
            if rounds > 4:
                raise Failed("the sign-in page came back again: " + page.url)
            got = single_page.go_on(ua, page, opt)
            if got is None:
                return None
            continue
        if status >= 400:
            raise Failed(f"HTTP {status} at {page.url}: " + " ".join(page.words)[:300])
        named = next((f for f in page.forms if f["login"] in ("login", "username", "user", "email")
                      and not f["buttons"] == []), None)
        if named and not opt["device"]:  # the name first, the password on a later page
            logins += 1
            if logins > 3:
                raise Failed("the sign-in form came back again: " + " ".join(page.words)[:200])
            got = ua.submit(named, {named["login"]: opt["user"]}, choose(named, False))
            continue
        posts = [f for f in page.forms if f["method"] == "post"]
        if opt["device"] and denied:
            return None
        if opt["device"] and page.forms:
            entry = next((f for f in page.forms if f["login"] in ("user_code", "code")), None)
            if entry:
                held = dict(entry["fields"]).get(entry["login"])
                code = opt["user_code"] or held
                if not code:
                    raise Failed("the page asks for a user code: pass --user-code")
                if typed:
                    raise Failed("the user code was refused: " + " ".join(page.words)[:200])
                typed = True
                got = ua.submit(entry, {entry["login"]: code}, choose(entry, False))
                continue
        if opt["deny"]:
            link = next((l for l in page.links if looks({"name": "", "value": "", "text": l["text"]}, NO)), None)
            form = next((f for f in posts if choose(f, True)), None)
            if form:
                no = choose(form, True)
                yes = [b["name"] for b in form["buttons"] if b is not no and b["name"] != no["name"]]
                denied = True
                got = ua.submit(form, button=no, drop=yes)
                continue
            if link:
                denied = True
                got = ua.open("GET", link["href"])
                continue
        if posts:
            got = ua.submit(posts[0], button=choose(posts[0], False))
            continue
        if opt["device"]:
            ua.say("last page:", " ".join(page.words)[:200])
            return None
        raise Failed(f"nowhere to go at {page.url}: " + " ".join(page.words)[:300])
    raise Failed("too many pages")


def deliver(ua, method, url, body):
    """What a browser does with the redirect to the client."""
    u = urlsplit(url)
    if u.scheme not in ("http", "https") or u.hostname not in LOOPBACK:
        print(url)
        return
    for _ in range(6):
        status, headers, text = ua.request(method, url.split("#")[0], body)
        where = headers.get("Location")
        if not (where and 300 <= status < 400):
            break
        url, method, body = urljoin(url, where), "GET", None
    if urlsplit(url).fragment and "location.hash" in text:  # a page whose script hands it over
        status, _, _ = ua.request("POST", url.split("#")[0], urlsplit(url).fragment)
    if status >= 500:
        raise Failed(f"the client listener answered HTTP {status}")


def main(argv):
    opt = {"print": False, "detach": False, "deny": bool(os.environ.get("RIG_DENY")), "device": False, "verbose": False,
           "user": os.environ.get("RIG_USER", "alice"),
           "password": os.environ.get("RIG_PASSWORD", "wonderland-42"),
           "delay": os.environ.get("RIG_DELAY", "0"), "timeout": "30", "user_code": None}
    url, args = None, list(argv)
    while args:
        a = args.pop(0)
        key = a[2:].replace("-", "_")
        if a in ("-h", "--help"):
            print(__doc__)
            return 0
        if a.startswith("--") and isinstance(opt.get(key), bool):
            opt[key] = True
        elif a.startswith("--") and key in opt and args:
            opt[key] = args.pop(0)
        elif url is None and not a.startswith("--"):
            url = a
        else:
            print(f"useragent: unexpected {a!r}; --help tells the usage", file=sys.stderr)
            return 2
    if not url:
        print("useragent: no URL given; --help tells the usage", file=sys.stderr)
        return 2
    if opt["detach"] and os.fork():
        return 0
    time.sleep(float(opt["delay"]))
    ua = Browser(url, float(opt["timeout"]), opt["verbose"])
    try:
        end = walk(ua, url, opt)
        if end is None:
            return 0
        method, where, body = end
        if opt["print"]:
            print(where if method == "GET" else f"POST {where} {body}")
        else:
            deliver(ua, method, where, body)
    except Failed as e:
        print("useragent:", e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
