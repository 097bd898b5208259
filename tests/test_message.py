"""Answers as values: what is JSON, and what is not."""

from __future__ import annotations

import pytest

from flowrun.content import MOST_JSON_DEPTH
from flowrun.message import Response
from flowrun.secret import JSON, seal


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        (b"1e999", "1e999"),
        (b"[-1e999, 1e3]", ["-1e999", 1000.0]),
        (b"NaN", None),
        (b'{"a": Infinity}', None),
        (b'"\xff"', None),
        (b"9" * 5000, None),
        (b'{"a": 1', None),
        (b"", None),
    ],
)
def test_a_body_is_json_or_it_is_not(body: bytes, value: JSON) -> None:
    assert Response(200, {}, body).json == value


def test_what_is_too_deep_to_walk_is_no_json() -> None:
    deepest = Response(200, {}, b"[" * MOST_JSON_DEPTH + b"]" * MOST_JSON_DEPTH).json

    assert deepest is not None
    assert seal(deepest) == deepest
    for depth in (MOST_JSON_DEPTH + 1, 900, 100_000):
        assert Response(200, {}, b'{"a":' * depth + b"1" + b"}" * depth).json is None
