from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.errors import FlowError
from flowrun.secret import Secret, Value, reveal
from flowrun.taint import Unknown
from flowrun.template import Scope, render_url
from flowrun.urls import Hole, checked, fill, is_loopback, origin, with_query
from standards import proves

HOSTILE = [
    "evil.com/#",
    "evil.com/",
    "evil.com?",
    "evil.com#",
    "evil.com\\",
    "a@evil.com",
    "evil.com:443",
    "a:b@evil.com",
    "x\r\nHost: evil.com",
    "%2f",
    "%2e%2e",
    "..",
    ".",
    "../..",
    "//evil.com",
    "\\\\evil.com",
    "\0",
    "a b",
    "\t",
    "\u0131.com",
    "b\u00fccher",
    "\u0661\u0662",
    "\uff0eevil\uff0ecom",
    "evil\u3002com",
    "\u2100",
    "&admin=1",
    "=;",
    "[::1]",
    "",
    "\ud800",
    "-",
    ".evil",
    "evil.",
]
VALUES = st.sampled_from(HOSTILE) | st.text(max_size=20) | st.text("ab.-/:@%?#\\&= ", max_size=12)


def refusal(parts: list[str | Hole]) -> str:
    with pytest.raises(FlowError) as caught:
        fill(parts)
    return caught.value.code


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        (["https://a.example/x"], "https://a.example/x"),
        ([Hole("https://a.example/"), "/x"], "https://a.example/x"),
        ([Hole("https://a.example/api"), "/x"], "https://a.example/api/x"),
        ([Hole("https://a.example/api?x=1")], "https://a.example/api?x=1"),
        (["https://", Hole("eu.a"), ".example/"], "https://eu.a.example/"),
        (["https://", Hole("a.example:8443"), "/x"], "https://a.example:8443/x"),
        (["http://127.0.0.1:", Hole(8080), "/"], "http://127.0.0.1:8080/"),
        (["https://a.example/", Hole("x/ü"), "/y"], "https://a.example/x%2F%C3%BC/y"),
        (["https://a.example/v", Hole(2), ".json"], "https://a.example/v2.json"),
        (["https://a.example/?q=", Hole("a b&c")], "https://a.example/?q=a%20b%26c"),
        (["https://a.example/#", Hole("a#b")], "https://a.example/#a%23b"),
        (
            ["https://a.example/", Hole(Unknown("steps.x.id")), "/y"],
            "https://a.example/<steps.x.id>/y",
        ),
        ([Hole(Unknown("saved.url")), "/y"], "<saved.url>/y"),
        (["https://", Hole(Unknown("callback.h")), "/y"], "https://<callback.h>/y"),
    ],
)
def test_a_url_is_filled(parts: list[str | Hole], url: str) -> None:
    assert fill(parts) == url


def test_a_secret_part_makes_the_url_secret() -> None:
    url = fill(["https://a.example/", Hole(Secret("fake-secret"))])

    assert isinstance(url, Secret)
    assert url.reveal() == "https://a.example/fake-secret"


@pytest.mark.parametrize(
    "parts",
    [
        [Hole("a.example"), "/x"],
        [Hole("ftp://a.example"), "/x"],
        [Hole("https://u@a.example"), "/x"],
        [Hole("https://a.example#"), "/x"],
        [Hole("https://a.example?x"), "/x"],
        [Hole("https://a.example"), ".evil.com/"],
        [Hole("https://a.example"), Hole("evil.com")],
        [Hole("https://a.example"), "", Hole("evil.com")],
        [Hole("https://a.example\\.evil.com"), "/x"],
        [Hole("https://bücher.example"), "/x"],
        [Hole("https://a.example/\r\nX: y")],
        ["https", Hole("s"), "://a.example/"],
        ["https://[", Hole("::1"), "]/"],
        ["https://", Hole("a:80"), ".example/"],
        ["https://", Hole("a:80"), ":90/"],
        ["https://a.example:", Hole("80/x")],
        ["https://a.example:", Hole("\u0661")],
        ["https://a.example/", Hole("")],
        ["https://a.example/", Hole(".."), "/x"],
        ["https://a.example/.", Hole("."), "/x"],
        ["https://a.example/%2e", Hole("."), "?x"],
        ["https://a.example/v", Hole(""), "/x"],
        ["https://a.example/%2E%2e"],
        [Hole("https://a.example/../x")],
        ["https://a.example/", Hole(None)],
        ["https://a.example/", Hole(["x"])],
    ],
)
def test_a_value_that_cannot_stand_there_is_refused(parts: list[str | Hole]) -> None:
    assert refusal(parts) == "E222"


@pytest.mark.parametrize(
    "url",
    [
        "a.example/x",
        "https:///x",
        "https://u:p@a.example/",
        "https://a.example:/",
        "https://a.example:0/",
        "https://a.example:70000/",
        "https://a.example/a b",
        "https://a.example\\x",
        "https://a..example/",
        "https://bücher.example/",
        "https://a.example/\x00",
        "https://[::g]/",
        "https://[127.0.0.1]/",
        "https://2130706433/",
        "https://127.1/",
        "https://0x7f.0.0.1/",
        "https://127.0.0.0x1/",
        "https://127.0.0.01/",
        "https://id.example.5/",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    assert refusal([url]) == "E214"


@given(VALUES, VALUES, VALUES)
def test_no_value_leaves_its_place(x: str, y: str, z: str) -> None:
    url = rendered(x, y, z)
    if url is None:
        return
    parts = urlsplit(url)

    assert url.isascii()
    assert url.isprintable()
    assert parts.scheme == "https"
    assert parts.netloc == f"{x}.zendesk.com"
    assert set(x.lower()) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert [unquote(segment) for segment in parts.path.split("/")] == ["", "a", y]
    assert y not in ("", ".", "..")
    assert parse_qsl(parts.query, keep_blank_values=True) == [("q", z)]
    assert parts.fragment == ""


def rendered(x: str, y: str, z: str) -> str | None:
    values: dict[str, Value] = {"x": x, "y": y, "z": z}
    template = "https://{{ inputs.x }}.zendesk.com/a/{{ inputs.y }}?q={{ inputs.z }}"
    try:
        return str(reveal(render_url(template, Scope({"inputs": values}))))
    except FlowError:
        return None


@given(st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True), st.text(min_size=1), st.text())
def test_every_text_finds_room_in_a_path_and_a_query(x: str, y: str, z: str) -> None:
    if y in (".", ".."):
        return

    assert rendered(x, y, z) is not None


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_parameters_come_back_as_they_were(pairs: list[tuple[str, str]]) -> None:
    names = dict(pairs)

    url = with_query("https://a.example/x?kept=1#end", names)

    assert isinstance(url, str)
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == [("kept", "1"), *names.items()]
    assert urlsplit(url).fragment == "end"


def test_a_query_drops_null_and_repeats_lists() -> None:
    url = with_query("https://a.example/", {"a": None, "b": ["x y", 1], "c": True})

    assert url == "https://a.example/?b=x%20y&b=1&c=true"


def test_a_query_with_a_secret_is_secret_and_an_unknown_is_shown() -> None:
    url = with_query("https://a.example/", {"s": Secret("fake-secret"), "n": "x"})

    assert isinstance(url, Secret)
    assert url.reveal() == "https://a.example/?s=fake-secret&n=x"
    assert with_query("https://a.example/?", {"c": Unknown("x.y")}) == "https://a.example/?c=<x.y>"


def test_a_map_is_no_parameter() -> None:
    with pytest.raises(FlowError, match="a map"):
        with_query("https://a.example/", {"a": {"b": 1}})


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://A.Example:443/x?y", "https://a.example"),
        ("http://a.example:80", "http://a.example"),
        ("https://a.example:08443/", "https://a.example:8443"),
        ("http://[0:0:0:0:0:0:0:1]:8080/", "http://[::1]:8080"),
    ],
)
def test_an_origin_has_one_spelling(url: str, canonical: str) -> None:
    assert origin(url) == canonical


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST"]
)
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.evil.com", "128.0.0.1", "0177.0.0.1", "::2", ""])
def test_what_only_looks_like_loopback_is_not(host: str) -> None:
    assert not is_loopback(host)


@proves("RFC 9700", "2.6", "no URL without TLS, but on loopback")
@proves("RFC 6749", "1.6", "speaks TLS with every host but loopback")
def test_http_is_for_loopback_only() -> None:
    with pytest.raises(FlowError, match="without encryption"):
        checked("http://a.example/x")

    assert checked("http://127.0.0.1:8080/x") == "http://127.0.0.1:8080/x"
    assert checked("https://a.example/#x") == "https://a.example/#x"
    assert checked(Unknown("steps.x.url")) == "<steps.x.url>"


@proves("RFC 6749", "3.1", "refuses an endpoint with a fragment")
def test_an_endpoint_has_no_fragment() -> None:
    with pytest.raises(FlowError, match="fragment"):
        checked("https://a.example/#x", endpoint=True)
