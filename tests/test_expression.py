from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.errors import FlowError
from flowrun.expression import parse
from flowrun.scope import Undefined
from flowrun.secret import Secret, Value, reveal
from flowrun.taint import Unknown
from flowrun.template import Scope

SECRET = Secret("fake-secret-of-acme")


def scope() -> Scope:
    inputs: dict[str, Value] = {
        "name": "acme",
        "secret": SECRET,
        "scopes": ["read", "write"],
        "count": 3,
        "on": True,
        "none": None,
        "pair": {"open": "yes", "shut": SECRET},
    }
    return Scope(
        {"inputs": inputs, "callback": {"accounts-server": "eu"}, "saved": Unknown("saved")},
        {"greeting": "hello {{ inputs.name }}", "a": "{{ vars.b }}", "b": "{{ vars.a }}"},
        now=lambda: 1700000000.5,
        entropy=lambda count: b"\xff" * count,
    )


def value_of(text: str) -> Value:
    return parse(text).evaluate(scope())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("inputs.name", "acme"),
        (" inputs.scopes ", ["read", "write"]),
        ("inputs['name']", "acme"),
        ("callback['accounts-server']", "eu"),
        ("inputs.scopes[1]", "write"),
        ("inputs.scopes[-1]", "write"),
        ("inputs.scopes.0", "read"),
        ("(inputs.name | split('c'))[0]", "a"),
        ("vars.greeting ~ '!'", "hello acme!"),
        ("'a' ~ 1 ~ true", "a1true"),
        ("[1, 'x', none]", [1, "x", None]),
        ("saved.x | upper", "<saved.x>"),
        (r"'a\n' ~ saved.x | upper", "a\n<saved.x>"),
        (r"('a\n' ~ saved.x) | upper", "<upper>"),
        ("-1", -1),
        ("inputs.count == 3", True),
        ("inputs.on == 1", False),
        ("inputs.count != 3", False),
        ("inputs.count >= 2", True),
        ("inputs.none < 2", False),
        ("'read' in inputs.scopes", True),
        ("'x' not in inputs.name", True),
        ("inputs.none or 'b'", "b"),
        ("inputs.name and 'b'", "b"),
        ("not inputs.name", False),
        ("'a' if inputs.on else 'b'", "a"),
        ("'a' if inputs.none", None),
        ("inputs.none == none", True),
        ("inputs.scopes in callback", False),
        ("inputs.scopes in [inputs.scopes]", True),
        ("inputs.nothing | default('x')", "x"),
        ("inputs.none | default(inputs.count)", 3),
        (r"'a1' | regex('\w(\d)')", "1"),
        ("now('s')", 1700000000),
        ("now('ms')", 1700000000500),
        ("random(6)", "______"),
        ("uuid()", "ffffffff-ffff-4fff-bfff-ffffffffffff"),
    ],
)
def test_an_expression_has_a_value(text: str, value: Value) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "inputs.secret",
        "'a' ~ inputs.secret",
        "inputs.secret | upper",
        "inputs.secret | hash('sha256') | hex",
        "'text' | hmac(inputs.secret, 'sha256') | hex",
        "'a' if inputs.secret == 'x' else 'b'",
        "inputs.secret == 'x'",
        "not inputs.secret",
        "inputs.secret and 'yes'",
        "inputs.pair.shut",
        "inputs.pair | json",
        "[inputs.secret] | join(',')",
    ],
)
def test_what_read_a_secret_is_secret(text: str) -> None:
    assert isinstance(value_of(text), Secret)


def test_parts_of_what_read_a_secret_are_secret() -> None:
    assert value_of("inputs.secret | split('-')") == [
        Secret(x) for x in ("fake", "secret", "of", "acme")
    ]
    assert value_of("inputs.pair") == {"open": "yes", "shut": SECRET}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("9**9**8", "E210"),
        ("1 + 1", "E210"),
        ("'a' * 99", "E210"),
        ("'%s' % 1", "E210"),
        ("inputs.name.upper()", "E210"),
        ("inputs()", "E210"),
        ("lipsum()", "E210"),
        ("inputs.name[0:1]", "E210"),
        ("inputs.name | safe", "E210"),
        ("inputs.name | attr('x')", "E210"),
        ("inputs.name is string", "E210"),
        ("inputs.name is defined", "E210"),
        ("{'a': inputs.name}", "E210"),
        ("-inputs.count", "E210"),
        ("-inputs.name.count", "E210"),
        ("inputs.name if 1 + 1 else 2", "E210"),
        ("inputs[lipsum()]", "E210"),
        ("inputs.name | default(lipsum())", "E210"),
        ("(inputs.name | lower)[9**9]", "E210"),
        ("inputs.name | join", "E210"),
        ("inputs.name | default(value='x')", "E210"),
        ("inputs.name | split(*inputs.scopes)", "E210"),
        ("1 < 2 < 3", "E210"),
        ("(1, 2)", "E210"),
        ("9" * 40, "E210"),
        ("1e999", "E210"),
        ("uuid(1)", "E210"),
        ("self", "E209"),
        ("loop.index", "E209"),
        ("input.name", "E209"),
        ("self.__class__", "E209"),
        ("", "E208"),
        ("inputs.", "E208"),
        ("inputs.name }} {% raw %}", "E208"),
        ("inputs.name {# x #}", "E208"),
        ("'" + "x" * 2000 + "'", "E208"),
        ("(" * 900 + "1" + ")" * 900, "E208"),
        ("[" * 60 + "]" * 60, "E208"),
        ("not " * 400 + "1", "E208"),
        ("1 if 1 else " * 150 + "1", "E208"),
        ("inputs.name" + "|lower" * 60, "E208"),
        ("'\\x'", "E208"),
    ],
)
def test_what_templates_may_not_is_refused_before_it_runs(text: str, code: str) -> None:
    with pytest.raises(FlowError) as caught:
        parse(text)

    assert caught.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        "inputs.name.__class__",
        "inputs.name['upper']",
        "inputs['__class__']",
        "inputs.secret._value",
        "inputs.secret.reveal",
        "inputs.scopes.append",
        "inputs.scopes[true and 7]",
        "inputs.none.x",
        "response.status",
    ],
)
def test_no_attribute_of_an_object_is_ever_reached(text: str) -> None:
    with pytest.raises(Undefined):
        value_of(text)


def test_an_undefined_name_gets_the_near_one() -> None:
    with pytest.raises(FlowError) as caught:
        value_of("inputs.nam")

    assert caught.value.problems[0][:2] == ("E209", "there is no inputs.nam here")
    assert "name" in caught.value.problems[0].hint


def test_a_secret_that_names_an_item_is_not_told() -> None:
    with pytest.raises(Undefined) as caught:
        value_of("inputs[inputs.secret]")

    assert "fake-secret" not in str(caught.value.problems)


def test_vars_in_a_circle_show_the_chain() -> None:
    with pytest.raises(FlowError, match=r"vars\.a -> vars\.b -> vars\.a"):
        value_of("vars.a")


def test_bytes_must_be_spelled() -> None:
    with pytest.raises(FlowError, match="bytes cannot stand inside a text"):
        value_of("['x' | hash('sha256')]")


def test_what_is_not_known_yet_shows_its_path() -> None:
    assert value_of("saved.token.id") == "<saved.token.id>"
    assert value_of("'a' ~ saved.id") == "a<saved.id>"
    assert isinstance(value_of("saved.id | upper"), Unknown)
    assert isinstance(value_of("[saved.id] | join(' ')"), Unknown)
    assert value_of("saved.id == '<saved.id>'") is False
    assert value_of("saved.id != 'x'") is False
    assert isinstance(str(value_of("saved.id")), Unknown)


def test_each_step_draws_once() -> None:
    step = Scope({"inputs": {}}, {})
    first = parse("[uuid(), random(9)]").evaluate(step)

    assert parse("[uuid(), random(9)]").evaluate(step.with_(response={})) == first
    assert parse("[uuid(), random(9)]").evaluate(Scope({}, {})) != first


def test_paths_are_those_that_are_read() -> None:
    expression = parse("inputs['a'].b ~ (steps.x[inputs.i] | default(vars.v)) ~ 'inputs.no'")

    assert set(expression.paths) == {
        ("inputs", "a", "b"),
        ("steps", "x"),
        ("inputs", "i"),
        ("vars", "v"),
    }


def test_doubling_ends() -> None:
    doubles: dict[str, object] = {f"v{at}": [f"{{{{ vars.v{at + 1} }}}}"] * 2 for at in range(60)}
    texts: dict[str, object] = {f"v{at}": f"{{{{ vars.v{at + 1} }}}}" * 2 for at in range(60)}

    for vars_ in (doubles | {"v60": "x"}, texts | {"v60": "x"}):
        with pytest.raises(FlowError) as caught:
            parse("vars.v0").evaluate(Scope({}, vars_))
        assert caught.value.code == "E222"


def test_a_value_that_is_nested_too_deeply_is_no_crash() -> None:
    deep: Value = "x"
    for _ in range(5000):
        deep = [deep]

    with pytest.raises(FlowError, match="nested too deeply"):
        parse("inputs.deep | json").evaluate(Scope({"inputs": {"deep": deep}}))


def test_a_plain_path_needs_no_jinja() -> None:
    program = (
        "import sys; from flowrun.template import render, Scope;"
        "render('{{ inputs.a }}/{{ vars.b }}', Scope({'inputs': {'a': 1}}, {'b': 'x'}));"
        "sys.exit('jinja2' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@given(st.text(max_size=60) | st.text("inputs.ab[]()|~'\"{}%#-*+<>= 19,\\", max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    assert refusal(text) in ("", "E208", "E209", "E210")


def refusal(text: str) -> str:
    try:
        parse(text)
    except FlowError as error:
        return error.code
    return ""


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_secret_taints_what_it_is_joined_to(left: str, right: str) -> None:
    step = Scope({"inputs": {"left": left, "right": Secret(right)}})

    joined = parse("inputs.left ~ inputs.right").evaluate(step)

    assert isinstance(joined, Secret)
    assert reveal(joined) == left + right
