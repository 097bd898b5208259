"""The shipped recipes: what each asks for, and what a file that extends it may set."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from flowrun.library import find, shipped

from .markdown import code, link, table


def recipes() -> Iterator[str]:
    for name in shipped():
        text = find(name)[0].text
        root = yaml.compose(text, yaml.SafeLoader)
        values = dict(_items(root))
        yield from ("", f"### `{name}`", "", f"{_text(values['title'])}. {_origin(values)}")
        if rows := [_input(key, value) for key, value in _items(values.get("inputs"))]:
            yield from ("", *table(("input", "when not given", "what it is"), rows))
        if rows := [_var(key, value, text) for key, value in _items(values.get("vars"))]:
            yield from ("", *table(("var", "when not set", "what it is"), rows))


def bases() -> list[str]:
    """A row for each base recipe, with the vars that a child sets."""
    rows = (_row(name) for name in shipped() if name.startswith("base/"))
    return table(("recipe", "what it is", "must be set", "may be set"), rows)


def _row(name: str) -> tuple[str, ...]:
    values = dict(_items(yaml.compose(find(name)[0].text, yaml.SafeLoader)))
    written = {key: _written(value) for key, value in _items(values.get("vars"))}
    needed = ", ".join(code(key) for key, value in written.items() if value == "null")
    others = [f"{code(k)} ({code(v)})" for k, v in written.items() if v not in ("null", '""')]
    others += [code(key) for key, value in written.items() if value == '""']
    return link(code(name), name, "reference.md"), _text(values["title"]), needed, ", ".join(others)


def _items(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, value) for key, value in node.value)


def _origin(values: dict[str, yaml.Node]) -> str:
    base = _text(values.get("extends"))
    docs = f"See <{_text(values['docs'])}>." if "docs" in values else ""
    return f"Extends `{base}`. {docs}" if base else docs


def _input(name: str, node: yaml.Node) -> tuple[str, str, str]:
    says = dict(_items(node))
    default = says.get("default")
    shown = code(_written(default)) if default else "null" if "optional" in says else "asked for"
    return code(name), shown, _text(says.get("help")).replace("|", "\\|")


def _var(name: str, node: yaml.Node, text: str) -> tuple[str, str, str]:
    line = text.splitlines()[node.end_mark.line]
    comment = re.search(r" # (.*)$", line[node.end_mark.column :])
    written = _written(node)
    shown = "must be set" if written == "null" else code(written)
    return code(name), shown, comment[1] if comment and written != "null" else ""


def _text(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _written(node: yaml.Node) -> str:
    """*node* in one line, as the file has it, but for quotes that are not needed to see it."""
    if isinstance(node, yaml.ScalarNode) and node.value.strip():
        return " ".join(node.value.split())
    text = str(node.start_mark.buffer)[node.start_mark.pointer : node.end_mark.pointer]
    return " ".join(text.split())
