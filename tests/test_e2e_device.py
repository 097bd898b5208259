"""Consent on another device, at authorization servers that others have written."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from servers.command import TESTS, Cli
from servers.decoupled import waiting
from servers.rig import Rig, rig
from standards import proves

pytestmark = pytest.mark.rig

PATHS = {
    "oidc_provider": ("/device/auth", "/token", "rig-public"),
    "django_oauth_toolkit": ("/o/device-authorization/", "/o/token/", "rig-device"),
}


@pytest.fixture(params=[*PATHS])
def device(request: pytest.FixtureRequest, cli: Cli) -> str:
    """A recipe of a few lines for the device grant of each server in turn."""
    started: Rig = request.getfixturevalue(request.param)
    device, token, client = PATHS[request.param]
    (cli.folder / "tv.yaml").write_text(
        f"""\
flowrun: 1
extends: base/device-code
name: tv
vars: {{device_url: "{started.issuer}{device}", token_url: "{started.issuer}{token}"}}
values: {{client_id: {client}, scope: [openid]}}
"""
    )
    return "tv.yaml"


def visit(address: str, *words: str | Path) -> None:
    """A person opens *address* on a telephone."""
    command = [str(TESTS / "rigs" / "device-approve"), *map(str, words), address]
    subprocess.run(command, check=True, timeout=60, capture_output=True)


@proves("RFC 8628", "3.3.1", "who opens the complete address has nothing to type")
def test_who_opens_the_whole_address_consents(cli: Cli, device: str) -> None:
    with waiting(cli, device) as login:
        visit(login.until(r"or open (\S+), which"))
        done = login.ended()

    assert done.status == 0, done.stderr
    token = json.loads(cli.record("tv").read_text())
    assert token["access_token"] not in done.stderr
    refreshed = cli("refresh", "tv")
    assert refreshed.status == 0, refreshed.stderr
    assert json.loads(cli.record("tv").read_text())["access_token"] != token["access_token"]


@proves("RFC 8628", "3.3", "who types the code at the plain address consents")
def test_who_types_the_code_consents(cli: Cli, device: str) -> None:
    with waiting(cli, device) as login:
        address, code = login.until(r"open (\S+) in"), login.until(r"the code (\S+)")
        visit(address, "--user-code", code)
        done = login.ended()

    assert done.status == 0, done.stderr


@proves("RFC 8628", "3.5", "a refusal ends the polling")
def test_who_refuses_ends_the_login(cli: Cli, device: str) -> None:
    with waiting(cli, device) as login:
        visit(login.until(r"or open (\S+), which"), "--deny")
        done = login.ended()

    assert (done.status, cli.record("tv").exists()) == (4, False), done.stderr
    assert "error E402: " in done.stderr


@proves("RFC 8628", "3.5", "the polling ends with the code, at a server that forgets it then")
def test_who_comes_too_late_finds_the_login_ended(cli: Cli) -> None:
    with rig("oidc-provider", needs=("node", "npm"), RIG_DEVICE_TTL="6") as url:
        (cli.folder / "tv.yaml").write_text(
            "flowrun: 1\nextends: base/device-code\nname: tv\nvalues: {client_id: rig-public}\n"
            f"vars: {{device_url: '{url}/device/auth', token_url: '{url}/token'}}\n"
        )
        done = cli("tv.yaml", BROWSER="true")

    assert (done.status, cli.record("tv").exists()) == (4, False), done.stderr
    assert "error E415: " in done.stderr
