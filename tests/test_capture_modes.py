"""A redirect that comes as a form, or behind the # of an address."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import socket
from functools import partial
from threading import Thread

import pytest

from flowrun.capture import PersonsBrowser
from flowrun.errors import CallbackError
from servers.login import Login, in_thread, login, received, status
from standards import proves

SENT = "code=fake-code&state=right"
FORGED = "code=forged&state=wrong"


@proves("Form Post Response Mode", "2", "reads the answer from a posted form")
@pytest.mark.parametrize("mode", ["form_post", "fragment"])
def test_a_posted_form_is_decoded_once_and_its_page_waits_for_the_token(mode: str) -> None:
    with login(mode=mode) as begun:
        page, answers = in_thread(lambda: begun.post("code=a%252Fb+c&state=right&user=%7B%7D"))
        begun.wait()

        assert page.is_alive()

        begun.listener.conclude()
        page.join(10)

    assert begun.parameters == {"code": "a%2Fb c", "state": "right", "user": "{}"}
    assert status(answers[0]) == 200
    assert "You are logged in" in answers[0]


def test_a_form_from_another_site_is_the_normal_case() -> None:
    with login(mode="form_post", hold_s=0.05) as begun:
        length = f"Content-Length: {len(SENT)}"
        answer = begun.post(
            SENT, "Origin: https://id.example", "Sec-Fetch-Site: cross-site", length
        )
        begun.wait()

    assert begun.parameters["code"] == "fake-code"
    assert "Received" in answer


def test_a_form_may_come_after_its_head() -> None:
    with login(mode="form_post", hold_s=0.05) as begun:
        head = f"Host: {begun.authority}\r\nContent-Length: {len(SENT)}\r\n"
        type = "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
        with socket.create_connection(("127.0.0.1", begun.port), 10) as connection:
            connection.sendall(f"POST /callback HTTP/1.1\r\n{head}{type}\r\ncode=".encode())
            assert begun.is_waiting()
            connection.sendall(SENT.removeprefix("code=").encode())
            answer = received(connection)

    assert begun.parameters["code"] == "fake-code"
    assert "Received" in answer


def test_a_forged_form_before_the_real_one_ends_nothing_and_is_told_once() -> None:
    with login(mode="form_post", hold_s=0.05) as begun:
        forged = [begun.post(FORGED) for _ in range(3)]
        waited = begun.is_waiting()
        begun.post(SENT)
        begun.wait()

    assert waited
    assert [status(answer) for answer in forged] == [400] * 3
    assert sum("another state" in line for line in begun.told) == 1
    assert begun.parameters["code"] == "fake-code"


def test_a_second_form_is_told_that_the_first_was_received() -> None:
    with login(mode="form_post") as begun:
        first, _ = in_thread(lambda: begun.post(SENT))
        begun.wait()
        second = begun.post("code=other&state=right")
        begun.listener.conclude()
        first.join(10)

    assert "Already received" in second
    assert begun.parameters["code"] == "fake-code"


@proves("Form Post Response Mode", "2", "reads an error from a posted form")
def test_a_denial_may_come_as_a_form() -> None:
    with login(mode="form_post") as begun:
        answer = begun.post("error=access_denied&state=right")
        begun.wait()

    assert isinstance(begun.error, CallbackError)
    assert begun.error.code == "E402"
    assert "Access was not given" in answer


@pytest.mark.parametrize("mode", ["form_post", "fragment"])
@pytest.mark.parametrize(
    ("form", "lines", "expected"),
    [
        pytest.param(SENT, ("Transfer-Encoding: chunked",), 411, id="no length"),
        pytest.param(SENT, ("Content-Length: -1",), 411, id="negative"),
        pytest.param(SENT, ("Content-Length: \xb2",), 411, id="no digit"),
        pytest.param(SENT, ("Content-Length: 26", "Content-Length: 27"), 411, id="two lengths"),
        pytest.param("", ("Content-Length: 16385",), 413, id="oversize"),
        pytest.param("", (f"Content-Length: {'9' * 5000}",), 413, id="absurd"),
        pytest.param(f"{SENT}&x={'y' * 16384}", (), 413, id="oversize and sent"),
        pytest.param(f"{SENT}&code=y", (), 400, id="parameter twice"),
        pytest.param(f"{SENT}&x=%ff", (), 400, id="not utf-8"),
        pytest.param(f"{SENT}&x=\xe9", (), 400, id="not ascii"),
        pytest.param(f"{SENT}&x=\0", (), 400, id="null byte"),
        pytest.param(f"{SENT}\r\n", (), 400, id="line break"),
        pytest.param("&".join(f"p{n}=" for n in range(101)), (), 400, id="too many"),
        pytest.param("", (), 400, id="empty"),
    ],
)
def test_what_is_no_form_is_answered_and_ends_nothing(
    mode: str, form: str, lines: tuple[str, ...], expected: int
) -> None:
    with login(mode=mode) as begun:
        answer = begun.post(form, *lines)
        waited = begun.is_waiting()

    assert not answer or status(answer) == expected
    assert answer or expected == 413  # what is left unread may cut the answer off
    assert waited


@proves("Form Post Response Mode", "2", "takes no other content type")
@pytest.mark.parametrize(
    "type", ["application/json", "text/plain", "multipart/form-data; boundary=x", "nonsense"]
)
def test_only_a_form_is_read(type: str) -> None:
    with login(mode="form_post") as begun:
        answer = begun.post(SENT, type=type)

        assert begun.is_waiting()

    assert status(answer) == 415


def test_a_form_meets_the_same_guards_as_a_query() -> None:
    with login(mode="form_post") as begun:
        length = f"Content-Length: {len(SENT)}"
        foreign = begun.post(SENT, host="evil.example")
        elsewhere = begun.get("/other", f"Host: {begun.authority}", length, method="POST")
        ahead = begun.post(SENT, length, "Sec-Purpose: prefetch")

        assert begun.is_waiting()

    assert [status(answer) for answer in (foreign, elsewhere, ahead)] == [400, 404, 204]


def test_a_null_byte_that_is_encoded_is_a_character_like_any_other() -> None:
    with login(mode="form_post", hold_s=0.05) as begun:
        begun.post("code=a%00b&state=right")
        begun.wait()

    assert begun.parameters["code"] == "a\0b"


def test_a_form_that_trickles_is_cut_off_and_blocks_nothing() -> None:
    with login(mode="form_post", hold_s=0.05) as begun:
        head = "POST /callback HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        head += f"Host: {begun.authority}\r\nContent-Length: 10000\r\n\r\n"
        with socket.create_connection(("127.0.0.1", begun.port), 10) as slow:
            slow.sendall(head.encode())
            begun.post(SENT)
            begun.wait()
            cut = received(slow)

    assert cut == ""
    assert begun.parameters["code"] == "fake-code"


def test_too_many_unfinished_forms_push_out_the_first_of_them() -> None:
    with login(mode="form_post", hold_s=0.05) as begun, contextlib.ExitStack() as idle:
        head = "POST /callback HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        head += f"Host: {begun.authority}\r\nContent-Length: 10000\r\n\r\n"
        started = [
            idle.enter_context(socket.create_connection(("127.0.0.1", begun.port), timeout=4))
            for _ in range(20)
        ]
        for connection in started:
            connection.sendall(head.encode())
        pushed_out = received(started[0])  # long before it is too slow
        begun.post(SENT)
        begun.wait()

    assert pushed_out == ""
    assert begun.parameters["code"] == "fake-code"


@proves("Form Post Response Mode", "4", "does not believe a query where it has asked for a form")
def test_a_query_where_a_form_is_awaited_is_told_and_ends_nothing() -> None:
    with login(mode="form_post", timeout_s=0.5) as begun:
        answers = [begun.get(f"/callback?{SENT}"), begun.get(f"/callback?{SENT}x")]
        bare = begun.get("/callback")
        begun.wait()

    assert [status(answer) for answer in (*answers, bare)] == [405] * 3
    assert "Allow: POST\r\n" in bare
    assert "waits for a form" in bare
    assert sum("where a form has to be posted" in line for line in begun.told) == 1
    assert isinstance(begun.error, CallbackError)
    assert "where a form has to be posted" in begun.error.problems[0].hint


def test_a_form_where_a_query_is_awaited_is_refused() -> None:
    with login() as begun:
        answer = begun.post(SENT)

        assert begun.is_waiting()

    assert status(answer) == 405
    assert "Allow: GET\r\n" in answer


def test_the_page_for_a_fragment_may_run_its_own_script_and_ask_nobody_else() -> None:
    with login(mode="fragment") as begun:
        head, _, body = begun.get("/callback").partition("\r\n\r\n")

        assert begun.is_waiting()

    policy = re.search("Content-Security-Policy: (.*)\r\n", head)
    script = re.search("<script>(.*?)</script>", body, re.DOTALL)
    assert policy
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy[1]
    assert "connect-src 'self'" in policy[1]
    assert "default-src 'none'" in policy[1]
    assert "paste the whole address" in re.findall("<noscript>(.*?)</noscript>", body)[0]


@proves("Multiple Response Types", "2.1", "does not believe a query where a fragment is to come")
def test_a_query_is_not_believed_where_a_fragment_is_awaited() -> None:
    with login(mode="fragment") as begun:
        answer = begun.get(f"/callback?{SENT}")

        assert begun.is_waiting()

    assert status(answer) == 200
    assert "fake-code" not in answer


def test_no_other_page_asks_the_listener_anything() -> None:
    with login(hold_s=0.05) as begun:
        answer = begun.get(f"/callback?{SENT}")

    assert "connect-src" not in answer
    assert "noscript" not in answer


# Several on one port


@pytest.mark.parametrize("paths", [("callback", "callback"), ("install", "callback")])
def test_redirections_on_one_port_are_waited_for_in_turn(paths: tuple[str, str]) -> None:
    browser = PersonsBrowser(tell=print, open_browser=False, terminal=None)
    with browser.listen(f"http://127.0.0.1:0/{paths[0]}") as first:
        origin = first.redirect_uri.rpartition("/")[0]
        with browser.listen(f"{origin}/{paths[1]}") as second:
            pages: list[tuple[Thread, list[str]]] = []
            for listener, path in ((first, paths[0]), (second, paths[1])):
                begun = Login(listener)
                begun.begin(browser)
                code = f"/{path}?code={len(pages)}&state=right"
                pages.append(in_thread(partial(begun.get, code)))
                begun.wait()

                assert begun.parameters["code"] == str(len(pages) - 1)

            second.conclude()
            first.conclude("too late to say")
            for thread, _ in pages:
                thread.join(10)

    assert "Received" in pages[0][1][0]
    assert "You are logged in" in pages[1][1][0]


@proves("RFC 8252", "8.10", "takes the redirect only at the URI that it was asked for with")
def test_the_path_that_is_not_waited_at_now_is_nothing() -> None:
    browser = PersonsBrowser(tell=print, open_browser=False, terminal=None, hold_s=0.05)
    with browser.listen("http://127.0.0.1:0/install") as first:
        second = browser.listen(first.redirect_uri.replace("install", "callback"))
        with second as listener:
            begun = Login(listener)
            begun.begin(browser)
            early = begun.get("/install?code=a&state=right")
            begun.get("/callback?code=b&state=right")
            begun.wait()

    assert status(early) == 404
    assert begun.parameters["code"] == "b"


def test_each_wait_has_its_own_mode() -> None:
    browser = PersonsBrowser(tell=print, open_browser=False, terminal=None, hold_s=0.05)
    with browser.listen("http://127.0.0.1:0/callback") as listener:
        begun = Login(listener)
        begun.begin(browser, mode="form_post")
        begun.post(SENT)
        begun.wait()
        again = Login(listener)
        again.begin(browser)
        refused = again.post(SENT)
        again.get(f"/callback?{SENT}")
        again.wait()

    assert status(refused) == 405
    assert again.parameters["code"] == "fake-code"


def test_a_port_that_was_shared_is_free_again_afterwards() -> None:
    browser = PersonsBrowser(tell=print, open_browser=False, terminal=None)
    with browser.listen("http://127.0.0.1:0/a") as first, browser.listen(first.redirect_uri):
        pass

    with browser.listen(first.redirect_uri) as again:
        assert again.redirect_uri == first.redirect_uri
