"""No value leaves the place in a request that the recipe's author gave it, whoever reads it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowrun.errors import FlowError, FlowrunError, TransportError
from flowrun.guard import guarded
from flowrun.http import Direct
from flowrun.load import load_source
from flowrun.message import Body, Request
from flowrun.place import Source
from flowrun.plan import host_rule
from flowrun.secret import Secret, Value, reveal
from flowrun.steps import KINDS
from flowrun.steps.kind import Options
from flowrun.template import Scope, render_url
from flowrun.urls import checked, origin
from servers.command import TESTS
from servers.kinds import World, answer
from servers.raw import listening
from servers.rig import unavailable

HOSTILE = [
    *("evil.com", "evil.com/", "evil.com/#", "evil.com?", "evil.com#", "evil.com\\", "//evil.com"),
    *("/evil.com", "\\\\evil.com", "a@evil.com", "a:b@evil.com", "@", ":@", "evil.com:443", ":80"),
    *("https://evil.com", "https:evil.com", "javascript:alert(1)", "data:,x", "file:///etc/passwd"),
    *("x\r\nHost: evil.com", "x\nSet-Cookie: a", "\r", "\t", " ", "a b", "\0", "\x7f", "\x85"),
    *("%2f", "%5c", "%2e%2e", "%00", "%0d%0a", "%", "%zz", "..", ".", "...", "../..", "..;/"),
    *("evil\u3002com", "evil\uff0ecom", "\uff0f\uff0fevil.com", "a\uff0fb", "\u2100", "\ufe52"),
    *("b\u00fccher", "\u0131", "\u212a", "\u017f", "\u00df", "\u0661", "\u200d", "\u202e"),
    *("xn--", "xn--a", "xn--ls8h", "xn--80ak6aa92e.com", "xn--e1awd7f.com", "-", "a-", "-a"),
    *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "1"),
    *("[::1]", "::1", "[::1%25eth0]", "[::ffff:127.0.0.1]", "[", "]", "localhost", "LOCALHOST"),
    *("0", "00080", "65535", "65536", "-1", "+1", "1e3", "\uff11", "a&b=c", "a=b", "?", "&", "#"),
    *("\ud800", "\udfff\ud800", "a" * 63, "a" * 64, "a." * 120 + "com", "a" * 70_000, "", "\ufeff"),
    *("a..b", ".a", "a.", "a--b", "a,b", "a;b", "a|b", "a<b>", '"', "'", "`", "{}", "^", "{{x}}"),
]
PIECES = st.lists(st.sampled_from([each for each in HOSTILE if len(each) < 80]), max_size=3)
VALUES = (
    st.sampled_from(HOSTILE)
    | PIECES.map("".join)
    | st.text(max_size=20)
    | st.text("aA0.-_/:@%?#\\&=;[]xn\u3002\uff0f\t ", max_size=12)
)


class Shape(NamedTuple):
    """What a URL says to whoever takes it apart."""

    host: str
    port: int
    path: tuple[str, ...]
    query: tuple[tuple[str, str], ...] = ()
    fragment: str = ""
    scheme: str = "https"
    user: str = ""


def shape(
    scheme: str, user: str, host: str, port: str | int | None, path: str, query: str, fragment: str
) -> Shape:
    with suppress(ValueError):
        host = str(ip_address(host.strip("[]")))
    segments = tuple(unquote(each, errors="strict") for each in path.split("/")[1:])
    pairs = tuple(parse_qsl(query, keep_blank_values=True, errors="strict"))
    usual = 80 if scheme.rstrip(":") == "http" else 443  # which the others leave out
    return Shape(host, int(port or usual), segments, pairs, unquote(fragment), scheme, user)


def by_urllib(url: str) -> Shape:
    parts = urlsplit(url)
    user = f"{parts.username or ''}{parts.password or ''}"
    host = parts.hostname or ""
    return shape(parts.scheme, user, host, parts.port, parts.path, parts.query, parts.fragment)


def by_httpx(url: str) -> Shape:
    parts = httpx.URL(url)
    user, host = parts.userinfo.decode(), parts.raw_host.decode()
    path, query = parts.raw_path.decode().partition("?")[0], parts.query.decode()
    fragment = quote(parts.fragment)  # which it has decoded
    return shape(parts.scheme, user, host, parts.port, path, query, fragment)


Parser = Callable[[str], Shape | None]


@pytest.fixture(scope="module")
def whatwg() -> Iterator[Parser]:
    """What browsers do, by Node.js; None for what is no URL to them."""
    if shutil.which("node") is None:
        unavailable("the URLs of browsers need node")
    command = ["node", str(TESTS / "servers" / "whatwg.mjs")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as node:
        assert node.stdin
        assert node.stdout
        stdin, stdout = node.stdin, node.stdout

        def parse(url: str) -> Shape | None:
            stdin.write(json.dumps(url) + "\n")
            stdin.flush()
            if (parts := json.loads(stdout.readline())) is None:
                return None
            scheme, user, password, host, port, path, query, fragment = parts
            return shape(scheme[:-1], user + password, host, port, path, query[1:], fragment[1:])

        yield parse


def named(x: str) -> tuple[str, int]:
    host, _, port = x.lower().partition(":")
    return host, int(port or 443)


PLACES: Mapping[str, tuple[str, Callable[[str], Shape]]] = {
    "host": ("https://{{ X }}/t", lambda x: Shape(*named(x), ("t",))),
    "domain": (
        "https://api.{{ X }}/t",
        lambda x: Shape(f"api.{named(x)[0]}", named(x)[1], ("t",)),
    ),
    "label": (
        "https://{{ X }}.example.com/t",
        lambda x: Shape(f"{x.lower()}.example.com", 443, ("t",)),
    ),
    "part of a label": (
        "https://eu-{{ X }}.example.com:8443/t",
        lambda x: Shape(f"eu-{x.lower()}.example.com", 8443, ("t",)),
    ),
    "port": ("https://a.example:{{ X }}/t", lambda x: Shape("a.example", int(x), ("t",))),
    "segment": ("https://a.example/v/{{ X }}/t", lambda x: Shape("a.example", 443, ("v", x, "t"))),
    "last segment": ("https://a.example/{{ X }}", lambda x: Shape("a.example", 443, (x,))),
    "part of a segment": (
        "https://a.example/v{{ X }}.json",
        lambda x: Shape("a.example", 443, (f"v{x}.json",)),
    ),
    "query": (
        "https://a.example/t?q={{ X }}&r=1",
        lambda x: Shape("a.example", 443, ("t",), (("q", x), ("r", "1"))),
    ),
    "fragment": (
        "https://a.example/t#a{{ X }}",
        lambda x: Shape("a.example", 443, ("t",), (), f"a{x}"),
    ),
}  # fmt: skip


WAYS: Mapping[str, str] = {
    "inputs": "inputs.x",
    "vars": "vars.deep",
    "a var put together": "vars.deep ~ ''",
    "callback": "callback.x",
    "an answer": "steps.discovery.x",
    "the record": "saved.x",
}
"""By which way a value comes."""


T = TypeVar("T")


def unless_refused(make: Callable[[], T], *codes: str) -> T | None:
    """What *make* makes, or None when it is refused with one of *codes*."""
    try:
        return make()
    except FlowError as error:
        if error.code not in codes:
            raise
        return None


def rendered(template: str, way: str, value: str) -> str | None:
    """The URL, or None when the value is refused as documented."""
    sealed: dict[str, Value] = {"x": Secret(value)}
    names: dict[str, Value] = {
        "inputs": {"x": value},
        "callback": sealed,
        "steps": {"discovery": sealed},
        "saved": sealed,
    }
    scope = Scope(names, {"deep": "{{ vars.deeper }}", "deeper": "{{ inputs.x }}"})
    text = template.replace("X", WAYS[way])
    return unless_refused(lambda: checked(str(reveal(render_url(text, scope)))), "E214", "E222")


@pytest.mark.parametrize("place", PLACES)
@given(st.sampled_from([*WAYS]), VALUES)
def test_a_value_stays_where_the_author_has_put_it(place: str, way: str, value: str) -> None:
    template, expected = PLACES[place]
    url = rendered(template, way, value)
    if url is None:
        return

    assert by_urllib(url) == by_httpx(url) == expected(value)


@pytest.mark.node
@pytest.mark.parametrize("place", PLACES)
@given(st.sampled_from([*WAYS]), VALUES)
def test_a_browser_sees_what_the_author_has_written(
    whatwg: Parser, place: str, way: str, value: str
) -> None:
    template, expected = PLACES[place]
    url = rendered(template, way, value)
    if url is None:
        return

    # A browser refuses punycode that stands for nothing.
    assert whatwg(url) == expected(value) or ("xn--" in value.lower() and whatwg(url) is None)


STARTS = st.tuples(
    st.sampled_from(
        ["https://", "https:", "HTTPS://", "http://127.0.0.1", "https://a.example", ""]
    ),
    VALUES,
).map("".join)


@pytest.mark.node
@given(STARTS)
def test_a_url_that_a_value_opens_is_the_same_to_everybody(whatwg: Parser, value: str) -> None:
    url = rendered("{{ X }}/t", "an answer", value)
    if url is None:
        return
    ours, seen = by_urllib(url), whatwg(url)

    assert (ours.user, ours.path[-1]) == ("", "t")
    assert not ours.query
    assert not ours.fragment
    assert seen == ours or ("xn--" in value.lower() and seen is None)


@pytest.mark.node
@given(st.sampled_from(["https://", "http://", "https://a.", "https://127."]), VALUES)
def test_an_origin_is_the_same_to_everybody(whatwg: Parser, start: str, value: str) -> None:
    ours = unless_refused(lambda: origin(start + value), "E214")
    if ours is None:
        return
    seen, told = whatwg(start + value), by_urllib(ours)

    assert seen is None or (seen.scheme, seen.host, seen.user) == (told.scheme, told.host, "")
    assert seen is not None or "xn--" in ours


@given(st.sampled_from([*PLACES]), VALUES)
def test_a_connection_goes_to_the_origin_that_was_judged(place: str, value: str) -> None:
    url = rendered(PLACES[place][0], "callback", value)
    if url is None:
        return
    asked: list[tuple[object, object]] = []

    def resolve(host: object, port: object, *_: object, **__: object) -> None:
        asked.append((host, port))
        raise socket.gaierror

    with pytest.MonkeyPatch.context() as system, Direct() as client:
        system.setattr(socket, "getaddrinfo", resolve)
        with pytest.raises(TransportError) as caught:
            client.send(Request("GET", url))

    judged = by_urllib(origin(url))
    assert caught.value.code == "E601"
    assert asked == [(judged.host, judged.port)]


RECIPE = load_source(
    Source(
        "flow.yaml",
        """\
flowrun: 1
name: acme
inputs: {region: {default: eu}}
vars: {site: "https://{{ callback.server }}"}
hosts: ["*.example.com"]
steps:
  - token: {post: "https://{{ inputs.region }}.id.example/token"}
  - id: of_callback
    http: {get: "https://{{ callback.server }}/x"}
  - id: of_var
    http: {get: "{{ vars.site }}/x"}
  - id: of_part
    http: {get: "https://{{ callback.server }}.example.com/x"}
  - id: of_answer
    http: {get: "{{ steps.token.endpoint }}"}
""",
    )
)


@given(
    st.sampled_from(RECIPE.steps("steps")[1:]),
    VALUES | VALUES.map(lambda value: f"https://{value}") | st.just("https://a.example.com/?y"),
)
def test_no_callback_and_no_answer_leads_to_a_host_that_is_not_allowed(
    step: object, value: str
) -> None:
    inputs: dict[str, Value] = {"region": "eu"}
    world = World(lambda _: answer())
    services = guarded(world.services, host_rule(RECIPE, inputs))
    (chosen,) = [each for each in RECIPE.steps("steps") if each is step]
    scope = Scope(
        {
            "inputs": inputs,
            "callback": {"server": Secret(value)},
            "steps": {"token": {"endpoint": value}},
        },
        RECIPE.vars,
    )

    with suppress(FlowrunError):
        KINDS["http"].run(Options(chosen, KINDS["http"], scope), services)

    for sent in world.wire.sent:
        host = urlsplit(sent.url).hostname or ""
        first, _, rest = host.partition(".")
        assert (first.isascii(), rest) == (True, "example.com") or host == "eu.id.example"


@settings(max_examples=80)  # the server takes a hundred connections
@given(VALUES, VALUES)
def test_a_request_on_the_wire_has_the_lines_that_were_meant(name: str, value: str) -> None:
    with (
        listening(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n") as server,
        Direct() as client,
    ):
        request = Request(
            "POST",
            f"{server.url}/a",
            query={"q": value},
            headers={f"X-{name}": value},
            body=Body("form", {"f": value, name or "n": "1"}),
        )
        unless_refused(lambda: client.send(request), "E222")
    if not server.requests:
        return

    head, _, body = server.requests[0][1].partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, version = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    ours = {"Host", "User-Agent", "Accept", "Accept-Encoding", "Content-Type", "Content-Length"}
    assert (method, version) == ("POST", "HTTP/1.1")
    assert parse_qsl(urlsplit(target).query, keep_blank_values=True) == [("q", value)]
    assert {key.lower() for key in headers} == {*map(str.lower, ours), f"x-{name}".lower()}
    assert headers[f"X-{name}"] == value
    assert dict(parse_qsl(body.decode(), keep_blank_values=True)) == {"f": value, name or "n": "1"}


@given(VALUES)
def test_a_json_body_holds_what_was_meant(value: str) -> None:
    world = World(lambda _: answer())
    body = "{fixed: {x: '{{ inputs.x }}', n: 1}}"
    flow = load_source(
        Source(
            "flow.yaml",
            "flowrun: 1\nname: acme\nsteps:\n"
            f"  - http: {{post: 'https://a.example/', json: {body}}}\n"
            "  - token: {post: 'https://a.example/'}",
        )
    )
    scope = Scope({"inputs": {"x": Secret(value)}})

    options = Options(flow.steps("steps")[0], KINDS["http"], scope)

    unless_refused(lambda: KINDS["http"].run(options, world.services), "E222")

    sent = [json.loads(each.body or b"") for each in world.wire.sent]
    refused = any("\ud800" <= character <= "\udfff" for character in value)
    assert sent == ([] if refused else [{"fixed": {"x": value, "n": 1}}])
