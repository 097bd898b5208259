"""Whole runs against the sandbox, by each way that a redirect can come back."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from flowrun.errors import CallbackError
from flowrun.http import Direct
from flowrun.rehearsal import ConsentingBrowser
from flowrun.sandbox.shape import Exchange
from servers.command import Cli
from test_sandbox import AUTHORIZE, REDIRECT, TOKEN, consent_request, sandbox_of

GOOD = Path(__file__).parent / "flows" / "good"

RECIPE = """\
flowrun: 1
extends: base/authorization-code
name: modes
vars: {{authorize_url: "https://id.example.com/auth", token_url: "https://id.example.com/token"}}
steps:
  - authorize: {{query: {{{query}}}}}
  - capture: {{{capture}}}
save: modes
"""


@pytest.mark.parametrize(
    ("query", "capture"),
    [
        ("response_mode: query", ""),
        ("response_mode: form_post", ""),
        ("response_mode: fragment", ""),
        ("", "response_mode: form_post"),
        ("", "response_mode: fragment"),
    ],
)
@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://127.0.0.1:8484/callback",
        "https://localhost:8484/callback",
        "https://app.example.com/callback",
    ],
)
def test_the_sandbox_answers_as_it_is_asked(
    cli: Cli, query: str, capture: str, redirect_uri: str
) -> None:
    (cli.folder / "modes.yaml").write_text(RECIPE.format(query=query, capture=capture))
    done = cli("./modes.yaml", "--sandbox", "--no-input", f"--set=redirect_uri={redirect_uri}")

    assert (done.status, done.stdout) == (0, "tokens/sandbox/modes.json\n"), done.stderr


def test_a_denial_comes_back_by_the_same_way(cli: Cli) -> None:
    recipe = RECIPE.format(query="response_mode: form_post, response_type: unheard", capture="")
    (cli.folder / "modes.yaml").write_text(recipe)
    done = cli("./modes.yaml", "--sandbox", "--no-input")

    assert done.status == 4
    assert "unsupported_response_type" in done.stderr


def test_what_the_recipe_plays_is_not_judged(cli: Cli) -> None:
    done = cli(GOOD / "capture-begun-by-the-provider.yaml", "--sandbox", "--no-input")

    assert done.status == 0, done.stderr
    for step in ("install", "capture"):
        line = f"sandbox: the recipe says what comes to {step}, so its `expect` is not judged\n"
        assert done.stderr.count(line) == 1
    assert '"shop": "acme.shops.example.com"' in cli.record("sandbox/app-store").read_text()


def test_a_login_that_nobody_plays_is_not_waited_for(cli: Cli) -> None:
    recipe = (GOOD / "capture-begun-by-the-provider.yaml").read_text()
    (cli.folder / "store.yaml").write_text(recipe.replace("  install: {callback", "  other: {json"))
    done = cli("./store.yaml", "--sandbox", "--no-input")

    assert done.status == 4
    assert "error E411" in done.stderr
    assert "sandbox: {install: {callback: {...}}}" in done.stderr


def test_a_form_posts_itself_and_holds_no_markup_of_others() -> None:
    odd = '"><script>alert(1)</script>'
    with sandbox_of() as sandbox:
        query = consent_request(response_mode="form_post", state=odd)
        answer = httpx.get(sandbox.route(AUTHORIZE.url), params=query)

    script = "".join(re.findall("<script>(.*?)</script>", answer.text))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert answer.status_code == 200
    assert "location" not in answer.headers
    assert f'method=post action="{REDIRECT}"' in answer.text
    assert "alert(1)" in answer.text
    assert f"script-src 'sha256-{digest}'" in answer.headers["content-security-policy"]


def accept(_: Mapping[str, str], *, bare: bool = False) -> None:
    """Takes whatever comes."""


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_a_redirect_that_comes_by_another_way_is_told(mode: str) -> None:
    other = {"query": "fragment", "fragment": "form_post", "form_post": "query"}[mode]
    with sandbox_of() as sandbox:
        query = consent_request(response_mode=mode)
        url = f"{sandbox.route(AUTHORIZE.url)}?{httpx.QueryParams(query)}"
        with Direct(lambda *_: None) as http_:
            browser = ConsentingBrowser(http_)
            with browser.listen(REDIRECT) as listener, pytest.raises(CallbackError) as caught:
                browser.fetch(url, listener, accept, timeout_s=1, mode=other)

    assert caught.value.code == "E408"


def test_a_token_that_is_asked_for_comes_in_the_fragment() -> None:
    who = Exchange("verify", "http", "GET", "https://acme.zendesk.com/me", bearer=True)
    with sandbox_of((AUTHORIZE, TOKEN, who)) as sandbox:
        query = consent_request(response_type="token")
        back = httpx.get(sandbox.route(AUTHORIZE.url), params=query).headers["location"]
        brought = dict(parse_qsl(urlsplit(back).fragment))
        bearer = {"Authorization": f"Bearer {brought['access_token']}"}
        known = httpx.get(sandbox.route(who.url), headers=bearer)

    assert urlsplit(back).query == ""
    assert brought["state"] == "a-state"
    assert known.status_code == 200
