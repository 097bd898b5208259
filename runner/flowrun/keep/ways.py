"""The ways to a person: each is made of a word of the command line, and rings once when called."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from ..errors import FlowError, FlowrunError
from ..http import http_from_environment
from ..inherited import inherited
from ..message import Body, Request
from ..secret import JSON, Secret
from ..urls import checked

TIMEOUT_S = 10.0
"""For one notification, whatever brings it."""

MOST = 16_384
"""Characters in a variable, of which a system takes so many; all of it is on stdin."""

OF_SERVICES = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")
"""What a child must not say in our name."""


class Notice(NamedTuple):
    """What a person is told."""

    title: str
    text: str  # a line for each record
    records: tuple[Mapping[str, JSON], ...]

    @property
    def document(self) -> JSON:
        """The same for programs; chat servers read `text`."""
        return {"text": f"{self.title}\n{self.text}", "records": [{**r} for r in self.records]}


Send = Callable[[Notice], None]


class Way(NamedTuple):
    """One way to a person; its name holds no secret."""

    name: str
    key: str  # which one it is, on the shelf
    send: Send  # raises FlowrunError when it is not sure that the notice has arrived


def way_of(text: str) -> Way:
    """
    The way that *text* describes: `desktop`, `command:CMD`, or the URL of a webhook.

    Raises:
        FlowError: it is none (E238), or a part that it needs is not installed (E233).
    """
    kind, _, rest = text.partition(":")
    make = KINDS.get(kind)
    if make is None:
        hint = "One of: desktop, command:CMD, https://..."
        raise FlowError("E238", "--notify does not know that way to a person", hint=hint)
    name, send = make(text if make is _webhook else rest)
    return Way(name, sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16], send)


def _desktop(rest: str) -> tuple[str, Send]:
    if rest:
        raise FlowError("E238", "--notify desktop takes nothing more", hint="Leave the : out.")
    from .desktop import notify, require

    require()
    return "desktop", lambda notice: notify(notice.title, notice.text)


def _command(command: str) -> tuple[str, Send]:
    if not command.strip():
        hint = "For example --notify 'command:mail -s flowrun ops@example.com'."
        raise FlowError("E238", "--notify command: needs a command", hint=hint)

    def send(notice: Notice) -> None:
        _run(command, notice)

    return "command", send


def _run(command: str, notice: Notice) -> None:
    # A person has typed these words; the notice goes beside them, since arguments are public.
    shell = ["/bin/sh", "-c", command]
    try:
        process = subprocess.Popen(  # noqa: S603
            shell,
            stdin=subprocess.PIPE,
            stdout=sys.stderr,
            env=_environment(notice),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:  # no shell, or what no variable can hold
        raise _not_sent(f"the command did not start ({type(error).__name__})") from None
    with process:
        try:
            process.communicate(json.dumps(notice.document).encode(), timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise _not_sent(f"the command did not end within {TIMEOUT_S:g} s") from None
    if process.returncode:
        raise _not_sent(f"the command ended with {process.returncode}")


def _environment(notice: Notice) -> dict[str, str]:
    """That of a child: without what is flowrun's own, with the notice."""
    others = inherited(os.environ)
    kept = {name: others[name] for name in others if name not in OF_SERVICES}
    names = " ".join(str(each["name"]) for each in notice.records)
    return {
        **kept,
        "FLOWRUN_TITLE": notice.title,
        "FLOWRUN_TEXT": notice.text[:MOST],
        "FLOWRUN_NAMES": names[:MOST],
    }


def _webhook(url: str) -> tuple[str, Send]:
    try:
        host = urlsplit(checked(url, endpoint=True)).hostname
    except (FlowError, ValueError):
        hint = "A webhook has an https URL, or http on loopback, without user, password or #."
        raise FlowError("E238", "--notify takes no such URL", hint=hint) from None

    def send(notice: Notice) -> None:
        request = Request("POST", Secret(url), body=Body("json", notice.document))
        with http_from_environment(timeout_s=TIMEOUT_S) as http:
            answer = http.send(request)
        if not answer.ok:
            raise _not_sent(f"{host} answered with {answer.status}")

    return f"webhook at {host}", send


def _not_sent(why: str) -> FlowrunError:
    return FlowError("E239", f"the notification did not arrive: {why}")


KINDS: Mapping[str, Callable[[str], tuple[str, Send]]] = {
    "command": _command,
    "desktop": _desktop,
    "http": _webhook,
    "https": _webhook,
}
