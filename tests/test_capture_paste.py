"""Bringing the redirect back by hand."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.capture import PersonsBrowser
from flowrun.capture.redirect import parameters_of, parameters_of_paste
from flowrun.errors import CallbackError

ASKED = "https://id.example/authorize?state=right"
REDIRECT = "https://app.example/callback"
PASTED = {"code": "fake-code", "state": "right"}


def judge(parameters: Mapping[str, str], *, bare: bool = False) -> None:
    if parameters.get("state") != "right":
        raise CallbackError("E404", "the redirect carries another state than the one we sent")


def judge_with_pkce(parameters: Mapping[str, str], *, bare: bool = False) -> None:
    if not bare:
        judge(parameters)


class Terminal:
    """A person at a terminal, who pastes when asked to."""

    def __init__(self, *pastes: str) -> None:
        self._left = list(pastes)
        self._ours, theirs = os.openpty()
        self.file = os.fdopen(theirs)
        self.told: list[str] = []

    def tell(self, line: str) -> None:
        self.told.append(line)
        if re.search("or paste the .* here:$", line) and self._left:
            os.write(self._ours, f"{self._left.pop(0)}\n".encode())

    def close(self) -> None:
        self.file.close()
        os.close(self._ours)


@contextlib.contextmanager
def person(*pastes: str) -> Iterator[Terminal]:
    with contextlib.closing(Terminal(*pastes)) as terminal:
        yield terminal


def fetched(
    terminal: Terminal,
    *,
    redirect_uri: str = REDIRECT,
    pkce: bool = False,
    url: str = ASKED,
    mode: str = "query",
) -> object:
    browser = PersonsBrowser(tell=terminal.tell, open_browser=False, terminal=terminal.file)
    accept = judge_with_pkce if pkce else judge
    with browser.listen(redirect_uri) as listener:
        return browser.fetch(url, listener, accept, timeout_s=10, mode=mode)


@pytest.mark.parametrize("redirect_uri", [REDIRECT, "com.example.app:/callback"])
@pytest.mark.parametrize("form", ["{uri}?{query}", "?{query}", "{query}", "  {query}#_=_ "])
def test_a_pasted_redirect_or_its_query_is_enough(form: str, redirect_uri: str) -> None:
    with person(form.format(uri=redirect_uri, query=urlencode(PASTED))) as terminal:
        parameters = fetched(terminal, redirect_uri=redirect_uri)

    assert parameters == PASTED


@pytest.mark.parametrize("code", ["4/0AX-fake_code", "fake==", "a.b~c", "code"])
def test_a_bare_code_is_decoded_once_and_left_to_the_judge(code: str) -> None:
    with person(quote(code, safe="")) as terminal:
        parameters = fetched(terminal, pkce=True)

    assert parameters == {"code": code}


@pytest.mark.parametrize(
    ("paste", "told"),
    [
        (ASKED, "that is the address of the authorization request itself"),
        ("https://app.example/other?code=x&state=right", "that address belongs to app.example"),
        ("http://app.example/callback?code=x&state=right", "that address belongs to app.example"),
        ("https://app.example:8443/callback?code=x&state=right", "belongs to app.example"),
        ("https://evil.example/callback?code=x&state=right", "belongs to evil.example"),
        ("https://app.example:99999/callback?code=x", "example:99999/callback is no address"),
        ("code=x&state=wrong", "another state"),
        ("code=x&code=y&state=right", "a parameter twice"),
        ("bare-code-without-pkce", "another state"),
        ("what do you want", "neither an address nor a code"),
        ("", "neither an address nor a code"),
        (REDIRECT, "nothing stands behind the ? of that address"),
        (f"{REDIRECT}#code=x&state=right", "nothing stands behind the ? of that address"),
        ("#code=x&state=right", "nothing stands behind the ? of that address"),
    ],
)
def test_a_wrong_paste_is_told_and_asked_again(paste: str, told: str) -> None:
    with person(paste, f"{REDIRECT}?{urlencode(PASTED)}") as terminal:
        parameters = fetched(terminal)

    assert parameters == PASTED
    assert sum(told in line for line in terminal.told) == 1


@pytest.mark.parametrize(
    "form", ["{uri}#{query}", "{uri}?x=y#{query}", "#{query}", "{query}", "?{query}"]
)
def test_a_pasted_fragment_is_enough(form: str) -> None:
    with person(form.format(uri=REDIRECT, query=urlencode(PASTED))) as terminal:
        parameters = fetched(terminal, mode="fragment")

    assert parameters == PASTED


@pytest.mark.parametrize("paste", [REDIRECT, f"{REDIRECT}?code=x&state=right", "#"])
def test_an_address_without_its_fragment_is_told_and_asked_again(paste: str) -> None:
    with person(paste, f"#{urlencode(PASTED)}") as terminal:
        parameters = fetched(terminal, mode="fragment")

    assert parameters == PASTED
    assert sum("nothing stands behind the # of that" in line for line in terminal.told) == 1


def test_a_form_that_is_posted_elsewhere_may_be_pasted() -> None:
    with person(urlencode(PASTED)) as terminal:
        parameters = fetched(terminal, mode="form_post")

    assert parameters == PASTED
    assert any("paste the form" in line for line in terminal.told)


def test_a_login_that_the_provider_begins_may_be_pasted() -> None:
    with person(f"{REDIRECT}?{urlencode(PASTED)}") as terminal:
        parameters = fetched(terminal, url="")

    assert parameters == PASTED
    assert terminal.told[0].startswith("start the login at the provider")
    assert terminal.told[1] == REDIRECT


def test_a_paste_reaches_a_bound_redirect_uri_too() -> None:
    with person(urlencode(PASTED)) as terminal:
        parameters = fetched(terminal, redirect_uri="http://127.0.0.1:0/callback")

    assert parameters == PASTED


def test_a_refusal_by_the_judge_ends_a_pasted_login() -> None:
    def deny(_: Mapping[str, str], *, bare: bool = False) -> None:
        raise CallbackError("E402", "consent was denied")

    with person("error=access_denied") as terminal:
        browser = PersonsBrowser(tell=terminal.tell, open_browser=False, terminal=terminal.file)
        with browser.listen(REDIRECT) as listener, pytest.raises(CallbackError, match="denied"):
            browser.fetch(ASKED, listener, deny, timeout_s=10)


def test_afterwards_the_terminal_belongs_to_others_again() -> None:
    with person(urlencode(PASTED)) as terminal:
        fetched(terminal)
        os.write(terminal._ours, b"an answer\n")

        assert terminal.file.readline() == "an answer\n"


def test_what_is_no_terminal_is_not_read() -> None:
    with Path(os.devnull).open() as nothing:
        browser = PersonsBrowser(tell=print, open_browser=False, terminal=nothing)

        with pytest.raises(CallbackError, match="here is no terminal"):
            browser.listen(REDIRECT).__enter__()


TEXT = st.text(max_size=30)


@given(st.dictionaries(TEXT.filter(bool), TEXT, max_size=8))
def test_a_query_gives_back_what_was_put_in(parameters: dict[str, str]) -> None:
    assert parameters_of(urlencode(parameters)) == parameters


@given(st.dictionaries(TEXT.filter(bool), TEXT, min_size=1, max_size=8))
def test_a_fragment_gives_back_what_was_put_in(parameters: dict[str, str]) -> None:
    pasted = f"{REDIRECT}#{urlencode(parameters)}"

    assert parameters_of_paste(pasted, REDIRECT, ASKED, mode="fragment") == parameters


@given(TEXT)
def test_a_bare_code_gives_back_what_was_put_in(code: str) -> None:
    encoded = quote(code, safe="")
    if encoded:
        assert parameters_of_paste(encoded, REDIRECT, ASKED) == {"code": code}
