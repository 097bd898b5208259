"""A redirection URI on loopback that is https."""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import ssl
import tempfile
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509

from flowrun.capture import PersonsBrowser
from flowrun.capture.certificate import throw_away
from flowrun.errors import CallbackError
from servers.login import (
    GOOD,
    Login,
    exchange,
    in_thread,
    login,
    received,
    status,
    trusting,
)

HTTPS = "https://127.0.0.1:0/callback"


def certificate_of(begun: Login, host: str = "127.0.0.1") -> bytes:
    with (
        socket.create_connection((host, begun.port), timeout=10) as connection,
        trusting().wrap_socket(connection) as secured,
    ):
        return secured.getpeercert(binary_form=True) or b""


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("localhost", "::1"),
        ("[::1]", "::1"),
    ],
)
def test_a_redirect_comes_over_tls_and_its_page_waits_for_the_token(
    host: str, address: str
) -> None:
    with login(f"https://{host}:0/callback") as begun:
        request = f"GET {GOOD} HTTP/1.1\r\nHost: {begun.authority}\r\n\r\n"
        ask = partial(exchange, begun.port, request, host=address, tls=trusting())
        page, answers = in_thread(ask)
        begun.wait()
        begun.listener.conclude()
        page.join(10)

    assert begun.listener.redirect_uri == f"https://{host}:{begun.port}/callback"
    assert begun.parameters["code"] == "fake-code"
    assert status(answers[0]) == 200
    assert "You are logged in" in answers[0]


def test_the_fingerprint_that_is_told_is_that_of_the_certificate() -> None:
    with login(HTTPS, hold_s=0.05) as begun:
        shown = hashlib.sha256(certificate_of(begun)).hexdigest().upper()
        begun.get(GOOD)
    (line,) = [line for line in begun.told if "SHA-256" in line]

    assert "your browser will warn" in line
    assert line.endswith(":".join(re.findall("..", shown)))


def test_http_says_nothing_of_certificates() -> None:
    with login(hold_s=0.05) as begun:
        begun.get(GOOD)

    assert not any("certificate" in line for line in begun.told)


def test_the_certificate_is_for_this_machine_and_these_days_alone() -> None:
    with login(HTTPS) as begun, login(HTTPS) as other:
        found, another = (x509.load_der_x509_certificate(certificate_of(b)) for b in (begun, other))
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    limits = found.extensions.get_extension_for_class(x509.BasicConstraints).value
    ip = [str(address) for address in names.get_values_for_type(x509.IPAddress)]

    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert ip == ["127.0.0.1", "::1"]
    assert not limits.ca
    assert (found.not_valid_after_utc - found.not_valid_before_utc).days == 2
    assert found.public_key() != another.public_key()


def test_a_client_that_trusts_the_certificate_needs_no_exception() -> None:
    with login(HTTPS, hold_s=0.05) as begun:
        pem = ssl.DER_cert_to_PEM_cert(certificate_of(begun))
        context = ssl.create_default_context(cadata=pem)
        request = f"GET {GOOD} HTTP/1.1\r\nHost: {begun.authority}\r\n\r\n"
        with (
            socket.create_connection(("127.0.0.1", begun.port), timeout=10) as connection,
            context.wrap_socket(connection, server_hostname="127.0.0.1") as secured,
        ):
            secured.sendall(request.encode())
            answer = received(secured)

    assert "Received" in answer


def test_nothing_of_the_key_stays_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    made = throw_away()

    assert len(made.fingerprint.split(":")) == 32
    assert list(tmp_path.iterdir()) == []


def test_no_room_for_the_certificate_is_told_before_anybody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    browser = PersonsBrowser(tell=print, open_browser=False, terminal=None)

    with pytest.raises(CallbackError, match="cannot be bound") as caught:
        browser.listen("https://127.0.0.1:8484/callback").__enter__()

    assert caught.value.code == "E406"


def test_a_handshake_that_dawdles_keeps_nobody_out() -> None:
    with login(HTTPS, hold_s=0.05) as begun, contextlib.ExitStack() as idle:
        slow = [
            idle.enter_context(socket.create_connection(("127.0.0.1", begun.port), timeout=10))
            for _ in range(5)
        ]
        slow[0].sendall(b"\x16\x03\x01")  # a record of the handshake, and no more of it
        answer = begun.get(GOOD)
        begun.wait()
        cut = [received(connection) for connection in slow]

    assert "Received" in answer
    assert begun.parameters["code"] == "fake-code"
    assert cut == [""] * 5


def test_a_handshake_that_never_ends_does_not_hold_up_the_end() -> None:
    with login(HTTPS, hold_s=0.05) as begun:
        slow = socket.create_connection(("127.0.0.1", begun.port), timeout=4)
        slow.sendall(b"\x16\x03\x01")
        begun.get(GOOD)
        begun.wait()
    cut = received(slow)  # hung up, well before its time is over
    slow.close()

    assert cut == ""


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\0\0"])
def test_what_is_no_handshake_is_cut_off_and_ends_nothing(noise: bytes) -> None:
    with login(HTTPS, hold_s=0.05) as begun:
        with socket.create_connection(("127.0.0.1", begun.port), timeout=10) as connection:
            connection.sendall(noise)
            with contextlib.suppress(ConnectionError):
                while connection.recv(65536):
                    pass
        waited = begun.is_waiting()
        begun.get(GOOD)
        begun.wait()

    assert waited
    assert begun.parameters["code"] == "fake-code"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("Host: evil.example",), 400),
        (("Host: 127.0.0.1",), 400),
        (("Host: 127.0.0.1:80",), 400),
    ],
)
def test_a_foreign_host_is_refused_over_tls_too(lines: tuple[str, ...], expected: int) -> None:
    with login(HTTPS) as begun:
        answer = begun.get(GOOD, *lines)

        assert begun.is_waiting()

    assert status(answer) == expected


def test_a_form_may_come_over_tls() -> None:
    with login(HTTPS, mode="form_post", hold_s=0.05) as begun:
        begun.post("code=fake-code&state=right")
        begun.wait()

    assert begun.parameters["code"] == "fake-code"


def test_redirections_on_one_port_share_the_certificate() -> None:
    browser = PersonsBrowser(tell=print, open_browser=False, terminal=None, hold_s=0.05)
    with browser.listen("https://127.0.0.1:0/install") as first:
        second = first.redirect_uri.replace("install", "callback")
        with browser.listen(second) as listener:
            begun = Login(listener)
            begun.begin(browser)
            begun.get(GOOD)
            begun.wait()

    assert begun.parameters["code"] == "fake-code"


def test_http_and_https_do_not_share_a_port() -> None:
    browser = PersonsBrowser(tell=print, open_browser=False, terminal=None)
    with browser.listen(HTTPS) as first, pytest.raises(CallbackError) as caught:
        browser.listen(first.redirect_uri.replace("https", "http")).__enter__()

    assert caught.value.code == "E406"
