"""The command line against authorization servers that others have written."""

from __future__ import annotations

import json
import stat
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from servers.command import RECIPES, TESTS, Cli, Done
from servers.rig import Rig
from standards import proves

pytestmark = pytest.mark.rig

SECRET = "rig-secret-0123456789-0123456789-0123456789"
ODD_CLIENT, ODD_SECRET = "rig:odd client/1", "p+s s%w:rd&=/?~"


def login(
    cli: Cli, rig: Rig, browser: str, *, recipe: str = "provider-public", client: str = "rig-public"
) -> Done:
    settings = [f"--set={name}={value}" for name, value in rig.settings.items()]
    return cli(RECIPES / f"{recipe}.yaml", *settings, f"--set=client_id={client}", BROWSER=browser)


def token_of(cli: Cli) -> dict[str, object]:
    token: dict[str, object] = json.loads(cli.record("provider").read_text())
    return token


def redeem(rig: Rig, refresh_token: object) -> int:
    """The status that the server answers a refresh of ours with, behind the client's back."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    data = urllib.parse.urlencode(form | {"client_id": "rig-public"}).encode()
    try:
        with urllib.request.urlopen(rig.settings["token_url"], data, timeout=10) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@proves("RFC 8252", "7.3", "listens on any free port of loopback")
@pytest.mark.parametrize(
    ("recipe", "client", "secret"),
    [
        pytest.param("provider-public", "rig-public", None, id="public"),
        pytest.param("provider", "rig-post", SECRET, id="post"),
        pytest.param("provider-basic", "rig-basic", SECRET, id="basic"),
        pytest.param("provider-basic", ODD_CLIENT, ODD_SECRET, id="odd basic"),
    ],
)
def test_login_leaves_a_private_token_file_and_the_file_can_be_refreshed(
    cli: Cli, any_rig: Rig, approve: str, recipe: str, client: str, secret: str | None
) -> None:
    environment = {"FLOWRUN_CLIENT_SECRET": secret} if secret else {}
    cli.keep_secret(*environment.values())
    settings = [f"--set={name}={value}" for name, value in any_rig.settings.items()]
    done = cli(
        RECIPES / f"{recipe}.yaml",
        *settings,
        f"--set=client_id={client}",
        BROWSER=approve,
        **environment,
    )
    assert done.status == 0, done.stderr

    record, before = cli.record("provider"), token_of(cli)
    tokens = [str(before["access_token"]), str(before["refresh_token"])]
    assert "tokens/provider.json" in done.stdout
    assert not [token for token in tokens if token in done.stdout + done.stderr]
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert stat.S_IMODE(record.parent.stat().st_mode) == 0o700
    assert (record.parent / ".gitignore").read_text().split() == ["*"]
    assert secret is None or secret not in record.read_text()

    cli.keep_secret(*tokens)
    done = cli("refresh", "provider", **environment)
    assert done.status == 0, done.stderr
    after = token_of(cli)
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]


@proves("RFC 6749", "5.2", "a client that is refused gets no token, and is told so")
def test_wrong_secret_is_refused_and_nothing_is_stored(
    cli: Cli, any_rig: Rig, approve: str
) -> None:
    cli.keep_secret("fake-secret-that-is-wrong")
    settings = [f"--set={name}={value}" for name, value in any_rig.settings.items()]
    done = cli(
        RECIPES / "provider.yaml",
        *settings,
        "--set=client_id=rig-post",
        BROWSER=approve,
        FLOWRUN_CLIENT_SECRET="fake-secret-that-is-wrong",
    )

    assert done.status == 5, done.stderr
    assert not cli.record("provider").exists()


def test_login_works_with_an_opener_that_returns_at_once(
    cli: Cli, any_rig: Rig, approve: str
) -> None:
    done = login(cli, any_rig, approve.replace(" %s", " --detach %s"))

    assert done.status == 0, done.stderr
    assert token_of(cli)["access_token"]


@proves("RFC 6749", "4.1.2.1", "a person may refuse")
def test_refused_consent_ends_the_login(cli: Cli, any_rig: Rig, deny: str) -> None:
    done = login(cli, any_rig, deny)

    assert done.status == 4, done.stderr
    assert not cli.record("provider").exists()


@proves("RFC 8252", "8.9", "a forged redirect is told from the real one by its state")
def test_forged_redirect_does_not_disturb_the_login(cli: Cli, any_rig: Rig) -> None:
    done = login(cli, any_rig, f"{TESTS / 'visitors' / 'forge-then-approve'} %s")

    assert done.status == 0, done.stderr
    assert token_of(cli)["access_token"]


@proves("RFC 6749", "10.12", "a forged redirect is no login")
def test_forged_redirect_alone_is_no_login(cli: Cli, any_rig: Rig) -> None:
    forge = f"{TESTS / 'visitors' / 'forge'} %s"
    done = login(cli, any_rig, forge, recipe="provider-impatient")

    assert done.status == 4, done.stderr
    assert not cli.record("provider").exists()


def test_fresh_token_is_printed_and_used_again(cli: Cli, any_rig: Rig, approve: str) -> None:
    assert login(cli, any_rig, approve).status == 0
    before = cli.record("provider").read_bytes()
    printed = cli("token", "provider")
    again = login(cli, any_rig, "false %s")

    assert printed.stdout == f"{token_of(cli)['access_token']}\n"
    assert (printed.status, again.status) == (0, 0), again.stderr
    assert cli.record("provider").read_bytes() == before


@proves("RFC 9700", "4.14.2", "a refresh token that was used elsewhere ends in a new consent")
def test_used_refresh_token_needs_a_person_and_keeps_the_record(
    cli: Cli, any_rig: Rig, approve: str
) -> None:
    assert login(cli, any_rig, approve).status == 0
    old = token_of(cli)["refresh_token"]
    assert cli("refresh", "provider").status == 0
    put_back(cli.record("provider"), old)
    done = cli("refresh", "provider")

    assert done.status == 5, done.stderr
    assert token_of(cli)["refresh_token"] == old
    assert token_of(cli)["access_token"]


@proves("RFC 7009", "2.1", "posts the token and the client's authentication")
def test_revoked_grant_is_over_at_the_server(cli: Cli, any_rig: Rig, approve: str) -> None:
    assert login(cli, any_rig, approve).status == 0
    refresh_token = token_of(cli)["refresh_token"]
    done = cli("revoke", "provider")

    assert done.status == 0, done.stderr
    assert redeem(any_rig, refresh_token) == 400


def put_back(record: Path, refresh_token: object) -> None:
    """Edit the record as a restored backup would; its mode stays."""
    token = json.loads(record.read_text())
    record.write_text(json.dumps(token | {"refresh_token": refresh_token}))
