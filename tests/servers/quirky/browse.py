"""
A browser for $BROWSER: `browse.py PORT URL` follows redirects, and does what scripts would do.

Every https name is the provider, whose side door is at PORT; what is on loopback is really there.
It imports little, since it is started for every login.
"""

from __future__ import annotations

import re
import sys
from http.client import HTTPConnection, HTTPSConnection

MOST_HOPS = 20
PARTS = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#(.*))?")


def is_here(host: str) -> bool:
    return host.startswith(("127.0.0.1", "localhost", "[::1]"))


def connection(scheme: str, host: str, port: str) -> HTTPConnection:
    if not is_here(host):
        return HTTPConnection("127.0.0.1", int(port), timeout=20)
    if scheme == "http":
        return HTTPConnection(host, timeout=20)
    import ssl

    # A person clicks the warning about the throw-away certificate away.
    return HTTPSConnection(host, timeout=20, context=ssl._create_unverified_context())


def fetched(port: str, method: str, url: str, form: str) -> tuple[str, str, str]:
    """The next method, URL and form; no URL when the browser stays where it is."""
    found = PARTS.fullmatch(url)
    assert found, url
    scheme, host, path, fragment = found.groups()
    headers = {"Host": host, "User-Agent": "browser"}
    if fragment and not is_here(host):
        headers["X-Fragment"] = fragment  # what the page's script would have read
    if form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    there = connection(scheme, host, port)
    there.request(method, path or "/", form or None, headers)
    answer = there.getresponse()
    page = answer.read().decode()
    if answer.status >= 400:
        sys.exit(f"{answer.status} {page}")
    if location := answer.getheader("Location"):
        return "GET", location, ""
    if fragment and is_here(host):  # the page's script hands over what only it can see
        return "POST", url.partition("#")[0], fragment
    if action := re.search(r'<form method="post" action="([^"]*)">', page):
        from urllib.parse import urlencode

        fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
        return "POST", action[1], urlencode(fields)
    return "", "", ""


def main(port: str, url: str) -> None:
    method, form = "GET", ""
    for _ in range(MOST_HOPS):
        method, url, form = fetched(port, method, url, form)
        if not url:
            return
    sys.exit("too many redirects")


if __name__ == "__main__":
    main(*sys.argv[1:])
