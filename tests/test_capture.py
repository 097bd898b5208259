"""What reaches a redirection URI on loopback, and what the browser is told."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from flowrun.capture import PersonsBrowser
from flowrun.capture.listener import bind
from flowrun.errors import CallbackError
from servers.login import GOOD, URL, Login, exchange, in_thread, judge, login, received, status
from standards import proves


def test_a_redirect_is_decoded_once_and_its_page_says_that_the_token_is_there() -> None:
    with login() as begun:
        page, answers = in_thread(lambda: begun.get("/callback?code=a%252Fb+c&state=right&e="))
        begun.wait()
        begun.listener.conclude()
        page.join(10)

    assert begun.parameters == {"code": "a%2Fb c", "state": "right", "e": ""}
    assert status(answers[0]) == 200
    assert "You are logged in" in answers[0]


def test_the_page_waits_for_the_token_and_tells_why_there_is_none() -> None:
    with login() as begun:
        page, answers = in_thread(lambda: begun.get(GOOD))
        begun.wait()

        assert page.is_alive()

        begun.listener.conclude("the provider refused the code <now>")
        begun.listener.conclude()
        page.join(10)

    assert "the provider refused the code &lt;now&gt;" in answers[0]


def test_a_page_that_nobody_concludes_says_that_flowrun_stopped() -> None:
    with login() as begun:
        page, answers = in_thread(lambda: begun.get(GOOD))
        begun.wait()
    page.join(10)

    assert "flowrun stopped" in answers[0]


def test_a_page_that_waits_too_long_sends_the_person_to_the_terminal() -> None:
    with login(hold_s=0.05) as begun:
        answer = begun.get(GOOD)

    assert "Received" in answer
    assert "terminal" in answer


def test_a_denial_ends_the_login_and_reaches_the_browser_before_the_sockets_close() -> None:
    with login() as begun:
        page, answers = in_thread(lambda: begun.get("/callback?error=access_denied&state=right"))
        begun.wait()
    page.join(10)

    assert isinstance(begun.error, CallbackError)
    assert begun.error.code == "E402"
    assert "Access was not given" in answers[0]


@pytest.mark.parametrize("code", ["E403", "E405", "E408", "E409"])
def test_whatever_else_the_judge_refuses_ends_the_login_and_is_shown_escaped(code: str) -> None:
    def refuse(_: Mapping[str, str], *, bare: bool = False) -> None:
        raise CallbackError(code, "it says <script>")

    with login(accept=refuse) as begun:
        answer = begun.get(GOOD)
        begun.wait()

    assert isinstance(begun.error, CallbackError)
    assert begun.error.code == code
    assert "it says &lt;script&gt;" in answer


def test_a_foreign_state_is_answered_and_told_once_and_the_login_goes_on() -> None:
    with login() as begun:
        answers = [begun.get("/callback?code=x&state=wrong") for _ in range(3)]
        waited = begun.is_waiting()
        begun.listener.conclude()
        begun.get(GOOD)
        begun.wait()

    assert waited
    assert [status(answer) for answer in answers] == [400] * 3
    assert sum("another state" in line for line in begun.told) == 1
    assert begun.parameters["code"] == "fake-code"


@proves("RFC 8252", "8.3", "answers nothing but the redirect")
@pytest.mark.parametrize(
    ("target", "lines", "method", "expected"),
    [
        pytest.param("/favicon.ico", (), "GET", 404, id="favicon"),
        pytest.param("/callback/?code=x&state=right", (), "GET", 404, id="longer path"),
        pytest.param("/Callback?code=x&state=right", (), "GET", 404, id="other case"),
        pytest.param(GOOD, (), "HEAD", 204, id="head"),
        pytest.param(GOOD, (), "POST", 405, id="post"),
        pytest.param(GOOD, (), "OPTIONS", 405, id="options"),
        pytest.param(GOOD, ("Host: evil.example",), "GET", 400, id="foreign host"),
        pytest.param(GOOD, ("Host: 127.0.0.1",), "GET", 400, id="host without the port"),
        pytest.param(GOOD, ("X: y",), "GET", 400, id="no host"),
        pytest.param(f"{GOOD}&code=y", (), "GET", 400, id="parameter twice"),
        pytest.param(f"{GOOD}&x=%ff", (), "GET", 400, id="not utf-8"),
        pytest.param(f"{GOOD}&x=\xe9", (), "GET", 400, id="not ascii"),
        pytest.param(f"{GOOD}&x={'y' * 20000}", (), "GET", 431, id="oversize line"),
        pytest.param(GOOD, ("X: " + "y" * 20000,), "GET", 431, id="oversize header"),
    ],
)
def test_what_is_no_redirect_is_answered_and_ends_nothing(
    target: str, lines: tuple[str, ...], method: str, expected: int
) -> None:
    with login() as begun:
        answer = begun.get(target, *lines, method=method)
        waited = begun.is_waiting()

    assert not answer or status(answer) == expected
    assert answer or expected == 431  # what is left unread may cut the answer off
    assert waited


def test_two_host_headers_are_refused() -> None:
    with login() as begun:
        host = f"Host: {begun.authority}"
        answer = begun.get(GOOD, host, host)

        assert begun.is_waiting()

    assert status(answer) == 400


@pytest.mark.parametrize(
    "header", ["Sec-Purpose: prefetch;prerender", "Purpose: prefetch", "X-Moz: prefetch"]
)
def test_a_prefetch_gets_nothing_and_ends_nothing(header: str) -> None:
    with login() as begun:
        answer = begun.get(GOOD, f"Host: {begun.authority}", header)

        assert begun.is_waiting()

    assert status(answer) == 204


def test_a_second_hit_is_told_that_the_first_was_received() -> None:
    with login() as begun:
        first, _ = in_thread(lambda: begun.get(GOOD))
        begun.wait()
        second = begun.get("/callback?code=other&state=right")
        begun.listener.conclude()
        first.join(10)

    assert "Already received" in second
    assert begun.parameters["code"] == "fake-code"


def test_exactly_one_of_many_valid_redirects_wins() -> None:
    meet = threading.Barrier(12)

    def wait_for_all(_: Mapping[str, str], *, bare: bool = False) -> None:
        meet.wait(10)

    with login(accept=wait_for_all) as begun:
        pages = [in_thread(partial(begun.get, f"/callback?code={n}")) for n in range(12)]
        begun.wait()
        begun.listener.conclude()
        for thread, _ in pages:
            thread.join(10)
    bodies = [answers[0] for _, answers in pages]

    assert sum("You are logged in" in body for body in bodies) == 1
    assert sum("Already received" in body for body in bodies) == 11


def test_idle_connections_do_not_keep_the_redirect_out() -> None:
    with login() as begun, contextlib.ExitStack() as idle:
        for _ in range(20):
            idle.enter_context(socket.create_connection(("127.0.0.1", begun.port)))
        page, _ = in_thread(lambda: begun.get(GOOD))
        begun.wait()
        begun.listener.conclude()
        page.join(10)

    assert begun.parameters["code"] == "fake-code"


def test_a_trickle_is_cut_off_and_blocks_nothing() -> None:
    with login() as begun, socket.create_connection(("127.0.0.1", begun.port)) as slow:
        slow.settimeout(20)
        with contextlib.suppress(ConnectionError):
            for _ in range(40):  # each byte in time, all of them too late
                slow.sendall(b"G")
                time.sleep(0.2)
        cut = received(slow)
        page, _ = in_thread(lambda: begun.get(GOOD))
        begun.wait()
        begun.listener.conclude()
        page.join(10)

    assert cut == ""
    assert begun.parameters["code"] == "fake-code"


@proves("RFC 8252", "7.3", "localhost is both families, so that neither is anybody else's")
def test_localhost_is_both_families_on_one_port() -> None:
    for host in ("127.0.0.1", "::1"):
        with login("http://localhost:0/callback") as begun:
            request = f"GET {GOOD} HTTP/1.1\r\nHost: {begun.authority}\r\n\r\n"
            page, _ = in_thread(partial(exchange, begun.port, request, host=host))
            begun.wait()
            begun.listener.conclude()
            page.join(10)

        assert begun.parameters["code"] == "fake-code"


@proves("RFC 8252", "7.3", "listens on IPv6, too")
def test_the_ipv6_loopback_stands_in_brackets() -> None:
    with login("http://[::1]:0/callback") as begun:
        request = f"GET {GOOD} HTTP/1.1\r\nHost: [::1]:{begun.port}\r\n\r\n"
        page, _ = in_thread(lambda: exchange(begun.port, request, host="::1"))
        begun.wait()
        begun.listener.conclude()
        page.join(10)

    assert begun.listener.redirect_uri == f"http://[::1]:{begun.port}/callback"


def test_a_machine_without_the_second_address_listens_on_the_first_and_says_so() -> None:
    told: list[str] = []
    servers = bind(["127.0.0.1", "2001:db8::1"], 0, told.append)
    servers[0].server_close()

    assert len(servers) == 1
    assert told == ["this machine has no 2001:db8::1; listening on 127.0.0.1 alone"]


@pytest.mark.parametrize(("host", "held"), [("127.0.0.1",) * 2, ("localhost", "::1")])
def test_a_busy_port_is_named_with_its_holder_before_anybody_is_asked(host: str, held: str) -> None:
    family = socket.AF_INET6 if ":" in held else socket.AF_INET
    browser = PersonsBrowser(tell=print, open_browser=False, terminal=None)
    with socket.create_server((held, 0), family=family) as holder:
        port = holder.getsockname()[1]

        with pytest.raises(CallbackError, match=f"port {port} of {held}") as caught:
            browser.listen(f"http://{host}:{port}/callback").__enter__()

    assert caught.value.code == "E406"
    if sys.platform == "linux":
        assert f"(process {os.getpid()})" in str(caught.value)


@proves("RFC 8252", "8.3", "listens only while it waits for the redirect")
def test_the_port_is_free_again_afterwards() -> None:
    with login("http://localhost:0/callback") as begun:
        page, _ = in_thread(lambda: begun.get(GOOD))
        begun.wait()
    page.join(10)
    with login(f"http://localhost:{begun.port}/callback") as again:
        assert again.port == begun.port


@pytest.mark.parametrize("uri", ["https://app.example/cb", "com.example.app:/cb", "urn:x:oob"])
def test_without_listener_and_terminal_nothing_is_begun(uri: str) -> None:
    browser = PersonsBrowser(tell=print, open_browser=False, terminal=None)

    with pytest.raises(CallbackError) as caught:
        browser.listen(uri).__enter__()

    assert caught.value.code == "E410"


def test_nobody_coming_back_names_the_redirect_uri_and_what_was_refused() -> None:
    with login(timeout_s=0.2) as begun:
        begun.get("/callback?error=access_denied")
        begun.wait()

    assert isinstance(begun.error, CallbackError)
    assert str(begun.error) == "nobody came back from the browser within 0.2 s"
    assert begun.listener.redirect_uri in begun.error.problems[0].hint
    assert "another state" in begun.error.problems[0].hint


@proves("RFC 9700", "4.2.4", "its page sends no referrer, and loads nothing")
def test_the_page_is_private_and_needs_nothing_from_outside() -> None:
    with login(hold_s=0.05) as begun:
        head, _, body = begun.get(GOOD).partition("\r\n\r\n")
    values = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])

    assert values["cache-control"] == "no-store"
    assert values["referrer-policy"] == "no-referrer"
    assert values["connection"] == "close"
    assert values["x-content-type-options"] == "nosniff"
    assert values["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in values["content-security-policy"]
    assert not re.search(r"https?:|src=|href=|@import|url\(", body)
    assert "fake-code" not in head + body


def test_a_browser_command_blocks_nothing_and_sees_no_variables_of_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script, seen = tmp_path / "approve", tmp_path / "seen"
    lines = ["#!/bin/sh", f"(env; echo $1) > {seen}.part", f"mv {seen}.part {seen}", "sleep 2"]
    script.write_text("\n".join(lines))
    script.chmod(0o700)
    monkeypatch.setenv("BROWSER", f"{script} %s")
    monkeypatch.setenv("FLOWRUN_CLIENT_SECRET", "fake-secret-of-acme")
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    told: list[str] = []
    browser = PersonsBrowser(tell=told.append, open_browser=True, terminal=None)
    with browser.listen("http://127.0.0.1:0/callback") as listener:
        begun = Login(listener)
        begun.begin(browser)
        while not seen.exists():
            time.sleep(0.01)
        page, _ = in_thread(lambda: begun.get(GOOD))
        begun.wait()
        listener.conclude()
        page.join(10)

    assert told == ["opening id.example in your browser", URL]
    assert "FLOWRUN_" not in seen.read_text()
    assert seen.read_text().endswith(f"{URL}\n")
    assert "BROWSER=" in seen.read_text()


def test_a_browser_that_fails_is_told_and_the_waiting_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BROWSER", "no-such-browser %s")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DISPLAY", raising=False)
    failed = threading.Event()

    def tell(line: str) -> None:
        if line.startswith("no browser could be opened"):
            failed.set()

    browser = PersonsBrowser(tell=tell, open_browser=True, terminal=None)
    with browser.listen("http://127.0.0.1:0/callback") as listener:
        begun = Login(listener)
        begun.begin(browser)

        assert failed.wait(10)
        assert begun.is_waiting()

        page, _ = in_thread(lambda: begun.get(GOOD))
        begun.wait()
    page.join(10)


def test_over_ssh_the_forwarding_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
    told: list[str] = []
    browser = PersonsBrowser(tell=told.append, open_browser=False, terminal=None)
    with (
        browser.listen("http://127.0.0.1:0/callback") as listener,
        pytest.raises(CallbackError),
    ):
        browser.fetch(URL, listener, judge, timeout_s=0.01)
    port = listener.redirect_uri.split(":")[2].partition("/")[0]

    assert any(f"ssh -L {port}:127.0.0.1:{port}" in line for line in told)


CTRL_C = """
import sys
from flowrun.capture import PersonsBrowser

def tell(line):
    print(line, file=sys.stderr, flush=True)

browser = PersonsBrowser(tell=tell, open_browser=False, terminal=None)
try:
    with browser.listen("http://localhost:0/callback") as listener:
        browser.fetch("https://id.example/", listener, print, timeout_s=60)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_passes_through_and_the_process_ends() -> None:
    command = [sys.executable, "-c", CTRL_C]
    with (
        Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process,
        contextlib.ExitStack() as afterwards,
    ):
        afterwards.callback(process.kill)
        assert process.stderr
        assert any("https://id.example/" in line for line in process.stderr)

        process.send_signal(signal.SIGINT)
        output, noise = process.communicate(timeout=20)

    assert output == "interrupted\n"
    assert noise == ""
    assert process.returncode == 0


def test_a_page_of_an_earlier_login_does_not_hold_up_the_next() -> None:
    browser = PersonsBrowser(tell=print, open_browser=False, terminal=None)
    with browser.listen("http://127.0.0.1:0/callback") as listener:
        for code in ("first", "second"):
            begun = Login(listener)
            begun.begin(browser)
            in_thread(partial(begun.get, f"/callback?code={code}&state=right"))
            begun.wait()

            assert begun.parameters["code"] == code
