"""A request as it goes over the wire, and as a curl command that a person may read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from .errors import FlowError
from .filters import spelled
from .message import Body, Certificate, Request, Verbatim
from .secret import JSON, masked, reveal
from .version import __version__

FORM = "application/x-www-form-urlencoded"
CONTENT_TYPES = {"form": FORM, "json": "application/json", "text": "text/plain; charset=utf-8"}
OURS = {"User-Agent": f"flowrun/{__version__}", "Accept-Encoding": "identity"}
FRAMING = (
    *("accept-encoding", "connection", "content-length"),
    *("host", "te", "transfer-encoding", "upgrade"),
)
HEADER = (re.compile(r"[!#$%&'*+.^_`|~\w-]+", re.ASCII), re.compile(r"[\t\x20-\x7e\xa0-\xff]*"))
URL_SAFE = "!$%&'()*+,/:;=?@[]~"


FILES = {"certificate": "cert", "key": "key"}
"""The options of curl that name what a client shows."""


class Encoded(NamedTuple):
    """A request with its secrets laid open."""

    method: str
    url: str
    headers: Sequence[tuple[str, str]]
    body: bytes | None
    certificate: Certificate | None = None  # not yet laid open


def encode(request: Request) -> Encoded:
    """*request* ready to be sent; raises `FlowError` for what no request can carry."""
    try:
        url = _url(str(reveal(request.url)), reveal(request.query))
        headers = _completed(_headers(reveal(request.headers), request.body), OURS)
        content = request.body and _text(request.body.kind, reveal(request.body.content)).encode()
    except ValueError:  # a text that is no Unicode, a number that is no JSON
        # Not `from error`: it holds the text, which may be secret.
        raise FlowError("E222", "a value in the request cannot be encoded") from None
    return Encoded(request.method, url, headers, content, request.certificate)


def as_curl(request: Request) -> str:
    """*request* as a curl command in which no secret shows."""
    import shlex

    # What is not known yet reads <like this>.
    url = _url(str(masked(request.url)), masked(request.query))
    url = url.replace("%3C", "<").replace("%3E", ">")
    plain = request.method == ("POST" if request.body else "GET")
    command = f"{'curl' if plain else f'curl -X {request.method}'} {shlex.quote(url)}"
    headers = _headers(masked(request.headers), request.body)
    shown = masked({**request.certificate._asdict()}) if request.certificate else {}
    assert isinstance(shown, dict)
    options = [(f"--{FILES[name]}", _named(name, value)) for name, value in shown.items()]
    options += [("-H", f"{name}: {value}") for name, value in headers]
    options += [("-H", "DPoP: <proof>")] if request.proof else []
    options += _curl_data(request.body) if request.body else []
    return " \\\n  ".join([command, *(f"{name} {shlex.quote(value)}" for name, value in options)])


def _named(name: str, value: JSON) -> str:
    """The file that a person would put it into; what is unknown or secret stays what it is."""
    text = str(value)
    return f"{name}.pem" if "\n" in text else text


def _url(url: str, query: JSON) -> str:
    head, _, tail = url.partition("#")[0].partition("?")
    pairs = [f"{quote(name, '')}={_quoted(value)}" for name, value in _flat(query)]
    joined = "&".join(filter(None, [quote(tail, URL_SAFE), *pairs]))
    return quote(head, URL_SAFE) + (f"?{joined}" if joined else "")


def _quoted(value: str, *, plus: bool = False) -> str:
    if isinstance(value, Verbatim):
        return value
    return quote_plus(value) if plus else quote(value, "*")


def _flat(pairs: JSON) -> Iterator[tuple[str, str]]:
    for name, value in pairs.items() if isinstance(pairs, dict) else ():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, (list, dict)):
                raise FlowError("E222", f"{name} is a map or a list where only a text can stand")
            if item is not None:
                yield name, item if isinstance(item, str) else json.dumps(item)


def _headers(given: JSON, body: Body | None) -> list[tuple[str, str]]:
    headers = list(_flat(given))
    for name, value in headers:
        fits = [part.fullmatch(text) for part, text in zip(HEADER, (name, value), strict=True)]
        if not all(fits) or name.lower() in FRAMING:
            raise FlowError("E222", f"the header {name!r} or its value is none that a flow may set")
    about = {"Content-Type": CONTENT_TYPES[body.kind]} if body else {}
    return _completed(headers, {"Accept": "application/json"} | about)


def _completed(headers: list[tuple[str, str]], own: dict[str, str]) -> list[tuple[str, str]]:
    """*headers*, and those of *own* that the flow does not set itself."""
    named = {name.lower() for name, _ in headers}
    return [*headers, *(pair for pair in own.items() if pair[0].lower() not in named)]


def _text(kind: str, content: JSON) -> str:
    if kind == "form":  # RFC 6749 appendix B: a space is a plus
        pairs = _flat(content)
        return "&".join(f"{quote_plus(name)}={_quoted(v, plus=True)}" for name, v in pairs)
    if kind == "json":
        content = without_nulls(content)
        json.dumps(content, ensure_ascii=False).encode()  # a lone surrogate would pass, escaped
        return json.dumps(content, allow_nan=False)
    return spelled(content)


def without_nulls(value: JSON) -> JSON:
    """*value* without the fields that are null, which are not sent."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def _curl_data(body: Body) -> list[tuple[str, str]]:
    content = masked(body.content)
    if body.kind == "form":
        return [("--data-urlencode", f"{name}={value}") for name, value in _flat(content)]
    return [("--data-raw", _text(body.kind, content))]
