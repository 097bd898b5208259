"""`flowrun keep` with an authorization server of others, whose tokens live for seconds."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from servers.command import RECIPES, Cli
from servers.keeping import access_token, keeping
from servers.rig import Rig, rig

pytestmark = pytest.mark.rig

LIFE_S = 6


@pytest.fixture(scope="module")
def hasty() -> Iterator[Rig]:
    """An oidc-provider whose access tokens end soon; a refresh token works once there."""
    environment = {"RIG_ACCESS_TTL": str(LIFE_S)}
    with rig("oidc-provider", needs=("node", "npm"), **environment) as url:
        paths = {"authorize_url": "/auth", "token_url": "/token"}
        paths["revoke_url"] = "/token/revocation"
        yield Rig(url, {name: url + path for name, path in paths.items()})


def test_a_rotating_token_is_kept_and_its_end_is_told_once(
    cli: Cli, hasty: Rig, approve: str
) -> None:
    settings = [f"--set={name}={value}" for name, value in hasty.settings.items()]
    login = cli(
        RECIPES / "provider-public.yaml", *settings, "--set=client_id=rig-public", BROWSER=approve
    )
    assert login.status == 0, login.stderr
    first = access_token(cli, "provider")

    with keeping(cli, "provider", "--notify=command:cat >>told; echo >>told") as keep:
        keep.until("refreshed", times=3)
        assert cli("token", "provider").status == 0  # beside it, whoever refreshes
        assert access_token(cli, "provider") != first
        assert cli("revoke", "provider").status == 0
        keep.signal(signal.SIGHUP)
        keep.until("asked")
        keep.signal(signal.SIGTERM)
        assert keep.ended() == 0

    assert keep.told("failed") == []
    assert len((cli.folder / "told").read_text("utf-8").splitlines()) == 1
