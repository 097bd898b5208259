"""Each case of the OpenID Foundation's plans for relying parties, by its name there."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from openid_plans import Run, runs
from servers.command import RECIPES, Cli, Done
from servers.corrupting import Corrupting, Corruption, corrupting
from servers.rig import Rig
from servers.signing import Claims

pytestmark = pytest.mark.rig

CLIENT, SECRET = "rig-flows", "rig-secret-0123456789-0123456789-0123456789"
BASIC = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
Look = Callable[[Corrupting], object]


def anything(provider: Corrupting) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Case:
    """What the provider does wrong, and what must come of it."""

    does: Corruption = field(default_factory=Corruption)
    refused_with: str = ""
    saw: Look = anything
    settings: tuple[str, ...] = ()


def sends_basic(provider: Corrupting) -> bool:
    return {asked.headers["authorization"] for asked in provider.requests("/token")} == {
        f"Basic {BASIC}"
    }


CASES = {
    "oidcc-client-test": Case(),
    "oidcc-client-test-kid-absent-single-jwks": Case(does=Corruption(has_kid=False)),
    "oidcc-client-test-kid-absent-multiple-jwks": Case(does=Corruption(has_kid=False, keys=3)),
    "oidcc-client-test-idtoken-sig-rs256": Case(),
    "oidcc-client-test-scope-userinfo-claims": Case(settings=("scope=openid profile email",)),
    "oidcc-client-test-client-secret-basic": Case(saw=sends_basic),
}

DONE = [run for run in runs() if run.case in CASES and run.variant.response_type == "code"]


def login(cli: Cli, provider: Corrupting, run: Run, approve: str, *more: str) -> Done:
    settings = [f"issuer={provider.url}", f"client_id={CLIENT}", *CASES[run.case].settings]
    if run.variant.response_mode != "default":
        settings.append(f"response_mode={run.variant.response_mode}")
    recipe = RECIPES / "relying-party" / f"{run.variant.response_type}.yaml"
    cli.keep_secret(SECRET)
    sets = [f"--set={setting}" for setting in settings]
    return cli(recipe, *sets, *more, BROWSER=approve, FLOWRUN_CLIENT_SECRET=SECRET)


def record(cli: Cli) -> Claims:
    saved: Claims = json.loads(cli.record("relying-party").read_text())
    return saved


@pytest.mark.parametrize("run", DONE, ids=str)
def test_case(run: Run, cli: Cli, oidc_provider: Rig, approve: str) -> None:
    case = CASES[run.case]
    with corrupting(oidc_provider.issuer, case.does, secret=SECRET) as provider:
        done = login(cli, provider, run, approve)

        assert case.saw(provider)
    if case.refused_with:
        assert case.refused_with in done.stderr, done.stderr
        assert not cli.record("relying-party").exists()
    else:
        assert done.status == 0, done.stderr
        assert record(cli)["access_token"]
