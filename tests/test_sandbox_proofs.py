"""What the sandbox asks of a proof, so that a recipe that passes here passes elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from flowrun.sandbox.serve import Sandbox
from flowrun.sandbox.shape import Client, Exchange
from test_sandbox import Clock, sandbox_of

SITE = "https://id.example.com"
TOKEN = Exchange("steps", "token", "POST", f"{SITE}/token", "form", "none", dpop=True)
ME = Exchange("verify", "http", "GET", f"{SITE}/me", bearer=True, dpop=True)
BARE = Exchange("verify", "http", "GET", f"{SITE}/bare", bearer=True)
CLIENT = Client("acme", None)
KEY, ANOTHER = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")


class Caller:
    """A client of the sandbox that makes its own proofs, right ones or wrong ones."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.made, self.nonce = sandbox, 0, ""

    def proof(
        self,
        method: str,
        url: str,
        *,
        token: str = "",
        key: ECKey = KEY,
        signer: ECKey | None = None,
        typ: str = "dpop+jwt",
        private: bool = False,
        **other: object,
    ) -> str:
        self.made += 1
        digest = hashlib.sha256(token.encode()).digest()
        claims: dict[str, object] = {"htm": method, "htu": url, "jti": str(self.made)}
        claims |= {"iat": int(Clock()()), "nonce": self.nonce}
        claims |= {"ath": base64.urlsafe_b64encode(digest).rstrip(b"=").decode()} if token else {}
        header = {"typ": typ, "alg": "ES256", "jwk": key.as_dict(private=private)}
        return jwt.encode(header, {**claims, **other}, signer or key)

    def ask(self, proof: str = "", **form: str) -> httpx.Response:
        sent = {"client_id": "acme", "grant_type": "password", "username": "a", "password": "b"}
        headers = {"DPoP": proof} if proof else {}
        answer = httpx.post(self.sandbox.route(TOKEN.url), data=sent | form, headers=headers)
        self.nonce = answer.headers.get("DPoP-Nonce", self.nonce)
        return answer

    def get(self, url: str, authorization: str, proof: str = "") -> httpx.Response:
        headers = {"Authorization": authorization, **({"DPoP": proof} if proof else {})}
        return httpx.get(self.sandbox.route(url), headers=headers)


@pytest.fixture
def caller() -> Iterator[Caller]:
    with sandbox_of([TOKEN, ME, BARE], CLIENT) as sandbox:
        caller = Caller(sandbox)
        answer = caller.ask(caller.proof("POST", TOKEN.url))
        assert (answer.status_code, answer.json()["error"]) == (400, "use_dpop_nonce")
        yield caller


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_a_proof_with_the_nonce_gets_a_token_that_is_bound(caller: Caller) -> None:
    answer = caller.ask(caller.proof("POST", TOKEN.url))
    token = answer.json()["access_token"]
    mine = caller.get(ME.url, f"DPoP {token}", caller.proof("GET", ME.url, token=token))

    assert answer.json()["token_type"] == "DPoP"
    assert mine.status_code == 200


@pytest.mark.parametrize(
    ("method", "url", "other"),
    [
        ("GET", TOKEN.url, {}),
        ("POST", ME.url, {}),
        ("POST", TOKEN.url, {"iat": 1_799_999_000}),
        ("POST", TOKEN.url, {"iat": "now"}),
        ("POST", TOKEN.url, {"jti": ""}),
        ("POST", TOKEN.url, {"ath": "of a token that is not there"}),
        ("POST", TOKEN.url, {"typ": "JWT"}),
        ("POST", TOKEN.url, {"signer": ANOTHER}),
        ("POST", TOKEN.url, {"private": True}),
    ],
)
def test_a_proof_for_something_else_is_refused(
    caller: Caller, method: str, url: str, other: dict[str, Any]
) -> None:
    assert error_of(caller.ask(caller.proof(method, url, **other))) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize("proof", ["", "no proof", "a.b.c"])
def test_what_is_no_proof_is_refused(caller: Caller, proof: str) -> None:
    assert error_of(caller.ask(proof)) == (400, "invalid_dpop_proof")


def test_a_proof_is_good_once(caller: Caller) -> None:
    proof = caller.proof("POST", TOKEN.url)

    assert caller.ask(proof).status_code == 200
    assert error_of(caller.ask(proof)) == (400, "invalid_dpop_proof")


def test_a_token_is_of_no_use_without_its_key(caller: Caller) -> None:
    token = caller.ask(caller.proof("POST", TOKEN.url)).json()["access_token"]
    by_another = caller.proof("GET", ME.url, token=token, key=ANOTHER)
    for_another = caller.proof("GET", ME.url, token="another")
    answers = [
        caller.get(ME.url, f"DPoP {token}", by_another),
        caller.get(BARE.url, f"Bearer {token}"),
        caller.get(ME.url, f"DPoP {token}", for_another),
    ]

    assert [error_of(answer) for answer in answers] == [
        (401, "invalid_token"),
        (401, "invalid_token"),
        (401, "invalid_dpop_proof"),
    ]
    assert 'DPoP error="invalid_dpop_proof"' in answers[2].headers["WWW-Authenticate"]


def test_a_refresh_token_is_of_no_use_to_another_key(caller: Caller) -> None:
    refresh_token = caller.ask(caller.proof("POST", TOKEN.url)).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    stolen = caller.ask(caller.proof("POST", TOKEN.url, key=ANOTHER), **form)
    ours = caller.ask(caller.proof("POST", TOKEN.url), **form)

    assert error_of(stolen) == (400, "invalid_grant")
    assert ours.status_code == 200
