"""What is found before anything runs; each message stands in tests/flows."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.checks import check
from flowrun.checks.reading import Reading
from flowrun.document import parse
from flowrun.errors import FlowError, Problem
from flowrun.load import load_source
from flowrun.place import Source
from flowrun.review import downgrades
from flowrun.steps import KINDS
from flowrun.template import uses
from servers.kinds import World, answer, run_kind, step_of
from standards import proves

TOKEN = "  - token: {post: 'https://id.example/token'}\n"


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(FlowError) as caught:
        check(load_source(Source("flow.yaml", f"flowrun: 1\nname: acme\n{text}")))
    return caught.value.problems


def test_everything_is_told_at_once() -> None:
    problems = problems_of("""\
inputs: {unread: {}, key: {secret: true, default: fake-secret}}
profiles: {eu: {}, us: {}}
steps:
  - authorize: {url: "http://id.example/{{ inputs.key }}", query: {redirect_uri: "http://[::1]/"}}
  - capture: {at: "http://127.0.0.1/"}
  - token: {post: "https://id.example/{{ steps.authorize.urll }}"}
  - show: Never
    if: false
save: acme/
""")

    found = {problem.code for problem in problems}
    assert found == {"E205", "E214", "E220", "E222", "E226", "E227", "E229", "E230", "E232"}


def test_a_mistake_that_several_steps_inherit_is_told_once() -> None:
    problems = problems_of(f"""\
defaults: {{token: {{form: {{a: "{{{{ inputs.nobody }}}}"}}}}}}
steps:
{TOKEN}  - id: bot
    token: {{post: "https://id.example/token", name: bot}}
""")

    assert [problem.message for problem in problems] == ["there is no input 'nobody'"]


def test_no_excerpt_shows_a_secret_that_stands_in_the_file() -> None:
    problems = problems_of(f"""\
inputs: {{key: {{secret: true}}, site: {{}}}}
profiles: {{eu: {{siet: acme, key: fake-secret-of-acme}}}}
steps:
{TOKEN[:-2]}, form: {{a: "{{{{ inputs.key ~ inputs.site }}}}"}}}}
""")

    excerpts = [problem.place.excerpt() for problem in problems if problem.place]
    assert len(excerpts) == 2
    assert "fake-secret-of-acme" not in "".join(excerpts)


# what a step hands on


@pytest.mark.parametrize(
    ("kind", "options", "world"),
    [
        ("ask", "{text: Which site?}", World(said="acme")),
        ("authorize", "{url: https://id.example/authorize, openid: true}", World()),
        (
            "http",
            "{get: https://id.example/me, outputs: {id: response.json.id}}",
            World(lambda _: answer(id=7)),
        ),
        ("set", "{a: 1, expect: b}", World()),
        ("show", "Hello", World()),
    ],
)
def test_a_step_hands_on_what_it_says(kind: str, options: str, world: World) -> None:
    handed = KINDS[kind].hands_on(step_of(kind, options).options)

    assert handed is not None
    assert run_kind(kind, options, world).keys() <= handed


@pytest.mark.parametrize("kind", ["capture", "token"])
def test_what_a_provider_decides_is_not_known_beforehand(kind: str) -> None:
    options = parse(Source("flow.yaml", "at: http://127.0.0.1:8484/"))

    assert KINDS[kind].hands_on(options) is None


# what is weaker than flowrun's own way


def weaker(steps: str) -> list[str]:
    text = f"""\
flowrun: 1
name: acme
inputs: {{key: {{secret: true}}, site: {{}}}}
vars: {{key: "{{{{ inputs.key }}}}", auth: post}}
steps:
{steps}{TOKEN}"""
    return [each.message for each in downgrades(Reading(load_source(Source("flow.yaml", text))))]


@proves("RFC 6750", "5.3", "lists a token in a URL as a step down")
@pytest.mark.parametrize(
    ("step", "found"),
    [
        ('http: {get: "https://id.example/{{ inputs.key }}"}', ["key"]),
        ('http: {get: "https://id.example/", query: {a: "{{ vars.key }}"}}', ["key"]),
        ('http: {get: "https://id.example/", as: query, params: {a: "{{ vars.key }}"}}', ["key"]),
        (
            'http: {get: "https://id.example/", as: query,'
            ' client: {id: a, secret: "{{ inputs.key }}", auth: "{{ vars.auth }}"}}',
            ["key"],
        ),
        ('http: {get: "https://id.example/?t={{ steps.token.access_token }}"}', None),
        ('http: {post: "https://id.example/", params: {a: "{{ inputs.key }}"}}', []),
        ('http: {get: "https://id.example/", bearer: "{{ inputs.key }}"}', []),
        ('http: {get: "https://{{ inputs.site }}.example/"}', []),
    ],
)
def test_a_secret_in_a_url_is_listed(step: str, found: list[str] | None) -> None:
    names = ["steps.token.access_token"] if found is None else found

    assert weaker(f"  - {step}\n") == [f"secret in a URL: {name}" for name in names]


def test_a_secret_on_its_way_through_a_step_is_listed_where_it_is_sent() -> None:
    steps = """\
  - set: {sign: "{{ vars.key | hash('sha256') | hex }}"}
  - http: {get: "https://id.example/", query: {a: "{{ steps.set.sign }}"}}
"""

    assert weaker(steps) == ["secret in a URL: key"]


# places

NAMES = st.sampled_from(["a", "site", "client_id", "inputs", "e", "a2"])
STYLES = st.sampled_from(["plain", "single", "double", "folded", "literal"])


def written(text: str, style: str) -> str:
    lines = {"folded": ">-", "literal": "|"}
    if style in lines:
        return f"{lines[style]}\n    {text}\n"
    return {"plain": text, "single": "'" + text.replace("'", "''") + "'"}.get(
        style, json.dumps(text, ensure_ascii=False)
    )


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=4), STYLES, st.booleans())
def test_a_place_is_that_of_the_word(
    paths: list[tuple[str, str]], style: str, brackets: bool
) -> None:
    reads = [f"steps['{a}'].{b}" if brackets else f"steps.{a}.{b} | lower" for a, b in paths]
    text = "日本 " + " and ".join(f"{{{{ {read} }}}}" for read in reads)
    source = Source("flow.yaml", f"key: {written(text, style)}")

    for use in uses(parse(source)):
        for part, word in enumerate(use.path):
            place = use.place(part)
            assert place is not None
            assert source.line(place.line)[place.column - 1 :].startswith(word)
            assert place.width == len(word)


LOGIN = """\
  - authorize: {{url: "https://id.example/auth"{0}}}
  - id: bound
    token: {{post: "https://id.example/token"{1}}}
  - http: {{get: "https://api.example/me", bearer: "{{{{ steps.bound.access_token }}}}"{2}}}
"""
ON = ", dpop: on"
CODE_UNBOUND = "no dpop: the code is not bound to the key of the token"
UNPROVED = "no dpop: a token that is bound to a key is sent without its proof"


@pytest.mark.parametrize(
    ("switched", "lacking"),
    [
        ((ON, ON, ", dpop: ES256"), set()),
        (("", "", ""), set()),
        (("", ON, ON), {CODE_UNBOUND}),
        ((ON, ON, ""), {UNPROVED}),
    ],
)
def test_a_step_that_leaves_the_key_out_is_named(
    switched: tuple[str, str, str], lacking: set[str]
) -> None:
    assert set(weaker(LOGIN.format(*switched))) & {CODE_UNBOUND, UNPROVED} == lacking


OPENID = """\
  - authorize: {{url: "https://id.example/auth"{0}}}
  - capture: {{at: "http://127.0.0.1:8484/"{1}}}
  - id: redeemed
    token: {{post: "https://id.example/token", form: {{code: "{{{{ callback.code }}}}"}}{2}}}
"""
UNSIGNED = "no jwks: the id_token's signature is not checked"
JWKS = ', jwks: "https://id.example/jwks"'


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ((", openid: true", "", JWKS), []),
        ((", openid: true", "", ", id_token: {alg: HS256}"), []),
        ((", openid: true", "", ""), [UNSIGNED]),
        ((", openid: true", "", ', jwks: ""'), [UNSIGNED]),
        ((", openid: true", "", ", id_token: off"), ["id_token: off"]),
        (("", "", ""), []),
        ((", query: {response_type: code id_token}", ", id_token: off", JWKS), ["id_token: off"]),
    ],
)
def test_an_id_token_that_is_believed_unseen_is_named(
    said: tuple[str, str, str], found: list[str]
) -> None:
    assert weaker(OPENID.format(*said)) == found
