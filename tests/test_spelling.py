"""Where an expression stands, in whatever style its text is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.document import parse
from flowrun.errors import FlowError
from flowrun.place import Place, Source, Text
from flowrun.spelling import part_of
from flowrun.template import Scope, render, uses

STYLES = {
    "plain": "a: see {{ inputs.x }}",
    "plain over two lines": "a: see\n  the {{ inputs.x }}",
    "plain with an anchor": "a: &here see {{ inputs.x }}",
    "single-quoted": "a: 'it''s ''{{ inputs.x }}'''",
    "double-quoted": 'a: "{{ inputs.x }}"',
    "escapes before it": r'a: "\t\"\\ \x41\u0042\U00000043 {{ inputs.x }}"',
    "escaped braces": r'a: "\u007b\u007b inputs.x }}"',
    "escaped emoji": r'a: "\U0001F600 {{ inputs.x }}"',
    "an escaped line break": 'a: "one \\\n   two {{ inputs.x }}"',
    "double-quoted over lines": 'a: "one\n\n  two {{ inputs.x }}"',
    "a block": "a: |\n  one\n    two\n\n  {{ inputs.x }} three\n",
    "a block with a header": "a: |2-  # kept\n     one\n  {{ inputs.x }}\n",
    "a folded block": "a: >+\n  one\n  two {{ inputs.x }}\n\n",
    "a block in a list": "a:\n  - |\n    one\n    {{ inputs.x }}\n",
    "Windows": "a: |\r\n  one\r\n  two {{ inputs.x }}\r\n",
    "tabs": "a: 'one\t\t{{ inputs.x }}'",
    "wide characters": "a: 日本 \U0001f600 {{ inputs.x }}",
    "the same words before it": "a: inputs.x is {{ inputs.x }}",
    "the same words in a quoted text": "a: \"{{ 'inputs.x' ~ inputs.x }}\"",
    "a longer name before it": 'a: "{{ inputs.xy ~ inputs.x }}"',
    "escaped quotes before it": r'a: "{{ \"inputs.x\" ~ inputs.x }}"',
    "a folded expression": "a: >\n  {{ inputs.y ~\n  inputs.x }}\n",
}


@pytest.mark.parametrize("text", STYLES.values(), ids=list(STYLES))
def test_a_name_is_found_where_it_stands(text: str) -> None:
    source = Source("flow.yaml", text)
    [use] = [use for use in uses(parse(source)) if use.path == ("inputs", "x")]

    place = use.place()
    assert place is not None
    line = source.line(place.line)
    assert line[: place.column].endswith("inputs.x"), line
    assert not line[place.column :].startswith(("'", '"', "\\", "y")), line
    assert place.width == 1


def test_two_equal_expressions_have_two_places() -> None:
    found = list(uses(parse(Source("flow.yaml", 'a: "{{ inputs.x }} or {{ inputs.x }}"'))))

    assert [str(use.place()) for use in found] == ["flow.yaml:1:15", "flow.yaml:1:33"]


def test_the_second_of_two_expressions_is_the_one_that_is_wrong() -> None:
    document = parse(Source("flow.yaml", 'a: "{{ inputs.x.y | default(1) }} {{ inputs.x.y }}"'))

    with pytest.raises(FlowError) as caught:
        render(document, Scope({"inputs": {"x": {}}}))

    assert str(caught.value.problems[0].place) == "flow.yaml:1:47"


def test_a_wide_character_moves_the_caret_by_two_columns() -> None:
    place = Place(Source("flow.yaml", "a\u0301 日\U0001f600 here"), 1, 7, 4)

    assert place.excerpt().splitlines()[1] == "      | " + " " * 7 + "^^^^"


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]))


@given(WORDS, WORDS)
def test_whatever_stands_before_it_in_quotes_it_is_found(before: str, after: str) -> None:
    value = f"{before}\t{{{{ inputs.x }}}}{after}"
    quoted = "".join(rf"\U{ord(c):08x}" if c in '"\\\t\ufeff' else c for c in value)
    source = Source("flow.yaml", f'a: "{quoted}"')
    text = Text.at(Place(source, 1, 4), value)

    place = part_of(text, len(before) + 4, len("inputs.x"))

    assert source.text[place.column - 1 :].startswith("inputs.x")
    assert place.width == len("inputs.x")
