"""The sandbox holds a client to its word: what it has signed, handed in and shown."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from flowrun.capture.certificate import self_signed
from flowrun.jose import signer
from flowrun.oauth.assertion import TYPE, claims_of
from flowrun.oauth.client import client_cert
from flowrun.oauth.request_object import claims_of as asked_of
from flowrun.sandbox.serve import Sandbox, serve
from flowrun.sandbox.shape import Client, Exchange, Put
from flowrun.secret import JSON
from servers.keys import key_for, pem

TOKEN = "https://id.example.com/token"
AUTHORIZE = "https://id.example.com/authorize"
PAR = "https://id.example.com/par"
REDIRECT = "http://127.0.0.1:8484/callback"
KEY, OTHER = pem(key_for("ES256")), pem(key_for("ES384"))
SIGNED = Exchange("steps", "token", "POST", TOKEN, "form", "private_key_jwt", key=KEY)
LOGIN = Exchange("steps", "authorize", "GET", AUTHORIZE)
PUSHED = Exchange("steps", "pushed", "POST", PAR, "form", "none", pushes=True)


@contextmanager
def sandbox_of(*exchanges: Exchange) -> Iterator[Sandbox]:
    with serve(exchanges, client=Client("app", None), person=False, tell=lambda _: None) as sandbox:
        yield sandbox


def asserted(key: str = KEY, **changed: JSON) -> dict[str, str]:
    """A form with an assertion, some of whose claims are *changed*."""
    claims = {**claims_of("app", TOKEN, at=time.time(), id="only-once"), **changed}
    token = signer(key).sign(claims)
    proof = {"client_assertion_type": TYPE, "client_assertion": token}
    return {"grant_type": "client_credentials", "client_id": "app", **proof}


@pytest.mark.parametrize(
    ("key", "changed", "why"),
    [
        (OTHER, {}, "its signature is wrong"),
        (KEY, {"sub": "another"}, "it is not of app"),
        (KEY, {"aud": "https://else.example/token"}, "it is for https://else.example/token"),
        (KEY, {"exp": 1}, "it has ended"),
        (KEY, {"jti": None}, "it was used before"),
    ],
)
def test_an_assertion_that_does_not_hold_is_refused(
    key: str, changed: Mapping[str, JSON], why: str
) -> None:
    with sandbox_of(SIGNED) as sandbox:
        answer = httpx.post(sandbox.route(TOKEN), data=asserted(key, **changed))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert why in answer.json()["error_description"]


def test_an_assertion_works_once() -> None:
    with sandbox_of(SIGNED) as sandbox:
        form = asserted()
        answers = [httpx.post(sandbox.route(TOKEN), data=form) for _ in range(2)]

    assert [each.status_code for each in answers] == [200, 401]
    assert "used before" in answers[1].json()["error_description"]


QUERY = {"response_type": "code", "client_id": "app", "redirect_uri": REDIRECT, "state": "s"}


def test_a_login_that_was_not_handed_in_is_refused_and_one_that_was_works_once() -> None:
    with sandbox_of(LOGIN._replace(pushes=True), PUSHED) as sandbox:
        bare = httpx.get(sandbox.route(AUTHORIZE), params=QUERY)
        uri = httpx.post(sandbox.route(PAR), data=QUERY).json()["request_uri"]
        named = {"client_id": "app", "request_uri": uri}
        answers = [httpx.get(sandbox.route(AUTHORIZE), params=named) for _ in range(2)]

    assert [each.status_code for each in (bare, *answers)] == [400, 303, 400]
    assert dict(parse_qsl(urlsplit(answers[0].headers["location"]).query))["state"] == "s"


@pytest.mark.parametrize(
    ("key", "changed", "status"),
    [
        (KEY, {}, 303),
        (OTHER, {}, 400),
        (KEY, {"iss": "another"}, 400),
        (KEY, {"aud": "https://else.example"}, 400),
        (KEY, {"exp": 1}, 400),
        (KEY, {"request_uri": "urn:x"}, 400),
    ],
)
def test_an_object_is_held_to_its_claims(
    key: str, changed: Mapping[str, JSON], status: int
) -> None:
    claims = asked_of({**QUERY}, "app", "https://id.example.com", at=time.time(), id="1")
    token = signer(key).sign({**claims, **changed})
    with sandbox_of(LOGIN._replace(put=Put(KEY, False, "", ""))) as sandbox:
        sent = {"client_id": "app", "request": token}
        answer = httpx.get(sandbox.route(AUTHORIZE), params=sent)

    assert answer.status_code == status, answer.text


def test_another_certificate_is_refused() -> None:
    mine, theirs = self_signed(), self_signed()
    exchange = SIGNED._replace(client_auth="tls", certificate=mine.certificate, key="")
    form = {"grant_type": "client_credentials", "client_id": "app"}
    with sandbox_of(exchange) as sandbox:
        answers = [
            httpx.post(sandbox.route(TOKEN), data=form, headers={"Client-Cert": client_cert(pair)})
            for pair in (mine.certificate, theirs.certificate, "")
        ]

    assert [each.status_code for each in answers] == [200, 401, 401]
