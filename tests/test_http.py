from __future__ import annotations

import datetime
import logging
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import httpx
import pytest
import trustme

from flowrun.errors import ProviderError, TransportError
from flowrun.http import Direct, http_from_environment
from flowrun.message import Body, Request, Response
from flowrun.proxy import Proxied
from flowrun.secret import Secret
from flowrun.transport import MAX_RESPONSE_BYTES, Client
from servers.proxy import proxy
from servers.raw import Raw, listening
from standards import proves

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SECRET = "fake-secret-of-acme"
TOKEN = b'{"access_token": "fake-access"'
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Open(Protocol):
    def __call__(self, *, timeout_s: float = 30) -> Client: ...


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*PROXY_VARIABLES, "SSL_CERT_FILE", "SSL_CERT_DIR"]:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def direct() -> Iterator[Open]:
    yield from clients()


@pytest.fixture(params=["direct", "proxied"])
def carrier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    if request.param == "direct":
        yield from clients()
        return
    with proxy() as url:
        monkeypatch.setenv("HTTP_PROXY", url)
        monkeypatch.setenv("https_proxy", url)
        yield from clients()


def clients() -> Iterator[Open]:
    opened: list[Client] = []

    def open_client(*, timeout_s: float = 30) -> Client:
        opened.append(http_from_environment(timeout_s=timeout_s))
        return opened[-1]

    yield open_client
    for client in opened:
        client.close()


def get(url: str) -> Request:
    return Request("GET", url + "/path-of-acme", {"code": Secret(SECRET)})


def post(url: str) -> Request:
    return Request("POST", url, body=Body("form", {"client_secret": Secret(SECRET)}))


def refused(client: Client, request: Request, *, redeems: bool = False) -> TransportError:
    """The error of a request that fails; it must name the server and nothing private."""
    with pytest.raises(TransportError) as caught:
        client.send(request, redeems=redeems)
    error = caught.value
    told = str(error) + error.problems[0].hint
    assert "path-of-acme" not in told
    assert SECRET not in told
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    return error


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_environment_chooses_the_carrier(carrier: Open, request: pytest.FixtureRequest) -> None:
    expected = Direct if "direct" in request.node.name else Proxied

    assert type(carrier()) is expected


def test_request_arrives_as_it_was_meant(carrier: Open) -> None:
    with listening(OK) as server:
        sent = post(server.url + "/token?a=b")._replace(headers={"X-Many": ["1", "2"]})
        response = carrier().send(sent)

    head, _, body = server.requests[0][1].decode().partition("\r\n\r\n")
    lines = head.split("\r\n")
    assert (response.status, response.body) == (200, b"ok")
    assert lines[0] == "POST /token?a=b HTTP/1.1"
    assert body == "client_secret=fake-secret-of-acme"
    assert f"Host: 127.0.0.1:{server.port}" in lines
    assert [line for line in lines if line.lower().startswith("x-many")] == [
        "X-Many: 1",
        "X-Many: 2",
    ]
    assert sum(line.lower().startswith("content-length:") for line in lines) == 1
    assert "Accept-Encoding: identity" in lines
    assert not [line for line in lines if line.lower().startswith("cookie")]


def test_post_without_a_body_says_that_it_has_none(carrier: Open) -> None:
    with listening(OK) as server:
        carrier().send(Request("POST", server.url))

    assert b"content-length: 0" in server.requests[0][1].lower()


def test_headers_of_one_name_are_joined(carrier: Open) -> None:
    answer = b"HTTP/1.1 201 Made\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n"
    with listening(answer) as server:
        response = carrier().send(get(server.url))

    assert (response.status, response.headers["x-a"]) == (201, "1, 2")


@proves("RFC 9110", "15.4", "follows no redirect, so that nobody else is sent what it holds")
def test_redirect_is_returned_and_not_followed(carrier: Open) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    with listening(answer, OK) as server:
        response = carrier().send(get(server.url))

    assert (response.status, response.headers["location"]) == (302, "/elsewhere")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        pytest.param(
            b"HTTP/1.1 500 No\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
            500,
            b"<html>",
            id="html",
        ),
        pytest.param(b"HTTP/1.1 204 None\r\n\r\n", 204, b"", id="no content"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, b"", id="empty"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, b"until the end", id="1.0"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            200,
            b"abc",
            id="chunks",
        ),
    ],
)
def test_any_whole_answer_is_an_answer(
    carrier: Open, answer: bytes, status: int, body: bytes
) -> None:
    with listening(answer) as server:
        response = carrier().send(get(server.url))

    assert (response.status, response.body) == (status, body)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda _: None, id="hangs up at once"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-", id="half a head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", id="half a body"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n", id="bad chunk"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", id="chunk missing"
        ),
        pytest.param(b"220 mail.example ESMTP\r\n\r\n", id="no HTTP"),
    ],
)
def test_answer_that_is_not_whole_is_no_answer(
    carrier: Open, answer: bytes | Callable[[socket.socket], None]
) -> None:
    with listening(answer) as server:
        error = refused(carrier(), post(server.url))

    assert (error.code, error.sent) == ("E603", True)
    assert str(server.port) in str(error)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "framing",
    [
        pytest.param(b"Content-Length: 90\r\n\r\n" + TOKEN, id="fewer bytes than it says"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n1e\r\n" + TOKEN + b"\r\n", id="chunks"),
    ],
)
@pytest.mark.parametrize("ending", ["cut", "silence"])
def test_what_came_of_an_answer_that_breaks_off_is_handed_on_and_not_told(
    carrier: Open, framing: bytes, ending: str
) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + framing

    def break_off(connection: socket.socket) -> None:
        connection.sendall(half)
        if ending == "silence":
            connection.recv(1)

    with listening(break_off) as server:
        error = refused(carrier(timeout_s=0.3), post(server.url), redeems=True)

    assert error.partial is not None
    assert (error.partial.status, error.partial.body) == (200, TOKEN)
    assert error.partial.content_type == "application/json"
    assert "fake-access" not in f"{error!r} {error} {error.partial!r} {error.problems}"


def test_silence_ends_at_the_deadline(carrier: Open) -> None:
    with listening(None) as server:
        error = refused(carrier(timeout_s=0.3), post(server.url))

    assert (error.code, error.sent) == ("E602", True)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"])
def test_server_that_drips_ends_at_the_deadline(carrier: Open, head: bytes) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        for letter in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 400:
            connection.sendall(bytes([letter]))
            time.sleep(0.02)

    with listening(drip) as server:
        error = refused(carrier(timeout_s=0.3), post(server.url))

    assert (error.code, error.sent) == ("E602", True)


def drowning(head: bytes) -> Callable[[socket.socket], None]:
    def drown(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(160):
            connection.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")

    return drown


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 10000000", b"Transfer-Encoding: chunked", b"X-None: 1"]
)
def test_ten_megabytes_are_refused(carrier: Open, framing: bytes) -> None:
    with (
        listening(drowning(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n")) as server,
        pytest.raises(ProviderError, match="larger than 1024 KiB") as caught,
    ):
        carrier().send(get(server.url))

    assert caught.value.code == "E508"


def test_answer_of_just_the_limit_is_taken(carrier: Open) -> None:
    body = b"x" * MAX_RESPONSE_BYTES
    with listening(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body) as server:
        response = carrier().send(get(server.url))

    assert len(response.body) == MAX_RESPONSE_BYTES


def test_refused_port_has_sent_nothing(direct: Open) -> None:
    port = closed_port()
    error = refused(direct(), get(f"http://127.0.0.1:{port}"))

    assert (error.code, error.sent) == ("E601", False)
    assert f"127.0.0.1:{port}" in str(error)


def test_unknown_host_has_sent_nothing_and_hints_at_the_name(direct: Open) -> None:
    error = refused(direct(), get("https://nonexistent.invalid"))

    assert (error.code, error.sent) == ("E601", False)
    assert "nonexistent.invalid:443" in str(error)
    assert "tenant" in error.problems[0].hint


def test_name_that_no_resolver_takes_has_no_address(direct: Open) -> None:
    error = refused(direct(), get(f"https://{'a' * 64}.invalid"))

    assert (error.code, error.sent) == ("E601", False)


def test_proxy_that_refuses_the_way_has_sent_nothing(carrier: Open) -> None:
    error = refused(carrier(), get(f"https://127.0.0.1:{closed_port()}"))

    assert (error.code, error.sent) == ("E601", False)


def test_proxy_that_is_not_there_has_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://user:{SECRET}@127.0.0.1:{closed_port()}")
    with http_from_environment() as client:
        error = refused(client, get("https://id.example"))

    assert (error.code, error.sent) == ("E601", False)


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1", f"gopher://u:{SECRET}@127.0.0.1:1"])
def test_proxy_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    with http_from_environment() as client:
        error = refused(client, get("https://id.example"))

    assert (error.code, error.sent) == ("E601", False)


def test_host_that_needs_no_proxy_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with listening(OK) as server, http_from_environment() as client:
        response = client.send(get(server.url))

    assert response.body == b"ok"


def test_nothing_is_logged(carrier: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with listening(OK) as server:
        carrier().send(get(server.url))

    assert caplog.records == []


def test_what_a_program_logs_of_its_own_requests_stays(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with proxy() as url, listening(OK) as server:
        monkeypatch.setenv("HTTP_PROXY", url)
        with http_from_environment() as client:
            client.send(get(server.url))
        httpx.get(f"{server.url}/of-the-program")

    assert [record.name for record in caplog.records] == ["httpx"]
    assert "/of-the-program" in caplog.text


def test_listener_hears_of_each_exchange() -> None:
    heard: list[tuple[Request, Response | None]] = []
    with listening(OK, lambda _: None) as server:
        request = post(server.url)
        with http_from_environment(lambda *exchange: heard.append(exchange)) as client:
            response = client.send(request)
            refused(client, request)

    assert heard == [(request, response), (request, None)]


def test_connection_is_kept_for_the_next_request(direct: Open) -> None:
    with listening(OK, OK, OK) as server:
        client = direct()
        for request in (get(server.url), post(server.url), get(server.url)):
            client.send(request)
        client.close()

    assert server.connections == [0, 0, 0]


def test_redeeming_request_has_a_connection_of_its_own(
    carrier: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with secure_server(tmp_path, monkeypatch, OK, OK) as server:
        client = carrier()
        client.send(get(https(server)))
        client.send(post(https(server)), redeems=True)
        client.send(get(https(server)))
        client.close()

    assert server.connections == [0, 1, 1]


def test_connection_that_ended_while_idle_is_replaced(direct: Open) -> None:
    with listening(OK) as server:
        client = direct()
        responses = [client.send(post(server.url)) for _ in range(3)]

    assert [response.body for response in responses] == [b"ok"] * 3
    assert server.connections == [0, 1, 2]


def hang_up_on_the_second(connection: socket.socket) -> None:
    """Nothing is said; the connection ends when the behaviours are used up."""


def test_get_on_a_kept_connection_that_dies_is_sent_once_more(direct: Open) -> None:
    with listening(OK, hang_up_on_the_second) as server:
        client = direct()
        client.send(get(server.url))
        response = client.send(get(server.url))

    assert response.body == b"ok"
    assert server.connections == [0, 0, 1]


def test_post_on_a_kept_connection_that_dies_is_not_repeated(direct: Open) -> None:
    with listening(OK, hang_up_on_the_second) as server:
        client = direct()
        client.send(get(server.url))
        error = refused(client, post(server.url))

    assert (error.code, error.sent) == ("E603", True)
    assert server.connections == [0, 0]


def test_closed_connection_is_not_kept(direct: Open) -> None:
    answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    with listening(answer, OK) as server:
        client = direct()
        client.send(get(server.url))
        client.send(get(server.url))

    assert server.connections == [0, 1]


def https(server: Raw) -> str:
    return f"https://localhost:{server.port}"


def secure_server(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *answers: bytes,
    flaw: str = "",
) -> AbstractContextManager[Raw]:
    authority = trustme.CA()
    trusted = trustme.CA() if flaw == "authority" else authority
    trusted.cert_pem.write_to_path(str(folder / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    name = "other.example" if flaw == "name" else "localhost"
    ends = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC) if flaw == "time" else None
    authority.issue_cert(name, not_after=ends).configure_cert(context)
    return listening(*answers, tls=context)


def test_certificate_of_a_trusted_authority_is_taken(
    carrier: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with secure_server(tmp_path, monkeypatch, OK) as server:
        response = carrier().send(get(https(server)))

    assert response.body == b"ok"


@proves("RFC 6749", "10.9", "sends nothing to a server without a good certificate")
@pytest.mark.parametrize(
    ("flaw", "words"),
    [("authority", "issuer|self-signed"), ("name", "ostname mismatch"), ("time", "expired")],
)
def test_certificate_that_is_not_good_ends_it_before_anything_is_sent(
    carrier: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flaw: str,
    words: str,
) -> None:
    with secure_server(tmp_path, monkeypatch, OK, flaw=flaw) as server:
        error = refused(carrier(), post(https(server)), redeems=True)

    assert (error.code, error.sent) == ("E604", False)
    assert re.search(words, str(error))
    assert f"localhost:{server.port}" in str(error)
    assert server.requests == []


def test_plain_server_behind_an_https_url_is_no_secure_connection(carrier: Open) -> None:
    with listening(b"HTTP/1.1 400 Bad\r\n\r\n") as server:
        error = refused(carrier(timeout_s=5), get(https(server)))

    assert (error.code, error.sent) == ("E604", False)


def test_handshake_that_never_ends_has_sent_nothing(carrier: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        error = refused(carrier(timeout_s=0.3), post(url), redeems=True)

    assert (error.code, error.sent) == ("E602", False)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificate_file_that_cannot_be_read_is_named(
    carrier: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content:
        bundle.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    with listening(OK) as server:
        error = refused(carrier(), get(https(server)))

    assert (error.code, error.sent) == ("E604", False)
    assert str(bundle) in str(error)


def test_errors_point_at_the_certificates_in_force(
    direct: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with secure_server(tmp_path, monkeypatch, OK, flaw="authority") as server:
        error = refused(direct(), get(https(server)))

    assert str(tmp_path / "ca.pem") in error.problems[0].hint
