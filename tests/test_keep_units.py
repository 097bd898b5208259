"""The units of docs/keep.md: what systemd says of them, and how they live under a real one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.command import TIMEOUT_S, Cli
from servers.keeping import Provider, consent, provider
from servers.rig import unavailable

FOLDER = Path(__file__).parents[1] / "docs" / "examples" / "keep"
PERSONS, SYSTEMS = FOLDER / "flowrun-keep.service", FOLDER / "flowrun-keep-system.service"
SYSTEMD = Path("/lib/systemd/systemd")
APART = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]

MANAGER = """
set -eu
mount -t tmpfs tmpfs /run
mkdir -p -m 0700 /run/systemd/system /run/user/0
export XDG_RUNTIME_DIR=/run/user/0 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/0/bus
dbus-daemon --session --address=$DBUS_SESSION_BUS_ADDRESS --fork --nosyslog
/lib/systemd/systemd --user >/dev/null 2>&1 &
until systemctl --user list-units >/dev/null 2>&1; do read -rt 0.1 <> <(:) || :; done
say() { systemctl --user show flowrun-keep -p "$1" --value; }
become() { until [ "$(say "$1")" = "$2" ]; do read -rt 0.1 <> <(:) || :; done; }
"""
"""A systemd of our own, in namespaces of its own, which knows a person's units."""


def instead(unit: Path, **settings: str) -> str:
    """*unit* with other values of some settings; one that is empty is left out."""
    text = unit.read_text("utf-8")
    for name, value in settings.items():
        line = f"{name}={value}" if value else f"# {name}"
        text, found = re.subn(rf"^{name}=.*$", line, text, flags=re.MULTILINE)
        assert found, f"{unit.name} does not say {name}"
    return text


def analysed(*words: str | Path) -> str:
    if shutil.which("systemd-analyze") is None:
        unavailable("units are judged by systemd-analyze")
    command = ["systemd-analyze", "--man=no", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_systemd_finds_nothing_to_say_about_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "flowrun-keep.service"
    unit.write_text(instead(SYSTEMS, ExecStart=f"{sys.executable} -m flowrun keep --all"))

    assert analysed("verify", unit) == ""


def test_the_unit_of_a_server_is_let_do_little() -> None:
    verdict = analysed("security", "--offline=yes", "--no-pager", "--threshold=15", SYSTEMS)

    assert "Overall exposure level for flowrun-keep-system.service: 1." in verdict


@pytest.mark.parametrize("unit", [PERSONS, SYSTEMS], ids=lambda unit: str(unit.name))
def test_what_the_units_call_is_there(cli: Cli, unit: Path) -> None:
    (words,) = re.findall(r"^ExecStart=\S+/flowrun (.*)$", unit.read_text("utf-8"), re.MULTILINE)

    done = cli(*words.split(), "--warn", "never")  # the one thing that is wrong with it

    assert done.stderr.startswith("error E219: 'never' is no duration")


@pytest.fixture
def idp() -> Iterator[Provider]:
    with provider() as started:
        yield started


def lived(home: Path, unit: str, script: str) -> list[str]:
    """What *script* says about the unit, in lines, when systemd has it."""
    if os.geteuid() or not SYSTEMD.exists() or not shutil.which("dbus-daemon"):
        unavailable("a systemd in namespaces of its own needs root, systemd and dbus-daemon")
    folder = home / ".config" / "systemd" / "user"
    folder.mkdir(parents=True)
    (folder / "flowrun-keep.service").write_text(unit)
    done = subprocess.run(
        [*APART, "bash", "-c", MANAGER + script],
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=2 * TIMEOUT_S,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_persons_unit_is_ready_watched_and_ended(cli: Cli, idp: Provider) -> None:
    consent(cli, idp, "acme")
    unit = instead(
        PERSONS,
        ExecStart=f"{sys.executable} -m flowrun keep --all",
        RestartSec="100ms",
        WatchdogSec="2s",
    )

    said = lived(
        cli.folder,
        unit,
        """
        systemctl --user start flowrun-keep
        say StatusText
        systemctl --user reload flowrun-keep
        say ActiveState
        kill -STOP "$(say MainPID)"
        become NRestarts 1
        become ActiveState active
        systemctl --user stop flowrun-keep
        say Result
        say ExecMainStatus
        """,
    )

    assert said[0].startswith("keeping 1 record; the next is acme at ")
    assert said[1:] == ["active", "success", "0"]


def test_a_servers_unit_refreshes_inside_of_its_walls(cli: Cli, idp: Provider) -> None:
    idp.life_s, idp.url = 2, idp.url.replace("127.0.0.1", "localhost")  # names are found, too
    consent(cli, idp, "acme")
    log = cli.folder / "log"
    unit = instead(
        SYSTEMS,
        User="",  # a person's manager has no others, and our folders are where these look
        PrivateTmp="",
        ProtectHome="read-only",
        Environment=f"HOME={cli.folder} FLOWRUN_TOKENS={cli.folder}/tokens",
        StateDirectory=f"flowrun\nReadWritePaths={cli.folder}\nStandardError=append:{log}",
        ExecStart=f"{sys.executable} -m flowrun keep --all",
    )

    said = lived(
        cli.folder,
        unit,
        f"""
        systemctl --user start flowrun-keep
        until grep -q "acme: refreshed until" {log}; do read -rt 0.1 <> <(:) || :; done
        systemctl --user stop flowrun-keep
        say Result
        """,
    )

    assert said == ["success"]
    assert "error" not in log.read_text("utf-8")
