from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowrun.errors import FlowError
from flowrun.filters import FILTERS, Octets, apply
from flowrun.secret import JSON


@pytest.mark.parametrize(
    ("name", "value", "arguments", "result"),
    [
        ("join", ["read", 2, True], [","], "read,2,true"),
        ("split", "a,b", [","], ["a", "b"]),
        ("default", None, ["x"], "x"),
        ("default", 0, ["x"], 0),
        ("slice", "abcdef", [1, 3], "bc"),
        ("slice", [1, 2, 3], [-1], [3]),
        ("regex", "id=42&x", [r"id=(\d+)"], "42"),
        ("regex", "id=42", [r"\w+=(\d)(\d)", 2], "2"),
        ("regex", "id=42", ["nothing"], None),
        (
            "regex",
            '<https://a.example/2>; rel="next"',
            ['<([^>]*)>; rel="next"'],
            "https://a.example/2",
        ),
        ("json", {"a": [1, None, "é"]}, [], '{"a":[1,null,"é"]}'),
        ("urlencode", "a b/ü", [], "a%20b%2F%C3%BC"),
        ("hex", "é", [], "c3a9"),
        ("base64", "??>", [], "Pz8+"),
        ("base64url", "??>a", [], "Pz8-YQ"),
        ("lower", "AbC", [], "abc"),
        ("upper", "AbC", [], "ABC"),
        ("trim", " a\n", [], "a"),
        ("first", ["a", "b"], [], "a"),
        ("last", [], [], None),
        ("string", True, [], "true"),
        ("int", " 42 ", [], 42),
        ("int", 42.0, [], 42),
    ],
)
def test_a_filter_makes_what_it_says(
    name: str, value: JSON, arguments: list[JSON], result: JSON
) -> None:
    assert apply(name, value, arguments) == result


def test_hashes_and_signatures_are_those_of_the_standard_library() -> None:
    digest = apply("hex", apply("hash", "é", ["sha256"]), [])
    signature = apply("base64", apply("hmac", "text", ["key", "sha1"]), [])

    assert digest == hashlib.sha256("é".encode()).hexdigest()
    assert signature == base64.b64encode(hmac.digest(b"key", b"text", "sha1")).decode()


def test_a_signature_can_be_the_key_of_the_next() -> None:
    first = apply("hmac", "day", ["key", "sha256"])
    second = apply("hex", apply("hmac", "text", [first, "sha256"]), [])

    assert second == hmac.digest(hmac.digest(b"key", b"day", "sha256"), b"text", "sha256").hex()


def test_claims_are_the_payload_of_a_jwt() -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"sub": "ü"}).encode()).decode().rstrip("=")

    assert apply("claims", f"e30.{payload}.sig", []) == {"sub": "ü"}


@pytest.mark.parametrize(
    ("name", "value", "arguments"),
    [
        ("join", "fake-secret", [","]),
        ("join", [["fake-secret"]], [","]),
        ("split", "fake-secret", [""]),
        ("lower", True, []),
        ("lower", Octets("fake-secret"), []),
        ("int", "fake-secret", []),
        ("int", float("inf"), []),
        ("int", True, []),
        ("claims", "fake-secret", []),
        ("claims", "a.fake-secret.b", []),
        ("hash", "fake-secret", ["sha3"]),
        ("slice", "fake-secret", ["a"]),
        ("regex", "fake-secret", ["a", 1]),
        ("regex", "fake-secret", ["("]),
        ("urlencode", "fake-secret\ud800", []),
    ],
)
def test_what_does_not_fit_is_refused_without_being_shown(
    name: str, value: JSON, arguments: list[JSON]
) -> None:
    with pytest.raises(FlowError) as caught:
        apply(name, value, arguments)

    assert caught.value.code == "E222"
    assert "fake-secret" not in str(caught.value)


def test_a_result_has_an_end() -> None:
    with pytest.raises(FlowError, match="65536"):
        apply("join", ["x" * 1000] * 100, [""])


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a*)*b",
        r"(a|a)*b",
        r"(a|aa)+$",
        r"([a-z]+)*!",
        r"(?:a{1,9}){1,9}b",
        r"a*a*a*a*b",
        r".*.*.*x",
        r"\w*\d*\w*x",
        r"a+?a+?a+?b",
        r"(a)\1*",
        r"(?=a+)b",
        r"(?P<n>a)",
        r"(?i)a",
        "(a|a)" * 40 + "b",
        "a?" * 60 + "b",
        "\\N{DIGIT ONE}*b",
        "a{99999999999}",
        "x" * 201,
    ],
)
def test_a_pattern_that_could_take_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(FlowError):
        apply("regex", "a" * 4096, [pattern])


@pytest.mark.parametrize(
    "pattern",
    [
        r"[^b]*a$!",
        r"\w+(a)?!",
        r".*" + "a" * 60 + "b",
        r".*a{60}b",
        r"[^b]*\w+[a-c]$b",
        r"^.*.*.*!",
        r"(a*)[^b]*(a*)(a)?\w!",
        "a?" * 18 + "b",
    ],
)
def test_the_longest_text_that_a_slow_pattern_may_search_takes_no_second(pattern: str) -> None:
    lengths = (int(4096 * 0.95**step) for step in range(150))
    text = next(text for length in lengths if not refusal(pattern, text := "a" * length))

    begun = time.process_time()  # of the processor: how busy the machine is has no say
    apply("regex", text, [pattern])

    assert time.process_time() - begun < 1


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["a", "b", ".", r"\w", "[^b]", "*", "+", "?", "*?", "{2,}", "(", "(?:", ")", "|", "^"]
        ),
        max_size=14,
    ).map("".join)
)
def test_every_accepted_pattern_ends(pattern: str) -> None:
    assert refusal(pattern, "a" * 400 + "!") in ("", "E222")


def refusal(pattern: str, text: str) -> str:
    try:
        apply("regex", text, [pattern])
    except FlowError as error:
        return error.code
    return ""


def test_a_long_text_is_not_searched() -> None:
    with pytest.raises(FlowError, match="5000 characters"):
        apply("regex", "a" * 5000, ["a"])


def test_the_table_is_sorted() -> None:
    assert list(FILTERS) == sorted(FILTERS)
