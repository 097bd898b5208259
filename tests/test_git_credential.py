"""git asks flowrun for a password: real git, its own server, and what each is told."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from flowrun.exports.git import attributes, is_meant
from flowrun.record import Record
from flowrun.secret import JSON
from flowrun.stores.files import FileStore
from servers.command import Cli, Done
from servers.git import GitServer, quiet_git, serving_git
from servers.pages import Pages, serving_pages

LATER = int(time.time()) + 86_400
HOST = "gitlab.example"


class Git:
    """git in a folder, with flowrun as the helper for one server."""

    def __init__(self, cli: Cli, url: str, host: str, *words: str) -> None:
        self.folder = cli.folder
        program = shlex.join([sys.executable, "-m", "flowrun"])
        tokens = shlex.quote(str(cli.folder / "tokens"))
        helper = f"!{program} export acme --format git --host {host} --tokens {tokens}"
        self("config", "--global", f"credential.{url}.helper", " ".join([helper, *words]))

    def __call__(self, *words: str, said: str = "") -> Done:
        done = subprocess.run(
            ["git", *words],
            cwd=self.folder,
            env=quiet_git(self.folder),
            input=said,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)


def save(cli: Cli, **fields: JSON) -> FileStore:
    store = FileStore(cli.folder / "tokens")
    known = {"access_token": "fake-access", "expires_at": LATER, **fields}
    store.write("acme", Record(known, {"version": 1, "grant": "g"}))
    return store


def answers(done: Done) -> dict[str, str]:
    return attributes(done.stdout)


def test_git_is_told_the_token_and_until_when(cli: Cli) -> None:
    save(cli)
    git = Git(cli, f"https://{HOST}", HOST)

    done = git("credential", "fill", said=f"protocol=https\nhost={HOST}\n\n")

    assert done.status == 0, done.stderr
    assert answers(done)["username"] == "oauth2"
    assert answers(done)["password"] == "fake-access"
    assert done.stderr == ""


def test_the_name_is_the_one_that_git_knows(cli: Cli) -> None:
    save(cli)
    git = Git(cli, f"https://{HOST}", HOST)
    git("config", "--global", f"credential.https://{HOST}.username", "x-token-auth")

    done = git("credential", "fill", said=f"protocol=https\nhost={HOST}\n\n")

    assert answers(done)["username"] == "x-token-auth"


def asked(cli: Cli, operation: str, said: str | bytes) -> Done:
    """The helper alone, as git runs it."""
    words = ["export", "acme", "--format", "git", "--host", HOST, operation]
    done = subprocess.run(
        [sys.executable, "-m", "flowrun", *words],
        cwd=cli.folder,
        env=cli.environment(),
        input=said.encode() if isinstance(said, str) else said,
        capture_output=True,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_the_end_of_a_token_is_told_in_utc(cli: Cli) -> None:
    save(cli)

    done = asked(cli, "get", f"capability[]=authtype\nprotocol=https\nhost={HOST}\n\n")

    assert done == (0, f"username=oauth2\npassword=fake-access\npassword_expiry_utc={LATER}\n", "")


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        pytest.param("get", "protocol=https\nhost=other.example\n", id="another host"),
        pytest.param("get", f"protocol=https\nhost={HOST}.evil.example\n", id="a longer one"),
        pytest.param("get", f"protocol=https\nhost={HOST}:444\n", id="another port"),
        pytest.param("get", f"protocol=http\nhost={HOST}\n", id="where others listen"),
        pytest.param("get", "", id="nothing said"),
        pytest.param("get", b"protocol=https\nhost=\xff\n", id="no text"),
        pytest.param("store", f"protocol=https\nhost={HOST}\npassword=x\n", id="to store"),
        pytest.param("capability", "", id="something of a later git"),
    ],
)
def test_whoever_else_asks_is_told_nothing(cli: Cli, operation: str, said: str | bytes) -> None:
    save(cli)
    before = cli.record("acme").read_bytes()

    assert asked(cli, operation, said) == (0, "", "")
    assert cli.record("acme").read_bytes() == before


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        ("127.0.0.1:8000", True),
        ("localhost", True),
        ("[::1]:80", True),
        ("127.0.0.1.evil.example", False),
    ],
)
def test_without_tls_only_this_machine_is_told(host: str, meant: bool) -> None:
    assert is_meant({"protocol": "http", "host": host}, host) == meant
    assert is_meant({"protocol": "https", "host": host.upper()}, host)


@pytest.mark.parametrize("password", ["other", "fake-acces", ""])
def test_another_password_that_git_erases_is_not_ours(cli: Cli, password: str) -> None:
    save(cli)
    before = cli.record("acme").read_bytes()

    done = asked(cli, "erase", f"protocol=https\nhost={HOST}\npassword={password}\n")

    assert done == (0, "", "")
    assert cli.record("acme").read_bytes() == before


def test_a_token_of_two_lines_is_no_password(cli: Cli) -> None:
    save(cli, access_token="fake\nhost=evil.example")

    done = asked(cli, "get", f"protocol=https\nhost={HOST}\n")

    assert (done.status, done.stdout) == (2, "")
    assert "E236" in done.stderr
    assert "evil" not in done.stderr


@pytest.mark.parametrize("words", [["get"], ["--host", HOST]])
def test_who_leaves_half_of_it_out_is_told_the_whole(cli: Cli, words: list[str]) -> None:
    save(cli)

    done = cli("export", "acme", "--format", "git", *words)

    assert done.status == 2
    assert "E219" in done.stderr
    assert "git config --global credential.https://" in done.stderr
    assert "'!flowrun export acme --format git --host " in done.stderr


RECIPE = """
flowrun: 1
extends: base/client-credentials
name: acme
inputs: {{client_id: {{default: app}}, client_secret: {{optional: true}}}}
vars: {{token_url: {0}/token}}
"""


@pytest.fixture
def pages(cli: Cli) -> Iterator[Pages]:
    """A provider with a record of it."""
    with serving_pages() as pages:
        (cli.folder / "acme.yaml").write_text(RECIPE.format(pages.url))
        issue(pages, "fake-access-1")
        done = cli("acme.yaml")
        assert done.status == 0, done.stderr
        yield pages


def issue(pages: Pages, token: str) -> None:
    """What the provider gives from now on."""
    pages.at["/token"] = {"access_token": token, "token_type": "Bearer", "expires_in": 86_400}


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    with serving_git(tmp_path_factory.mktemp("served"), "widgets.git") as server:
        yield server


def test_a_repository_is_read_and_a_refused_token_is_renewed_once(
    cli: Cli, pages: Pages, server: GitServer
) -> None:
    git = Git(cli, server.url, server.host)
    read = ("ls-remote", f"{server.url}/widgets.git")
    server.passwords.add("fake-access-1")
    assert git(*read).status == 0
    server.passwords.clear()  # somebody has revoked it
    server.passwords.add("fake-access-2")
    issue(pages, "fake-access-2")

    refused, renewed, again = git(*read), git(*read), git(*read)

    assert (refused.status, renewed.status, again.status) == (128, 0, 0)
    assert pages.lines == ["POST /token"] * 2
    shown = [password for _, password in server.shown]
    assert shown[0] == shown[1] == "fake-access-1"
    assert set(shown[2:]) == {"fake-access-2"}
    assert "rejected" not in cli.record("acme").read_text()


def test_what_git_approves_and_rejects_changes_nothing_else(cli: Cli, pages: Pages) -> None:
    git = Git(cli, f"https://{HOST}", HOST)
    about = f"protocol=https\nhost={HOST}\nusername=oauth2\npassword=fake-access-1\n\n"
    before = cli.record("acme").read_bytes()

    assert git("credential", "approve", said=about).status == 0
    assert cli.record("acme").read_bytes() == before
    assert git("credential", "reject", said=about).status == 0
    issue(pages, "fake-access-2")
    assert cli("token", "acme").stdout == "fake-access-2\n"
    assert cli("token", "acme").stdout == "fake-access-2\n"
    assert pages.lines == ["POST /token"] * 2
