"""`flowrun zendesk.yaml` against a server with Zendesk's documented manners, over real TLS."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping

import pytest

from servers.command import Cli, Done
from servers.zendesk import CLIENTS, Served

CLIENT = "flowrun_test"
SECRET = str(CLIENTS[CLIENT])
TOKENS = "/oauth/tokens"


@pytest.fixture(params=["through a proxy", "by name"])
def way(request: pytest.FixtureRequest, zendesk: Served) -> Mapping[str, str]:
    """The environment of a client that finds the server."""
    return zendesk.through_proxy if request.param == "through a proxy" else zendesk.by_name


def run(
    cli: Cli,
    zendesk: Served,
    approve: str,
    way: Mapping[str, str],
    *arguments: str,
    tenant: str = "acme",
    client: str = CLIENT,
    secret: str | None = SECRET,
) -> Done:
    # The person's browser has its own way, whichever the command line takes.
    finds = " ".join(f"{name}={value}" for name, value in zendesk.by_name.items())
    environment = {**way, "BROWSER": f"env {finds} {approve}"}
    if secret:
        cli.keep_secret(secret)
        environment["FLOWRUN_CLIENT_SECRET"] = secret
    return cli(
        "zendesk.yaml",
        f"--set=subdomain={tenant}",
        f"--set=client_id={client}",
        f"--set=redirect_uri={zendesk.zendesk.redirect_uri}",
        *arguments,
        **environment,
    )


def token_of(cli: Cli, tenant: str = "acme") -> dict[str, object]:
    token: dict[str, object] = json.loads(cli.record(f"zendesk-{tenant}").read_text())
    return token


def body_of(zendesk: Served, number: int) -> dict[str, object]:
    body = zendesk.zendesk.requests("POST", TOKENS)[number].body
    assert isinstance(body, dict)
    return body


def test_one_command_gives_a_token_file(
    cli: Cli, zendesk: Served, approve: str, way: Mapping[str, str]
) -> None:
    done = run(cli, zendesk, approve, way)
    assert done.status == 0, done.stderr

    token, (grant,) = token_of(cli), zendesk.zendesk.grants
    sent = body_of(zendesk, 0)
    (asked,) = zendesk.zendesk.requests("GET", "/oauth/authorizations/new")
    assert token["access_token"] == grant.access_token
    assert token["refresh_token"] == grant.refresh_token
    assert token["expires_in"] == sent["expires_in"] == 172000
    assert isinstance(token["expires_at"], (int, float))
    assert stat.S_IMODE(cli.record("zendesk-acme").stat().st_mode) == 0o600
    assert asked.query["scope"] == "read write"
    assert asked.query["code_challenge_method"] == "S256"
    assert sent["client_secret"] == SECRET
    assert "tokens/zendesk-acme.json" in done.stdout
    assert grant.access_token not in done.stdout + done.stderr
    assert grant.refresh_token not in done.stdout + done.stderr


def test_public_client_needs_no_secret(
    cli: Cli, zendesk: Served, approve: str, way: Mapping[str, str]
) -> None:
    done = run(cli, zendesk, approve, way, client="flowrun_public", secret=None)

    assert done.status == 0, done.stderr
    assert "client_secret" not in body_of(zendesk, 0)


def test_tenants_have_files_of_their_own(cli: Cli, zendesk: Served, approve: str) -> None:
    acme = run(cli, zendesk, approve, zendesk.by_name)
    globex = run(cli, zendesk, approve, zendesk.by_name, tenant="globex")

    assert (acme.status, globex.status) == (0, 0), acme.stderr + globex.stderr
    assert token_of(cli)["access_token"] != token_of(cli, "globex")["access_token"]
    assert [seen.host for seen in zendesk.zendesk.requests("POST", TOKENS)] == [
        "acme.zendesk.com",
        "globex.zendesk.com",
    ]


def test_refusal_ends_the_login_and_sends_nothing(
    cli: Cli, zendesk: Served, approve: str, way: Mapping[str, str]
) -> None:
    zendesk.zendesk.deny = True
    done = run(cli, zendesk, approve, way)

    assert done.status == 4, done.stderr
    assert zendesk.zendesk.requests("POST", TOKENS) == []
    assert not cli.record("zendesk-acme").exists()


def test_refresh_stores_the_new_pair(
    cli: Cli, zendesk: Served, approve: str, way: Mapping[str, str]
) -> None:
    assert run(cli, zendesk, approve, way).status == 0
    before = token_of(cli)
    done = cli("refresh", "zendesk-acme", **way, FLOWRUN_CLIENT_SECRET=SECRET)
    assert done.status == 0, done.stderr

    after, (grant,) = token_of(cli), zendesk.zendesk.grants
    assert after["access_token"] == grant.access_token != before["access_token"]
    assert after["refresh_token"] == grant.refresh_token != before["refresh_token"]
    assert body_of(zendesk, 1)["expires_in"] == 172000


def test_dead_refresh_token_needs_a_person_and_keeps_the_record(
    cli: Cli, zendesk: Served, approve: str
) -> None:
    assert run(cli, zendesk, approve, zendesk.by_name).status == 0
    before = token_of(cli)
    zendesk.zendesk.grants.clear()
    done = cli("refresh", "zendesk-acme", **zendesk.by_name, FLOWRUN_CLIENT_SECRET=SECRET)

    assert done.status == 5, done.stderr
    assert token_of(cli)["refresh_token"] == before["refresh_token"]
    assert token_of(cli)["access_token"] == before["access_token"]
    assert len(zendesk.zendesk.requests("POST", TOKENS)) == 2


def test_verify_asks_zendesk(cli: Cli, zendesk: Served, approve: str) -> None:
    assert run(cli, zendesk, approve, zendesk.by_name).status == 0
    alive = cli("verify", "zendesk-acme", **zendesk.by_name)
    zendesk.zendesk.grants.clear()
    dead = cli("verify", "zendesk-acme", **zendesk.by_name)

    assert (alive.status, dead.status) == (0, 5), alive.stderr + dead.stderr


def test_revoke_deletes_the_token_by_its_number(cli: Cli, zendesk: Served, approve: str) -> None:
    assert run(cli, zendesk, approve, zendesk.by_name).status == 0
    done = cli("revoke", "zendesk-acme", **zendesk.by_name)

    assert done.status == 0, done.stderr
    assert len(zendesk.zendesk.requests("DELETE", "/api/v2/oauth/tokens/123.json")) == 1
    assert zendesk.zendesk.grants == []


def test_number_of_the_client_in_place_of_its_identifier_gives_no_token(
    cli: Cli, zendesk: Served, approve: str
) -> None:
    done = run(cli, zendesk, approve, zendesk.by_name, client="360000123456")

    assert done.status in (2, 5), done.stderr  # the recipe may know it before Zendesk does
    assert not cli.record("zendesk-acme").exists()


def test_server_that_is_not_trusted_gets_nothing(cli: Cli, zendesk: Served, approve: str) -> None:
    unaware = {"PYTHONPATH": str(zendesk.python_path)}
    done = run(cli, zendesk, approve, unaware)

    assert done.status == 6, done.stderr
    assert zendesk.zendesk.requests("POST", TOKENS) == []
    assert not cli.record("zendesk-acme").exists()
