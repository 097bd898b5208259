"""The examples for Python programs are typed as they stand, and a type checker reads the API."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import flowrun
from servers import doctests
from servers.command import TESTS, TIMEOUT_S, Cli
from servers.zendesk import CLIENTS, Served

ROOT = TESTS.parent
SECRET = str(CLIENTS["flowrun_test"])


@pytest.fixture
def program(cli: Cli, zendesk: Served, approve: str) -> dict[str, str]:
    """The environment of a program in a folder where somebody has logged in at Zendesk."""
    finds = " ".join(f"{name}={value}" for name, value in zendesk.by_name.items())
    settings = ("subdomain=acme", "client_id=flowrun_test")
    words = [f"--set={each}" for each in settings]
    words.append(f"--set=redirect_uri={zendesk.zendesk.redirect_uri}")
    person = {"BROWSER": f"env {finds} {approve}", "FLOWRUN_CLIENT_SECRET": SECRET}
    done = cli("zendesk.yaml", *words, **zendesk.by_name, **person)
    assert done.status == 0, done.stderr
    assert cli("zendesk.yaml", "--sandbox").status == 0
    authorities = {"REQUESTS_CA_BUNDLE": str(zendesk.ca_file)}
    return cli.environment() | zendesk.through_proxy | authorities


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(str(ROOT / "README.md"), id="README"),
        pytest.param(str(ROOT / "docs" / "python.md"), id="docs/python"),
        "flowrun.programs.access",
        "flowrun.programs.auth",
    ],
)
def test_the_examples_are_true(cli: Cli, program: dict[str, str], name: str) -> None:
    done = subprocess.run(
        [sys.executable, doctests.__file__, name],
        cwd=cli.folder,
        env=program,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""


def test_a_type_checker_knows_what_there_is(tmp_path: Path) -> None:
    shutil.copy(TESTS / "consumer.py", tmp_path)
    source = Path(flowrun.__path__[0]).parent
    # mypy finds an installed package by `py.typed`, but no editable one.
    path = {} if source.name == "site-packages" else {"MYPYPATH": str(source)}
    options = ["--strict", "--no-incremental", "--follow-imports=silent"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "consumer.py"],
        cwd=tmp_path,
        env={**os.environ, **path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
