from __future__ import annotations

import json
import shlex
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flowrun
from flowrun.errors import FlowError
from flowrun.message import Body, Pairs, Request
from flowrun.secret import JSON, Secret, Value
from flowrun.wire import as_curl, encode

SECRET = "fake-secret-of-acme"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


class Unknown:
    """A value that is known only once the flow runs."""

    def __str__(self) -> str:
        return "<steps.capture.code>"


def post(kind: str, content: Value) -> Request:
    body = Body("form" if kind == "form" else "json" if kind == "json" else "text", content)
    return Request("POST", "https://id.example/token", body=body)


def header(request: Request, name: str) -> str:
    return dict(encode(request).headers)[name]


def test_query_is_appended_to_what_the_url_has() -> None:
    query: Pairs = {"q": "a b&c", "none": None, "many": ["1", "2"], "yes": True, "n": 3}
    request = Request("GET", "https://id.example/x?have=1#fragment", query)

    assert encode(request).url == (
        "https://id.example/x?have=1&q=a%20b%26c&many=1&many=2&yes=true&n=3"
    )


def test_url_is_made_sendable_without_changing_what_is_encoded() -> None:
    request = Request("GET", "https://id.example/a b/%2F/ü?x=ü")

    assert encode(request).url == "https://id.example/a%20b/%2F/%C3%BC?x=%C3%BC"


@given(st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=5))
def test_query_comes_out_as_it_went_in(query: dict[str, str]) -> None:
    url = encode(Request("GET", "https://id.example/", query)).url

    assert dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)) == query


@given(st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=5))
def test_form_comes_out_as_it_went_in(form: dict[str, str]) -> None:
    body = encode(post("form", form)).body or b""

    assert dict(parse_qsl(body.decode(), keep_blank_values=True)) == form


def test_form_writes_a_space_as_a_plus_and_reveals_secrets() -> None:
    form: Value = {"scope": "read write", "client_secret": Secret(SECRET), "gone": None}
    request = post("form", form)

    assert encode(request).body == b"scope=read+write&client_secret=fake-secret-of-acme"
    assert header(request, "Content-Type") == "application/x-www-form-urlencoded"


def test_json_leaves_null_members_out_and_keeps_types() -> None:
    request = post("json", {"a": 1, "b": None, "c": {"d": None, "e": [None, True]}})
    expected: JSON = {"a": 1, "c": {"e": [None, True]}}

    assert json.loads(encode(request).body or b"") == expected
    assert header(request, "Content-Type") == "application/json"


def test_text_is_sent_as_it_is() -> None:
    request = post("text", Secret("<grüße/>"))

    assert encode(request).body == "<grüße/>".encode()
    assert header(request, "Content-Type") == "text/plain; charset=utf-8"


def test_own_headers_give_way_to_the_flows_and_no_packed_answer_is_asked_for() -> None:
    request = post("json", {})._replace(
        headers={"accept": "text/xml", "content-type": "application/vnd.x+json"}
    )
    headers = encode(request).headers

    assert [name.lower() for name, _ in headers].count("accept") == 1
    assert [name.lower() for name, _ in headers].count("content-type") == 1
    assert header(request, "Accept-Encoding") == "identity"
    assert header(request, "User-Agent") == f"flowrun/{flowrun.__version__}"


def test_the_flows_user_agent_takes_the_place_of_ours_and_shows() -> None:
    request = Request("GET", "https://id.example/", headers={"user-agent": "acme/1"})
    agents = [value for name, value in encode(request).headers if name.lower() == "user-agent"]

    assert agents == ["acme/1"]
    assert "-H 'user-agent: acme/1'" in as_curl(request)


def test_json_is_asked_for_unless_the_flow_says_otherwise() -> None:
    assert header(Request("GET", "https://id.example/"), "Accept") == "application/json"


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b", "€", f"\n{SECRET}"])
def test_header_value_that_no_header_can_hold_is_refused_unseen(value: str) -> None:
    request = Request("GET", "https://id.example/", headers={"X-Key": Secret(value)})

    with pytest.raises(FlowError, match="X-Key") as caught:
        encode(request)

    assert caught.value.code == "E222"
    assert SECRET not in repr(caught.value)


@pytest.mark.parametrize(
    "name", ["", "a b", "a:b", "a: b", "ü", "x\n", "Host", "content-length", "accept-encoding"]
)
def test_header_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(FlowError) as caught:
        encode(Request("GET", "https://id.example/", headers={name: "v"}))

    assert caught.value.code == "E222"


def test_secret_that_is_no_unicode_leaves_no_trace() -> None:
    with pytest.raises(FlowError) as caught:
        encode(post("form", {"client_secret": Secret(SECRET + "\udc80")}))

    assert caught.value.code == "E222"
    assert caught.value.__cause__ is None
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("json", {"a": float("inf")}),
        ("json", {"a": float("nan")}),
        ("json", {"a": "\ud800"}),
        ("text", {"a": 1}),
        ("text", [1]),
    ],
)
def test_what_is_no_json_or_no_text_is_not_sent(kind: str, content: Value) -> None:
    with pytest.raises(FlowError) as caught:
        encode(post(kind, content))

    assert caught.value.code == "E222"


@pytest.mark.parametrize("value", [{"b": "c"}, [["b"]]])
def test_map_in_a_parameter_is_refused(value: Value) -> None:
    with pytest.raises(FlowError, match="a is a map"):
        encode(post("form", {"a": value}))


def test_curl_command_shows_the_request_without_its_secrets() -> None:
    form: Value = {"grant_type": "authorization_code", "client_secret": Secret(SECRET)}
    request = post("form", form)._replace(headers={"Authorization": Secret("Basic " + SECRET)})
    command = as_curl(request)

    assert SECRET not in command
    assert shlex.split(command.replace("\\\n", "")) == [
        *["curl", "https://id.example/token"],
        *["-H", "Authorization: ***"],
        *["-H", "Accept: application/json"],
        *["-H", "Content-Type: application/x-www-form-urlencoded"],
        *["--data-urlencode", "grant_type=authorization_code"],
        *["--data-urlencode", "client_secret=***"],
    ]


def test_curl_command_names_a_method_that_curl_would_not_take_by_itself() -> None:
    assert as_curl(Request("DELETE", "https://id.example/1")).startswith("curl -X DELETE https")


def test_curl_command_keeps_its_arguments_whole() -> None:
    command = as_curl(post("text", "it's $(nothing)\n"))

    assert shlex.split(command)[-2:] == ["--data-raw", "it's $(nothing)\n"]


def test_curl_command_masks_a_secret_in_the_url_and_in_json() -> None:
    request = post("json", {"code": Secret(SECRET)})._replace(query={"key": Secret(SECRET)})
    words = shlex.split(as_curl(request))

    assert words[1] == "https://id.example/token?key=***"
    assert words[-1] == '{"code": "***"}'


def test_curl_command_shows_by_name_what_is_not_known_yet() -> None:
    unknown: JSON = str(Unknown())
    request = post("json", {"code": unknown})._replace(query={"code": unknown})
    words = shlex.split(as_curl(request))

    assert words[1] == "https://id.example/token?code=<steps.capture.code>"
    assert words[-1] == '{"code": "<steps.capture.code>"}'
