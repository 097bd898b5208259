"""A login through a real Chromium: what it asks on the side must not disturb."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from servers.command import Cli, Done
from servers.proxy import Quiet, running
from servers.rig import free_port, unavailable
from standards import proves

pytestmark = pytest.mark.browser

SWITCHES = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--remote-debugging-port=0 --ignore-certificate-errors"
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

RECIPE = """\
flowrun: 1
extends: base/authorization-code
name: by-browser
vars: {{authorize_url: "{url}/authorize", token_url: "{url}/token"}}
steps:
  - authorize: {{query: {{response_mode: {mode}}}}}
  - capture: {{timeout: 1m}}
save: by-browser
"""


FORM = """<form method=post action="{at}"><input name=code value="{code}">
<input name=state value="{state}"></form><script>document.forms[0].submit()</script>"""


class Provider(Quiet):
    """An authorization server whose user is signed in and consents at once, or never."""

    def __init__(self, answer: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.redeemed: list[dict[str, list[str]]] = []
        self.agents: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path != "/authorize":
            return self.send_error(404)
        self.server.agents.append(self.headers["User-Agent"])
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        answer = {**self.server.answer, "state": asked["state"]}
        if asked["response_mode"] == "form_post":
            return self.show(FORM.format(at=asked["redirect_uri"], **answer))
        mark = "#" if asked["response_mode"] == "fragment" else "?"
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}{mark}{urlencode(answer)}")
        self.end_headers()

    def show(self, page: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.redeemed.append(parse_qs(self.rfile.read(length).decode()))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"access_token": "fake-access", "expires_in": 3600}')

    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[str]:
    """For $BROWSER: a Chromium that ends with its test, and notes that it has run."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        unavailable(f"none of {', '.join(NAMES)} is installed")
    profile, pid = tmp_path / "profile", tmp_path / "pid"
    script = tmp_path / "browser"
    script.write_text(
        "#!/bin/sh\n"
        f'setsid "{found}" {SWITCHES} --user-data-dir="{profile}" "$1" >/dev/null 2>&1 &\n'
        f'echo $! > "{pid}"\n',
        "utf-8",
    )
    script.chmod(0o700)
    yield f"{script} %s"
    if pid.exists():
        end_group(int(pid.read_text()))


def end_group(leader: int) -> None:
    """End the browser and its helpers, which are a group of their own."""
    over = threading.Event()
    for signal in (15, 9):
        for _ in range(50):
            try:
                os.killpg(leader, signal)
            except ProcessLookupError:
                return
            over.wait(0.1)


@proves("RFC 8252", "6", "brings the code from the system's browser")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_real_browser_brings_the_code(cli: Cli, chromium: str, host: str) -> None:
    done, provider = login(cli, chromium, {"code": "fake-code"}, host)

    assert done.status == 0, done.stderr
    (redeemed,) = provider.redeemed
    assert redeemed["code"] == ["fake-code"]
    assert len(redeemed["code_verifier"][0]) == 43
    assert len(provider.agents) == 1
    assert "Chrom" in provider.agents[0]
    record = cli.record("by-browser")
    assert json.loads(record.read_text())["access_token"] == "fake-access"
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert "another login" not in done.stderr  # nothing that it asked on the side was judged
    assert "favicon" not in done.stderr


def test_a_real_browser_brings_a_refusal(cli: Cli, chromium: str) -> None:
    refusal = {"error": "access_denied", "error_description": "not today"}
    done, provider = login(cli, chromium, refusal, "127.0.0.1")

    assert done.status == 4, done.stderr
    assert "not today" in done.stderr
    assert provider.redeemed == []
    assert not cli.record("by-browser").exists()


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_real_browser_brings_the_code_by_each_way_and_shows_how_it_ended(
    cli: Cli, chromium: str, mode: str, scheme: str
) -> None:
    # Another site than the provider's, which is at 127.0.0.1.
    done, provider = login(cli, chromium, {"code": "fake-code"}, "localhost", mode, scheme)

    assert done.status == 0, done.stderr
    assert provider.redeemed[0]["code"] == ["fake-code"]
    ended = "You are logged in", f"{scheme}://localhost/callback"  # the code has left the address
    assert shown(cli.folder / "profile", ended) == ended


def test_a_refusal_behind_the_mark_is_shown_too(cli: Cli, chromium: str) -> None:
    done, _ = login(cli, chromium, {"error": "access_denied"}, "127.0.0.1", "fragment")

    assert done.status == 4, done.stderr
    ended = "Access was not given", "http://127.0.0.1/callback"
    assert shown(cli.folder / "profile", ended) == ended


def shown(profile: Path, awaited: tuple[str, str]) -> tuple[str, str]:
    """The title and the address, but for its port, in the browser; *awaited* or the last seen."""
    port, seen = (profile / "DevToolsActivePort").read_text().split()[0], ("", "")
    for _ in range(50):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
            (tab,) = [each for each in json.load(answer) if each["type"] == "page"]
        seen = tab["title"], re.sub(r":\d+/", "/", tab["url"])
        if seen == awaited:
            break
        time.sleep(0.2)
    return seen


def login(
    cli: Cli,
    browser: str,
    answer: dict[str, str],
    host: str,
    mode: str = "query",
    scheme: str = "http",
) -> tuple[Done, Provider]:
    provider = Provider(answer)
    with provider, running(provider):
        recipe = RECIPE.format(url=provider.url, mode=mode)
        (cli.folder / "by-browser.yaml").write_text(recipe, "utf-8")
        done = cli(
            "./by-browser.yaml",
            "-v",
            "--set=client_id=canary",
            f"--set=redirect_uri={scheme}://{host}:{free_port()}/callback",
            BROWSER=browser,
        )
    return done, provider
