from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.errors import FlowError
from flowrun.expression import Expression
from flowrun.place import Place, Source, Text
from flowrun.secret import Secret, Value, reveal
from flowrun.template import Scope, Use, evaluate, holds, pieces, render, render_url, uses

FILE = """\
flowrun: 1
url: "https://{{ inputs.name }}.example/{{ inputs.nmae }}"
body: |
  name={{ inputs.name }}
  more={{ inputs.list }}
"""


def scope() -> Scope:
    inputs: dict[str, Value] = {
        "name": "acme",
        "secret": Secret("fake-secret-of-acme"),
        "list": ["read", "write"],
        "count": 3,
        "on": True,
        "none": None,
    }
    return Scope(
        {"inputs": inputs},
        {
            "site": "https://{{ inputs.name }}.example",
            "path": "{{ inputs.name }}",
            "deep": "{{ vars.site }}/{{ vars.path }}",
            "list": ["{{ inputs.name }}", "x"],
            "loop": "{{ vars.pool }}",
            "pool": "{{ vars.loop }}",
            "none": None,
        },
    )


def text_at(line: int, column: int, text: str) -> Text:
    return Text.at(Place(Source("flow.yaml", FILE), line, column), text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ inputs.count }}", 3),
        ("{{ inputs.on }}", True),
        ("{{ inputs.none }}", None),
        ("{{ inputs.list }}", ["read", "write"]),
        ("{{ vars.list }}", ["acme", "x"]),
        ("{{ vars.none }}", None),
        ("{{ inputs.secret }}", Secret("fake-secret-of-acme")),
        ("{{ '}}' }}", "}}"),
        ("{{ 'it\\'s }}' ~ \"}}\" }}!", "it's }}}}!"),
        (" {{ inputs.count }}", " 3"),
        ("{{ inputs.on }}{{ inputs.count }}", "true3"),
        ("x{{ inputs.secret }}", Secret("xfake-secret-of-acme")),
        ("{{ vars.deep }}!", "https://acme.example/acme!"),
        ('{"a": {"b": 1}}', '{"a": {"b": 1}}'),
        ("{ {x} }", "{ {x} }"),
        ("", ""),
    ],
)
def test_a_text_is_rendered(text: str, value: Value) -> None:
    rendered = render(text, scope())

    assert rendered == value
    assert type(rendered) is type(value)


def test_a_document_keeps_its_shape() -> None:
    document = {"a": ["{{ inputs.count }}", 1.5, None], "b": {"c": "{{ inputs.name }}!"}}

    assert render(document, scope()) == {"a": [3, 1.5, None], "b": {"c": "acme!"}}


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("x{{ inputs.none }}", "E222", "null cannot stand inside a text"),
        ("x{{ inputs.list }}", "E222", "a list cannot stand inside a text"),
        ("x{{ vars.none }}", "E222", "null cannot"),
        ("{{ inputs.name | hash('md5') }}", "E222", "bytes cannot"),
        ("{{ inputs.name", "E208", "not closed"),
        ("{{ inputs.name }", "E208", "not closed"),
        ("{{ 'x }}", "E208", "cannot be read"),
        ("{% for x in y %}", "E210", "no statements"),
        ("{# x #}", "E210", "no comments"),
        ("{{ vars.loop }}", "E209", r"vars\.loop -> vars\.pool -> vars\.loop"),
    ],
)
def test_what_cannot_be_rendered_is_told(text: str, code: str, says: str) -> None:
    with pytest.raises(FlowError, match=says) as caught:
        render(text, scope())

    assert caught.value.code == code


def test_vars_are_spliced_so_that_only_their_leaves_are_escaped() -> None:
    url = render_url("{{ vars.deep }}/{{ inputs.name ~ '/x' }}?s={{ inputs.secret }}", scope())

    assert isinstance(url, Secret)
    assert reveal(url) == "https://acme.example/acme/acme%2Fx?s=fake-secret-of-acme"


def test_a_circle_of_vars_in_a_url_is_told() -> None:
    with pytest.raises(FlowError, match="circle"):
        render_url("https://a.example/{{ vars.loop }}", scope())


def test_a_url_that_doubles_itself_ends() -> None:
    doubles: dict[str, object] = {f"v{at}": f"{{{{ vars.v{at + 1} }}}}" * 2 for at in range(40)}

    with pytest.raises(FlowError, match="parts"):
        render_url("https://a.example/{{ vars.v0 }}", Scope({}, {**doubles, "v40": ""}))


def test_a_url_whose_vars_lead_on_and_on_is_no_crash() -> None:
    chain: dict[str, object] = {f"v{at}": f"{{{{ vars.v{at + 1} }}}}" for at in range(5000)}

    with pytest.raises(FlowError, match="more than 50 others"):
        render_url("https://a.example/{{ vars.v0 }}", Scope({}, {**chain, "v5000": ""}))


def test_a_text_has_only_so_many_expressions() -> None:
    with pytest.raises(FlowError, match="more than 1000 expressions") as caught:
        render("{{ inputs.name }}" * 1001, scope())

    assert caught.value.code == "E208"


def test_an_error_points_at_the_name_in_the_file() -> None:
    text = text_at(2, 6, "https://{{ inputs.name }}.example/{{ inputs.nmae }}")

    with pytest.raises(FlowError) as caught:
        render_url(text, scope())

    place = caught.value.problems[0].place
    assert place is not None
    assert (place.line, place.column, place.width) == (2, FILE.split("\n")[1].index("nmae") + 1, 4)


def test_an_error_in_a_block_points_at_its_line() -> None:
    text = text_at(3, 7, "name={{ inputs.name }}\nmore={{ inputs.list }}\n")

    with pytest.raises(FlowError) as caught:
        render(text, scope())

    place = caught.value.problems[0].place
    assert place is not None
    assert place.excerpt() == "    5 |   more={{ inputs.list }}\n      |           ^^^^^^^^^^^"


def test_a_syntax_error_has_a_place() -> None:
    source = Source("flow.yaml", 'if: "{{ inputs.name == }}"')

    with pytest.raises(FlowError) as caught:
        holds(Text.at(Place(source, 1, 5), "{{ inputs.name == }}"), scope())

    assert str(caught.value.problems[0].place) == "flow.yaml:1:9"


def test_a_text_that_is_not_found_again_points_at_its_start() -> None:
    with pytest.raises(FlowError) as caught:
        render(text_at(2, 6, "{{ inputs['x'] }}"), scope())

    assert str(caught.value.problems[0].place) == "flow.yaml:2:6"


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("inputs.name == 'acme'", True),
        ("{{ inputs.name == 'acme' }}", True),
        ("inputs.secret == 'fake-secret-of-acme'", True),
        ("inputs.nothing", False),
        ("inputs.nothing.more == 'x'", False),
        ("inputs.nothing | int > 3", False),
        ("inputs.nothing != 'x'", True),
        ("not inputs.nothing", True),
        ("not inputs.secret", False),
        ("response.status == 200 or inputs.on", True),
        (True, True),
        (0, False),
    ],
)
def test_a_predicate_holds_or_not(text: str | bool | int, held: bool) -> None:
    assert holds(text, scope()) is held


def test_a_value_may_stand_with_or_without_braces() -> None:
    assert evaluate("inputs.count", scope()) == 3
    assert evaluate("{{ inputs.count }}", scope()) == 3
    assert evaluate("{{ inputs.count }}\n", scope()) == 3
    assert evaluate(3600, scope()) == 3600


def test_braces_around_a_part_of_an_expression_are_refused() -> None:
    with pytest.raises(FlowError, match="part") as caught:
        holds("{{ inputs.count }} == 4", scope())

    assert caught.value.code == "E208"


def test_every_use_is_listed_with_its_place() -> None:
    found = list(uses({"url": text_at(2, 6, "https://{{ inputs.name }}.example/"), "n": [None, 1]}))

    assert [use.path for use in found] == [("inputs", "name")]
    assert str(found[0].place()) == "flow.yaml:2:25"


def test_all_that_is_wrong_in_a_document_is_told_at_once() -> None:
    read: list[Use] = []

    with pytest.raises(FlowError) as caught:
        read.extend(uses(["{{ 1 + 1 }}", "{{ inputs.name }}", "{{ nobody.x }}"]))

    assert [problem.code for problem in caught.value.problems] == ["E210", "E209"]


PLAIN = st.text().filter(lambda text: not any(mark in text for mark in ("{{", "{%", "{#")))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | PLAIN,
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_rendering_a_tree_without_templates_is_identity(tree: Value) -> None:
    assert render(tree, Scope({})) == tree


@given(st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()))
def test_a_whole_expression_keeps_its_type(value: Value) -> None:
    rendered = render("{{ inputs.x }}", Scope({"inputs": {"x": value}}))

    assert rendered == value
    assert type(rendered) is type(value)


@given(PLAIN, st.text(), PLAIN)
def test_a_secret_part_makes_the_whole_text_secret(before: str, secret: str, after: str) -> None:
    step = Scope({"inputs": {"x": Secret(secret)}})

    rendered = render(f"{before} {{{{ inputs.x }}}} {after}", step)

    assert isinstance(rendered, Secret)
    assert reveal(rendered) == f"{before} {secret} {after}"


@given(st.text("{}%#'\"\\ ai.nputs|", max_size=30))
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    assert refusal(text) in ("", "E208", "E209", "E210")


def refusal(text: str) -> str:
    try:
        parts = pieces(text)
    except FlowError as error:
        return error.code
    assert all(isinstance(part, str | Expression) for part in parts)
    return ""
