"""Whatever comes in, nothing but a documented error comes out, and in time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from flowrun.capture.redirect import parameters_of, parameters_of_paste
from flowrun.checks import check
from flowrun.document import plain, read
from flowrun.errors import CODES, FlowrunError
from flowrun.facts import facts, until
from flowrun.filters import FILTERS, Octets, apply
from flowrun.fit import coerce
from flowrun.flow import Input
from flowrun.library import find, shipped
from flowrun.load import load_source
from flowrun.message import Response
from flowrun.oauth.redirect import Expected, judge
from flowrun.place import Place, Source
from flowrun.plan import rehearse
from flowrun.record import due, record_from
from flowrun.review import downgrades, hosts
from flowrun.scope import FUNCTIONS, ROOTS
from flowrun.secret import JSON, Secret, Value, reveal
from flowrun.template import Scope, evaluate, holds, pieces, render, render_url
from servers.command import TESTS
from servers.kinds import NOON, World, run_kind

MOST_CPU_S = 3
T = TypeVar("T")


def lawful(act: Callable[[], T]) -> T | None:
    """What *act* gives, or None when it is refused as documented."""
    begun, made, codes = time.process_time(), None, set[str]()
    try:
        made = act()
    except FlowrunError as error:
        codes = {problem.code for problem in error.problems}
    assert codes <= CODES.keys()
    assert time.process_time() - begun < MOST_CPU_S
    return made


# Texts that mean something to one of the readers, and texts that mean nothing

WORDS = r"""
{{ }} {{{{ {% {# {{inputs.a}} {{vars.a}} {{steps.a.b|json}} {{callback.code}} {{saved.access_token}}
" ' \ & &a *a !!str ! | > |+1 --- ... [ ] { } , # @ null true ~ 0 -0 1e999 00 1.0 off .inf {} []
steps: token: post: from: https:// https://a.example/ http://a.example https://{{inputs.a}}.b *.a.b
%YAML 5m 90 never basic S256 (a+)+ \d é 😀
"""
MARKS = st.sampled_from(
    [
        *WORDS.split(),
        *(
            "flowrun: 1",
            "extends: zendesk",
            "extends: ./x",
            ": ",
            "- ",
            "? ",
            "<<: *a",
            "%YAML 1.2",
        ),
        *("\t", "\n", "\r", "  ", "\u2028", "\ufeff", "\x00", "9" * 30, "a" * 300),
    ]
)
TEXTS = MARKS | st.text(max_size=30) | st.lists(MARKS, max_size=5).map("".join)
ODD_TEXTS = TEXTS | st.text(st.characters(), max_size=12)  # lone surrogates too
LEAVES: st.SearchStrategy[JSON] = (
    st.none() | st.booleans() | st.integers() | st.floats() | ODD_TEXTS | st.just("9" * 5000)
)
VALUES: st.SearchStrategy[JSON] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD_TEXTS, inner, max_size=4),
    max_leaves=10,
)


# Flow files

FILES = [*TESTS.glob("flows/good/*.yaml"), *TESTS.glob("recipes/*.yaml")]
GOOD = [path.read_text("utf-8") for path in sorted(FILES)]
GOOD += [find(name)[0].text for name in shipped()]


def judged(text: str) -> None:
    flow = load_source(Source("flow.yaml", text))
    reading = check(flow)
    hosts(reading)
    downgrades(reading)
    inputs: dict[str, Value] = {name: Secret(f"fake-{name}") for name in flow.inputs}
    rehearse(flow, inputs)


@st.composite
def rewritten(draw: st.DrawFn) -> str:
    """A good file in which some lines were changed."""
    lines = draw(st.sampled_from(GOOD)).splitlines()
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(lines) - 1))
        line, mark = lines[at], draw(TEXTS)
        column = draw(st.integers(0, len(line)))
        end = draw(st.integers(column, len(line)))
        changed: list[list[str]] = [
            [],
            [line, line],
            [line, mark],
            [line[:column] + mark + line[end:]],
            [" " * draw(st.integers(1, 4)) + line],
            [line[2:]],
            [draw(st.sampled_from(lines))],
        ]
        lines[at : at + 1] = draw(st.sampled_from(changed))
        lines = lines or [""]
    return "\n".join(lines) + "\n"


DOCUMENTS = [plain(read(Source("flow.yaml", text))[0]) for text in GOOD]


def parts(value: JSON) -> list[JSON]:
    """The maps and lists in *value*, itself among them."""
    if isinstance(value, dict):
        return [value, *(part for item in value.values() for part in parts(item))]
    if isinstance(value, list):
        return [value, *(part for item in value for part in parts(item))]
    return []


@st.composite
def rebuilt(draw: st.DrawFn) -> str:
    """A good file's document in which some values and keys were changed."""
    document = json.loads(json.dumps(draw(st.sampled_from(DOCUMENTS))))
    known = [key for part in parts(document) if isinstance(part, dict) for key in part]
    for _ in range(draw(st.integers(1, 4))):
        part = draw(st.sampled_from(parts(document)))
        new = draw(
            VALUES | st.sampled_from(parts(document)).map(lambda each: json.loads(json.dumps(each)))
        )
        if isinstance(part, list):
            part.insert(draw(st.integers(0, len(part))), new)
        elif isinstance(part, dict):
            key = draw(st.sampled_from([*part, *known]) | TEXTS)
            if draw(st.booleans()):
                part.pop(key, None)
            else:
                part[key] = new
    return json.dumps(document)


@given(TEXTS | st.text(max_size=200) | rewritten() | rebuilt())
def test_a_flow_file_is_taken_or_refused(text: str) -> None:
    lawful(lambda: judged(text))


# Templates

OPERATORS = [
    "~",
    "==",
    "!=",
    "<",
    "<=",
    "in",
    "not in",
    "and",
    "or",
    "+",
    "-",
    "*",
    "**",
    "%",
    "//",
]


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    filters = st.sampled_from([*FILTERS, "replace", "attr", "map", "safe"])
    arguments = st.lists(inner, max_size=3).map(", ".join)
    return st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(" ".join),
        st.tuples(inner, filters).map(" | ".join),
        st.builds("{} | {}({})".format, inner, filters, arguments),
        st.builds("{}({})".format, st.sampled_from([*FUNCTIONS, "range", "inputs.a"]), arguments),
        st.builds("{}[{}]".format, inner, inner),
        st.builds(
            "{}.{}".format, inner, st.sampled_from(["a", "b", "__class__", "0", "", "\u00e9"])
        ),
        st.builds("({})".format, inner),
        st.builds("not {}".format, inner),
        st.builds("-{}".format, inner),
        st.builds("[{}]".format, arguments),
        st.builds("{} if {} else {}".format, inner, inner, inner),
        st.builds("{} {}".format, inner, TEXTS),
    )


EXPRESSIONS = st.recursive(
    st.sampled_from([f"{root}.{name}" for root in ROOTS for name in ("a", "b", "list", "map")])
    | st.sampled_from(
        ["1", "0", "-1", "1.5", "1e999", "'x'", '"\\u00e9"', "''", "none", "true", "[]"]
    )
    | st.sampled_from(
        ["'(a+)+'", "'sha256'", "'s'", "','", "9" * 30, "'\\ud800'", "'\\", "inputs"]
    ),
    compound,
    max_leaves=12,
)


def scope(value: JSON) -> Scope:
    names: dict[str, Value] = {
        "inputs": {"a": value, "b": "x", "list": ["read", "write"], "map": {"a": value}},
        "steps": {"a": {"b": Secret(value)}},
        "callback": {"a": Secret("x"), "b": ""},
        "saved": {"a": Secret("e30.e30.x"), "b": None, "list": [value, value]},
    }
    return Scope(names, {"a": "{{ inputs.a }}", "b": "{{ vars.a }}-{{ vars.b }}", "list": [value]})


@given(EXPRESSIONS, VALUES)
def test_an_expression_has_a_value_or_is_refused(expression: str, value: JSON) -> None:
    lawful(lambda: evaluate(expression, scope(value)))
    lawful(lambda: holds(expression, scope(value)))


@given(st.lists(TEXTS | EXPRESSIONS.map("{{{{ {} }}}}".format), max_size=5).map("".join), VALUES)
def test_a_text_is_rendered_or_refused(text: str, value: JSON) -> None:
    lawful(lambda: pieces(text))
    lawful(lambda: render({"text": [text]}, scope(value)))
    lawful(lambda: render_url(text, scope(value)))
    lawful(lambda: render_url(f"https://{text}", scope(value)))


@given(st.sampled_from([*FILTERS]), VALUES | st.text().map(Octets), st.data())
def test_a_filter_works_or_is_refused(name: str, value: JSON, data: st.DataObject) -> None:
    likely = st.sampled_from(["sha256", ",", "", "a*", "(a)|b", 0, 1, -1, None])
    count = data.draw(st.sampled_from(FILTERS[name].counts))
    arguments = data.draw(st.lists(likely | VALUES, min_size=count, max_size=count))

    lawful(lambda: apply(name, value, arguments))


@given(
    st.sampled_from(["text", "integer", "number", "boolean", "list", "host", "url"]),
    VALUES,
    st.sampled_from(["", "[a-z]+"]),
    st.booleans(),
)
def test_an_input_takes_a_value_or_refuses_it(
    kind: str, value: JSON, pattern: str, secret: bool
) -> None:
    item = Input("it", Place(Source("", ""), 1, 1), type=kind, pattern=pattern, secret=secret)

    lawful(lambda: coerce(item, value))


# What comes back from the browser

PAIRS = st.lists(
    st.tuples(
        st.sampled_from(["code", "state", "error", "error_description", "iss", "x"]) | ODD_TEXTS,
        st.sampled_from(["xyz", "https://id.example", "a%20b", "%ff", "%", "+", "=", ";"]) | TEXTS,
    ).map("=".join),
    max_size=6,
).map("&".join)
REDIRECT, ASKED = "https://app.example/callback", "https://id.example/authorize?state=xyz"


@given(
    PAIRS | TEXTS,
    st.sampled_from(
        [
            "",
            "?",
            f"{REDIRECT}?",
            f"{REDIRECT}#",
            f"{ASKED}&",
            "HTTPS://APP.EXAMPLE/callback?",
            "a:/",
        ]
    ),
    st.builds(
        Expected, st.none() | TEXTS, st.booleans(), st.sampled_from(["", "https://id.example"])
    ),
    st.booleans(),
)
def test_a_redirect_is_an_answer_or_is_refused(
    query: str, before: str, expected: Expected, bare: bool
) -> None:
    found = [
        lawful(lambda: parameters_of(query)),
        lawful(lambda: parameters_of_paste(before + query, REDIRECT, ASKED)),
        lawful(lambda: parameters_of_paste(query, before + query, before)),
        lawful(lambda: parameters_of_paste(before + query, REDIRECT, ASKED, mode="fragment")),
    ]
    for parameters in filter(None, found):
        lawful(partial(judge, parameters, expected, bare=bare))


# What servers answer

FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "access_token": st.sampled_from(["a", "e30.e30.x", "e30.W10.x", ""]) | VALUES,
        "refresh_token": VALUES,
        "expires_in": VALUES,
        "expires_at": VALUES | st.sampled_from(["9999-12-31T23:59:59-23:59", "0001-01-01"]),
        "scope": VALUES,
        "error": VALUES,
        "error_description": VALUES,
        "code": VALUES,
        "message": VALUES,
        "flowrun": VALUES,
        "data": VALUES,
    },
)
XML = st.recursive(
    TEXTS,
    lambda inner: st.builds(
        "{}<{}{}>{}</{}>".format,
        st.sampled_from(
            ["", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='hex'?>", "<!--"]
        ),
        st.sampled_from(["a", "x:a", "access_token", "data", ""]),
        st.sampled_from(["", " b='1'", " xmlns:x='u'", " xmlns='u' b='&amp;'", " b"]),
        inner,
        st.sampled_from(["a", "x:a", "access_token", "data", ""]),
    ),
    max_leaves=4,
)
BODIES = (
    st.binary(max_size=60)
    | (FIELDS | VALUES).map(lambda value: json.dumps(value).encode())
    | PAIRS.map(lambda query: query.encode("utf-8", "replace"))
    | st.builds("{}{}({}){}".format, *[ODD_TEXTS] * 4).map(lambda it: it.encode("utf-8", "replace"))
    | XML.map(lambda it: it.encode("utf-8", "replace"))
    | st.sampled_from(
        [b"", b"[" * 99_999, b'{"access_token":' * 500, b"\xff\xfe{", b"<a/>", b"null"]
    )
)
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "Location", "Retry-After"]),
    st.sampled_from(
        [
            "application/json",
            "text/xml",
            "text/html",
            "x",
            "https://evil.example",
            "http",
            "\xb2",
            "",
        ]
    )
    | st.text("azAZ09-/;= \xe9\xb2", max_size=12),
)
STATUSES = st.sampled_from([200, 200, 200, 201, 302, 400, 401, 429, 500, 204, 999])
URL = "post: https://id.example/token"


@given(
    BODIES,
    STATUSES,
    HEADERS,
    st.sampled_from(
        [
            "",
            ", unwrap: response.json.data",
            ", outputs: {access_token: response.json.data, x: response.headers.location}",
            ", expect: response.json.data == 'x'",
            ", expires: {in: response.json.data}",
            ", expires: {at: response.json.data}",
            ", expires: {at: response.json.data, format: '%d/%m/%Y %H:%M:%S'}",
            ", expires: {in: response.json.expires_in, unit: ms}",
            ", errors: {code: response.json.data, text: response.text, ends: [x], hints: {x: y}}",
            ", client: {id: '{{ inputs.x }}', secret: '{{ inputs.x }}', auth: basic}",
            ", client: {id: '{{ inputs.x }}', secret: '{{ inputs.x }}', auth: basic-raw}",
            ", form: {a: '{{ inputs.x }}'}",
            ", form: {a: '{{ inputs.x }}', b: c}, names: {a: d}, order: [b], raw: [a]",
            ", json: {a: '{{ inputs.x }}'}",
            ", query: {a: '{{ inputs.x }}'}, bearer: '{{ inputs.x }}'",
            ", headers: {X-A: '{{ inputs.x }}'}",
            ", refresh_before: '{{ inputs.x }}'",
        ]
    ),
    VALUES,
)
def test_an_answer_is_a_token_or_is_refused(
    body: bytes, status: int, headers: dict[str, str], options: str, value: JSON
) -> None:
    world = World(lambda _: Response(status, headers, body))
    inputs: dict[str, Value] = {"x": Secret(value)}

    made = lawful(lambda: run_kind("token", f"{{{URL}{options}}}", world, inputs=inputs))

    if made is not None:
        fields = reveal(made)
        assert isinstance(fields, dict)
        record = record_from(json.loads(json.dumps(fields, allow_nan=False)))
        due(record, NOON)
        until(record)
        json.dumps(facts(record))


@given(
    BODIES,
    STATUSES,
    HEADERS,
    st.sampled_from(
        [
            "outputs: {a: response.json.data, b: response.text, c: response.status}",
            "outputs: {a: response.json | json, b: response.headers['retry-after']}",
            "outputs: {a: \"response.text | regex('=([^&]*)')\", b: response.json.data | claims}",
            "outputs: {a: response.json.data.code[0], b: response.json.scope | split(' ')}",
            "outputs: {a: response.json | query, b: \"response.json.data | map('a')\"}",
            "outputs: {a: \"response.json.data | find('a', 1)\"}",
            "outputs: {b: \"response.json | without('a')\"}",
            "expect: response.json.data == 'x'",
            "expect: response.json.error < response.json.code",
        ]
    ),
)
def test_an_answer_of_an_api_is_read_or_refused(
    body: bytes, status: int, headers: dict[str, str], options: str
) -> None:
    world = World(lambda _: Response(status, headers, body))

    lawful(lambda: run_kind("http", f"{{get: 'https://id.example/', {options}}}", world))


@given(VALUES, st.sampled_from(["RS256", "ES256", "HS256", "EdDSA", "PS512", "none"]), VALUES)
def test_a_jwt_is_signed_or_refused(key: JSON, alg: str, claim: JSON) -> None:
    options = (
        f"{{alg: {alg}, key: '{{{{ inputs.key }}}}', claims: {{sub: '{{{{ inputs.sub }}}}'}}}}"
    )

    lawful(lambda: run_kind("jwt", options, inputs={"key": Secret(key), "sub": claim}))
