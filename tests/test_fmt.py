"""`flowrun fmt` and `flowrun schema`, as processes with real files."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from flowrun.schema import schema_path
from servers.command import Cli, Done

UGLY = "name: acme # why\nflowrun: 1\n"
PRETTY = "flowrun: 1\nname: acme # why\n"


@pytest.fixture
def ugly(cli: Cli) -> Path:
    path = cli.folder / "acme.yaml"
    path.write_text(UGLY, "utf-8")
    return path


def with_stdin(content: bytes, *words: str) -> Done:
    command = [sys.executable, "-m", "flowrun", "fmt", "-", *words]
    ended = subprocess.run(command, input=content, capture_output=True, check=False)
    return Done(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def test_a_file_is_formatted_where_it_is(cli: Cli, ugly: Path) -> None:
    done = cli("fmt", "acme.yaml")

    assert done == Done(0, "acme.yaml: formatted\n", "")
    assert ugly.read_text("utf-8") == PRETTY
    assert list(cli.folder.iterdir()) == [ugly]


def test_a_formatted_file_is_not_touched(cli: Cli, ugly: Path) -> None:
    ugly.write_text(PRETTY, "utf-8")
    before = ugly.stat()
    done = cli("fmt", "acme.yaml")

    assert done == Done(0, "", "")
    assert (ugly.stat().st_ino, ugly.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_who_may_read_it_stays(cli: Cli, ugly: Path, mode: int) -> None:
    ugly.chmod(mode)
    cli("fmt", "acme.yaml")

    assert ugly.read_text("utf-8") == PRETTY
    assert stat.S_IMODE(ugly.stat().st_mode) == mode


def test_a_link_stays_a_link(cli: Cli, ugly: Path) -> None:
    (cli.folder / "elsewhere").mkdir()
    target = ugly.rename(cli.folder / "elsewhere" / "target.yaml")
    ugly.symlink_to(target)
    done = cli("fmt", "acme.yaml")

    assert done.status == 0
    assert ugly.readlink() == target
    assert target.read_text("utf-8") == PRETTY


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfflowrun: 1\n", b"flowrun: 1\r\n", b"flowrun: 1"])
def test_bytes_that_say_nothing_go(cli: Cli, ugly: Path, content: bytes) -> None:
    ugly.write_bytes(content)
    done = cli("fmt", "acme.yaml")

    assert done.stdout == "acme.yaml: formatted\n"
    assert ugly.read_bytes() == b"flowrun: 1\n"


def test_check_writes_nothing(cli: Cli, ugly: Path) -> None:
    (cli.folder / "good.yaml").write_text(PRETTY, "utf-8")
    done = cli("fmt", "--check", "good.yaml", "acme.yaml")

    assert (done.status, done.stdout) == (2, "")
    assert done.stderr == ("error E225: acme.yaml is not formatted\n  Run: flowrun fmt acme.yaml\n")
    assert ugly.read_text("utf-8") == UGLY


def test_check_of_what_is_formatted_says_nothing(cli: Cli, ugly: Path) -> None:
    ugly.write_text(PRETTY, "utf-8")

    assert cli("fmt", "--check", "acme.yaml") == Done(0, "", "")


def test_diff_writes_nothing_and_shows_line_ends(cli: Cli, ugly: Path) -> None:
    ugly.write_bytes(PRETTY.replace("\n", "\r\n").encode())
    before = ugly.read_bytes()
    done = cli("fmt", "--diff", "acme.yaml")

    assert (done.status, ugly.read_bytes()) == (0, before)
    assert {"-flowrun: 1", "+flowrun: 1"} <= {*done.stdout.splitlines()}


@pytest.mark.parametrize("content", [UGLY, UGLY.removesuffix("\n")])
def test_git_takes_the_patch(cli: Cli, ugly: Path, content: str) -> None:
    ugly.write_text(content, "utf-8")
    patch = cli("fmt", "--diff", "--check", "acme.yaml").stdout
    subprocess.run(["git", "apply", "-p0"], cwd=cli.folder, input=patch.encode(), check=True)

    assert ugly.read_text("utf-8") == PRETTY


def test_stdin_goes_to_stdout() -> None:
    text = "title: \u200d🙂\u00a0\nflowrun: 1\n"

    assert with_stdin(UGLY.encode()) == Done(0, PRETTY, "")
    assert with_stdin(PRETTY.encode()) == Done(0, PRETTY, "")
    assert with_stdin(text.encode()) == Done(0, "flowrun: 1\ntitle: \u200d🙂\u00a0\n", "")
    assert with_stdin(b"\xff").status == 2
    checked = with_stdin(UGLY.encode(), "--check")
    assert (checked.status, checked.stdout) == (2, "")


def test_a_broken_file_is_left_alone_and_the_others_are_not(cli: Cli, ugly: Path) -> None:
    broken = cli.folder / "broken.yaml"
    broken.write_text("flowrun: 1\nname: {{ a }}\n", "utf-8")
    done = cli("fmt", "broken.yaml", "acme.yaml")

    assert (done.status, done.stdout) == (2, "acme.yaml: formatted\n")
    assert done.stderr.startswith("broken.yaml:2:8: error E202: ")
    assert broken.read_text("utf-8") == "flowrun: 1\nname: {{ a }}\n"


@pytest.mark.parametrize("name", ["zendesk", "zendesk.yaml", "base/authorization-code"])
def test_a_shipped_recipe_is_not_ours_to_format(cli: Cli, name: str) -> None:
    done = cli("fmt", name)

    assert done.status == 2
    assert f"E201: {name} is a recipe that flowrun ships" in done.stderr


def test_what_cannot_be_written_is_told(cli: Cli) -> None:
    name = "a" * 240 + ".yaml"  # the file that would take its place has a longer name
    (cli.folder / name).write_text(UGLY, "utf-8")
    done = cli("fmt", name)

    assert (done.status, done.stdout) == (2, "")
    assert "error E234: cannot write " in done.stderr
    assert (cli.folder / name).read_text("utf-8") == UGLY


def test_what_is_not_installed_is_named_with_the_command(cli: Cli, ugly: Path) -> None:
    (cli.folder / "ruamel").mkdir()
    (cli.folder / "ruamel" / "__init__.py").touch()  # in the place of the real one
    done = cli("fmt", "acme.yaml", "acme.yaml", PYTHONPATH=str(cli.folder))

    assert done.status == 2
    assert done.stderr == (
        "error E233: formatting is an optional part\n"
        "  Install it: pip install 'flowrun-oauth[fmt]'\n"
    )


def test_the_schema_is_printed_as_it_is_shipped(cli: Cli) -> None:
    assert cli("schema").stdout.encode() == schema_path().read_bytes()
    assert cli("schema", "--path") == Done(0, f"{schema_path()}\n", "")
    assert os.access(schema_path(), os.R_OK)
