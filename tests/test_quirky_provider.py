"""The provider of the quirks is as strict as it says: whatever is not to the letter is refused."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from servers.quirky.judge import FORM, Seen
from servers.quirky.provider import Provider
from servers.quirky.standard import exchange

VERIFIER = "v" * 43
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
GIVEN = {"client_id": "app", "client_secret": "fake-secret", "redirect_uri": "http://127.0.0.1/"}
TOKEN = {
    "grant_type": "authorization_code",
    "code": "fake-code",
    "redirect_uri": GIVEN["redirect_uri"],
    "code_verifier": VERIFIER,
    "client_id": GIVEN["client_id"],
    "client_secret": GIVEN["client_secret"],
}


def provider(*declared: object) -> Provider:
    """One that has given a code, and expects what is *declared* next."""
    started = Provider()
    started.begin({**GIVEN, "code": TOKEN["code"], "challenge": CHALLENGE})
    started.expect([exchange(each) for each in declared])
    return started


def post(
    form: Mapping[str, str], url: str = "https://id.example.com/token", **headers: str
) -> Seen:
    sent = {"content-type": FORM, "user-agent": "flowrun/1", **headers}
    return Seen("POST", url, "", sent, urlencode(form))


def test_what_is_to_the_letter_gets_its_answer() -> None:
    strict = provider("token")
    status, _, body = strict.answer(post(TOKEN))

    assert (status, strict.unmet()) == (200, [])
    assert strict.memory["access_token"] in body


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        pytest.param(
            post({**TOKEN, "code_verifier": "w" * 43}), "form code_verifier", id="verifier"
        ),
        pytest.param(post({**TOKEN, "extra": "1"}), "form extra: not expected", id="one too many"),
        pytest.param(post({**TOKEN, "code": "other"}), "form code", id="code"),
        pytest.param(
            post({k: TOKEN[k] for k in [*TOKEN][1:]}), "grant_type: missing", id="missing"
        ),
        pytest.param(post(TOKEN, "https://id.example.net/token"), "got POST", id="host"),
        pytest.param(post(TOKEN, authorization="Basic eA=="), "authorization", id="header"),
        pytest.param(post(TOKEN, **{"content-type": "text/plain"}), "content type", id="type"),
        pytest.param(post(TOKEN, **{"user-agent": "browser"}), "came from browser", id="browser"),
    ],
)
def test_what_is_not_is_refused(seen: Seen, said: str) -> None:
    strict = provider("token")
    status, _, _ = strict.answer(seen)

    assert status == 400
    assert said in " ".join(strict.unmet())


@pytest.mark.parametrize(("quirk", "raw"), [("$basic", "a b:s%"), ("$basic_form", "a+b:s%25")])
def test_basic_is_compared_as_it_is_encoded(quirk: str, raw: str) -> None:
    declared = {"request": "GET https://id.example.com/", "headers": {"authorization": {}}}
    declared["headers"] = {"authorization": {quirk: "a b", "password": "s%"}}
    strict = provider(declared, declared)
    for pair in (raw, "a b:s%25"):
        word = base64.b64encode(pair.encode()).decode()
        strict.answer(
            Seen("GET", "https://id.example.com/", "", {"authorization": f"Basic {word}"}, "")
        )

    assert len(strict.next) == 1
    assert len(strict.faults) == 1


def test_a_code_and_a_refresh_token_work_once() -> None:
    strict = provider("token", "refresh", "refresh")
    strict.answer(post(TOKEN))
    client = {name: GIVEN[name] for name in ("client_id", "client_secret")}
    old = {"grant_type": "refresh_token", "refresh_token": strict.memory["refresh_token"], **client}
    statuses = [strict.answer(post(form))[0] for form in (TOKEN, old, old)]

    assert statuses == [400, 200, 400]


def test_what_has_not_come_is_told() -> None:
    assert provider("token").unmet() == ["POST https://id.example.com/token has not come"]
