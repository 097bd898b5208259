"""What docs/export.md shows is what happens: its commands are typed, and say what stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from flowrun.record import Record
from flowrun.stores.files import FileStore
from servers.command import TESTS, Cli
from servers.pages import Page, serving_pages

PAGE = (TESTS.parent / "docs" / "export.md").read_text("utf-8")
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RECORD = Record(
    {
        "access_token": "fake-access",
        "refresh_token": "fake-refresh",
        "token_type": "Bearer",
        "scope": "read write",
        "expires_at": 4_102_444_800,
    },
    {"version": 1, "grant": "g", "file": "acme.yaml"},
)


def shown() -> list[tuple[str, str]]:
    """Each section with a session, and the session."""
    sections = re.split(r"^## +", PAGE, flags=re.MULTILINE)[1:]
    return [(part.partition("\n")[0], block) for part in sections for block in BLOCK.findall(part)]


def template_of(page: str) -> str:
    found = re.search(r"^```jinja\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize(("title", "session"), shown(), ids=[title for title, _ in shown()])
def test_a_session_of_the_page_is_as_it_is_shown(cli: Cli, title: str, session: str) -> None:
    FileStore(cli.folder / "tokens").write("acme", RECORD)
    (cli.folder / "npmrc.j2").write_text(template_of(PAGE))
    commands = re.findall(r"^\$ (.*)$", session, re.MULTILINE)
    with serving_pages() as api:
        api.at["/"] = lambda asked: Page(
            "hello\n" if asked.headers.get("Authorization") == "Bearer fake-access" else "who?\n"
        )
        done = subprocess.run(
            ["sh", "-c", "\n".join(f"echo {quoted(each)}; {each}" for each in commands)],
            cwd=cli.folder,
            env={**cli.environment(), **programs(cli.folder), "API": api.url, "NO_PROXY": "*"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    assert done.stdout == session


def quoted(command: str) -> str:
    return "'$ " + command.replace("'", "'\\''") + "'"


def programs(folder: Path) -> dict[str, str]:
    """A PATH on which flowrun is this one."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "flowrun"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m flowrun "$@"\n')
    program.chmod(0o700)
    return {"PATH": f"{folder / 'bin'}:/usr/bin:/bin"}
