"""The hooks of `.pre-commit-hooks.yaml`, installed and run by the real pre-commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from servers.command import TESTS

pytestmark = pytest.mark.rig

ROOT = TESTS.parent
GOOD = """\
flowrun: 1
name: acme

steps:
  - token: {post: https://id.example/token}
"""
BAD = GOOD.replace("post:", "pots:")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of flows, and of other YAML."""
    files = {"flows/one.yaml": GOOD, "team/flows/two.yml": GOOD, "compose.yaml": "services: {}\n"}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    return tmp_path


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True)


def tried(pre_commit: Path, repository: Path, hook: str) -> subprocess.CompletedProcess[str]:
    """Run *hook* of this checkout, changes and all, as somebody who tries it out does."""
    words = ["try-repo", str(ROOT), hook, "--all-files", "--verbose", "--color=never"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    home = {"PRE_COMMIT_HOME": str(pre_commit.parents[2] / "home"), "PYTHONPATH": ""}
    return subprocess.run(
        [pre_commit, *words],
        cwd=repository,
        env=kept | home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_flows_are_checked_and_other_files_are_not(pre_commit: Path, repository: Path) -> None:
    done = tried(pre_commit, repository, "flowrun-check")

    assert done.returncode == 0, done.stdout
    assert "flows/one.yaml: ok; contacts id.example" in done.stdout
    assert "team/flows/two.yml: ok; contacts id.example" in done.stdout
    assert "compose.yaml" not in done.stdout


def test_a_mistake_keeps_a_commit_from_being_made(pre_commit: Path, repository: Path) -> None:
    (repository / "flows" / "one.yaml").write_text(BAD)
    (repository / "team" / "flows" / "two.yml").write_text(BAD)

    done = tried(pre_commit, repository, "flowrun-check")

    assert done.returncode == 1
    assert "flows/one.yaml:5:13: error E203" in done.stdout
    assert "team/flows/two.yml:5:13: error E203" in done.stdout
    assert "Did you mean 'post'?" in done.stdout


def test_flows_are_formatted(pre_commit: Path, repository: Path) -> None:
    (repository / "flows" / "one.yaml").write_text(GOOD.replace("{post", "{   post"))
    git(repository, "add", ".")

    done = tried(pre_commit, repository, "flowrun-fmt")

    assert done.returncode == 1  # since a file has changed
    assert "flows/one.yaml: formatted" in done.stdout
    assert (repository / "flows" / "one.yaml").read_text() == GOOD
