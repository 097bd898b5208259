"""The cases of the OpenID Foundation's plans for relying parties (tests/openid_plans.py)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from .markdown import code, link, table

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from openid_plans import CASES, ELSEWHERE, LEFT_OUT, PLANS, runs


def plans() -> list[str]:
    """A row for each case: what it is about, what flowrun does, and in which plans it stands."""
    rows = [
        *((code(name), about, _ending(error), _plans(name)) for name, (about, error) in _cases()),
        *((code(name), f"not done: {why}", "", _plans(name)) for name, why in LEFT_OUT.items()),
    ]
    return [
        f"{len(CASES)} cases in {len(runs())} runs, each a test of that name in "
        f"{_test('test_openid_plans')}:",
        "",
        *table(("case", "what the provider does", "how it ends", "plans"), rows),
    ]


def _cases() -> Iterator[tuple[str, tuple[str, str]]]:
    for name, (about, error) in CASES.items():
        file = ELSEWHERE.get(name)
        yield name, (f"{about} ({_test(file)})" if file else about, error)


def _test(file: str) -> str:
    return f"[{code(file)}](../tests/{file}.py)"


def _ending(error: str) -> str:
    return link(error, error, "errors.md") if error else "a token"


def _plans(name: str) -> str:
    found = (
        plan for plan, variants in PLANS.items() if any(name in it for it in variants.values())
    )
    return ", ".join(dict.fromkeys(map(_short, found)))


def _short(plan: str) -> str:
    """Its name without what all have; the three of form post are one."""
    short = plan.removeprefix("oidcc-client-").removesuffix("test-plan").strip("-")
    short = short.removesuffix("-certification").replace("refreshtoken", "refresh token")
    return "form post" if short.startswith("formpost") else short or "everything"
