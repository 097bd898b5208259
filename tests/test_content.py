"""What the body of an answer says, in each form that a provider may choose."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.content import DEEPEST_XML, content_of
from flowrun.secret import JSON

CONCUR = b"""<?xml version="1.0" encoding="utf-8"?>
<Access_Token xmlns="http://example.test/schema" version="2">
  <Instance_Url>https://example.test</Instance_Url>
  <Token>fake-access</Token>
  <Scope>read</Scope><Scope>write</Scope>
  <Note lang="en">kept</Note>
  <Nothing/>
</Access_Token>"""

BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;&b;</a>'

DEEP = b"<a>" * (DEEPEST_XML + 1) + b"</a>" * (DEEPEST_XML + 1)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def test_xml_is_maps_of_elements() -> None:
    assert content_of(CONCUR, "application/xml") == {
        "Access_Token": {
            "@version": "2",
            "Instance_Url": "https://example.test",
            "Token": "fake-access",
            "Scope": ["read", "write"],
            "Note": {"@lang": "en", "#text": "kept"},
            "Nothing": "",
        }
    }


@pytest.mark.parametrize(
    ("body", "declared"),
    [
        pytest.param(BOMB, "text/xml", id="entities"),
        pytest.param(DEEP, "text/xml", id="deep"),
        pytest.param(b"<a><b></a>", "text/xml", id="broken"),
        pytest.param(b"<a/>", "text/plain", id="not declared"),
        pytest.param(b"<html>a=b</html>", "text/html", id="a page"),
        pytest.param(b"a=b&c=d", "text/html", id="a page that looks like fields"),
        pytest.param(b'{"a": NaN}', "application/json", id="not JSON"),
        pytest.param(b"not (json)", "text/javascript", id="a call of something else"),
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"<?xml version='1.0' encoding='hex'?><a/>", "text/xml", id="no encoding"),
        pytest.param(b" " * 1_000_000, "", id="a page of spaces"),
        pytest.param(b"a()" + b" " * 1_000_000 + b"x", "", id="a call that goes on"),
    ],
)
def test_what_is_none_of_the_forms_says_nothing(body: bytes, declared: str) -> None:
    assert content_of(body, declared) is None


@given(JSON_VALUES, st.sampled_from(["cb(%s)", "jQuery_1.done( %s );", "/**/ f(%s);\n", "%s"]))
def test_json_reads_the_same_inside_a_call(value: JSON, call: str) -> None:
    body = (call % json.dumps(value).replace("%", "%")).encode()

    assert content_of(body, "text/javascript") == value


def test_form_encoded_fields_keep_what_is_empty() -> None:
    body = b"access_token=fake%2Baccess&scope=&token_type=bearer\n"

    assert content_of(body, "text/plain") == {
        "access_token": "fake+access",
        "scope": "",
        "token_type": "bearer",
    }


@given(st.binary(max_size=300), st.sampled_from(["text/xml", "application/json", "", "text/x"]))
def test_no_bytes_are_a_crash(body: bytes, declared: str) -> None:
    content_of(body, declared)
