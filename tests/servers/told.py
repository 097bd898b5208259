"""A provider whose token endpoint says what a test wants, and a person who logs in there."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .command import Cli, Done
from .raw import Behave, Raw, listening

SECRET = "fake-secret-of-acme"
ACCESS, REFRESH = "fake-access-of-acme", "fake-refresh-of-acme"
WITH_SECRET = {"FLOWRUN_CLIENT_SECRET": SECRET}

RECIPE = """flowrun: 1
extends: base/authorization-code
name: {name}
inputs:
  client_id: {{default: acme_client}}
  client_secret: {{optional: false}}
  scope: {{type: list, default: [read, write]}}
  redirect_uri: {{default: "http://127.0.0.1:0/callback"}}
vars:
  authorize_url: {provider}/authorize
  token_url: {provider}/token
{more}
"""

VISIT = """#!/usr/bin/env python3
import sys, urllib.parse, urllib.request
asked = urllib.parse.parse_qs(urllib.parse.urlsplit(sys.argv[1]).query)
query = urllib.parse.urlencode({"code": "fake-code-of-acme", "state": asked["state"][0]})
urllib.request.urlopen(asked["redirect_uri"][0] + "?" + query, timeout=20).close()
"""


class Told(NamedTuple):
    """The provider, and the answers that it has left; without any it hangs up."""

    raw: Raw
    answers: list[bytes | Behave]

    @property
    def url(self) -> str:
        return self.raw.url


@contextlib.contextmanager
def told(*answers: bytes | Behave) -> Iterator[Told]:
    left = list(answers)

    def next_one(connection: socket.socket) -> None:
        answer = left.pop(0) if left else b""
        if callable(answer):
            answer(connection)
        else:
            connection.sendall(answer)

    with listening(next_one) as raw:
        yield Told(raw, left)


def said(status: int = 200, *headers: str, **fields: object) -> bytes:
    body = json.dumps(fields).encode()
    lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def pair(number: int = 1, **more: object) -> bytes:
    """A good answer; the number tells one from the next, and a field that is None is left out."""
    tokens = {"access_token": f"{ACCESS}-{number}", "refresh_token": f"{REFRESH}-{number}"}
    fields = {**tokens, "token_type": "bearer", "expires_in": 3600, **more}
    return said(200, **{name: value for name, value in fields.items() if value is not None})


def log_in(cli: Cli, provider: Told, *answers: bytes, name: str = "acme", more: str = "") -> Done:
    """The record *name*, from a login in which the provider gives *answers*."""
    text = RECIPE.format(name=name, provider=provider.url, more=more)
    (cli.folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    visit = cli.folder / "visit"
    visit.write_text(VISIT, encoding="utf-8")
    visit.chmod(0o700)
    provider.answers[:] = answers
    done = cli("run", f"{name}.yaml", **WITH_SECRET, BROWSER=f"{visit} %s")
    assert done.status == 0, done.stderr
    cli.keep_secret(SECRET, ACCESS, REFRESH)
    return done


def change(
    cli: Cli, name: str = "acme", /, *, meta: Mapping[str, object] = {}, **fields: object
) -> None:
    """Another content for the record *name*, as time or another program would have made it."""
    record = json.loads(cli.record(name).read_text())
    record["flowrun"].update(meta)
    cli.record(name).write_text(json.dumps({**record, **fields}))
