"""The recipes of docs/servers.md against glewlwyd and canaille."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from servers.command import Cli, Done
from servers.known import NEVER, Known, recipes
from servers.rig import Rig, key_of

pytestmark = pytest.mark.rig

SECRET = {"FLOWRUN_CLIENT_SECRET": "rig-secret-0123456789-0123456789-0123456789"}
ODD = {"FLOWRUN_CLIENT_SECRET": "p+s s%w:rd&=/?~"}
PASSWORD = {"FLOWRUN_PASSWORD": "wonderland-42"}
ALICE = {"username": "alice", "login_hint": "alice", "binding_message": "W4SCT"}
KEY = "FLOWRUN_PRIVATE_KEY"


class As(NamedTuple):
    """A client of a server, and what a recipe is told to be it."""

    client: str
    secrets: Mapping[str, str] = {}  # a private key by the name that the rig has for it
    settings: Mapping[str, str] = {}


LOGINS: Mapping[str, list[As]] = {
    "glewlwyd": [As("rig-post", SECRET)],
    "glewlwyd-public": [As("rig-public")],
    "glewlwyd-secret-jwt": [As("rig-secret-jwt", SECRET)],
    "glewlwyd-key-jwt": [As("rig-key-jwt", {KEY: kind}) for kind in ("rs256", "es256", "ed25519")],
    "glewlwyd-dpop": [As("rig-dpop", SECRET)],
    "glewlwyd-strict": [As("rig-dpop", SECRET, {"issuer": "strict"})],
    "glewlwyd-ciba": [As("rig-basic", SECRET, ALICE)],
    "glewlwyd-device": [As("rig-post", SECRET), As("rig-public")],
    "canaille": [As("rig-basic", SECRET), As("rig odd/client", ODD), As("rig-trusted", SECRET)],
    "canaille-key-jwt": [As(f"rig-key-{kind}", {KEY: kind}) for kind in ("rs256", "es256")],
}
"""Recipes that a person consents in."""

UNATTENDED: Mapping[str, list[As]] = {
    "glewlwyd-service": [As("rig-post", SECRET)],
    "glewlwyd-password": [As("rig-post", SECRET | PASSWORD, ALICE)],
    "canaille-service": [As("rig-service", SECRET)],
    "canaille-password": [As("rig-basic", SECRET | PASSWORD, ALICE)],
}
"""Recipes that need nobody."""

LATER: Mapping[str, tuple[str, ...]] = {
    "glewlwyd-device": ("refresh",),
    "glewlwyd-ciba": ("refresh",),
    "canaille-key-jwt": ("verify", "refresh"),
    "glewlwyd-service": (),
    "glewlwyd-password": ("refresh",),
    "canaille-service": (),
    "canaille-password": ("refresh",),
}
"""What else a recipe can do, where that is less than the usual."""


def each(kinds: Mapping[str, list[As]]) -> list[object]:
    return [
        pytest.param(name, one, id=f"{name} as {one.client} {one.secrets.get(KEY, '')}".strip())
        for name, clients in kinds.items()
        for one in clients
    ]


@pytest.fixture
def known(request: pytest.FixtureRequest, cli: Cli, name: str, one: As) -> Known:
    """A recipe at the server that its name begins with."""
    server = name.partition("-")[0]
    rig: Rig = request.getfixturevalue(server)
    secrets, settings = dict(one.secrets), {"client_id": one.client, **one.settings}
    if KEY in secrets:
        secrets[KEY] = key_of(server, f"client-{secrets[KEY]}.jwk.json")
    if "issuer" in settings:
        settings["issuer"] = rig.issuer.replace("/oidc", f"/{settings['issuer']}")
    cli.keep_secret(*secrets.values())
    return Known(cli, rig, name, settings, secrets)


def log_in(known: Known, approve: str) -> Done:
    if "extends: base/device" in recipes()[known.name]:
        return known.with_device(approve)
    if "extends: base/ciba" in recipes()[known.name]:
        return known.with_confirmation()
    return known.run(approve)


def serial(known: Known) -> object:
    """What no two answers have in common; canaille's JWTs of one second are the same."""
    token = known.token()
    return token.get("refresh_token", token["access_token"])


def test_every_recipe_of_the_page_is_run() -> None:
    assert {*LOGINS, *UNATTENDED} == set(recipes())


@pytest.mark.parametrize(("name", "one"), each(LOGINS))
def test_a_person_logs_in_and_the_token_lives_until_it_is_revoked(
    known: Known, approve: str
) -> None:
    done = log_in(known, approve)
    assert done.status == 0, done.stderr
    record, before = known.cli.record(known.name), known.token()
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    known.cli.keep_secret(*(str(before[kind]) for kind in ("access_token", "refresh_token")))

    commands = LATER.get(known.name, ("verify", "refresh", "verify", "revoke"))
    for command in commands:
        backup = record.read_bytes()
        done = known.later(command)
        assert done.status == 0, (command, done.stderr)
    if "revoke" in commands:
        record.write_bytes(backup)
        assert known.later("refresh").status == 5, "the server knows that the grant is over"

    assert known.token()["refresh_token"] != before["refresh_token"]


@pytest.mark.parametrize(("name", "one"), each(UNATTENDED))
def test_a_recipe_that_needs_nobody_brings_another_token_each_time(known: Known) -> None:
    done = known.run(NEVER)
    assert done.status == 0, done.stderr
    before = serial(known)
    for command in LATER[known.name]:
        done = known.later(command)
        assert done.status == 0, (command, done.stderr)
    done = known.run(NEVER, "--fresh")

    assert done.status == 0, done.stderr
    assert serial(known) != before
