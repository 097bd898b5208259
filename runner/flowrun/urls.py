"""URLs in which no value can leave the place where it stands."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .errors import FlowError, located
from .filters import encoded, kind_of, spelled
from .message import Pairs, Request, Verbatim
from .place import Place
from .secret import Secret, Value, reveal
from .spelling import place_in
from .taint import Unknown, joined, sealed

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_URL = re.compile(
    rf"(https?)://({_LABEL}(?:\.{_LABEL})*|\[[0-9a-f.]*:[0-9a-f:.]*\])(?::([0-9]{{1,5}}))?([/?#][!-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
_NUMBER = re.compile("[0-9]+|0x[0-9a-f]*")
_ADDRESS = re.compile(r"[0-9.]*|.*:.*")
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?![^/?#])", re.IGNORECASE)
_FITS = {
    "start": _URL,
    "host": re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(:[0-9]{1,5})?"),
    "port": re.compile("[0-9]{1,5}()"),
}
_DEFAULT_PORTS = {"http": 80, "https": 443}
_STAND_INS = {"start": "https://x", "port": "1"}  # for what is not known yet; else a letter
_HINTS = {
    "start": "Only an absolute http(s) URL may open a URL, and / ? or # must follow it.",
    "scheme": "Write the scheme, or the [address], out in the flow.",
    "host": "A host holds ASCII letters, digits, hyphens and dots; others as punycode (xn--...).",
    "port": "A port is a number.",
    "path": "A segment of a path is a name.",
}


class Hole(NamedTuple):
    """A value in a URL, and where its expression stands."""

    value: Value
    text: str = ""
    source: str = ""
    at: int = 0

    def place(self) -> Place | None:
        return place_in(self.text, self.source, self.at)


def fill(parts: Sequence[str | Hole]) -> str | Secret:
    """The URL of literals and values; raises `FlowError` E222 for a value, E214 for a literal."""
    shown: list[Value] = []
    known, aimed = "", True  # the URL as far as it is known; whether its host is
    for at, part in enumerate(parts):
        if isinstance(part, str):
            doubled = at == 1 and isinstance(parts[0], Hole) and known.endswith("/")
            shown.append(text := part.removeprefix("/") if doubled else part)
        else:
            after, where = next((each for each in parts[at + 1 :] if each), ""), _where(known)
            with located(part.place):
                text = _escaped(part.value, where, after if isinstance(after, str) else "x")
            unknown = isinstance(part.value, Unknown)
            aimed = aimed and not (unknown and where in _FITS)
            shown.append(part.value if unknown else sealed(text, by=part.value))
        known += text
    _split(known)
    if _DOTS.search(re.split("[?#]", known, maxsplit=1)[0]):
        raise FlowError("E222", "the path of the URL would hold a . or ..", hint=_HINTS["path"])
    url = joined(shown)
    assert isinstance(url, str | Secret)
    # With its host known it is judged as any other, whatever is missing behind.
    return str.__str__(url) if isinstance(url, Unknown) and aimed else url


def _where(so_far: str) -> str:
    scheme, colon, rest = so_far.partition("://")
    if not colon:
        return "scheme" if scheme else "start"
    for mark, name in (("#", "fragment"), ("?", "query"), ("/", "path"), ("[", "scheme")):
        if mark in rest:
            return name
    return "port" if ":" in rest else "host"


def _escaped(value: Value, where: str, after: str) -> str:
    if isinstance(value, Unknown):
        return _STAND_INS.get(where, "x")
    text, ends = spelled(reveal(value)), after[:1] in ("", "/", "?", "#")
    if where in ("query", "fragment") or (where == "path" and text):
        return encoded(text)
    found = _FITS[where].fullmatch(text) if where in _FITS else None
    open_ended = where == "start" and after != "" and re.search("[?#]", text)
    if found and not open_ended and (ends or not found[1]):
        return text
    raise FlowError("E222", f"a value cannot stand at the {where} of the URL", hint=_HINTS[where])


def _split(url: str) -> tuple[str, str, int]:
    if found := _URL.fullmatch(url):
        scheme, host = found[1].lower(), found[2].lower()
        if host.startswith("["):
            host = f"[{_address(host)}]" if _address(host) else ""
        elif _NUMBER.fullmatch(host.rpartition(".")[2]) and not _address(host):
            host = ""  # 127.1 and 2130706433 are 127.0.0.1 to whoever connects
        port = int(found[3] or _DEFAULT_PORTS[scheme])
        if host and 0 < port < 65536:
            return scheme, host, port
    hint = "It has a scheme, a host in ASCII (others as punycode, xn--...) and no user name."
    raise FlowError("E214", "this is no absolute http(s) URL", hint=hint)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    if not _ADDRESS.fullmatch(host):
        return None
    from ipaddress import ip_address

    with contextlib.suppress(ValueError):
        return ip_address(host.strip("[]"))
    return None


def origin(url: str) -> str:
    """scheme://host[:port], in the one spelling in which origins are compared."""
    if isinstance(url, Unknown):
        return url
    scheme, host, port = _split(url)
    return f"{scheme}://{host}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")


def is_loopback(host: str) -> bool:
    """Whether *host* is this machine, by name or address; nothing is resolved."""
    address = _address(host)
    return address.is_loopback if address else host.lower() == "localhost"


def checked(url: str, *, endpoint: bool = False) -> str:
    """*url*, if it is safe: https but on loopback; an *endpoint* has no fragment (RFC 6749 3.1)."""
    if isinstance(url, Unknown):
        return url
    scheme, host, _ = _split(url)
    if scheme == "http" and not is_loopback(host):
        hint = "Use https; http is for 127.0.0.1, [::1] and localhost only."
        raise FlowError("E214", f"{host} would be contacted without encryption", hint=hint)
    if endpoint and "#" in url:
        raise FlowError("E214", "an endpoint's URL has no fragment", hint="Leave out the # part.")
    return url


def with_query(url: str | Secret, pairs: Pairs) -> str | Secret:
    """*url* with *pairs* behind its query; null is not sent, a list is sent as several."""
    head, mark, fragment = str(reveal(url)).partition("#")
    query = _parameters(pairs)
    glue = "?" if "?" not in head else "" if head[-1] in "?&" else "&"
    start = url if isinstance(url, Unknown) else sealed(head, by=url)
    whole = joined([start, glue, *query, mark + fragment]) if query else url
    assert isinstance(whole, str | Secret)
    return whole


def address_of(request: Request) -> str | Secret:
    """The whole URL that a browser is sent to for *request*."""
    url, fragment = with_query(request.url, request.query), _parameters(request.fragment)
    glue = "" if not fragment else "&" if "#" in str(reveal(url)) else "#"
    whole = joined([url, glue, *fragment]) if fragment else url
    assert isinstance(whole, str | Secret)
    return whole


def _parameters(pairs: Pairs) -> list[Value]:
    """`name=value&...` in its parts, each value encoded."""
    parts: list[Value] = []
    for name, value in pairs.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            parts += [] if item is None else ["&", encoded(name), "=", _parameter(item)]
    return parts[1:]


def _parameter(value: Value) -> Value:
    if isinstance(value, Mapping | list):
        raise FlowError("E222", f"{kind_of(value)} cannot be a parameter", hint="Use | json.")
    if isinstance(value, Unknown):
        return value
    text = spelled(reveal(value))
    return sealed(text if isinstance(text, Verbatim) else encoded(text), by=value)
