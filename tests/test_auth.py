"""`flowrun.Auth` with httpx, sync and async, and with requests: what leaves, and how often."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import copy
import io
import json
import logging
import multiprocessing
import pickle
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from email.utils import formatdate
from functools import partial
from pathlib import Path

import httpx
import pytest
import requests
import trio

import flowrun
from servers.callers import WAYS, Got, Send, by_asyncio, by_httpx, by_requests, by_trio
from servers.guarded import INVALID_TOKEN, SECRET, Asked, Guarded, Said, guarding
from servers.member import (
    change,
    known,
    let_it_end,
    log_in,
    make_it_due,
    membership,
    record_of,
)
from servers.raw import listening
from standards import proves


@pytest.fixture(params=WAYS)
def send(request: pytest.FixtureRequest) -> Send:
    return WAYS[request.param]


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    with membership(tmp_path, monkeypatch) as server:
        yield server


@pytest.fixture
def bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    """The same, with a token that is bound to a key."""
    with membership(tmp_path, monkeypatch, dpop="on") as server:
        yield server


@pytest.fixture
def elsewhere() -> Iterator[Guarded]:
    """An API of somebody else, at another origin."""
    with guarding() as server:
        server.says = lambda _: (200, {}, {})
        yield server


AUTH = partial(flowrun.Auth, "acme")


def tokens(guarded: Guarded) -> list[str]:
    """The last digits of the tokens that the API was shown."""
    return [asked.token[-4:] for asked in guarded.asked]


@proves("RFC 6750", "2.1", "sends the token in the header Authorization, by the scheme Bearer")
def test_a_request_carries_the_token(guarded: Guarded, send: Send) -> None:
    got = send(AUTH(), "GET", f"{guarded.url}/me")

    assert got == Got(200, {"token": "0001", "body": ""})
    assert guarded.asked[0].headers["authorization"] == f"Bearer {guarded.issued[0]}"
    assert "dpop" not in guarded.asked[0].headers


def test_a_token_that_is_due_is_refreshed_before_it_is_sent(guarded: Guarded, send: Send) -> None:
    make_it_due()
    got = send(AUTH(), "GET", f"{guarded.url}/me")

    assert got.fields["token"] == "0002"
    assert tokens(guarded) == ["0002"]


def test_what_another_process_has_refreshed_is_seen(guarded: Guarded, send: Send) -> None:
    auth = AUTH()
    send(auth, "GET", f"{guarded.url}/me")
    guarded.valid.add("fake-access-0007")
    change(access_token="fake-access-0007")

    assert send(auth, "GET", f"{guarded.url}/me").fields["token"] == "0007"


@proves("RFC 6750", "3.1", "takes a token that was refused for one to be refreshed, once")
def test_a_refused_token_is_refreshed_and_the_request_sent_once_more(
    guarded: Guarded, send: Send
) -> None:
    guarded.kill_access()
    got = send(AUTH(), "POST", f"{guarded.url}/me", content=b"hello")

    assert got == Got(200, {"token": "0002", "body": "hello"})
    assert tokens(guarded) == ["0001", "0002"]
    assert len(guarded.redeemed) == 1


def test_a_request_is_repeated_once_and_no_more(guarded: Guarded, send: Send) -> None:
    guarded.says = lambda _: (401, {"error": "no"}, INVALID_TOKEN)
    got = send(AUTH(), "GET", f"{guarded.url}/me")

    assert got == Got(401, {"error": "no"})
    assert tokens(guarded) == ["0001", "0002"]


def test_an_api_that_refuses_every_token_costs_one_refresh(guarded: Guarded, send: Send) -> None:
    guarded.says = lambda _: (401, {}, {})
    auth = AUTH()
    statuses = [send(auth, "GET", f"{guarded.url}/me").status for _ in range(4)]

    assert statuses == [401] * 4
    assert tokens(guarded) == ["0001", "0002", "0002", "0002", "0002"]
    assert len(guarded.redeemed) == 1


@pytest.mark.parametrize(
    ("status", "challenge"),
    [
        pytest.param(403, 'Bearer error="insufficient_scope"', id="no right to it"),
        pytest.param(401, 'Bearer error="insufficient_scope"', id="the same, as 401"),
        pytest.param(401, 'Bearer error="insufficient_user_authentication"', id="step up"),
        pytest.param(400, 'Bearer error="invalid_request"', id="no good request"),
        pytest.param(500, "", id="trouble"),
    ],
)
@proves("RFC 6750", "3.1", "leaves alone what a new token does not change")
@proves("RFC 9470", "3", "hands on that a person has to sign in anew")
def test_other_refusals_are_handed_on(
    guarded: Guarded, send: Send, status: int, challenge: str
) -> None:
    guarded.says = lambda _: (status, {"why": "this"}, {"WWW-Authenticate": challenge})

    assert send(AUTH(), "GET", f"{guarded.url}/me") == Got(status, {"why": "this"})
    assert len(guarded.asked) == 1
    assert guarded.redeemed == []


def test_a_grant_that_takes_nobody_is_asked_for_anew_by_one_of_many_threads(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWRUN_SERVICE__CLIENT_SECRET", SECRET)
    log_in(guarded, name="service", more="")
    guarded.kill_access()
    auth = flowrun.Auth("service")
    with httpx.Client(auth=auth) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.get(f"{guarded.url}/me"), range(64)))

    assert {answer.status_code for answer in answers} == {200}
    assert guarded.redeemed == []
    assert len(guarded.issued) == 2 * 3


# When no other token is to be had


def test_when_only_a_person_can_help_the_answer_is_handed_on_and_then_it_is_told(
    guarded: Guarded, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    guarded.kill_access()
    guarded.answers_token = lambda: (400, {"error": "invalid_grant"}, {})
    got = send(AUTH(), "GET", f"{guarded.url}/me")
    with pytest.raises(flowrun.PersonNeeded, match=r"acme needs a person: .*invalid_grant"):
        send(AUTH(), "GET", f"{guarded.url}/me")

    assert got == Got(401, {"error": "unauthorized"})
    assert "acme needs a person" in caplog.text
    assert len(guarded.asked) == 1


def test_a_token_that_cannot_be_refreshed_leaves_the_answer_as_it_is(
    guarded: Guarded, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    change(refresh_token=None)
    guarded.kill_access()

    assert send(AUTH(), "GET", f"{guarded.url}/me").status == 401
    assert "was refused and cannot be refreshed" in caplog.text


def test_a_token_that_was_handed_over_is_not_presented(guarded: Guarded, send: Send) -> None:
    change(flowrun={**known(), "released": {"at": 1, "as": "webmethods"}})
    with pytest.raises(flowrun.PersonNeeded) as caught:
        send(AUTH(), "GET", f"{guarded.url}/me")

    assert caught.value.code == "E803"
    assert guarded.asked == []


def test_trouble_that_may_pass_is_no_refusal(guarded: Guarded, send: Send) -> None:
    guarded.kill_access()
    guarded.answers_token = lambda: (503, {}, {})
    with pytest.raises(flowrun.ProviderError, match="answered 503"):
        send(AUTH(), "GET", f"{guarded.url}/me")


def test_a_secret_that_is_not_there_is_no_refusal(
    guarded: Guarded, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded.kill_access()
    monkeypatch.delenv("FLOWRUN_ACME__CLIENT_SECRET")
    with pytest.raises(flowrun.PersonNeeded, match="client_secret") as caught:
        send(AUTH(), "GET", f"{guarded.url}/me")

    assert caught.value.code == "E801"


def test_a_record_that_is_not_there_is_told_before_anything_is_sent(
    guarded: Guarded, send: Send
) -> None:
    with pytest.raises(flowrun.StoreError, match="no record 'acne'"):
        send(flowrun.Auth("acne"), "GET", f"{guarded.url}/me")

    assert guarded.asked == []


# Bodies


def generated() -> Iterator[bytes]:
    yield b"once "
    yield b"only"


async def _generated_async() -> object:
    yield b"once "
    yield b"only"


def test_a_body_that_is_made_while_it_is_sent_is_not_repeated_but_the_token_is_refreshed(
    guarded: Guarded, send: Send
) -> None:
    guarded.kill_access()
    is_async = send in (by_asyncio, by_trio)
    bodies = [_generated_async() if is_async else generated() for _ in range(2)]
    got = [send(AUTH(), "POST", f"{guarded.url}/me", content=body) for body in bodies]

    assert [each.status for each in got] == [401, 200]
    assert [asked.body for asked in guarded.asked] == [b"once only"] * 2
    assert tokens(guarded) == ["0001", "0002"]


def test_the_files_of_a_form_are_sent_anew(guarded: Guarded, send: Send) -> None:
    guarded.kill_access()
    files = {"file": ("a.txt", io.BytesIO(b"what is in it"))}
    got = send(AUTH(), "POST", f"{guarded.url}/me", files=files)

    assert got.status == 200
    assert [asked.body.count(b"what is in it") for asked in guarded.asked] == [1, 1]


def test_a_file_is_sent_anew_from_where_it_began(guarded: Guarded) -> None:
    guarded.kill_access()
    file = io.BytesIO(b"skip this: what is in it")
    file.seek(len(b"skip this: "))
    got = by_requests(AUTH(), "PUT", f"{guarded.url}/me", content=file)

    assert got == Got(200, {"token": "0002", "body": "what is in it"})
    assert len(guarded.asked) == 2


def test_a_file_that_httpx_has_read_is_not_repeated(guarded: Guarded, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"what is in it")
    guarded.kill_access()
    with (tmp_path / "body").open("rb") as file:
        got = by_httpx(AUTH(), "PUT", f"{guarded.url}/me", content=file)

    assert got.status == 401
    assert len(guarded.asked) == 1


# Where the token goes


@pytest.fixture(params=["guarded", "bound"])
def either(request: pytest.FixtureRequest) -> Guarded:
    """The API, for a bearer's token and for one that is bound."""
    found: Guarded = request.getfixturevalue(request.param)
    return found


@proves("RFC 6750", "5.2", "keeps the token from where a redirect leads")
def test_neither_token_nor_proof_goes_to_another_origin(
    either: Guarded, elsewhere: Guarded, send: Send
) -> None:
    either.says = lambda _: (307, {}, {"Location": f"{elsewhere.url}/me"})

    assert send(AUTH(), "GET", f"{either.url}/me").status == 200
    (asked,) = elsewhere.asked
    assert not {"authorization", "dpop"} & set(asked.headers)


def test_a_refusal_by_another_origin_refreshes_nothing(
    either: Guarded, elsewhere: Guarded, send: Send
) -> None:
    either.says = lambda _: (302, {}, {"Location": f"{elsewhere.url}/me"})
    elsewhere.says = lambda _: (401, {}, INVALID_TOKEN)

    assert send(AUTH(), "GET", f"{either.url}/me").status == 401
    assert len(elsewhere.asked) == 1
    assert either.redeemed == []


def test_a_redirect_within_the_origin_takes_the_token_along(either: Guarded, send: Send) -> None:
    either.says = lambda asked: (302, {}, {"Location": "/me"}) if asked.path == "/old" else None

    assert send(AUTH(), "GET", f"{either.url}/old").status == 200
    assert either.asked[-1].path == "/me"


def test_what_a_redirect_has_led_to_is_repeated_and_not_what_led_there(
    guarded: Guarded, send: Send
) -> None:
    def once_done(asked: Asked) -> Said | None:
        if asked.method == "POST":
            guarded.kill_access()
            return 303, {}, {"Location": "/result"}
        return None

    guarded.says = once_done

    assert send(AUTH(), "POST", f"{guarded.url}/order", content=b"one").status == 200
    assert [(each.method, each.path) for each in guarded.asked] == [
        ("POST", "/order"),
        ("GET", "/result"),
        ("GET", "/result"),
    ]


@pytest.mark.parametrize("url", ["http://api.example.com/me", "http://[2001:db8::1]/me"])
@proves("RFC 6750", "5.3", "refuses to send a token without encryption, but on loopback")
def test_a_token_is_not_sent_in_the_clear(guarded: Guarded, send: Send, url: str) -> None:
    with pytest.raises(flowrun.FlowError, match="without encryption") as caught:
        send(AUTH(), "GET", url)

    assert caught.value.code == "E214"
    assert "allow_http=True" in caught.value.__notes__[0]
    assert guarded.asked == []


def test_a_token_may_be_sent_in_the_clear_where_somebody_says_so(guarded: Guarded) -> None:
    seen = list[str]()

    def api(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200)

    with httpx.Client(auth=AUTH(allow_http=True), transport=httpx.MockTransport(api)) as client:
        client.get("http://api.internal/me")

    assert seen == [f"Bearer {guarded.issued[0]}"]


# Tokens that are bound to a key


@proves("RFC 9449", "7", "sends a proof with each request to an API, signed for it and the token")
@proves("RFC 9449", "7.1", "sends a bound token by the scheme DPoP")
def test_a_bound_token_goes_with_a_proof(bound: Guarded, send: Send) -> None:
    auth = AUTH()
    got = [send(auth, "GET", f"{bound.url}/me?page={n}") for n in range(3)]

    assert [each.status for each in got] == [200, 200, 200]
    assert bound.asked[0].headers["authorization"] == f"DPoP {bound.issued[0]}"
    assert len({asked.headers["dpop"] for asked in bound.asked}) == 3


@proves("RFC 9449", "9", "answers an API's challenge with its nonce, and keeps that for later")
def test_an_api_that_wants_a_nonce_gets_it(bound: Guarded, send: Send) -> None:
    bound.nonce, auth = "n-1", AUTH()
    got = [send(auth, "POST", f"{bound.url}/me", content=b"x").status for _ in range(2)]

    assert got == [200, 200]
    assert len(bound.asked) == 3
    assert bound.redeemed == []


def test_a_nonce_does_not_count_as_the_repetition_after_a_refresh(
    bound: Guarded, send: Send
) -> None:
    bound.nonce = "n-1"
    bound.kill_access()
    got = send(AUTH(), "GET", f"{bound.url}/me")

    assert got.status == 200
    assert tokens(bound) == ["0001", "0002", "0002"]
    assert len(bound.redeemed) == 1


def test_a_server_that_is_never_content_is_not_asked_for_ever(bound: Guarded, send: Send) -> None:
    def never(_: Asked) -> Said:
        challenge = {"WWW-Authenticate": 'DPoP error="use_dpop_nonce"'}
        return 401, {}, {**challenge, "DPoP-Nonce": f"n-{len(bound.asked)}"}

    bound.says = never

    assert send(AUTH(), "GET", f"{bound.url}/me").status == 401
    assert len(bound.asked) == 3
    assert bound.redeemed == []


def test_a_server_that_leads_round_in_circles_is_left(bound: Guarded, send: Send) -> None:
    def circle(asked: Asked) -> Said:
        if "dpop" in asked.headers:
            return 302, {}, {"Location": "/b" if asked.path == "/a" else "/a"}
        return 401, {}, {}

    bound.says = circle
    with contextlib.suppress(requests.TooManyRedirects):  # where each hop is a request by itself
        assert send(AUTH(), "GET", f"{bound.url}/a").status == 401

    assert len(bound.asked) <= 2 * requests.models.DEFAULT_REDIRECT_LIMIT + 2


def test_a_clock_that_is_wrong_here_is_right_in_the_second_proof(
    bound: Guarded, send: Send
) -> None:
    hour_on = time.time() + 3600

    def punctual(asked: Asked) -> Said | None:
        claims = json.loads(_decoded(asked.headers["dpop"].split(".")[1]))
        if abs(claims["iat"] - hour_on) < 60:
            return None
        challenge = {"WWW-Authenticate": 'DPoP error="invalid_dpop_proof"'}
        return 401, {}, {**challenge, "Date": formatdate(hour_on, usegmt=True)}

    bound.says = punctual

    assert send(AUTH(), "GET", f"{bound.url}/me").status == 200
    assert len(bound.asked) == 2


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_bound_token_without_its_key_is_not_sent(bound: Guarded, send: Send) -> None:
    change(flowrun={name: value for name, value in known().items() if name != "dpop"})
    with pytest.raises(flowrun.StoreError, match="the key that the token is bound to") as caught:
        send(AUTH(), "GET", f"{bound.url}/me")

    assert caught.value.code == "E702"
    assert bound.asked == []


@pytest.mark.parametrize("token", ["two\nlines", "fake-token ", "é", ""])
def test_a_token_that_no_header_can_carry_is_not_shown(
    guarded: Guarded, send: Send, token: str
) -> None:
    change(access_token=token)
    with pytest.raises(flowrun.StoreError, match="none that a header can carry") as caught:
        send(AUTH(), "GET", f"{guarded.url}/me")

    assert token.strip() == "" or token.strip() not in str(caught.value)
    assert guarded.asked == []


def test_a_token_of_oauth_1_is_not_presented_as_a_bearers(guarded: Guarded, send: Send) -> None:
    change(oauth_token_secret="fake-token-secret")
    with pytest.raises(flowrun.ProviderError, match="OAuth 1") as caught:
        send(AUTH(), "GET", f"{guarded.url}/me")

    assert caught.value.code == "E531"
    assert guarded.asked == []


# Threads and tasks


def test_many_threads_meet_one_refusal_and_refresh_once(guarded: Guarded) -> None:
    guarded.kill_access()
    auth = AUTH()
    with httpx.Client(auth=auth) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.get(f"{guarded.url}/me"), range(512)))

    assert {answer.status_code for answer in answers} == {200}
    assert len(guarded.redeemed) == 1


def test_many_threads_with_requests_refresh_once(guarded: Guarded) -> None:
    let_it_end()
    guarded.kill_access()
    auth = AUTH()

    def ask(_: int) -> list[int]:
        with requests.Session() as session:
            session.auth = auth
            return [session.get(f"{guarded.url}/me").status_code for _ in range(16)]

    with ThreadPoolExecutor(8) as pool:
        statuses = [status for each in pool.map(ask, range(8)) for status in each]

    assert statuses == [200] * 128
    assert len(guarded.redeemed) == 1


def statuses_of_threads(url: str) -> set[int]:
    with httpx.Client(auth=AUTH(), timeout=30) as client, ThreadPoolExecutor(4) as pool:
        return {answer.status_code for answer in pool.map(client.get, [url] * 32)}


def test_many_processes_meet_one_refusal_and_refresh_once(guarded: Guarded) -> None:
    guarded.kill_access()
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        statuses = list(pool.map(statuses_of_threads, [f"{guarded.url}/me"] * 4))

    assert statuses == [{200}] * 4
    assert len(guarded.redeemed) == 1


@pytest.mark.parametrize("broken", [let_it_end, lambda: None], ids=["due", "refused"])
def test_a_hundred_tasks_refresh_once(guarded: Guarded, broken: Callable[[], None]) -> None:
    broken()
    guarded.kill_access()

    async def ask() -> list[int]:
        async with httpx.AsyncClient(auth=AUTH(), timeout=30) as client:
            answers = await asyncio.gather(*(client.get(f"{guarded.url}/me") for _ in range(100)))
        return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [200] * 100
    assert len(guarded.redeemed) == 1


def test_a_hundred_tasks_of_trio_refresh_once(guarded: Guarded) -> None:
    let_it_end()
    statuses = list[int]()

    async def ask(client: httpx.AsyncClient) -> None:
        statuses.append((await client.get(f"{guarded.url}/me")).status_code)

    async def all_of_them() -> None:
        client = httpx.AsyncClient(auth=AUTH(), timeout=30)
        async with client, trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(ask, client)

    trio.run(all_of_them)

    assert statuses == [200] * 100
    assert len(guarded.redeemed) == 1


def test_a_loop_goes_on_while_a_refresh_waits(guarded: Guarded) -> None:
    let_it_end()
    order = list[str]()

    async def ask() -> None:
        loop, went_on = asyncio.get_running_loop(), asyncio.Event()

        async def something_else() -> None:
            order.append("something else")
            went_on.set()

        def wait_for_it() -> None:  # in the server's thread, while the refresh has no answer
            asyncio.run_coroutine_threadsafe(something_else(), loop).result(30)
            order.append("refreshed")

        guarded.answers_token = wait_for_it
        async with httpx.AsyncClient(auth=AUTH(), timeout=30) as client:
            await client.get(f"{guarded.url}/me")

    asyncio.run(ask())

    assert order == ["something else", "refreshed"]


def test_a_task_that_is_cancelled_goes_at_once_and_the_refresh_is_not_lost(
    guarded: Guarded,
) -> None:
    let_it_end()
    cancelled = threading.Event()

    async def ask() -> None:
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def hold() -> None:  # in the server's thread
            loop.call_soon_threadsafe(begun.set)
            cancelled.wait(30)

        guarded.answers_token = hold
        async with httpx.AsyncClient(auth=AUTH(), timeout=30) as client:
            task = asyncio.create_task(client.get(f"{guarded.url}/me"))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        cancelled.set()

    asyncio.run(ask())

    assert flowrun.token("acme") == guarded.issued[2]
    assert len(guarded.redeemed) == 1
    assert guarded.asked == []


# What is seen of it


def test_a_connection_serves_again_after_a_refusal(guarded: Guarded) -> None:
    body = b'{"a": "' + b"x" * 100_000 + b'"}'
    refusal = b"HTTP/1.1 401 X\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with listening(refusal, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as api:
        answer = requests.get(f"{api.url}/me", auth=AUTH(), timeout=30)

    assert answer.status_code == 200
    assert [first.status_code for first in answer.history] == [401]
    assert api.connections == [0, 0]


def test_a_prepared_request_can_be_sent_again(guarded: Guarded) -> None:
    with requests.Session() as session:
        request = session.prepare_request(requests.Request("GET", f"{guarded.url}/me", auth=AUTH()))
        guarded.kill_access()
        statuses = [session.send(request).status_code for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert len(guarded.redeemed) == 1


def test_it_can_be_copied_and_handed_to_another_process(guarded: Guarded) -> None:
    for auth in (pickle.loads(pickle.dumps(AUTH())), copy.deepcopy(AUTH())):
        assert by_httpx(auth, "GET", f"{guarded.url}/me").status == 200
        assert repr(auth) == "Auth('acme')"


@pytest.mark.parametrize("way", ["httpx", "requests"])
def test_no_secret_is_seen_wherever_somebody_looks(
    bound: Guarded, way: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    auth, seen, send = AUTH(), list[str](), WAYS[way]
    bound.nonce = "n-1"
    bound.kill_access()
    send(auth, "POST", f"{bound.url}/me", content=b"x")
    bound.answers_token = lambda: (
        400,
        {"error": "invalid_grant", "error_description": bound.issued[3]},
        {},
    )
    let_it_end()
    with pytest.raises(flowrun.PersonNeeded) as caught:
        send(auth, "GET", f"{bound.url}/me")
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    seen += [*shown.format(), repr(caught.value), str(caught.value), repr(vars(caught.value))]
    seen += [repr(auth), repr(vars(auth)), caplog.text, *capfd.readouterr()]
    key = known()["dpop"]
    assert isinstance(key, dict)
    secrets = {*bound.issued, str(key["d"]), *(a.headers["dpop"] for a in bound.asked)}

    assert {secret for secret in secrets if any(secret in each for each in seen)} == set()


def test_headers_that_are_printed_are_masked(bound: Guarded) -> None:
    with requests.Session() as session:
        answer = session.get(f"{bound.url}/me", auth=AUTH())

    assert answer.status_code == 200
    assert bound.issued[0] not in repr(answer.request.headers)
    assert bound.asked[0].headers["dpop"] not in repr(answer.request.headers)


def test_two_records_do_not_mix(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWRUN_OTHER__CLIENT_SECRET", SECRET)
    log_in(guarded, name="other")
    by_httpx(flowrun.Auth("other"), "GET", f"{guarded.url}/me")
    by_httpx(flowrun.Auth("acme"), "GET", f"{guarded.url}/me")

    assert tokens(guarded) == ["0002", "0001"]
    assert record_of("other")["access_token"] == guarded.issued[2]
