from __future__ import annotations

import pytest

from flowrun.errors import FlowError
from flowrun.hosts import HostRule, literal_origin
from flowrun.secret import Value
from flowrun.taint import Unknown
from flowrun.template import Scope

VARS: dict[str, object] = {
    "site": "https://{{ inputs.name }}.example.com",
    "tld": "{{ inputs.tld | default('eu') }}",
    "server": "{{ callback.server }}",
}


def scope() -> Scope:
    inputs: dict[str, Value] = {"name": "acme", "issuer": "https://id.example:8443/realm"}
    return Scope({"inputs": inputs, "callback": {"server": "evil.com"}}, VARS)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://a.example/{{ callback.x }}", "https://a.example"),
        ("{{ vars.site }}/oauth", "https://acme.example.com"),
        ("{{ vars.site }}", "https://acme.example.com"),
        (
            "https://accounts.example.{{ vars.tld }}/x?y={{ steps.x }}",
            "https://accounts.example.eu",
        ),
        ("{{ inputs.issuer }}/.well-known", "https://id.example:8443"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080"),
        ("https://{{ callback.server }}/x", None),
        ("https://{{ vars.server }}/x", None),
        ("{{ steps.discover.token_endpoint }}", None),
        ("https://a.example:{{ saved.port }}/", None),
        ("https://a.example{{ callback.rest }}", None),
    ],
)
def test_only_what_the_recipe_and_its_inputs_say_is_literal(text: str, origin: str | None) -> None:
    assert literal_origin(text, scope()) == origin


def test_an_input_that_is_not_known_yet_names_no_host() -> None:
    unknown = Scope({"inputs": Unknown("inputs")}, VARS)

    assert literal_origin("{{ vars.site }}/x", unknown) is None


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://a.example/x", True),
        ("https://A.EXAMPLE:443/", True),
        ("http://a.example/", False),
        ("https://a.example:8443/", False),
        ("https://b.example/", True),
        ("https://c.example:8443/", True),
        ("https://c.example/", False),
        ("https://eu.d.example/", True),
        ("https://d.example/", False),
        ("https://x.eu.d.example/", False),
        ("https://evil.com/.d.example/", False),
        ("http://127.0.0.1:8080/", True),
        ("http://127.0.0.1/", False),
    ],
)
def test_a_url_is_allowed_or_not(url: str, allowed: bool) -> None:
    patterns = ["b.example", "https://c.example:8443", "*.d.example", "http://127.0.0.1:8080/"]

    assert HostRule(["https://a.example"], patterns).allows(url) is allowed


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("https://api.evil.com/x", "hosts: [api.evil.com]"),
        ("https://api.evil.com:8443/x", 'hosts: ["https://api.evil.com:8443"]'),
        ("http://127.0.0.1:8080/x", 'hosts: ["http://127.0.0.1:8080"]'),
    ],
)
def test_a_refusal_prints_the_line_that_would_allow_it(url: str, line: str) -> None:
    with pytest.raises(FlowError, match="the flow may not contact") as caught:
        HostRule([], []).check(url)

    entry = line.removeprefix("hosts: [").removesuffix("]").strip('"')
    assert caught.value.code == "E213"
    assert line in caught.value.problems[0].hint
    assert HostRule([], [entry]).allows(url)


@pytest.mark.parametrize(
    "pattern",
    ["*", "*.com", "a.*.com", "*.*.com", "*x.example.com", "https://*.com", "a.example/x"],
)
def test_an_entry_that_says_too_much_is_refused(pattern: str) -> None:
    with pytest.raises(FlowError) as caught:
        HostRule([], [pattern])

    assert caught.value.code in ("E205", "E214")


def test_http_to_a_public_host_cannot_be_allowed() -> None:
    with pytest.raises(FlowError, match="without encryption"):
        HostRule([], ["http://a.example"])


def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(FlowError) as caught:
        HostRule(["https://a.example"], []).check("https://a.example@evil.com/")

    assert caught.value.code == "E214"
