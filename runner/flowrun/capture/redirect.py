"""What a redirection URI is, and the parameters in what comes back to it."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from flowrun.errors import CallbackError

PORTS = {"http": 80, "https": 443}
LOOPBACK = {"127.0.0.1": ["127.0.0.1"], "::1": ["::1"], "localhost": ["127.0.0.1", "::1"]}
URL = re.compile(r"[a-z][a-z0-9+.-]*:/", re.IGNORECASE)
ANSWER = re.compile(r"[?#]|[\w.-]+=[^=]")  # a bare code may end in `=` or `==`, and holds no others


class Redirect(NamedTuple):
    """The parts of a URI that have to match."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def addresses(self) -> list[str]:
        """Where to listen for it; nowhere unless it is on loopback."""
        return LOOPBACK.get(self.host, []) if self.scheme in PORTS else []


def redirect_of(uri: str) -> Redirect:
    try:
        parts = urlsplit(uri)
        port = PORTS.get(parts.scheme, 0) if parts.port is None else parts.port
    except ValueError:
        shown = re.split("[?#]", uri)[0]  # what follows may hold a code
        raise CallbackError("E407", f"{shown} is no address") from None
    return Redirect(parts.scheme, parts.hostname or "", port, parts.path or "/")


def parameters_of(text: str) -> dict[str, str]:
    """The parameters in a query, a fragment or a form, decoded once."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise CallbackError("E408", "the redirect's parameters cannot be read") from None
    if len(dict(pairs)) < len(pairs):  # RFC 6749 section 3.1
        raise CallbackError("E408", "the redirect carries a parameter twice")
    return dict(pairs)


def is_bare(text: str) -> bool:
    """Whether what was pasted is a code and nothing else."""
    return not (URL.match(text) or ANSWER.match(text))


def parameters_of_paste(
    text: str, redirect_uri: str, asked: str, *, mode: str = "query"
) -> dict[str, str]:
    """
    What is in a pasted URL, its parameters alone or a bare code.

    Args:
        text: what was pasted.
        redirect_uri: where it has to lead.
        asked: the authorization request that it answers; nothing when the provider began.
        mode: where the parameters stand: behind the # for `fragment`, else behind the ?.
    """
    if URL.match(text):
        _check_address(text, redirect_uri, asked)
    elif is_bare(text):
        if not text or re.search(r"\s", text):
            raise CallbackError("E407", "that is neither an address nor a code")
        return {"code": unquote(text)}
    if answer := _answer_in(text, mode):
        return parameters_of(answer)
    mark = "#" if mode == "fragment" else "?"
    raise CallbackError("E407", f"nothing stands behind the {mark} of that address")


def _answer_in(text: str, mode: str) -> str:
    """The encoded parameters in a URL, or in what is behind it."""
    front, mark, fragment = text.partition("#")
    if mode == "fragment":
        return fragment if mark or URL.match(text) else text.removeprefix("?")
    return urlsplit(front).query if URL.match(text) else front.removeprefix("?")


def _check_address(url: str, redirect_uri: str, asked: str) -> None:
    found = redirect_of(url)
    if found == redirect_of(redirect_uri):
        return
    message = f"that address belongs to {found.host or found.scheme}, not to {redirect_uri}"
    if found == redirect_of(asked):
        message = "that is the address of the authorization request itself, not the one after it"
    raise CallbackError("E407", message)
