"""Files as tests: every good flow checks clean, every bad one gets exactly the text beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowrun.commands.check import check
from flowrun.library import shipped

FLOWS = Path(__file__).parent / "flows"
GOOD = sorted(path.name for path in (FLOWS / "good").glob("*.yaml"))
BAD = sorted(path.name for path in (FLOWS / "bad").glob("*.yaml"))
SHIPPED = shipped()

UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))
"""Write what is printed in place of comparing it; then read the difference."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("name", [*GOOD, *SHIPPED])
def test_a_good_flow_checks_clean(
    name: str, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(FLOWS / "good")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))

    status = check([name])

    said = capsys.readouterr()
    assert (status, said.err) == (0, "")
    assert said.out.startswith(f"{name}: ok")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_flow_is_told_what_is_wrong(
    name: str, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(FLOWS / "bad")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    golden = (FLOWS / "bad" / name).with_suffix(".txt")

    status = check([name])

    said = capsys.readouterr()
    if UPDATE:
        golden.write_text(said.err, "utf-8")
    assert (status, said.out) == (2, "")
    assert said.err == golden.read_text("utf-8")


def test_no_golden_file_is_left_over() -> None:
    texts = {path.stem for path in (FLOWS / "bad").glob("*.txt")}

    assert texts == {Path(name).stem for name in BAD}


def test_a_process_says_the_same(cache: Path) -> None:
    """The other tests call the command; this one is what a person runs."""
    command = [sys.executable, "-m", "flowrun", "check", "several-problems.yaml"]
    done = subprocess.run(
        command,
        cwd=FLOWS / "bad",
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (FLOWS / "bad" / "several-problems.txt").read_text("utf-8")
