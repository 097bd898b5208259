"""URLs in which no value can leave the place where it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .errors import FlowError, located
from .expression import Unknown, joined, sealed
from .filters import encoded, kind_of, spelled
from .message import Pairs
from .place import Place
from .secret import Secret, Value, reveal

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_URL = re.compile(
    rf"(https?)://({_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::([0-9]{{1,5}}))?([/?#][!-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(:[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_STAND_INS = {"start": "https://x", "port": "1"}  # for what is not known yet; else a letter


class Hole(NamedTuple):
    """A value in a URL, and where its expression stands."""

    value: Value
    place: Place | None = None


def fill(parts: Sequence[str | Hole]) -> str | Secret:
    """The URL of literals and values; raises `FlowError` E222 for a value, E214 for a literal."""
    shown: list[Value] = []
    known, aimed = "", True  # the URL as far as it is known; whether its host is
    segments: list[tuple[int, Place | None]] = []
    for at, part in enumerate(parts):
        if isinstance(part, str):
            doubled = at == 1 and isinstance(parts[0], Hole) and known.endswith("/")
            text = part.removeprefix("/") if doubled else part
            shown.append(text)
        else:
            where, value = _where(known), part.value
            after = next((item for item in parts[at + 1 :] if item), "")
            with located(part.place):
                text = _escaped(value, where, after if isinstance(after, str) else "x")
            segments += [(len(known), part.place)] if where == "path" else []
            unknown = isinstance(value, Unknown)
            aimed = aimed and not (unknown and where in ("start", "host", "port"))
            shown.append(value if unknown else sealed(text, by=value))
        known += text
    for start, place in segments:
        _check_segment(known, start, place)
    _split(known)
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
    plain = reveal(value)
    text = spelled(plain)
    ends = after[:1] in ("", "/", "?", "#")
    if where in ("path", "query", "fragment"):
        return encoded(text)
    if (
        where == "start"
        and _URL.fullmatch(text)
        and ends
        and not (after and re.search("[?#]", text))
    ):
        return text
    if where == "port" and re.fullmatch("[0-9]{1,5}", text):
        return text
    if where == "host" and (found := _HOST.fullmatch(text)) and (ends or not found[1]):
        return text
    raise FlowError("E222", f"a value cannot stand at the {where} of the URL", hint=_HINTS[where])


_HINTS = {
    "start": "Only an absolute http(s) URL may open a URL, and / ? or # must follow it.",
    "scheme": "Write the scheme, or the [address], out in the flow.",
    "host": "A host holds ASCII letters, digits, hyphens and dots; others as punycode (xn--...).",
    "port": "A port is a number.",
}


def _check_segment(url: str, start: int, place: Place | None) -> None:
    from urllib.parse import unquote

    begin = url.rfind("/", 0, start) + 1
    segment = re.split("[/?#]", url[begin:], maxsplit=1)[0]
    if unquote(segment) in ("", ".", ".."):
        message = f"a value would make the path segment {segment!r}"
        raise FlowError("E222", message, hint="A segment holds a name.", place=place)


def _split(url: str) -> tuple[str, str, int]:
    found = _URL.fullmatch(url)
    scheme, host, port = (found[1].lower(), found[2].lower(), found[3]) if found else ("", "", "")
    number = int(port or _DEFAULT_PORTS.get(scheme, 0))
    if found and host.startswith("["):
        host = _address(host)
    if not host or not 0 < number < 65536:
        raise FlowError(
            "E214",
            "this is no absolute http(s) URL",
            hint="It has a scheme, a host in ASCII (others as punycode, xn--...), no user name,"
            " and what is odd behind the host is percent-encoded.",
        )
    return scheme, host, number


def _address(host: str) -> str:
    import ipaddress

    try:
        return f"[{ipaddress.IPv6Address(host[1:-1])}]"
    except ValueError:
        return ""


def origin(url: str) -> str:
    """scheme://host[:port], in the one spelling in which origins are compared."""
    if isinstance(url, Unknown):
        return url
    scheme, host, port = _split(url)
    return f"{scheme}://{host}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")


def is_loopback(host: str) -> bool:
    """Whether *host* is this machine, by name or address; nothing is resolved."""
    import ipaddress

    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


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
    parts: list[Value] = []
    for name, value in pairs.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            if item is not None:
                parts += ["&", encoded(name), "=", _parameter(item)]
    glue = "?" if "?" not in head else "" if head[-1] in "?&" else "&"
    start = url if isinstance(url, Unknown) else sealed(head, by=url)
    whole = joined([start, glue, *parts[1:], mark + fragment]) if parts else url
    assert isinstance(whole, str | Secret)
    return whole


def _parameter(value: Value) -> Value:
    if isinstance(value, Mapping | list):
        raise FlowError("E222", f"{kind_of(value)} cannot be a parameter", hint="Use | json.")
    known = not isinstance(value, Unknown)
    return sealed(encoded(spelled(reveal(value))), by=value) if known else value
