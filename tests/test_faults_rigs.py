"""Refreshes that are killed, at authorization servers that others have written."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from faults import tracing
from faults.elsewhere import Killed, kill_some
from faults.kills import GONE
from servers.command import RECIPES, Cli
from servers.rig import Rig, rig, unavailable

pytestmark = pytest.mark.rig

GRACE = "flowrun: 1\nextends: {recipe}\ndefaults: {{token: {{grace: 30s}}}}\n"


@pytest.fixture(scope="module")
def gracious() -> Iterator[Rig]:
    """A server that takes a refresh token for some time after it was used."""
    needs = ("python3", "openssl")
    with rig("django-oauth-toolkit", needs=needs, RIG_GRACE="30") as url:
        paths = {"authorize_url": "/o/authorize/", "token_url": "/o/token/"}
        paths["revoke_url"] = "/o/revoke_token/"
        yield Rig(url, {name: url + path for name, path in paths.items()})


def killed(cli: Cli, rig: Rig, recipe: str, browser: str) -> list[Killed]:
    """Some kills, in a process of its own that has no threads."""
    if reason := tracing.why_not():
        unavailable(reason)
    settings = [f"--set={name}={value}" for name, value in rig.settings.items()]
    words = ["run", recipe, *settings, "--set=client_id=rig-public"]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        begin = random.randrange(1000)
        return pool.submit(kill_some, cli.folder, "provider", words, browser, begin).result()


def test_a_killed_refresh_is_settled_where_reuse_ends_the_grant(
    cli: Cli, any_rig: Rig, approve: str
) -> None:
    done = killed(cli, any_rig, str(RECIPES / "provider-public.yaml"), approve)
    lost = [each for each in done if each.code]

    assert len(done) > 10
    assert [each for each in lost if each.code != GONE or not each.pending] == []
    assert [each for each in done if not each.code and not each.goes_on] == []
    assert [each for each in done if not each.code and each.version not in (1, 2)] == []
    assert len(lost) < len(done) / 3


def test_a_killed_refresh_loses_nothing_where_there_is_a_grace(
    cli: Cli, gracious: Rig, approve: str
) -> None:
    recipe = cli.folder / "gracious.yaml"
    recipe.write_text(GRACE.format(recipe=RECIPES / "provider-public.yaml"))
    done = killed(cli, gracious, str(recipe), approve)

    assert [each for each in done if each.code or not each.goes_on] == []
