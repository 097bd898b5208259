"""The sandbox: a strict OAuth provider in the shape that a recipe gives it."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.errors import FlowError
from flowrun.guard import RoutedHttp
from flowrun.message import Request, Response
from flowrun.sandbox.answers import invented_answer, overlaid
from flowrun.sandbox.invented import invent
from flowrun.sandbox.serve import Sandbox, serve
from flowrun.sandbox.shape import Client, Exchange, matching, received
from flowrun.secret import JSON, Secret

SITE = "https://acme.zendesk.com"
REDIRECT = "http://127.0.0.1:8484/callback"
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()[:-1]
CONFIDENTIAL = Client("acme", "fake-secret-of-acme")
ODD = Client("client:with %+& ü", "s3cr/t:+ %=ß")

AUTHORIZE = Exchange("steps", "authorize", "GET", f"{SITE}/oauth/authorizations/new")
TOKEN = Exchange("steps", "token", "POST", f"{SITE}/oauth/tokens", "json", "post")
REFRESH = TOKEN._replace(section="refresh")
CURRENT = Exchange(
    "verify",
    "http",
    "GET",
    f"{SITE}/api/v2/oauth/tokens/current.json",
    bearer=True,
    answers=("json.token.id", "json.token"),
)
DELETE = Exchange(
    "revoke",
    "http",
    "DELETE",
    f"{SITE}/api/v2/oauth/tokens/<steps.current.id>.json",
    bearer=True,
)
ZENDESK = (AUTHORIZE, TOKEN, REFRESH, CURRENT, DELETE)


class Clock:
    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


@contextmanager
def sandbox_of(
    exchanges: Sequence[Exchange] = ZENDESK,
    client: Client = CONFIDENTIAL,
    *,
    person: bool = False,
    state: Path | None = None,
    clock: Clock | None = None,
) -> Iterator[Sandbox]:
    told: list[str] = []
    with serve(
        exchanges,
        client=client,
        person=person,
        tell=told.append,
        state=state,
        now=clock or Clock(),
    ) as sandbox:
        yield sandbox


def consent_request(client: Client = CONFIDENTIAL, **changed: str) -> dict[str, str]:
    query = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": REDIRECT,
        "scope": "read write",
        "state": "a-state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return query | changed


def redirected(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code in (302, 303), answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def code_from(sandbox: Sandbox, query: Mapping[str, str]) -> str:
    answer = httpx.get(sandbox.route(AUTHORIZE.url), params=dict(query))
    return redirected(answer)["code"]


def redemption(code: str, client: Client = CONFIDENTIAL, **changed: str) -> dict[str, str]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": VERIFIER,
        "redirect_uri": REDIRECT,
        "client_id": client.id,
    }
    return form | ({"client_secret": client.secret} if client.secret else {}) | changed


def post_json(sandbox: Sandbox, body: Mapping[str, object]) -> httpx.Response:
    return httpx.post(sandbox.route(TOKEN.url), json=dict(body))


def log_in(sandbox: Sandbox) -> dict[str, JSON]:
    answer = post_json(sandbox, redemption(code_from(sandbox, consent_request())))
    assert answer.status_code == 200, answer.text
    token: dict[str, JSON] = answer.json()
    return token


def refresh(sandbox: Sandbox, token: JSON, client: Client = CONFIDENTIAL) -> httpx.Response:
    body = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client.id}
    return post_json(sandbox, body | {"client_secret": client.secret})


def who_am_i(sandbox: Sandbox, token: JSON) -> httpx.Response:
    return httpx.get(sandbox.route(CURRENT.url), headers={"Authorization": f"Bearer {token}"})


def test_a_whole_login_gives_an_obviously_fake_token() -> None:
    with sandbox_of() as sandbox:
        token = log_in(sandbox)

    assert str(token["access_token"]).startswith("sandbox-access-")
    assert str(token["refresh_token"]).startswith("sandbox-refresh-")
    assert (token["expires_in"], token["scope"]) == (3600, "read write")
    assert str(token["token_type"]).lower() == "bearer"


def test_the_redirect_brings_back_code_state_and_issuer() -> None:
    with sandbox_of() as sandbox:
        answer = httpx.get(sandbox.route(AUTHORIZE.url), params=consent_request())

    assert answer.headers["location"].startswith(f"{REDIRECT}?")
    assert set(back := redirected(answer)) == {"code", "state", "iss"}
    assert (back["state"], back["iss"]) == ("a-state", SITE)


def test_the_lifetime_that_was_asked_for_is_given() -> None:
    with sandbox_of() as sandbox:
        code = code_from(sandbox, consent_request())
        answer = post_json(sandbox, redemption(code) | {"expires_in": 172000})

    assert answer.json()["expires_in"] == 172000


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": "b" * 50}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:8484/other"}, "invalid_request"),
        ({"code": "another"}, "invalid_grant"),
        ({"grant_type": "urn:example:unheard-of"}, "unsupported_grant_type"),
    ],
)
def test_a_redemption_that_does_not_fit_is_refused(changed: dict[str, str], error: str) -> None:
    with sandbox_of() as sandbox:
        code = code_from(sandbox, consent_request())
        answer = post_json(sandbox, redemption(code) | changed)

    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.json()["error_description"]


def test_a_code_challenge_cannot_be_left_unanswered_or_be_taken_away() -> None:
    with sandbox_of() as sandbox:
        unanswered = redemption(code_from(sandbox, consent_request()))
        del unanswered["code_verifier"]
        stripped = consent_request()
        del stripped["code_challenge"], stripped["code_challenge_method"]
        answers = [
            post_json(sandbox, unanswered),
            post_json(sandbox, redemption(code_from(sandbox, stripped))),
        ]

    assert [answer.status_code for answer in answers] == [400, 400]


def test_a_code_works_once_and_its_second_use_ends_the_grant() -> None:
    with sandbox_of() as sandbox:
        form = redemption(code_from(sandbox, consent_request()))
        token = post_json(sandbox, form).json()
        again = post_json(sandbox, form)
        verified = who_am_i(sandbox, token["access_token"])

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert verified.status_code == 401


def test_one_of_many_at_once_gets_the_token() -> None:
    with sandbox_of() as sandbox:
        form = redemption(code_from(sandbox, consent_request()))
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: post_json(sandbox, form), range(8)))

    assert [answer.status_code for answer in answers].count(200) == 1


def test_a_code_lives_for_two_minutes() -> None:
    clock = Clock()
    with sandbox_of(clock=clock) as sandbox:
        code = code_from(sandbox, consent_request())
        clock.time += 121
        answer = post_json(sandbox, redemption(code))

    assert answer.json()["error"] == "invalid_grant"


def test_an_access_token_ends_and_its_refresh_token_goes_on() -> None:
    clock = Clock()
    with sandbox_of(clock=clock) as sandbox:
        token = log_in(sandbox)
        clock.time += 3601
        dead = who_am_i(sandbox, token["access_token"])
        renewed = refresh(sandbox, token["refresh_token"]).json()
        alive = who_am_i(sandbox, renewed["access_token"])

    assert (dead.status_code, dead.json()["error"]) == (401, "invalid_token")
    assert alive.status_code == 200


def test_refreshing_rotates_and_the_old_one_used_again_ends_the_family() -> None:
    with sandbox_of() as sandbox:
        first = log_in(sandbox)
        second = refresh(sandbox, first["refresh_token"]).json()
        stolen = refresh(sandbox, first["refresh_token"])
        ended = refresh(sandbox, second["refresh_token"])
        verified = who_am_i(sandbox, second["access_token"])

    assert second["refresh_token"] != first["refresh_token"]
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert ended.json()["error"] == "invalid_grant"
    assert verified.status_code == 401


def test_a_refresh_for_more_scope_is_refused_and_spends_nothing() -> None:
    with sandbox_of() as sandbox:
        token = log_in(sandbox)
        body = {"grant_type": "refresh_token", "refresh_token": str(token["refresh_token"])}
        mine = {"client_id": CONFIDENTIAL.id, "client_secret": CONFIDENTIAL.secret}
        greedy = post_json(sandbox, body | mine | {"scope": "impersonate"})
        modest = refresh(sandbox, token["refresh_token"])

    assert greedy.json()["error"] == "invalid_scope"
    assert modest.status_code == 200


@pytest.mark.parametrize("grant", ["client_credentials", "password"])
def test_grants_without_a_browser_work(grant: str) -> None:
    with sandbox_of() as sandbox:
        body = {"grant_type": grant, "username": "ann", "password": "fake", "scope": "read"}
        mine = {"client_id": CONFIDENTIAL.id, "client_secret": CONFIDENTIAL.secret}
        answer = post_json(sandbox, {**body, **mine})

    assert answer.json()["scope"] == "read"
    assert ("refresh_token" in answer.json()) is (grant == "password")


def test_the_declared_body_is_the_only_one() -> None:
    with sandbox_of() as sandbox:
        code = code_from(sandbox, consent_request())
        answer = httpx.post(sandbox.route(TOKEN.url), data=redemption(code))
    with sandbox_of((AUTHORIZE, TOKEN._replace(body="form"))) as sandbox:
        code = code_from(sandbox, consent_request())
        other = post_json(sandbox, redemption(code))
        right = httpx.post(sandbox.route(TOKEN.url), data=redemption(code))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.json()["error_description"] == "expected a body of kind json, got form"
    assert other.json()["error_description"] == "expected a body of kind form, got json"
    assert right.status_code == 200


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff", b"[" * 60_000])
def test_a_body_that_is_no_json_object_is_refused(content: bytes) -> None:
    with sandbox_of() as sandbox:
        answer = httpx.post(
            sandbox.route(TOKEN.url), content=content, headers={"Content-Type": "application/json"}
        )

    assert answer.json()["error_description"] == "expected a body of kind json, got text"


def basic(identity: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{identity}:{secret}'.encode()).decode()}"}


def with_auth(
    client_auth: str, client: Client, headers: Mapping[str, str], *, secret: str = ""
) -> httpx.Response:
    with sandbox_of((AUTHORIZE, TOKEN._replace(client_auth=client_auth)), client) as sandbox:
        body = redemption(code_from(sandbox, consent_request(client)), client)
        body.pop("client_secret", None)
        sent = body | ({"client_secret": secret} if secret else {})
        return httpx.post(sandbox.route(TOKEN.url), json=sent, headers=dict(headers))


FORMED = basic(quote_plus(ODD.id), quote_plus(ODD.secret or ""))


@pytest.mark.parametrize(
    ("client_auth", "client", "headers", "secret"),
    [
        ("post", ODD, {}, ODD.secret),
        ("basic", ODD, FORMED, ""),
        ("basic-raw", Client("ü %+", "a:b"), basic("ü %+", "a:b"), ""),
        ("none", Client("public", None), {}, ""),
        ("none", CONFIDENTIAL, {}, ""),
        ("post", Client("public", None), {}, ""),
        ("basic", Client("public", None), basic("public", ""), ""),
    ],
)
def test_a_client_proves_itself_as_declared(
    client_auth: str, client: Client, headers: dict[str, str], secret: str
) -> None:
    answer = with_auth(client_auth, client, headers, secret=secret)

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("client_auth", "client", "headers", "secret"),
    [
        ("post", ODD, FORMED, ""),
        ("post", ODD, {}, "another"),
        ("post", ODD, {}, ""),
        ("basic", ODD, {}, ODD.secret),
        ("basic", ODD, FORMED, ODD.secret),
        ("basic", Client("a+b", "c"), basic("a+b", "c"), ""),
        ("basic-raw", Client("a+b", "c"), basic("a%2Bb", "c"), ""),
        ("basic", ODD, {"Authorization": "Basic ?"}, ""),
        ("none", CONFIDENTIAL, {}, CONFIDENTIAL.secret),
    ],
)
def test_any_other_way_is_refused_with_what_was_expected(
    client_auth: str, client: Client, headers: dict[str, str], secret: str
) -> None:
    answer = with_auth(client_auth, client, headers, secret=secret)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert f"by {client_auth}" in answer.json()["error_description"]
    assert "www-authenticate" in answer.headers


SHARED = """
import sys, json, pathlib
sys.path.insert(0, sys.argv[1])
from test_sandbox import *
with sandbox_of(state=pathlib.Path(sys.argv[2])) as sandbox:
    token = sys.argv[3:] and refresh(sandbox, sys.argv[3]).json() or log_in(sandbox)
    print(json.dumps(token))
"""


def in_another_process(state: Path, *tokens: str) -> dict[str, str]:
    command = [sys.executable, "-c", SHARED, str(Path(__file__).parent), str(state), *tokens]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    answer: dict[str, str] = json.loads(output)
    return answer


def test_what_one_sandbox_issued_another_process_rotates(tmp_path: Path) -> None:
    state = tmp_path / "private" / "provider.json"
    first = in_another_process(state)
    second = in_another_process(state, first["refresh_token"])
    stolen = in_another_process(state, first["refresh_token"])
    ended = in_another_process(state, second["refresh_token"])

    assert second["access_token"].startswith("sandbox-access-")
    assert (stolen["error"], ended["error"]) == ("invalid_grant", "invalid_grant")
    assert state.stat().st_mode & 0o777 == 0o600


def test_two_sandboxes_at_once_agree_on_who_was_first(tmp_path: Path) -> None:
    state = tmp_path / "private" / "provider.json"
    with sandbox_of(state=state) as one, sandbox_of(state=state) as other:
        old = log_in(one)["refresh_token"]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda at: refresh(at, old), [one, other] * 4))

    assert [answer.status_code for answer in answers].count(200) == 1


def test_a_token_of_another_client_is_none_of_ours(tmp_path: Path) -> None:
    state = tmp_path / "private" / "provider.json"
    with sandbox_of(state=state) as sandbox:
        token = log_in(sandbox)["refresh_token"]
    other = Client("other", "fake-secret-of-other")
    with sandbox_of(client=other, state=state) as sandbox:
        answer = refresh(sandbox, token, other)

    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("content", [b'{"x": ', b"[]", b'{"x": 1}', b"\xff"])
def test_a_damaged_state_file_begins_anew(tmp_path: Path, content: bytes) -> None:
    state = tmp_path / "private" / "provider.json"
    with sandbox_of(state=state) as sandbox:
        log_in(sandbox)
        state.write_bytes(content)
        token = log_in(sandbox)

    assert token["access_token"]


def page_of(sandbox: Sandbox, **changed: str) -> tuple[httpx.Response, str]:
    answer = httpx.get(sandbox.route(AUTHORIZE.url), params=consent_request() | changed)
    ticket = re.search(r"name=ticket value=([\w-]+)", answer.text)
    assert ticket, answer.text
    return answer, ticket[1]


def choose(sandbox: Sandbox, ticket: str, choice: str) -> httpx.Response:
    form = {"ticket": ticket, "choice": choice}
    return httpx.post(f"{sandbox.origin}/.sandbox/consent", data=form)


def test_a_person_is_asked_on_a_page_of_its_own() -> None:
    with sandbox_of(person=True) as sandbox:
        answer, ticket = page_of(sandbox)
        redirect = redirected(choose(sandbox, ticket, "allow"))
        token = post_json(sandbox, redemption(redirect["code"]))

    assert "Sandbox consent" in answer.text
    assert all(word in answer.text for word in ("acme", "read", "write", "acme.zendesk.com"))
    assert not re.search(r"<script|<link|<img|url\(|@import|src=|https?:", answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert token.status_code == 200


def test_the_policy_lets_the_page_have_its_style() -> None:
    with sandbox_of(person=True) as sandbox:
        answer, _ = page_of(sandbox)

    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]


def test_what_the_request_says_cannot_become_markup() -> None:
    with sandbox_of(person=True) as sandbox:
        answer, _ = page_of(sandbox, scope="<script>alert(1)</script>")

    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_deny_is_told_with_the_state() -> None:
    with sandbox_of(person=True) as sandbox:
        _, ticket = page_of(sandbox)
        back = redirected(choose(sandbox, ticket, "deny"))

    assert (back["error"], back["state"]) == ("access_denied", "a-state")
    assert back["error_description"]
    assert "code" not in back


def test_a_consent_is_given_once_and_only_from_its_own_page() -> None:
    with sandbox_of(person=True) as sandbox:
        _, ticket = page_of(sandbox)
        forged = choose(sandbox, "guessed", "allow")
        first = choose(sandbox, ticket, "allow")
        second = choose(sandbox, ticket, "allow")

    assert [forged.status_code, first.status_code, second.status_code] == [400, 303, 400]


@pytest.mark.parametrize("person", [True, False])
@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "another"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": "http://127.0.0.1:80@evil.example/"},
        {"redirect_uri": "http://127.0.0.1/a\r\nX-Injected: b"},
        {"redirect_uri": "http://127.0.0.1/a\rX-Injected: b"},
        {"redirect_uri": "nonsense"},
    ],
)
def test_a_wrong_client_or_redirect_is_a_page_and_never_a_redirect(
    changed: dict[str, str], person: bool
) -> None:
    with sandbox_of(person=person) as sandbox:
        answer = httpx.get(sandbox.route(AUTHORIZE.url), params=consent_request() | changed)

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")
    assert "oauthlib" not in answer.text
    assert "location" not in answer.headers


def test_another_fault_is_told_to_whoever_asked() -> None:
    with sandbox_of(person=True) as sandbox:
        query = consent_request(response_type="cookie")
        answer = httpx.get(sandbox.route(AUTHORIZE.url), params=query)

    assert redirected(answer)["error"] in ("unauthorized_client", "unsupported_response_type")
    assert redirected(answer)["state"] == "a-state"


def test_the_redirect_that_the_recipe_sends_is_as_good_as_loopback() -> None:
    theirs = "https://app.example/callback"
    exchange = AUTHORIZE._replace(url=f"{AUTHORIZE.url}?redirect_uri={quote_plus(theirs)}")
    with sandbox_of((exchange, TOKEN)) as sandbox:
        code = code_from(sandbox, consent_request(redirect_uri=theirs))
        answer = post_json(sandbox, redemption(code) | {"redirect_uri": theirs})

    assert answer.status_code == 200


def test_the_code_can_come_in_the_fragment() -> None:
    with sandbox_of() as sandbox:
        query = consent_request(response_mode="fragment")
        answer = httpx.get(sandbox.route(AUTHORIZE.url), params=query)

    assert "code=" in urlsplit(answer.headers["location"]).fragment


ISSUER = "https://id.example.com"
NAMES = ("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
OIDC = (
    Exchange(
        "steps",
        "http",
        "GET",
        f"{ISSUER}/.well-known/openid-configuration",
        answers=(
            *(f"json.{name}" for name in NAMES),
            "json.code_challenge_methods_supported",
            "json.response_types_supported",
        ),
    ),
    Exchange("steps", "authorize", "GET", "<steps.discovery.authorization_endpoint>"),
    Exchange("steps", "token", "POST", "<steps.discovery.token_endpoint>", "form", "basic"),
    Exchange("verify", "http", "GET", "<steps.discovery.userinfo>", "none", bearer=True),
)


def test_a_discovered_provider_works_from_end_to_end() -> None:
    with sandbox_of(OIDC) as sandbox:
        found = httpx.get(sandbox.route(OIDC[0].url)).json()
        query = consent_request()
        asked = httpx.get(sandbox.route(found["authorization_endpoint"]), params=query)
        form = redemption(redirected(asked)["code"])
        del form["client_secret"], form["client_id"]
        token = httpx.post(
            sandbox.route(found["token_endpoint"]),
            data=form,
            auth=httpx.BasicAuth(CONFIDENTIAL.id, CONFIDENTIAL.secret or ""),
        ).json()
        user = httpx.get(
            sandbox.route(found["userinfo_endpoint"]),
            headers={"Authorization": f"Bearer {token['access_token']}"},
        )

    assert found["issuer"] == redirected(asked)["iss"] == ISSUER
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert urlsplit(found["jwks_uri"]).netloc == "id.example.com"
    assert user.status_code == 200


def test_verify_reads_what_the_recipe_reads_and_revoke_ends_the_grant() -> None:
    with sandbox_of() as sandbox:
        token = log_in(sandbox)
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        verified = who_am_i(sandbox, token["access_token"])
        path = f"{SITE}/api/v2/oauth/tokens/{verified.json()['token']['id']}.json"
        revoked = httpx.delete(sandbox.route(path), headers=bearer)
        after = who_am_i(sandbox, token["access_token"])
        refreshed = refresh(sandbox, token["refresh_token"])

    assert verified.json() == {"token": {"id": "sandbox-id"}}
    assert (revoked.status_code, revoked.content) == (204, b"")
    assert after.status_code == 401
    assert refreshed.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_token_that_is_posted_to_revocation_ends(kind: str) -> None:
    revocation = Exchange("revoke", "http", "POST", f"{SITE}/revoke", "form")
    with sandbox_of((*ZENDESK, revocation)) as sandbox:
        token = log_in(sandbox)
        answer = httpx.post(sandbox.route(revocation.url), data={"token": str(token[kind])})
        after = who_am_i(sandbox, token["access_token"])

    assert (answer.status_code, after.status_code) == (200, 401)


def test_looking_at_the_token_on_the_way_to_revoking_it_ends_nothing() -> None:
    with sandbox_of((AUTHORIZE, TOKEN, CURRENT._replace(section="revoke"))) as sandbox:
        token = log_in(sandbox)
        answers = [who_am_i(sandbox, token["access_token"]) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_no_token_no_api() -> None:
    with sandbox_of() as sandbox:
        answers = [who_am_i(sandbox, "guessed"), httpx.get(sandbox.route(CURRENT.url))]

    assert {(answer.status_code, answer.json()["error"]) for answer in answers} == {
        (401, "invalid_token")
    }


def test_the_recipes_own_answer_is_laid_over_the_tokens() -> None:
    shape: JSON = {
        "status": 201,
        "json": {
            "authed_user": {"access_token": "<access_token>"},
            "team": {"id": "T1"},
            "access_token": None,
        },
    }
    with sandbox_of((AUTHORIZE, TOKEN._replace(answer=shape), CURRENT)) as sandbox:
        code = code_from(sandbox, consent_request())
        answer = post_json(sandbox, redemption(code))
        body = answer.json()
        verified = who_am_i(sandbox, body["authed_user"]["access_token"])

    assert answer.status_code == 201
    assert "access_token" not in body
    assert body["team"] == {"id": "T1"}
    assert body["token_type"]
    assert verified.status_code == 200


def test_the_recipes_own_answer_is_an_apis_answer() -> None:
    mine = CURRENT._replace(bearer=False, answer={"status": 202, "json": {"sites": [{"id": 7}]}})
    with sandbox_of((mine,)) as sandbox:
        answer = httpx.get(sandbox.route(CURRENT.url))

    assert (answer.status_code, answer.json()) == (202, {"sites": [{"id": 7}]})


RENAMED = (
    AUTHORIZE._replace(names={"client_id": "client_key", "code": "auth_code", "state": "st"}),
    TOKEN._replace(names={"client_id": "client_key", "client_secret": "key_secret"}),
)


def test_renamed_parameters_are_understood_and_come_back_renamed() -> None:
    query = consent_request()
    query["client_key"], query["st"] = query.pop("client_id"), query.pop("state")
    with sandbox_of(RENAMED) as sandbox:
        back = redirected(httpx.get(sandbox.route(AUTHORIZE.url), params=query))
        form = redemption(back["auth_code"])
        form["client_key"], form["key_secret"] = form.pop("client_id"), form.pop("client_secret")
        answer = post_json(sandbox, form)

    assert back["st"] == "a-state"
    assert answer.status_code == 200


def test_a_standard_name_that_the_provider_does_not_know_is_refused() -> None:
    with sandbox_of(RENAMED) as sandbox:
        page = httpx.get(sandbox.route(AUTHORIZE.url), params=consent_request())
        answer = post_json(sandbox, redemption("any"))

    assert page.status_code == 400
    assert "client_key" in page.text
    assert answer.json()["error"] == "invalid_request"
    assert "client_key instead of client_id" in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/acme.zendesk.com/elsewhere"),
        ("PUT", "/acme.zendesk.com/oauth/tokens"),
        ("GET", "/favicon.ico"),
        ("DELETE", "/acme.zendesk.com/api/v2/oauth/tokens/a/b.json"),
        ("GET", "/.sandbox/consent"),
    ],
)
def test_an_unknown_request_is_told_which_are_known(method: str, path: str) -> None:
    with sandbox_of() as sandbox:
        answer = httpx.request(method, sandbox.origin + path)

    assert answer.status_code == 404
    assert f"POST {SITE}/oauth/tokens" in answer.json()["known"]


def test_the_host_becomes_the_first_part_of_the_path() -> None:
    sandbox = Sandbox("http://127.0.0.1:9", threading.Thread())
    routed = sandbox.route("https://acme.zendesk.com:8443/oauth/tokens?a=%2F")

    assert routed == "http://127.0.0.1:9/acme.zendesk.com:8443/oauth/tokens?a=%2F"
    assert sandbox.route(routed) == routed
    assert sandbox.route("http://127.0.0.1:99/x") == "http://127.0.0.1:9/127.0.0.1:99/x"


def status_of(sandbox: Sandbox, head: str) -> int:
    with socket.create_connection(("127.0.0.1", urlsplit(sandbox.origin).port or 0)) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        with http.client.HTTPResponse(connection) as answer:
            answer.begin()
            return answer.status


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("POST /x HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 65537", 413),
        (f"POST /x HTTP/1.1\nHost: 127.0.0.1\nContent-Length: {'9' * 5000}", 413),
        ("POST /x HTTP/1.1\nHost: 127.0.0.1\nContent-Length: -1", 400),
        ("POST /x HTTP/1.1\nHost: 127.0.0.1\nTransfer-Encoding: chunked", 400),
        ("GET /x HTTP/1.1\nHost: evil.example", 400),
        ("GET /x HTTP/1.1\nHost: localhost:1", 404),
        ("GET /x HTTP/1.1\nHost: 127.0.0.1", 404),
    ],
)
def test_strange_requests_are_turned_away(head: str, status: int) -> None:
    with sandbox_of() as sandbox:
        answered = status_of(sandbox, head)

    assert answered == status


def test_an_idle_connection_holds_nobody_up() -> None:
    with sandbox_of() as sandbox:
        address = ("127.0.0.1", urlsplit(sandbox.origin).port or 0)
        with socket.create_connection(address):
            token = log_in(sandbox)

    assert token["access_token"]


def test_a_connection_serves_several_requests() -> None:
    with sandbox_of() as sandbox, httpx.Client(base_url=sandbox.origin) as client:
        answers = [client.get("/x").status_code for _ in range(3)]

    assert answers == [404, 404, 404]


def test_a_port_that_is_taken_is_named() -> None:
    with sandbox_of() as sandbox:
        port = int(sandbox.origin.rpartition(":")[2])
        with (
            pytest.raises(FlowError, match=str(port)) as caught,
            serve((), client=CONFIDENTIAL, port=port, person=False, tell=print),
        ):
            pass

    assert caught.value.code == "E223"


def test_a_state_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    state = tmp_path / "private" / "provider.json"
    with sandbox_of(state=state) as sandbox:
        log_in(sandbox)
        state.chmod(0o644)
        answer = httpx.get(sandbox.route(AUTHORIZE.url), params=consent_request())

    assert (answer.status_code, answer.json()["error"]) == (503, "server_error")
    assert "open to other users" in answer.json()["error_description"]


def test_nothing_is_logged_of_a_request(capfd: pytest.CaptureFixture[str]) -> None:
    with sandbox_of() as sandbox:
        log_in(sandbox)
        post_json(sandbox, {"code": "guessed"})

    assert capfd.readouterr() == ("", "")


def test_refresh_and_login_at_one_address_may_differ_in_shape() -> None:
    other = REFRESH._replace(body="form")
    with sandbox_of((AUTHORIZE, other, TOKEN)) as sandbox:
        token = log_in(sandbox)
        form = {"grant_type": "refresh_token", "refresh_token": str(token["refresh_token"])}
        form |= {"client_id": CONFIDENTIAL.id, "client_secret": str(CONFIDENTIAL.secret)}
        answer = httpx.post(sandbox.route(TOKEN.url), data=form)

    assert answer.status_code == 200


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=5))
def test_a_form_and_json_say_the_same(fields: dict[str, str]) -> None:
    form = received(
        "POST",
        "/h/p",
        {"Content-Type": "application/x-www-form-urlencoded"},
        urlencode(fields).encode(errors="replace"),
    )
    as_json = received(
        "POST", "/h/p", {"Content-Type": "application/json"}, json.dumps(fields).encode()
    )

    assert form.sent == as_json.sent == fields or not fields


@given(st.sampled_from(ZENDESK), st.text(st.characters(categories=["L", "N"]), min_size=1))
def test_every_exchange_matches_its_own_address(exchange: Exchange, part: str) -> None:
    path = exchange.url.removeprefix("https:/").replace("<steps.current.id>", part)

    found = matching(ZENDESK, received(exchange.method, path, {}, b""))

    assert exchange.url in {each.url for each in found}


def test_an_origin_that_is_not_known_may_bring_a_path() -> None:
    exchange = CURRENT._replace(url="<saved.instance_url>/services/me")
    right = received("GET", "/eu.example/tenant/services/me", {}, b"")
    wrong = received("GET", "/services/me", {}, b"")

    assert matching([exchange], right) == [exchange]
    assert matching([exchange], wrong) == []


def test_a_deeper_path_wins_over_a_shallow_one() -> None:
    answer = invented_answer(("json.a.b", "json.a", "status", "json"), "https://x.example/y")

    assert answer == {"a": {"b": "sandbox-b"}}


@given(st.recursive(st.none() | st.text("<>ab"), lambda inner: st.dictionaries(st.text(), inner)))
def test_laying_twice_is_laying_once(over: JSON) -> None:
    once = overlaid({"a": {"b": 1}}, over, {})

    assert overlaid(once, over, {}) == once


def plausible(type: str = "text", pattern: str | None = None, secret: bool = False) -> JSON:
    return invent("tenant", type=type, pattern=pattern, choices=(), example=None, secret=secret)


def test_an_example_comes_before_a_choice_and_a_choice_before_a_guess() -> None:
    def given_(example: JSON, choices: Sequence[JSON]) -> JSON:
        return invent(
            "x", type="text", pattern=None, choices=choices, example=example, secret=False
        )

    assert given_("acme-example", ["eu"]) == "acme-example"
    assert given_(None, ["eu", "us"]) == "eu"
    assert given_(None, []) == "sandbox-x"


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("url", "https://sandbox.example"),
        ("host", "sandbox.example"),
        ("integer", 1),
        ("list", ["sandbox"]),
        ("boolean", False),
        ("text", "sandbox-tenant"),
    ],
)
def test_a_value_is_of_its_type(type: str, value: JSON) -> None:
    assert plausible(type) == value


@pytest.mark.parametrize(
    "pattern", ["[a-z0-9][a-z0-9-]{0,62}", "[a-z]+", "[a-z]", "[0-9]+", "[0-9]{8}", "[A-Z][0-9]"]
)
def test_a_guess_fits_the_pattern(pattern: str) -> None:
    assert re.fullmatch(pattern, str(plausible(pattern=pattern)))


def test_a_pattern_that_nothing_fits_asks_for_an_example() -> None:
    with pytest.raises(FlowError, match="tenant") as caught:
        plausible(pattern="@{99}")

    assert caught.value.code == "E215"
    assert "example:" in caught.value.problems[0].hint


def test_an_invented_secret_can_be_told_from_a_real_one() -> None:
    assert "sandbox" in str(plausible(secret=True))


RECIPE = """\
flowrun: 1
name: odd
steps:
  - token:
      post: https://acme.example/token
      {client}
save: odd
"""


@pytest.mark.parametrize(
    "client",
    [
        "form: {grant_type: client_credentials, appid: abc, key: s3cr}\n"
        "      names: {client_id: appid, client_secret: key}",
        "form: {grant_type: client_credentials, client_id: abc, client_secret: s3cr}\n"
        "      names: {client_id: appid, client_secret: key}",
        "form: {grant_type: client_credentials}\n      basic: {user: abc, password: s3cr}",
        "form: {grant_type: client_credentials}\n      client: {id: abc, secret: s3c, auth: basic}",
        "form: {grant_type: client_credentials, client_id: abc}",
    ],
)
def test_the_client_is_known_however_the_recipe_names_it(tmp_path: Path, client: str) -> None:
    (tmp_path / "odd.yaml").write_text(RECIPE.replace("{client}", client), "utf-8")
    command = [sys.executable, "-m", "flowrun", "./odd.yaml", "--sandbox", "--no-input"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "tokens/sandbox/odd.json\n"), done.stderr


class Wire:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Request] = []

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        self.sent.append(request)
        return Response(204, {}, b"")


def test_an_address_that_is_secret_stays_so_on_its_way_to_the_sandbox() -> None:
    wire, sandbox = Wire(), Sandbox("http://127.0.0.1:9", threading.Thread())
    http_ = RoutedHttp(wire, sandbox.route)
    for url in ("https://acme.example/a", Secret("https://acme.example/fake-secret")):
        http_.send(Request("GET", url))
    plain, sealed = (request.url for request in wire.sent)

    assert plain == "http://127.0.0.1:9/acme.example/a"
    assert sealed == Secret("http://127.0.0.1:9/acme.example/fake-secret")
