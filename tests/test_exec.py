"""`flowrun exec`: a command that has the token, and nothing else that is flowrun's."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowrun.record import Record
from flowrun.secret import JSON
from flowrun.stores.files import FileStore
from servers.command import Cli

LATER = int(time.time()) + 86_400


@pytest.fixture
def acme(cli: Cli) -> Cli:
    save(cli, "acme", "fake-access")
    save(cli, "billing", "fake-billing")
    cli.keep_secret("fake-refresh")
    return cli


def save(cli: Cli, name: str, token: str, **fields: JSON) -> None:
    known = {"access_token": token, "refresh_token": "fake-refresh", "expires_at": LATER, **fields}
    other: JSON = {"access_token": "fake-other", "expires_at": LATER, "flowrun": {}}
    meta: dict[str, JSON] = {"version": 1, "grant": "g", "tokens": {"other": other}}
    FileStore(cli.folder / "tokens").write(name, Record(known, meta))


def test_a_command_has_the_token_in_its_environment(acme: Cli) -> None:
    done = acme("exec", "acme", "--", "sh", "-c", 'echo "$ACCESS_TOKEN"')

    assert done == (0, "fake-access\n", "")


@pytest.mark.parametrize(
    ("words", "variable", "token"),
    [
        (["--var", "API_KEY"], "API_KEY", "fake-access"),
        (["--named", "other"], "ACCESS_TOKEN", "fake-other"),
        (["--field", "instance_url"], "INSTANCE_URL", "https://acme.example"),
    ],
)
def test_another_token_or_variable_may_be_meant(
    acme: Cli, words: list[str], variable: str, token: str
) -> None:
    save(acme, "acme", "fake-access", instance_url="https://acme.example")

    assert acme("exec", "acme", *words, "--", "printenv", variable).stdout == f"{token}\n"


def test_several_records_have_a_variable_each(acme: Cli) -> None:
    script = 'echo "$ACCESS_TOKEN $BILLING"'
    done = acme("exec", "acme", "--also", "billing:BILLING", "--", "sh", "-c", script)

    assert done.stdout == "fake-access fake-billing\n"


def test_nothing_of_flowruns_own_is_inherited(acme: Cli) -> None:
    own = {"FLOWRUN_CLIENT_SECRET": "fake-secret", "FLOWRUN_TOKENS": "tokens", "OTHER": "kept"}
    done = acme("exec", "acme", "--", "env", **own)
    names = {line.partition("=")[0] for line in done.stdout.splitlines()}

    assert {"ACCESS_TOKEN", "OTHER", "PATH"} <= names
    assert [name for name in names if name.startswith("FLOWRUN")] == ["FLOWRUN_TOKENS"]
    assert "fake-secret" not in done.stdout


def test_words_behind_the_dashes_are_the_commands_own(acme: Cli) -> None:
    done = acme("exec", "acme", "--", "printf", "%s|", "--var", "-v", "--", "*", "a b", "$HOME")

    assert done.stdout == "--var|-v|--|*|a b|$HOME|"


@pytest.mark.parametrize("status", [0, 1, 2, 77, 255])
def test_the_exit_status_is_the_commands_own(acme: Cli, status: int) -> None:
    assert acme("exec", "acme", "--", "sh", "-c", f"exit {status}") == (status, "", "")


def test_the_command_takes_the_place_of_flowrun(acme: Cli) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "flowrun", "exec", "acme", "--", "sh", "-c", "echo $$; exec cat"],
        cwd=acme.folder,
        env=acme.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        process.send_signal(signal.SIGTERM)

        assert process.wait(30) == -signal.SIGTERM
        assert int(said) == process.pid


def test_signals_that_python_ignores_are_the_commands_again(acme: Cli) -> None:
    assert ignored(Path("/proc/self/status").read_text()) & {signal.SIGPIPE}

    done = acme("exec", "acme", "--", "cat", "/proc/self/status")

    assert not ignored(done.stdout) & {signal.SIGPIPE, signal.SIGXFSZ}


def ignored(status: str) -> set[int]:
    """The signals that a process ignores, as /proc/PID/status says it."""
    mask = int(status.partition("SigIgn:")[2].split()[0], 16)
    return {number for number in range(1, 65) if mask & 1 << (number - 1)}


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        pytest.param(["--", "nowhere-to-be-found"], 127, "E240", id="no command"),
        pytest.param(["--", "./plain"], 126, "E240", id="no program"),
        pytest.param(["--", "./tokens"], 126, "E240", id="a folder"),
        pytest.param([], 2, "Missing argument", id="nothing to run"),
        pytest.param(["--also", "billing", "--", "env"], 2, "NAME:VAR", id="no variable"),
        pytest.param(["--also", "billing:1x", "--", "env"], 2, "'1x'", id="an odd one"),
        pytest.param(["--also", "billing:ACCESS_TOKEN", "--", "env"], 2, "two", id="one twice"),
        pytest.param(["--also", "nobody:N", "--", "env"], 7, "E705", id="no record"),
        pytest.param(["--field", "nothing", "--", "env"], 2, "E235", id="no field"),
    ],
)
def test_what_cannot_be_run_is_told(acme: Cli, words: list[str], status: int, says: str) -> None:
    (acme.folder / "plain").write_text("no program")
    acme.keep_secret("fake-access", "fake-billing")

    done = acme("exec", "acme", *words)

    assert (done.status, done.stdout) == (status, "")
    assert says in done.stderr


@pytest.mark.parametrize("fields", [{"token_type": "DPoP"}, {"access_token": "a\0b"}])
def test_a_token_that_no_variable_can_bring_is_refused(acme: Cli, fields: dict[str, JSON]) -> None:
    save(acme, "acme", str(fields.get("access_token", "fake-access")), **fields)

    done = acme("exec", "acme", "--", "env")

    assert (done.status, done.stdout) == (2, "")
    assert "E236" in done.stderr


def test_a_token_is_in_no_argument(acme: Cli) -> None:
    done = acme("exec", "acme", "--", "sh", "-c", "tr '\\0' ' ' < /proc/$$/cmdline")

    assert "fake-access" not in done.stdout
    assert done.stdout.startswith("sh -c")
