"""Clients that real servers register: made once, used again, changed, and ended."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping

import pytest

from flowrun.secret import JSON
from servers.command import Cli, Done
from servers.rig import Rig, free_port
from standards import proves

pytestmark = pytest.mark.rig

REDIRECT = f"--set=redirect_uri=http://127.0.0.1:{free_port()}/callback"


def login(cli: Cli, rig: Rig, browser: str, *more: str) -> Done:
    return cli("any-issuer", f"--set=issuer={rig.issuer}", REDIRECT, *more, BROWSER=browser)


def kept(cli: Cli) -> list[dict[str, JSON]]:
    """The clients that are kept for the record."""
    files = (cli.folder / "tokens" / ".flowrun").glob("any-issuer.client-*")
    return [json.loads(path.read_text())["value"]["client"] for path in files]


def record(cli: Cli) -> dict[str, JSON]:
    found: dict[str, JSON] = json.loads(cli.record("any-issuer").read_text())
    return found


def status_at(client: Mapping[str, JSON]) -> int:
    """What the server answers where it manages *client*."""
    headers = {"Authorization": f"Bearer {client['registration_access_token']}"}
    request = urllib.request.Request(str(client["registration_client_uri"]), headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@proves("RFC 7591", "3.1", "a client is registered with what the login needs")
@proves("RFC 7591", "3.2.1", "the client that was registered is the one that is used")
@proves("OpenID Connect Registration", "3.1", "an issuer is all that a login needs")
def test_a_login_needs_nothing_but_the_issuer(cli: Cli, oidc_provider: Rig, approve: str) -> None:
    done = login(cli, oidc_provider, approve)
    assert done.status == 0, done.stderr

    (client,) = kept(cli)
    secrets = [str(client["client_secret"]), str(client["registration_access_token"])]
    cli.keep_secret(*secrets)
    assert "has registered the client" in done.stderr
    assert not [secret for secret in secrets if secret in done.stdout + done.stderr]
    assert not [secret for secret in secrets if secret in cli.record("any-issuer").read_text()]
    for command in ("refresh", "verify"):
        done = cli(command, "any-issuer")
        assert done.status == 0, done.stderr
    assert [each["client_id"] for each in kept(cli)] == [client["client_id"]]


@proves("RFC 7592", "2.1", "a client is looked up before it is used for another login")
def test_the_client_is_used_again(cli: Cli, oidc_provider: Rig, approve: str) -> None:
    login(cli, oidc_provider, approve)
    before = kept(cli)

    done = login(cli, oidc_provider, approve, "--fresh")

    assert done.status == 0, done.stderr
    assert "has registered" not in done.stderr
    assert [each["client_id"] for each in kept(cli)] == [each["client_id"] for each in before]


@proves("RFC 7592", "2.2", "a client is changed when the recipe asks for another one")
@proves("RFC 7592", "3", "a registration token that is replaced is replaced here")
def test_the_client_is_changed_with_what_the_recipe_asks_for(
    cli: Cli, oidc_provider: Rig, approve: str
) -> None:
    login(cli, oidc_provider, approve)
    (before,) = kept(cli)
    uri = REDIRECT.partition("redirect_uri=")[2].replace("callback", "elsewhere")

    done = login(cli, oidc_provider, approve, "--fresh", f"--set=redirect_uri={uri}")

    assert done.status == 0, done.stderr
    (after,) = kept(cli)
    assert after["client_id"] == before["client_id"]
    assert after["redirect_uris"] == [uri]
    assert after["registration_access_token"] != before["registration_access_token"]
    assert status_at(after) == 200


@proves("RFC 7592", "2.3", "a client is ended when its grant is revoked")
def test_revoking_ends_the_client_and_the_next_login_has_another(
    cli: Cli, oidc_provider: Rig, approve: str
) -> None:
    login(cli, oidc_provider, approve)
    (before,) = kept(cli)

    done = cli("revoke", "any-issuer")

    assert done.status == 0, done.stderr
    assert kept(cli) == []
    assert status_at(before) == 401
    done = login(cli, oidc_provider, approve)
    assert done.status == 0, done.stderr
    assert kept(cli)[0]["client_id"] != before["client_id"]


def test_a_client_that_the_server_has_lost_is_registered_anew(
    cli: Cli, oidc_provider: Rig, approve: str
) -> None:
    login(cli, oidc_provider, approve)
    (before,) = kept(cli)
    headers = {"Authorization": f"Bearer {before['registration_access_token']}"}
    uri = str(before["registration_client_uri"])
    urllib.request.urlopen(urllib.request.Request(uri, headers=headers, method="DELETE"), timeout=9)

    done = login(cli, oidc_provider, approve, "--fresh")

    assert done.status == 0, done.stderr
    assert kept(cli)[0]["client_id"] != before["client_id"]


def test_forgetting_leaves_nothing_of_the_client_here(
    cli: Cli, oidc_provider: Rig, approve: str
) -> None:
    login(cli, oidc_provider, approve)

    cli("forget", "any-issuer")

    left = [path for path in (cli.folder / "tokens").rglob("*") if path.is_file()]
    assert {path.name for path in left} == {".gitignore", "any-issuer.lock"}


@proves("RFC 7591", "3.2.2", "why a client is not registered is told, with what helps")
def test_a_refusal_is_told(cli: Cli, oidc_provider: Rig, approve: str) -> None:
    recipe = cli.folder / "picky.yaml"
    said = "- register: {json: {token_endpoint_auth_method: unheard_of}}"
    recipe.write_text(f"flowrun: 1\nextends: any-issuer\nname: picky\nsteps:\n  {said}\n")

    done = cli(recipe, f"--set=issuer={oidc_provider.issuer}", REDIRECT, BROWSER=approve)

    assert done.status == 5
    assert "E513" in done.stderr
    assert "invalid_client_metadata" in done.stderr
    assert not cli.record("picky").exists()
    assert kept(cli) == []
