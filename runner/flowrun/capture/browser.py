"""Sending a person to a URL, and taking the first redirect that comes back."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TextIO
from urllib.parse import urlsplit

from flowrun.errors import CallbackError, FlowrunError
from flowrun.inherited import inherited
from flowrun.services import Judge, Listener

from .race import Race
from .redirect import is_bare, parameters_of_paste, redirect_of

if TYPE_CHECKING:
    from .listener import Redirection

OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"
STDERR = 2
PASTE = "or paste the address you end up at here:"
PASTE_FORM = "or paste the form that is posted there (code=...&state=...) here:"


class PersonsBrowser:
    """
    The browser of whoever runs flowrun, found by `webbrowser` or `$BROWSER`.

    URLs go through *tell* whole, however long. Redirects may be pasted into *terminal* if it is
    one. For *hold_s* the page in the browser waits to hear of the token; what it is told passes
    *redact*.
    """

    def __init__(
        self,
        *,
        tell: Callable[[str], None],
        open_browser: bool,
        terminal: TextIO | None,
        redact: Callable[[str], str] = str,
        hold_s: float = 30,
    ) -> None:
        self._tell, self._open_browser = tell, open_browser
        self._redact, self._hold_s = redact, hold_s
        self._terminal = terminal if terminal and _pasteable(terminal) else None
        self._bound: list[Redirection] = []

    @contextlib.contextmanager
    def listen(self, redirect_uri: str) -> Iterator[Listener]:
        """Bind *redirect_uri* if it is on loopback."""
        if not redirect_of(redirect_uri).addresses and not self._terminal:
            message = (
                f"{redirect_uri} is not on this machine, and here is no terminal to paste into"
            )
            hint = "Run flowrun in a terminal, or register http://127.0.0.1:8484/callback."
            raise CallbackError("E410", message, hint=hint)
        redirection = self._redirection(redirect_uri)
        self._bound.append(redirection)
        try:
            with contextlib.closing(redirection):
                yield redirection
        finally:
            self._bound.remove(redirection)

    def _redirection(self, uri: str) -> Redirection:
        for bound in self._bound:
            if beside := bound.beside(uri):
                return beside
        from .listener import Redirection  # brings http.server along, which is slow

        return Redirection(uri, self._tell, redact=self._redact, hold_s=self._hold_s)

    def fetch(
        self,
        url: str,
        listener: Listener,
        judge: Judge,
        *,
        timeout_s: float,
        mode: str = "query",
    ) -> Mapping[str, str]:
        """The parameters of the first redirect that passes *judge*."""
        from .listener import Redirection

        assert isinstance(listener, Redirection)
        race, until = Race(judge), time.monotonic() + timeout_s
        try:
            self._send(url, listener, race)
            listener.serve(race, mode)
            if self._terminal:
                self._take_pastes(self._terminal.fileno(), url, listener, race, until)
            race.over.wait(max(0, until - time.monotonic()))
        finally:
            race.end(_nobody(timeout_s, listener))
        if isinstance(race.result, Exception):
            raise race.result
        return race.result

    def _send(self, url: str, listener: Redirection, race: Race) -> None:
        opening = f"opening {urlsplit(url).hostname} in your browser"
        opening = opening if self._open_browser else "open this address in a browser:"
        self._tell(opening if url else "start the login at the provider, which must have this URL:")
        self._tell(url or listener.redirect_uri)
        if listener.fingerprint:
            warned = "your browser will warn of a certificate that is made for this run alone"
            self._tell(f"{warned}; its SHA-256 fingerprint: {listener.fingerprint}")
        if listener.port and "SSH_CONNECTION" in os.environ:
            forward = f"ssh -L {listener.port}:127.0.0.1:{listener.port}"
            self._tell(f"if your browser is on another machine, run there first: {forward} HOST")
        if url and self._open_browser:
            threading.Thread(target=self._open, args=(url, race), daemon=True).start()

    def _open(self, url: str, race: Race) -> None:
        import subprocess

        env = inherited(os.environ)
        if "BROWSER" not in env:
            # A text browser, which webbrowser starts where there is a TERM, fights for the paste.
            env.pop("TERM", None)
        try:
            opened = subprocess.run(  # noqa: S603 - the URL is one argument, and no shell reads it
                _command(url),
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=STDERR,
                start_new_session=True,  # Ctrl-C ends flowrun, not the browser
            )
            failed = opened.returncode != 0
        except OSError:
            failed = True
        if failed and not race.over.is_set():
            self._tell("no browser could be opened; open the URL above yourself")

    def _take_pastes(
        self, fd: int, asked: str, listener: Redirection, race: Race, until: float
    ) -> None:
        paste = PASTE_FORM if listener.mode == "form_post" else PASTE
        self._tell(paste)
        while not race.over.is_set() and time.monotonic() < until:
            if not select.select([fd], [], [], 0.05)[0]:
                continue
            if not (line := os.read(fd, 1 << 16)):  # a terminal gives one line at a time
                return
            text = line.decode(errors="replace").strip()
            try:
                at, mode = listener.redirect_uri, listener.mode
                found = parameters_of_paste(text, at, asked, mode=mode)
                race.enter(found, bare=is_bare(text))
            except FlowrunError as error:
                if not race.over.is_set():
                    self._tell(f"{error}; {paste}")


def _command(url: str) -> list[str]:
    """What opens *url*: the one command in $BROWSER, else whatever `webbrowser` finds."""
    named = os.environ.get("BROWSER", "")
    if "%s" in named and os.pathsep not in named and not named.endswith("&"):
        import shlex

        with contextlib.suppress(ValueError):  # a quotation mark that is not closed
            # As webbrowser does it, for which another Python would have to start.
            return [part.replace("%s", url) for part in shlex.split(named)]
    return [sys.executable, "-I", "-c", OPEN, url]


def _pasteable(terminal: TextIO) -> bool:
    try:
        # Whoever reads from the terminal in the background is stopped.
        return terminal.isatty() and os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return True  # not the terminal that controls us


def _nobody(timeout_s: float, listener: Redirection) -> CallbackError:
    seen = f" What came was refused: {listener.refusals[-1]}." if listener.refusals else ""
    return CallbackError(
        "E401",
        f"nobody came back from the browser within {timeout_s:g} s",
        hint=f"Is {listener.redirect_uri} registered at the provider, exactly so?{seen} "
        "With --no-browser, in a terminal, the address can be pasted.",
    )
