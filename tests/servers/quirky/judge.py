"""Whether a request is, to the letter, the one that comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

from joserfc.errors import JoseError

from servers.quirky.reckoned import claims_in
from servers.quirky.schemes import digest_faults, oauth1_faults
from servers.quirky.words import Memory, filled, fits, is_reckoned, reckoned

FORM = "application/x-www-form-urlencoded"
USUAL = ("accept", "accept-encoding", "connection", "content-length", "content-type", "host")
"""Headers that need not be expected."""

CONTENT_TYPES = {"form": FORM, "json": "application/json", "text": "text/plain; charset=utf-8"}


class Seen(NamedTuple):
    """A request as it came; *url* has no query."""

    method: str
    url: str
    query: str
    headers: Mapping[str, str]
    body: str
    fragment: str = ""  # as the browser tells, which keeps it to itself


class Exchange(NamedTuple):
    """What the provider expects next, exactly, and what it answers."""

    request: str  # METHOD URL
    query: Mapping[str, object] = {}
    raw_query: str | None = None  # its very bytes, where they are the quirk
    headers: Mapping[str, object] = {}
    form: Mapping[str, object] | None = None
    json: object = None
    text: object = None
    raw_body: str | None = None
    content_type: str = ""
    fragment: str = ""
    answer: Mapping[str, object] = {}

    @property
    def is_for_the_browser(self) -> bool:
        return bool({"redirect", "page"} & self.answer.keys())


def faults(wanted: Exchange, seen: Seen, memory: Memory) -> Iterator[str]:
    """What is not as it was expected, in words that name both."""
    memory |= {"method": seen.method, "url": seen.url, "body": seen.body, "query": seen.query}
    if not fits(wanted.request, f"{seen.method} {seen.url}", memory):
        yield f"expected {wanted.request}, got {seen.method} {seen.url}"
        return
    if wanted.raw_query is not None:
        yield from _text("the query", wanted.raw_query, seen.query, memory)
    else:
        yield from _fields("query", wanted.query, seen.query, memory)
    yield from _text("the fragment", wanted.fragment, seen.fragment, memory)
    yield from _headers(wanted, seen, memory)
    yield from _body(wanted, seen, memory)


def _headers(wanted: Exchange, seen: Seen, memory: Memory) -> Iterator[str]:
    got = {name: value for name, value in seen.headers.items() if name not in USUAL}
    agent = got.pop("user-agent", "") if "user-agent" not in wanted.headers else ""
    if agent and agent.startswith("flowrun/") is wanted.is_for_the_browser:
        yield f"{wanted.request} came from {agent}"
    names = [name for name in wanted.headers if name in USUAL]
    got |= {name: seen.headers.get(name, "") for name in names}
    yield from _map("header", wanted.headers, got, memory)


def _body(wanted: Exchange, seen: Seen, memory: Memory) -> Iterator[str]:
    kind = next((kind for kind in CONTENT_TYPES if getattr(wanted, kind) is not None), "")
    declared = wanted.content_type or CONTENT_TYPES.get(kind, "")
    if seen.headers.get("content-type", "") != declared:
        yield f"expected the content type {declared!r}, got {seen.headers.get('content-type')!r}"
    if wanted.raw_body is not None:
        yield from _text("the body", wanted.raw_body, seen.body, memory)
    elif kind == "form":
        assert wanted.form is not None
        yield from _fields("form", wanted.form, seen.body, memory)
    elif kind == "json":
        import json

        yield from _value("json", wanted.json, json.loads(seen.body or "null"), memory)
    else:
        yield from _value("body", wanted.text or "", seen.body, memory)


def _text(where: str, wanted: str, got: str, memory: Memory) -> Iterator[str]:
    if not fits(wanted, got, memory):
        yield f"{where}: expected {wanted!r}, got {got!r}"


def _fields(where: str, wanted: Mapping[str, object], raw: str, memory: Memory) -> Iterator[str]:
    got: dict[str, str | list[str]] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True, strict_parsing=bool(raw)):
        before = got.get(name, [])
        several = [*([before] if isinstance(before, str) else before), value]
        got[name] = several if name in got else value
    yield from _map(where, wanted, got, memory)


def _map(
    where: str, wanted: Mapping[str, object], got: Mapping[str, object], memory: Memory
) -> Iterator[str]:
    for name in sorted({*wanted, *got}):
        if name not in wanted:
            yield f"{where} {name}: not expected, got {got[name]!r}"
        elif name not in got:
            yield f"{where} {name}: missing, expected {wanted[name]!r}"
    for name in wanted:  # in its order, since what is learnt may be needed next
        if name in got:
            yield from _value(f"{where} {name}", wanted[name], got[name], memory)


def _value(where: str, wanted: object, got: object, memory: Memory) -> Iterator[str]:
    if isinstance(wanted, Mapping) and "$signed" in wanted:
        yield from _signed(where, wanted, str(got), memory)
    elif isinstance(wanted, Mapping) and "$digest" in wanted:
        yield from digest_faults(filled(wanted, memory), str(got))
    elif isinstance(wanted, Mapping) and "$oauth1" in wanted:
        yield from oauth1_faults(filled(wanted, memory), str(got), memory["method"], memory["url"])
    elif isinstance(wanted, Mapping) and is_reckoned(wanted):
        if (expected := reckoned(wanted, memory)) != got:
            yield f"{where}: expected {expected!r} ({dict(wanted)!r}), got {got!r}"
    elif isinstance(wanted, Mapping) and isinstance(got, Mapping):
        yield from _map(where, wanted, got, memory)
    elif isinstance(wanted, list) and isinstance(got, Sequence) and len(wanted) == len(got):
        for number, (each, other) in enumerate(zip(wanted, got, strict=True)):
            yield from _value(f"{where}[{number}]", each, other, memory)
    elif isinstance(wanted, str) and "<now" in wanted and isinstance(got, int):
        yield from _text(where, wanted, str(got), memory)
    elif isinstance(wanted, str) and isinstance(got, str):
        yield from _text(where, wanted, got, memory)
    elif wanted != got or type(wanted) is not type(got):
        yield f"{where}: expected {wanted!r}, got {got!r}"


def differences(
    where: str, wanted: Mapping[str, object], got: Mapping[str, object], memory: Memory
) -> Iterator[str]:
    """What of *wanted* is not so in *got*, which may hold more."""
    for name, value in wanted.items():
        inner = got.get(name)
        nested = isinstance(value, Mapping) and not is_reckoned(value)
        if nested and isinstance(inner, Mapping):
            assert isinstance(value, Mapping)
            yield from differences(f"{where} {name}", value, inner, memory)
        else:
            yield from _value(f"{where} {name}", value, inner, memory)


def _signed(where: str, wanted: Mapping[str, object], token: str, memory: Memory) -> Iterator[str]:
    """A JWT that is compared by what it says, since its signature is never the same."""
    key, algorithm = str(filled(wanted["key"], memory)), str(wanted["$signed"])
    token = token.removeprefix(str(wanted.get("prefix", "")))
    try:
        header, claims = claims_in(token, key, algorithm)
    except (JoseError, ValueError) as error:
        yield f"{where}: no {algorithm} JWT of that key: {error}"
        return
    yield from _value(f"{where} header", wanted["header"], header, memory)
    yield from _value(f"{where} claims", wanted["claims"], claims, memory)
