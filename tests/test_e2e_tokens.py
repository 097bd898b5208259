"""What real servers say about tokens: that they are active, and that they are no more."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from flowrun.stores.files import FileStore
from servers.command import RECIPES, Cli, Done
from servers.pages import Asked, Page, Pages, serving_pages
from servers.rig import Rig
from standards import proves

SECRET = "rig-secret-0123456789-0123456789-0123456789"


def login(cli: Cli, rig: Rig, browser: str) -> Done:
    settings = [f"--set={name}={value}" for name, value in rig.settings.items()]
    settings += [f"--set=introspect_url={rig.issuer}/token/introspection"]
    settings += ["--set=client_id=rig-basic"]
    recipe = RECIPES / "provider-asked.yaml"
    return cli(recipe, *settings, BROWSER=browser, FLOWRUN_CLIENT_SECRET=SECRET)


@pytest.mark.rig
@proves("RFC 7662", "2.1", "a token is looked up with the client's authentication")
@proves("RFC 7009", "2.1", "the refresh token is revoked, with a hint of its type")
def test_a_token_is_active_until_it_is_revoked(cli: Cli, oidc_provider: Rig, approve: str) -> None:
    cli.keep_secret(SECRET)
    done = login(cli, oidc_provider, approve)
    assert done.status == 0, done.stderr

    assert cli("verify", "provider", FLOWRUN_CLIENT_SECRET=SECRET).status == 0
    assert cli("revoke", "provider", FLOWRUN_CLIENT_SECRET=SECRET).status == 0
    done = cli("verify", "provider", FLOWRUN_CLIENT_SECRET=SECRET)

    assert done.status == 5
    assert "E509" in done.stderr
    assert "says that the token is not active" in done.stderr


# against servers that answer as a test wants


RECIPE = """
flowrun: 1
extends: base/client-credentials
name: acme
inputs: {{client_id: {{default: app}}, client_secret: {{optional: true}}, scope: {{default: [a]}}}}
vars: {{token_url: {0}/token, introspect_url: {0}/introspect, revoke_url: {0}/revoke}}
"""


@pytest.fixture
def pages() -> Iterator[Pages]:
    with serving_pages() as pages:
        pages.at["/token"] = {"access_token": "fake-access", "token_type": "Bearer"}
        pages.at["/introspect"] = {"active": True}
        yield pages


@pytest.fixture
def acme(cli: Cli, pages: Pages) -> Cli:
    recipe = cli.folder / "acme.yaml"
    recipe.write_text(RECIPE.format(pages.url))
    done = cli(recipe)
    assert done.status == 0, done.stderr
    return cli


@proves("RFC 7662", "2.2", "a token that is not active is refused as that")
def test_a_token_that_is_not_active_is_told_as_that(acme: Cli, pages: Pages) -> None:
    pages.at["/introspect"] = {"active": False}

    done = acme("verify", "acme")

    assert (done.status, "E509" in done.stderr) == (5, True)
    assert "says that the token is not active" in done.stderr


@proves("RFC 7662", "2.2", "a token of another client is refused, active or not")
def test_a_token_of_another_client_is_refused(acme: Cli, pages: Pages) -> None:
    pages.at["/introspect"] = {"active": True, "client_id": "another"}

    done = acme("verify", "acme")

    assert (done.status, "E507" in done.stderr) == (5, True)


@pytest.mark.parametrize("said", [{}, {"active": "true"}, {"active": 1}, {"active": None}, []])
def test_only_true_is_active(acme: Cli, pages: Pages, said: object) -> None:
    pages.at["/introspect"] = json.dumps(said)

    assert acme("verify", "acme").status == 5


@proves("RFC 7009", "2.2", "a server that revokes answers 200, whatever the token was")
def test_a_token_is_revoked(acme: Cli, pages: Pages) -> None:
    pages.at["/revoke"] = {}

    done = acme("revoke", "acme")

    assert done.status == 0, done.stderr
    assert pages.asked[-1].body == "client_id=app&token=fake-access&token_type_hint=access_token"


@proves("RFC 7009", "2.2.1", "a server that is busy is asked again when it says so")
def test_a_server_that_is_busy_is_asked_again(acme: Cli, pages: Pages) -> None:
    answers = [Page({}, 503, {"Retry-After": "0"}), Page({})]
    pages.at["/revoke"] = lambda _: answers.pop(0)

    done = acme("revoke", "acme")

    assert done.status == 0, done.stderr
    assert answers == []


@proves("RFC 7009", "2.2.1", "a kind of token that cannot be revoked is told, and what helps")
def test_a_token_that_cannot_be_revoked_is_told(acme: Cli, pages: Pages) -> None:
    def refuse(_: Asked) -> Page:
        return Page({"error": "unsupported_token_type"}, 400)

    pages.at["/revoke"] = refuse

    done = acme("revoke", "acme")

    assert (done.status, "E509" in done.stderr) == (5, True)
    assert "unsupported_token_type" in done.stderr
    assert "Revoke another one of the same grant" in done.stderr
    assert acme("status", "acme").status == 0  # it is not called revoked


TAKEN_OVER = """
flowrun: 1
extends: base/refresh-token
name: acme
values: {{client_id: app}}
vars: {{token_url: {0}/token}}
"""


@proves("RFC 6749", "6", "a refresh goes by the newest refresh token alone")
def test_a_refresh_needs_no_secret_that_only_the_login_takes(cli: Cli, pages: Pages) -> None:
    pages.at["/token"] = {"access_token": "fake-access", "refresh_token": "fake-second"}
    recipe = cli.folder / "acme.yaml"
    recipe.write_text(TAKEN_OVER.format(pages.url))
    assert cli(recipe, FLOWRUN_REFRESH_TOKEN="fake-first").status == 0

    done = cli("refresh", "acme")

    assert done.status == 0, done.stderr
    sent = [parse_qs(each.body)["refresh_token"] for each in pages.asked]
    assert sent == [["fake-first"], ["fake-second"]]


# what others do meanwhile


def test_talk_that_nobody_can_hear_costs_no_answer(cli: Cli, pages: Pages) -> None:
    pages.at["/token"] = {"access_token": "fake-access", "refresh_token": "fake-second"}
    (recipe := cli.folder / "acme.yaml").write_text(TAKEN_OVER.format(pages.url))
    assert cli(recipe, FLOWRUN_REFRESH_TOKEN="fake-first").status == 0
    pages.at["/token"] = {"access_token": "fake-newer", "refresh_token": "fake-third"}
    words = [sys.executable, "-m", "flowrun", "refresh", "acme", "--verbose"]

    with Path("/dev/full").open("w") as full:
        done = subprocess.run(words, cwd=cli.folder, env=cli.environment(), stderr=full)

    assert done.returncode == 0
    assert json.loads(cli.record("acme").read_text())["access_token"] == "fake-newer"


def test_a_grant_that_is_handed_over_while_it_is_verified_stays_so(acme: Cli, pages: Pages) -> None:
    store = FileStore(acme.folder / "tokens")

    def refused(_: Asked) -> Page:
        record = store.read("acme")
        assert record is not None
        store.write("acme", record.knowing(released={"at": 1, "as": "json"}))
        return Page({"error": "invalid_token"}, 401)

    pages.at["/introspect"] = refused

    assert acme("verify", "acme").status == 5
    assert json.loads(acme.record("acme").read_text())["flowrun"]["released"] == {
        "at": 1,
        "as": "json",
    }


def test_a_record_that_goes_while_it_is_looked_at_does_not_come_back(
    acme: Cli, pages: Pages
) -> None:
    store, recipe = FileStore(acme.folder / "tokens"), acme.folder / "acme.yaml"
    recipe.write_text(recipe.read_text() + "title: Another\n")

    def meanwhile(_: Asked) -> Page:
        store.delete("acme")
        return Page({"active": True})

    pages.at["/introspect"] = meanwhile

    done = acme(recipe)

    assert (done.status, "E705" in done.stderr) == (7, True)
    assert not acme.record("acme").exists()


def test_a_token_that_cannot_live_so_long_is_told(acme: Cli, pages: Pages) -> None:
    pages.at["/token"] = {"access_token": "fake-newer", "expires_in": 3600}
    assert acme("acme.yaml", "--fresh").status == 0

    done = acme("token", "acme", "--min-ttl", "5h")

    assert (done.status, done.stdout) == (0, "fake-newer\n")
    assert "acme: no token lives for so long; a new one does until" in done.stderr


def test_a_record_of_the_sandbox_is_no_real_one(cli: Cli) -> None:
    assert cli("zendesk", "--sandbox").status == 0

    done = cli("refresh", "zendesk-acme", "--tokens", "tokens/sandbox")

    assert done.status == 7
    assert "zendesk-acme is a record of the sandbox" in done.stderr
