"""A login that waits, and what comes to its redirection URI over real sockets."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping

from flowrun.capture import PersonsBrowser
from flowrun.errors import CallbackError
from flowrun.services import Judge, Listener

URL = "https://id.example/authorize?state=right"
GOOD = "/callback?code=fake-code&state=right"
FORM = "application/x-www-form-urlencoded"


def judge(parameters: Mapping[str, str], *, bare: bool = False) -> None:
    if parameters.get("state") != "right":
        raise CallbackError("E404", "the redirect carries another state than the one we sent")
    if "error" in parameters:
        raise CallbackError("E402", "consent was denied: <b>no</b>")


class Login:
    """A login that waits in a thread, and how it ended."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.told: list[str] = []
        self.ended = threading.Event()
        self.parameters: Mapping[str, str] = {}
        self.error: Exception | None = None

    @property
    def authority(self) -> str:
        return self.listener.redirect_uri.split("/")[2]

    @property
    def port(self) -> int:
        return int(self.authority.rpartition(":")[2])

    def begin(
        self,
        browser: PersonsBrowser,
        accept: Judge = judge,
        timeout_s: float = 20,
        *,
        url: str = URL,
        mode: str = "query",
    ) -> None:
        def run() -> None:
            try:
                self.parameters = browser.fetch(
                    url, self.listener, accept, timeout_s=timeout_s, mode=mode
                )
            except CallbackError as error:
                self.error = error
            self.ended.set()

        threading.Thread(target=run, daemon=True).start()

    def get(self, target: str, *lines: str, method: str = "GET") -> str:
        head = [f"{method} {target} HTTP/1.1", *(lines or [f"Host: {self.authority}"])]
        return self.send("\r\n".join(head) + "\r\n\r\n")

    def post(self, form: str, *lines: str, host: str = "", type: str = FORM) -> str:
        head = [
            "POST /callback HTTP/1.1",
            f"Host: {host or self.authority}",
            f"Content-Type: {type}",
            *(lines or [f"Content-Length: {len(form.encode('latin-1'))}"]),
        ]
        return self.send("\r\n".join(head) + "\r\n\r\n" + form)

    def send(self, request: str) -> str:
        secure = self.listener.redirect_uri.startswith("https:")
        return exchange(self.port, request, tls=trusting() if secure else None)

    def wait(self) -> None:
        assert self.ended.wait(10)

    def is_waiting(self) -> bool:
        return not self.ended.is_set()


@contextlib.contextmanager
def login(
    uri: str = "http://127.0.0.1:0/callback",
    *,
    accept: Judge = judge,
    timeout_s: float = 20,
    hold_s: float = 20,
    mode: str = "query",
) -> Iterator[Login]:
    told: list[str] = []
    browser = PersonsBrowser(tell=told.append, open_browser=False, terminal=None, hold_s=hold_s)
    with browser.listen(uri) as listener:
        begun = Login(listener)
        begun.told = told
        begun.begin(browser, accept, timeout_s, mode=mode)
        yield begun


def trusting() -> ssl.SSLContext:
    """The TLS of somebody who has pressed on past the warning."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def exchange(
    port: int, request: str, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> str:
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(socket.create_connection((host, port), timeout=10))
        if tls:
            connection = stack.enter_context(tls.wrap_socket(connection))
        with contextlib.suppress(ConnectionError):  # it may be turned away half-way
            connection.sendall(request.encode("latin-1"))
        return received(connection)


def received(connection: socket.socket) -> str:
    answer = b""
    with contextlib.suppress(ConnectionError):
        while more := connection.recv(65536):
            answer += more
    return answer.decode()


def in_thread(work: Callable[[], str]) -> tuple[threading.Thread, list[str]]:
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(work()), daemon=True)
    thread.start()
    return thread, answers


def status(answer: str) -> int:
    return int(answer.split(" ", 2)[1])
