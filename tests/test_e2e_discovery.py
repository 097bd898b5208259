"""What real servers publish about themselves, and a login that starts from an API."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowrun.secret import JSON
from servers.command import Cli, Done
from servers.pages import Asked, Page, Pages, serving_pages
from servers.rig import Rig, free_port
from standards import proves

pytestmark = pytest.mark.rig

REDIRECT = f"--set=redirect_uri=http://127.0.0.1:{free_port()}/callback"

WELL_KNOWN = "/.well-known/"


@pytest.fixture
def pages() -> Iterator[Pages]:
    with serving_pages() as pages:
        yield pages


def kept(cli: Cli) -> dict[str, JSON]:
    """The metadata that is kept."""
    (path,) = (cli.folder / "tokens" / ".flowrun" / ".shelf").glob("metadata-*")
    found: dict[str, JSON] = json.loads(path.read_text())["value"]
    return found


def fetched(url: str) -> dict[str, JSON]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        found: dict[str, JSON] = json.load(answer)
        return found


def issuer_of(rig: Rig) -> str:
    return f"{rig.issuer}/o" if "/o/" in rig.settings["token_url"] else rig.issuer


def login(cli: Cli, issuer: str, browser: str, *more: str) -> Done:
    return cli("any-issuer", f"--set=issuer={issuer}", REDIRECT, *more, BROWSER=browser)


@proves("OpenID Connect Discovery", "4.1", "an issuer with a path is found, and one without")
def test_each_server_is_known_by_its_issuer(cli: Cli, any_rig: Rig, approve: str) -> None:
    issuer = issuer_of(any_rig)

    done = login(cli, issuer, approve, "--set=scope=api:read")  # one of them registers no others

    assert done.status == 0, done.stderr
    assert kept(cli)["issuer"] == issuer
    assert cli("refresh", "any-issuer").status == 0
    done = cli("revoke", "any-issuer")
    assert done.status == 0, done.stderr


@proves("RFC 8414", "3.3", "an issuer with a slash too many is refused, and told how to write it")
def test_a_slash_too_many_is_told(cli: Cli, django_oauth_toolkit: Rig, approve: str) -> None:
    issuer = issuer_of(django_oauth_toolkit)

    done = login(cli, f"{issuer}/", approve)

    assert (done.status, "E511" in done.stderr) == (5, True)
    assert f"write it as the server does: {issuer}\n" in done.stderr
    assert not cli.record("any-issuer").exists()


@proves("RFC 8414", "5", "a document that is incomplete is made whole by the server's other one")
def test_a_document_that_says_too_little(cli: Cli, django_oauth_toolkit: Rig, approve: str) -> None:
    issuer = issuer_of(django_oauth_toolkit)
    first = fetched(f"{issuer}{WELL_KNOWN}openid-configuration")
    assert "revocation_endpoint" not in first

    done = login(cli, issuer, approve, "--set=scope=api:read")

    assert done.status == 0, done.stderr
    assert kept(cli)["revocation_endpoint"] == f"{issuer}/revoke_token/"


# an API in front of a server of others


def serve_api(pages: Pages, rig: Rig, **more: JSON) -> str:
    """An API whose tokens *rig* issues, and that asks it about each of them."""
    url = f"{pages.url}/v1"
    pages.at[f"{WELL_KNOWN}oauth-protected-resource/v1"] = {
        "resource": url,
        "authorization_servers": [issuer_of(rig)],
        "scopes_supported": ["api:read"],
        **more,
    }

    def guarded(asked: Asked) -> Page:
        metadata = f"{pages.url}{WELL_KNOWN}oauth-protected-resource/v1"
        if asked.headers.get("Authorization", "").startswith("Bearer "):
            return Page({"you": "are welcome"})
        challenge = f'Bearer resource_metadata="{metadata}"'
        return Page({}, 401, {"WWW-Authenticate": challenge})

    pages.at["/v1"] = guarded
    return url


@proves("RFC 9728", "5", "an API's URL is all that a login needs")
@proves("RFC 8707", "2", "a token is asked for the API that it is for")
def test_an_api_is_enough_to_start(
    cli: Cli, django_oauth_toolkit: Rig, approve: str, pages: Pages
) -> None:
    api, issuer = serve_api(pages, django_oauth_toolkit), issuer_of(django_oauth_toolkit)

    refused = cli("any-api", f"--set=api={api}", REDIRECT, BROWSER=approve)
    done = cli("any-api", f"--set=api={api}", REDIRECT, f"--set=issuer={issuer}", BROWSER=approve)

    assert (refused.status, "E516" in refused.stderr) == (5, True)
    assert f"--set issuer={issuer}" in refused.stderr
    assert done.status == 0, done.stderr
    assert pages.lines[-1] == "GET /v1"  # which the token opens
    for command in ("refresh", "verify", "revoke"):
        done = cli(command, "any-api")
        assert done.status == 0, done.stderr


@proves("RFC 9728", "3.3", "an API that passes for another one gets no token")
def test_an_api_that_passes_for_another_gets_nothing(
    cli: Cli, django_oauth_toolkit: Rig, approve: str, pages: Pages
) -> None:
    api = serve_api(pages, django_oauth_toolkit, resource="https://api.example.com/v1")

    done = cli("any-api", f"--set=api={api}", REDIRECT, BROWSER=approve)

    assert (done.status, "E516" in done.stderr) == (5, True)
    assert not cli.record("any-api").exists()
    assert not list(Path(cli.folder / "tokens").rglob("*.client-*"))
