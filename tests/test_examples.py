"""The examples of the reference: each passes `check`, and lives its whole life in the sandbox."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flowrun.commands.check import check
from flowrun.commands.records import revoke
from flowrun.commands.refresh import refresh
from flowrun.commands.run import run
from flowrun.commands.verify import verify
from flowrun.library import find
from flowrun.load import load_source
from flowrun.plan import imagined, plan_step
from flowrun.settings import Settings
from flowrun.taint import Unknown

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"
NAMES = sorted(path.name for path in EXAMPLES.glob("*.yaml"))
SANDBOX = Settings(sandbox=True, no_input=True)
LATER: dict[str, Callable[[list[str]], int]] = {
    "refresh": lambda names: refresh(names, SANDBOX, due_only=False, within_s=None),
    "verify": lambda names: verify(names, SANDBOX),
    "revoke": lambda names: revoke(names, SANDBOX),
}
"""What a record goes through once it is there."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("FLOWRUN_TOKENS", str(tmp_path / "tokens"))


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_faultless(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = check([name])

    assert (status, capsys.readouterr().err) == (0, "")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    flow = load_source(find(f"./{name}")[0])

    assert run([name], SANDBOX, json=True) == 0, capsys.readouterr().err
    record = json.loads(capsys.readouterr().out)[0]["name"]
    scope = imagined(flow, {name: Unknown(name) for name in flow.inputs})
    for section, command in LATER.items():
        if any(plan_step(step, scope) for step in flow.steps(section)):
            assert command([record]) == 0, capsys.readouterr().err


def test_every_key_has_an_example_and_the_pages_are_what_the_code_says() -> None:
    command = [sys.executable, str(ROOT / ".ci" / "make-reference"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
