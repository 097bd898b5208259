"""The recipes of docs/servers.md against glewlwyd and canaille."""

from __future__ import annotations

import stat
import time
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from servers.command import Cli, Done
from servers.known import NEVER, Known, recipes
from servers.rig import CACHE, Rig, key_of

pytestmark = pytest.mark.rig

SECRET = {"FLOWRUN_CLIENT_SECRET": "rig-secret-0123456789-0123456789-0123456789"}
WRONG = {"FLOWRUN_CLIENT_SECRET": "fake-secret-that-is-wrong"}
ODD = {"FLOWRUN_CLIENT_SECRET": "p+s s%w:rd&=/?~"}
PASSWORD = {"FLOWRUN_PASSWORD": "wonderland-42"}
ALICE = {"username": "alice", "login_hint": "alice", "binding_message": "W4SCT"}
KEY, OPENER = "FLOWRUN_PRIVATE_KEY", "FLOWRUN_DECRYPTION_KEY"
SHOWN_BY_FILE = (KEY, OPENER, "FLOWRUN_CERTIFICATE")
KINDS = ("rs256", "es256", "ed25519")
RSA = {KEY: "client-rs256.jwk.json"}
STRICT = {"issuer": "strict"}
TRUSTED = {"issuer": "rig-trusted", "subject": "alice"}
FORGED = 'par_url: "", id_token_alg: [RS256]'
INACTIVE = "http: {expect: response.json.active == false}"
SEALING = {"encryption_key_id": "op-rsa-oaep"}
JARM = ("jwt", "query.jwt", "fragment.jwt", "form_post.jwt")


FIRST, OTHERS, WHOLE = slice(1), slice(1, None), slice(None)


class As(NamedTuple):
    """A client of a server, and what a recipe is told to be it."""

    client: str
    secrets: Mapping[str, str] = {}  # a key by the name of the rig's file
    settings: Mapping[str, str] = {}


def shown(name: str) -> dict[str, str]:
    """A certificate and its key, by the rig's files."""
    return {"FLOWRUN_CERTIFICATE": f"{name}.cert.pem", KEY: f"{name}.key.pem"}


SEALED = As("rig-encrypted", SECRET | {OPENER: "client-enc.jwks.json"})
LOGINS: Mapping[str, list[As]] = {
    "glewlwyd": [As("rig-post", SECRET)],
    "glewlwyd-public": [As("rig-public")],
    "glewlwyd-registered": [As("")],
    "glewlwyd-rights": [As("rig-basic", SECRET)],
    "glewlwyd-claims": [As("rig-basic", SECRET)],
    "glewlwyd-jarm": [As("rig-basic", SECRET, {"mode": mode}) for mode in JARM],
    "glewlwyd-form": [As("rig-basic", SECRET)],
    "glewlwyd-encrypted": [SEALED],
    "glewlwyd-introspected": [As("rig-basic", SECRET)],
    "glewlwyd-secret-jwt": [As("rig-secret-jwt", SECRET)],
    "glewlwyd-key-jwt": [
        As("rig-key-jwt", {KEY: f"client-{kind}.jwk.json"})
        for kind in ("rs256", "es256", "ed25519")
    ],
    "glewlwyd-dpop": [As("rig-dpop", SECRET)],
    "glewlwyd-tls": [As("rig-tls", shown("client")), As("rig-tls-self", shown("self"))],
    "glewlwyd-strict": [As("rig-strict", SECRET | RSA, STRICT | SEALING)],
    "glewlwyd-hybrid": [As(f"rig-{kind}", SECRET) for kind in ("basic", "es256", "ps256")],
    "glewlwyd-implicit": [As("rig-public")],
    "glewlwyd-signed": [As("rig-key-jwt", {KEY: f"client-{kind}.jwk.json"}) for kind in KINDS],
    "glewlwyd-sealed": [As("rig-key-jwt", RSA, SEALING)],
    "glewlwyd-vouched": [As("rig-basic", SECRET)],
    "glewlwyd-ciba": [As("rig-basic", SECRET, ALICE)],
    "glewlwyd-ciba-signed": [As("rig-key-jwt", RSA, ALICE | {"key_id": "client-rs256"})],
    "glewlwyd-device": [As("rig-post", SECRET), As("rig-public")],
    "canaille": [As("rig-basic", SECRET), As("rig odd/client", ODD), As("rig-trusted", SECRET)],
    "canaille-registered": [As("")],
    "canaille-hybrid": [As(f"rig-{kind}", SECRET) for kind in ("basic", "es256", "eddsa")],
    "canaille-implicit": [As("rig-public")],
    "canaille-signed": [As("rig-jar", SECRET | RSA)],
    "canaille-vouched": [As("rig-userinfo", SECRET)],
    "canaille-key-jwt": [
        As(f"rig-key-{kind}", {KEY: f"client-{kind}.jwk.json"}) for kind in ("rs256", "es256")
    ],
}
"""Recipes that a person consents in."""

UNATTENDED: Mapping[str, list[As]] = {
    "glewlwyd-service": [As("rig-post", SECRET)],
    "glewlwyd-password": [As("rig-post", SECRET | PASSWORD, ALICE)],
    "canaille-service": [As("rig-service", SECRET)],
    "canaille-jwt-bearer": [As("", {KEY: "op-rs256.jwk.json"}, TRUSTED)],
    "canaille-password": [As("rig-basic", SECRET | PASSWORD, ALICE)],
}
"""Recipes that need nobody."""

LATER: Mapping[str, tuple[str, ...]] = {
    "glewlwyd-device": ("refresh",),
    "glewlwyd-ciba": ("refresh",),
    "glewlwyd-ciba-signed": ("refresh",),
    "canaille-jwt-bearer": (),
    "glewlwyd-implicit": ("verify", "revoke"),
    "canaille-key-jwt": ("verify", "refresh"),
    "canaille-implicit": ("verify",),
    "glewlwyd-service": (),
    "glewlwyd-password": ("refresh",),
    "canaille-service": (),
    "canaille-password": ("refresh",),
}
"""What else a recipe can do, where that is less than the usual."""


def each(kinds: Mapping[str, list[As]], part: slice = WHOLE) -> list[object]:
    return [
        pytest.param(name, one, id=f"{name} {one.client} {one.settings.get('mode', '')}".strip())
        for name, clients in kinds.items()
        for one in clients[part]
    ]


@pytest.fixture
def known(request: pytest.FixtureRequest, cli: Cli, name: str, one: As) -> Known:
    """A recipe at the server that its name begins with."""
    server = name.partition("-")[0]
    rig: Rig = request.getfixturevalue("glewlwyd_tls" if name == "glewlwyd-tls" else server)
    secrets, settings = dict(one.secrets), dict(one.settings)
    if one.client:
        settings["client_id"] = one.client
    files = {name: key_of(server, secrets[name]) for name in SHOWN_BY_FILE if name in secrets}
    secrets |= files
    if settings.get("issuer") == "strict":
        settings["issuer"] = rig.issuer.replace("/oidc", "/strict")
    cli.keep_secret(*secrets.values())
    if name == "glewlwyd-tls":
        secrets["SSL_CERT_FILE"] = str(CACHE / "glewlwyd" / "keys" / "ca.cert.pem")
    return Known(cli, rig, name, settings, secrets)


def log_in(known: Known, approve: str) -> Done:
    if "extends: base/device" in recipes()[known.name]:
        return known.with_device(approve)
    if "extends: base/ciba" in recipes()[known.name]:
        return known.with_confirmation()
    return known.run(approve)


def wait_for_another_second(known: Known) -> None:
    """Two tokens of one second are the same to canaille, and the second is answered with 500."""
    if known.name.startswith("canaille"):
        time.sleep(1)


def serial(known: Known) -> str:
    """What no two answers have in common; canaille's JWTs of one second are the same."""
    token = known.token()
    return str(token.get("refresh_token", token["access_token"]))


def test_every_recipe_of_the_page_is_run() -> None:
    assert {*LOGINS, *UNATTENDED} == set(recipes())


@pytest.mark.parametrize(("name", "one"), each(LOGINS, FIRST))
def test_a_person_logs_in_and_the_token_lives_until_it_is_revoked(
    known: Known, approve: str
) -> None:
    done = log_in(known, approve)
    assert done.status == 0, done.stderr
    record, before = known.cli.record(known.name), serial(known)
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    known.cli.keep_secret(before)

    backup = b""
    commands = LATER.get(known.name, ("verify", "refresh", "revoke"))
    for command in commands:
        wait_for_another_second(known)
        backup = record.read_bytes()
        done = known.later(command)
        assert done.status == 0, (command, done.stderr)
    if "refresh" in commands:
        assert serial(known) != before
    if {"refresh", "revoke"} <= {*commands}:
        record.write_bytes(backup)
        assert known.later("refresh").status == 5, "the server knows that the grant is over"


@pytest.mark.parametrize(("name", "one"), each(LOGINS, OTHERS))
def test_a_login_works_with_other_clients_keys_and_modes(known: Known, approve: str) -> None:
    done = log_in(known, approve)

    assert done.status == 0, done.stderr
    assert known.token()["access_token"]


@pytest.mark.parametrize(("name", "one"), each(UNATTENDED))
def test_a_recipe_that_needs_nobody_brings_another_token_each_time(known: Known) -> None:
    done = known.run(NEVER)
    assert done.status == 0, done.stderr
    before = serial(known)
    for command in LATER[known.name]:
        wait_for_another_second(known)
        done = known.later(command)
        assert done.status == 0, (command, done.stderr)
    wait_for_another_second(known)
    done = known.run(NEVER, "--fresh")

    assert done.status == 0, done.stderr
    assert serial(known) != before


@pytest.mark.parametrize(
    ("name", "one", "code"),
    [
        pytest.param("glewlwyd", As("rig-post", WRONG), "E517", id="glewlwyd: wrong secret"),
        pytest.param("canaille", As("rig-basic", WRONG), "E502", id="canaille: wrong secret"),
        pytest.param("glewlwyd-key-jwt", As("rig-public", RSA), "E517", id="glewlwyd: strange key"),
        pytest.param("glewlwyd-claims", As("rig-dpop", SECRET), "E514", id="glewlwyd: no proof"),
        pytest.param(
            "glewlwyd-tls", As("rig-tls", shown("stranger")), "E517", id="glewlwyd: a stranger"
        ),
        pytest.param(
            "canaille-key-jwt",
            As("rig-key-rs256", {KEY: "client-es256.jwk.json"}),
            "E502",
            id="canaille: another client's key",
        ),
        pytest.param(
            "glewlwyd-rights",
            As("rig-basic", SECRET, {"scope": "openid"}),
            "E",
            id="glewlwyd: rights without their scope",
        ),
    ],
)
def test_a_login_that_the_server_refuses_leaves_nothing(
    known: Known, approve: str, code: str
) -> None:
    done = log_in(known, approve)

    assert done.status in (4, 5), done.stderr
    assert f"error {code}" in done.stderr
    assert not known.cli.record(known.name).exists()


@pytest.mark.parametrize(
    ("name", "one", "written", "instead", "code"),
    [
        ("glewlwyd-jarm", As("rig-basic", SECRET), "{{ vars.id_token_alg }}", "ES512", "E412"),
        ("glewlwyd-hybrid", As("rig-es256", SECRET), 'par_url: ""', FORGED, "E522"),
        ("glewlwyd-introspected", As("rig-basic", SECRET), "http: {}", INACTIVE, "E5"),
        ("glewlwyd-vouched", As("rig-basic", SECRET), "{{ saved.scope }}", "nobody", "E519"),
        ("glewlwyd-encrypted", SEALED, "{{ vars.id_token_alg }}", "ES512", "E519"),
        ("glewlwyd-hybrid", As("rig-eddsa", SECRET), 'par_url: ""', 'par_url: ""', "E528"),
        ("canaille-vouched", As("rig-userinfo", SECRET), "{{ inputs.client_id }}", "me", "E519"),
    ],
)
def test_what_a_recipe_asks_to_be_checked_is_checked(
    known: Known, approve: str, written: str, instead: str, code: str
) -> None:
    text = recipes()[known.name]
    assert text.count(written) == 1
    known = known._replace(text=text.replace(written, instead))
    done = known.run(approve)
    if done.status == 0:
        done = known.later("verify")

    assert done.status == 5 or code.startswith("E4"), done.stderr
    assert f"error {code}" in done.stderr


@pytest.mark.parametrize(("name", "one"), [("canaille", As("rig-post", SECRET))])
def test_a_person_may_refuse(known: Known, deny: str) -> None:
    done = known.run(deny)

    assert done.status == 4, done.stderr
    assert "error E402" in done.stderr
    assert not known.cli.record(known.name).exists()


@pytest.mark.parametrize(("name", "one"), [("glewlwyd-ciba", As("rig-basic", SECRET, ALICE))])
def test_a_person_may_refuse_on_a_device_of_theirs(known: Known) -> None:
    done = known.with_confirmation("--deny")

    assert done.status == 4, done.stderr
    assert "error E402" in done.stderr
    assert not known.cli.record(known.name).exists()


@pytest.mark.parametrize(("name", "one"), [("glewlwyd", As("rig-post", SECRET))])
def test_a_refresh_token_that_was_used_ends_its_whole_family(known: Known, approve: str) -> None:
    assert known.run(approve).status == 0
    backup = known.cli.record("glewlwyd").read_bytes()
    assert known.later("refresh").status == 0
    last = known.cli.record("glewlwyd").read_bytes()

    known.cli.record("glewlwyd").write_bytes(backup)
    assert known.later("refresh").status == 5
    known.cli.record("glewlwyd").write_bytes(last)
    assert known.later("refresh").status == 5
