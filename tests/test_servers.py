"""The recipes of docs/servers.md against glewlwyd and canaille."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Mapping

import pytest

from servers.command import Cli
from servers.known import SECRET, Known, recipes
from servers.rig import Rig

pytestmark = pytest.mark.rig

BY_SECRET = {"FLOWRUN_CLIENT_SECRET": SECRET}
LOGINS: Mapping[str, list[tuple[str, Mapping[str, str]]]] = {
    "glewlwyd": [("rig-post", BY_SECRET)],
    "glewlwyd-public": [("rig-public", {})],
    "canaille": [("rig-basic", BY_SECRET)],
}
"""The clients that each recipe is run for, and the secrets of each."""


def each_login() -> list[object]:
    return [
        pytest.param(name, client, environment, id=f"{name} as {client}")
        for name, clients in LOGINS.items()
        for client, environment in clients
    ]


@pytest.fixture
def servers(request: pytest.FixtureRequest, name: str) -> Rig:
    """The server that the recipe's name begins with."""
    started: Rig = request.getfixturevalue(name.partition("-")[0])
    return started


def claims(token: object) -> dict[str, object]:
    part = str(token).split(".")[1]
    read: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


def test_no_recipe_of_the_page_is_left_out() -> None:
    assert set(recipes()) == set(LOGINS)


@pytest.mark.parametrize(("name", "client", "environment"), each_login())
def test_a_recipe_logs_in_verifies_refreshes_and_revokes(
    cli: Cli,
    servers: Rig,
    approve: str,
    name: str,
    client: str,
    environment: Mapping[str, str],
) -> None:
    known = Known(cli, servers, name, client, environment=environment)
    cli.keep_secret(*environment.values())
    done = known.run(approve)
    assert done.status == 0, done.stderr
    assert stat.S_IMODE(cli.record(name).stat().st_mode) == 0o600
    before = known.token()
    cli.keep_secret(*(str(before[kind]) for kind in ("access_token", "refresh_token")))

    for command in ("verify", "refresh", "verify"):
        done = known.later(command)
        assert done.status == 0, (command, done.stderr)
    after = known.token()
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]

    backup = cli.record(name).read_bytes()
    done = known.later("revoke")
    assert done.status == 0, done.stderr
    cli.record(name).write_bytes(backup)
    assert known.later("refresh").status == 5, "the server knows that the grant is over"
