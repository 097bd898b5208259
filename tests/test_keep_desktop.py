"""Notifications on a desktop, over a real session bus that belongs to the test."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from flowrun.errors import FlowError
from flowrun.keep.desktop import notify
from servers import desktop
from servers.command import Cli
from servers.keeping import consent, keeping, provider
from servers.rig import first_line, unavailable

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""


class Desktop(NamedTuple):
    """A bus, and a desktop on it when there is one."""

    address: str
    process: subprocess.Popen[str]

    def line(self) -> object:
        """What it says next."""
        return json.loads(first_line(self.process))


@contextlib.contextmanager
def bus(folder: Path) -> Iterator[str]:
    """The address of a session bus with nobody on it."""
    if shutil.which("dbus-daemon") is None:
        unavailable("a session bus needs dbus-daemon")
    path = folder / "bus"
    (folder / "bus.conf").write_text(CONFIG.format(path=path), "utf-8")
    command = ["dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", "--print-address=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        try:
            assert first_line(daemon).startswith("unix:path=")
            yield f"unix:path={path}"
        finally:
            daemon.terminate()


@contextlib.contextmanager
def desktop_on(address: str, *abilities: str) -> Iterator[Desktop]:
    command = [sys.executable, str(desktop.__file__), *abilities]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={"DBUS_SESSION_BUS_ADDRESS": address},
    ) as process:
        found = Desktop(address, process)
        try:
            assert found.line() == "ready"
            yield found
        finally:
            process.terminate()


def test_a_person_sees_it_on_the_desktop(cli: Cli, tmp_path: Path) -> None:
    with provider() as idp, bus(tmp_path) as address, desktop_on(address, "body") as screen:
        idp.life_s = 1
        consent(cli, idp, "acme")
        idp.ended.add("acme")
        with keeping(cli, "acme", "--notify=desktop", DBUS_SESSION_BUS_ADDRESS=address) as keep:
            asked = keep.until("asked")
        seen = screen.line()

    assert asked["message"] == "a person was asked (desktop)"
    assert seen == {
        "app": "flowrun",
        "icon": "dialog-password",
        "title": "acme needs a person",
        "text": f"acme: E501: {idp.url} refused: invalid_grant (consent was withdrawn). "
        "Consent again: flowrun acme.yaml",
        "timeout": 0,
    }


@pytest.mark.parametrize(
    ("abilities", "shown"),
    [(["body"], "<b>&"), (["body", "body-markup"], "&lt;b&gt;&amp;")],
    ids=["plain", "markup"],
)
def test_what_a_provider_says_is_no_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abilities: list[str], shown: str
) -> None:
    with bus(tmp_path) as address, desktop_on(address, *abilities) as screen:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        notify("acme", "<b>&")
        seen = screen.line()

    assert isinstance(seen, dict)
    assert seen["text"] == shown


def test_a_bus_without_a_desktop_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        with pytest.raises(FlowError, match="ServiceUnknown") as caught:
            notify("acme", "needs a person")

    assert caught.value.code == "E239"


@pytest.mark.parametrize(
    "address", ["unix:path=/nowhere/bus", "tcp:host=127.0.0.1,port=1", "nonsense"]
)
def test_no_bus_is_told(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)

    with pytest.raises(FlowError, match="no desktop has taken it") as caught:
        notify("acme", "needs a person")

    assert caught.value.code == "E239"


def test_without_its_library_it_says_how_to_get_it(cli: Cli) -> None:
    (cli.folder / "jeepney.py").write_text("raise ImportError", "utf-8")

    done = cli("keep", "acme", "--notify=desktop", PYTHONPATH=str(cli.folder))

    assert done.status == 2
    assert "error E233: desktop notifications are an optional part" in done.stderr
    assert "pip install 'flowrun-oauth[desktop]'" in done.stderr
