"""What a shell offers, asked as the shell asks: by an environment and a new process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowrun.record import Record
from flowrun.secret import JSON
from flowrun.stores.files import FileStore
from servers.command import Cli

PROFILES = """\
flowrun: 1
name: acme
inputs: {subdomain: {}}
profiles:
  base: {}
  eu: {extends: base, subdomain: eu}
  us: {extends: base, subdomain: us}
steps:
  - token: {post: "https://{{ inputs.subdomain }}.example/token"}
"""


@pytest.fixture
def tenants(cli: Cli) -> Cli:
    (cli.folder / "sub").mkdir()
    for name in ("acme.yaml", "zebra.yml", "sub/deep.yaml"):
        (cli.folder / name).write_text(PROFILES, "utf-8")
    (cli.folder / "notes.txt").write_text("none of it", "utf-8")
    (cli.folder / "broken.yaml").write_text("flowrun: 1\nsteps: [", "utf-8")
    fields: dict[str, JSON] = {"access_token": "fake-access", "expires_at": int(time.time()) + 3600}
    other: JSON = {**fields, "flowrun": {}}
    more: dict[str, JSON] = {"id_token": "fake-id", "refresh_token": "fake-refresh"}
    for folder in ("tokens", "tokens/sandbox", "others"):
        record = Record(
            {**fields, **more}, {"version": 1, "grant": "g", "tokens": {"other": other}}
        )
        FileStore(cli.folder / folder).write(f"in-{Path(folder).name}", record)
    return cli


def offered(cli: Cli, words: str, **environment: str) -> list[str]:
    """What is offered for the last of *words*, which may be empty."""
    typed = words.split(" ")
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(typed) - 1)}
    done = cli(**asked, _FLOWRUN_COMPLETE="complete_bash", **environment)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("command", ["run", "check", "explain", "trust", "sandbox"])
def test_flows_are_shipped_ones_and_files(tenants: Cli, command: str) -> None:
    found = offered(tenants, f"flowrun {command} ")

    assert {"zendesk", "base/authorization-code", "acme.yaml", "zebra.yml"} <= set(found)
    assert not {"notes.txt", "sub", "tokens"} & set(found)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("flowrun check ze", ["zendesk", "zebra.yml"]),
        ("flowrun run acme.yaml sub/", ["sub/deep.yaml"]),
        ("flowrun run ./ac", ["./acme.yaml"]),
        ("flowrun run nowhere/", []),
        ("flowrun explain E223", ["E223"]),
        ("flowrun run acme.yaml --profile ", ["base", "eu", "us"]),
        ("flowrun run --json acme.yaml -p e", ["eu"]),
        ("flowrun explain acme.yaml --profile u", ["us"]),
        ("flowrun explain broken.yaml --profile ", []),
        ("flowrun explain --profile ", []),
        ("flowrun check --format s", ["sarif"]),
        ("flowrun token ", ["in-tokens"]),
        ("flowrun export in", ["in-tokens"]),
        ("flowrun exec ", ["in-tokens"]),
        ("flowrun export in-tokens --format k", ["k8s-secret", "kubectl"]),
        ("flowrun export in-tokens --format g", ["git"]),
        ("flowrun export in-tokens --named ", ["other"]),
        ("flowrun token in-tokens --field ", ["access_token", "id_token"]),
        ("flowrun export in-tokens --named other --field ", ["access_token"]),
        ("flowrun export nobody --field ", []),
        ("flowrun export --field ", []),
        ("flowrun status in-tokens ", ["in-tokens"]),
        ("flowrun refresh --sandbox ", ["in-sandbox"]),
        ("flowrun forget --tokens others in", ["in-others"]),
        ("flowrun verify --tokens nowhere ", []),
    ],
)
def test_what_is_offered_depends_on_what_was_typed(
    tenants: Cli, words: str, found: list[str]
) -> None:
    assert offered(tenants, words) == found


def test_records_are_found_where_the_environment_says(tenants: Cli) -> None:
    assert offered(tenants, "flowrun revoke ", FLOWRUN_TOKENS="others") == ["in-others"]


def test_bash_completes(tenants: Cli) -> None:
    program = tenants.folder / "flowrun"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m flowrun "$@"\n', "utf-8")
    program.chmod(0o755)
    script = """
eval "$(_FLOWRUN_COMPLETE=source_bash flowrun)"
COMP_WORDS=(flowrun explain acme.yaml --profile e) COMP_CWORD=4
_flowrun_completion flowrun
printf '%s\\n' "${COMPREPLY[@]}"
"""
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=tenants.folder,
        env={"PATH": f"{tenants.folder}:{os.environ['PATH']}", "HOME": str(tenants.folder)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("eu\n", "")
