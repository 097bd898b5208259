"""A login that the provider begins, as app stores do, and the one that follows it."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from flowrun.capture import PersonsBrowser
from flowrun.errors import CallbackError
from servers.command import Cli, Done
from servers.login import Login, status
from servers.proxy import Quiet, running
from servers.rig import free_port

SECRET = "fake-secret-of-acme"
INSTALL_AT = "http://127.0.0.1:{port}/{path}"

RECIPE = """\
flowrun: 1
name: store
inputs:
  client_secret: {{secret: true}}
  install_uri: {{type: url}}
  redirect_uri: {{type: url}}
hosts: ["{url}"]
steps:
  - id: install
    capture:
      at: "{{{{ inputs.install_uri }}}}"
      timeout: 1m
      expect: "callback.sign == callback.shop | hmac(inputs.client_secret, 'sha256') | hex"
  - authorize:
      url: http://{{{{ steps.install.shop }}}}/authorize
      pkce: off
      query: {{response_type: code, redirect_uri: "{{{{ inputs.redirect_uri }}}}"}}
  - capture: {{at: "{{{{ inputs.redirect_uri }}}}", timeout: 1m}}
  - token:
      post: http://{{{{ steps.install.shop }}}}/token
      form: {{code: "{{{{ callback.code }}}}", plan: "{{{{ steps.install.plan }}}}"}}
save: {{name: store, keep: {{shop: steps.install.shop, scope: callback.scope}}}}
"""

VISITOR = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=20).close()"


class Store(Quiet):
    """An app store whose user consents at once."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.redeemed: list[dict[str, list[str]]] = []

    @property
    def shop(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Store

    def do_GET(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        answer = urlencode({"code": "fake-code", "state": asked["state"], "scope": "read"})
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{answer}")
        self.end_headers()

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
def store() -> Iterator[Store]:
    with Store() as store, running(store):
        yield store


def signed(shop: str) -> str:
    return hmac.new(SECRET.encode(), shop.encode(), hashlib.sha256).hexdigest()


def visit(url: str) -> str:
    """What a browser is shown at *url*, as soon as somebody listens there."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return str(error.read().decode())
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)


@pytest.mark.parametrize("path", ["callback", "install"])
def test_an_install_and_the_login_after_it_share_a_port(
    cli: Cli, store: Store, tmp_path: Path, path: str
) -> None:
    port, visitor = free_port(), tmp_path / "visitor.py"
    install, redirect = (INSTALL_AT.format(port=port, path=each) for each in (path, "callback"))
    visitor.write_text(VISITOR)
    (cli.folder / "store.yaml").write_text(RECIPE.format(url=f"http://{store.shop}"))

    def run() -> Done:
        return cli(
            "./store.yaml",
            f"--set=install_uri={install}",
            f"--set=redirect_uri={redirect}",
            BROWSER=f"{sys.executable} {visitor} %s",
            FLOWRUN_CLIENT_SECRET=SECRET,
        )

    with ThreadPoolExecutor(1) as pool:
        running_ = pool.submit(run)
        query = {"shop": store.shop, "plan": "pro"}
        forged = visit(f"{install}?{urlencode({**query, 'sign': signed('evil.example')})}")
        begun = visit(f"{install}?{urlencode({**query, 'sign': signed(store.shop)})}")
        done = running_.result()

    record = json.loads(cli.record("store").read_text()) if done.status == 0 else {}
    assert done.status == 0, done.stderr
    assert "Not for this login" in forged
    assert "Received" in begun
    assert store.redeemed == [{"code": ["fake-code"], "plan": ["pro"]}]
    assert record["flowrun"]["keep"] == {"shop": store.shop, "scope": "read"}
    assert "start the login at the provider" in done.stderr
    assert done.stderr.count("does not hold what the recipe expects") == 1


def test_nothing_is_opened_and_a_person_is_told_what_to_register(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = tmp_path / "opened"
    monkeypatch.setenv("BROWSER", f"touch {opened} %s")
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    told: list[str] = []
    browser = PersonsBrowser(tell=told.append, open_browser=True, terminal=None, hold_s=0.05)
    with browser.listen("http://127.0.0.1:0/install") as listener:
        begun = Login(listener)
        begun.begin(browser, url="")
        begun.get("/install?state=right&shop=acme")
        begun.wait()

    assert begun.parameters["shop"] == "acme"
    assert told == [
        "start the login at the provider, which must have this URL:",
        begun.listener.redirect_uri,
    ]
    assert not opened.exists()


def test_what_is_not_expected_is_told_once_and_waited_past() -> None:
    def accept(parameters: object, *, bare: bool = False) -> None:
        if parameters != {"sign": "right"}:
            raise CallbackError("E404", "the redirect does not hold what the recipe expects")

    told: list[str] = []
    browser = PersonsBrowser(tell=told.append, open_browser=False, terminal=None, hold_s=0.05)
    with browser.listen("http://127.0.0.1:0/callback") as listener:
        begun = Login(listener)
        begun.begin(browser, accept, url="")
        answers = [begun.get(f"/callback?{q}") for q in ("", "sign=wrong", "error=access_denied")]
        waited = begun.is_waiting()
        begun.get("/callback?sign=right")
        begun.wait()

    assert waited
    assert [status(answer) for answer in answers] == [400] * 3
    assert sum("does not hold" in line for line in told) == 1
    assert begun.parameters == {"sign": "right"}
