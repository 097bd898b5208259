"""What the tests say that they prove: the marks of tests/standards.py, as tables."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .markdown import code, table

TESTS = Path(__file__).parents[2] / "tests"
sys.path.insert(0, str(TESTS))

from standards import SPECIFICATIONS  # noqa: E402


class Proof(NamedTuple):
    """A test, and the section that it proves."""

    specification: str
    section: str
    what: str
    file: str
    test: str


def proofs() -> list[Proof]:
    """Every mark, by specification and section."""
    order = list(SPECIFICATIONS)
    return sorted(_found(), key=lambda it: (order.index(it[0]), _numbers(it.section), *it[2:]))


def _found() -> Iterator[Proof]:
    for file in sorted(TESTS.rglob("test_*.py")):
        text = file.read_text("utf-8")
        if "@proves(" in text:
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef):
                    yield from _marks(node, file.relative_to(TESTS).as_posix())


def _marks(test: ast.FunctionDef, file: str) -> Iterator[Proof]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "proves":
            specification, section, what = (str(ast.literal_eval(each)) for each in mark.args)
            if specification not in SPECIFICATIONS:
                raise SystemExit(f"tests/{file}: tests/standards.py does not know {specification}")
            yield Proof(specification, section, what, file, test.name)


def _numbers(section: str) -> list[tuple[int, str]]:
    """A section as something to sort by: appendices come last."""
    parts = re.findall(r"\d+|[A-Z]+", section)
    return [(int(each), "") if each.isdecimal() else (1000, each) for each in parts]


def standards() -> list[str]:
    """A heading and a table for each standard of which something is proven."""
    lines: list[str] = []
    found = proofs()
    for name, (title, url) in SPECIFICATIONS.items():
        if rows := [each for each in found if each.specification == name]:
            heading = title if title.startswith(name) else f"{name}: {title}"
            cells = ((each.section, _said(each), _link(each)) for each in rows)
            lines += [f"### {heading}", "", f"<{url}>", ""]
            lines += [*table(("section", "what flowrun does", "proven by"), cells), ""]
    return lines[:-1]


def _said(proof: Proof) -> str:
    return proof.what.replace("|", "\\|")


def _link(proof: Proof) -> str:
    return f"[{code(proof.test)}](../tests/{proof.file})"
