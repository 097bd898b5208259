"""A token endpoint whose refresh tokens work once: a second use ends the grant, as at Zendesk."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qsl

from flowrun.inputs import variable
from servers.command import Cli, Done
from servers.proxy import Quiet, running

RECIPE = """\
flowrun: 1
name: {name}
inputs:
  client_secret: {{secret: true}}
steps:
  - token:
      post: {url}/token
      client: &client {{id: rotating, secret: "{{{{ inputs.client_secret }}}}"}}
      form: {{grant_type: client_credentials}}
refresh:
  - token:
      post: {url}/token
      client: *client
      form: {{grant_type: refresh_token, refresh_token: "{{{{ saved.refresh_token }}}}"}}
{more}
"""
"""Everybody who knows the secret is given a grant, so that a test needs no browser."""

SECRET = "fake-secret-of-the-rotating-client"


class Rotating:
    """What it has issued and been asked."""

    def __init__(self) -> None:
        self.url = ""
        self.redeemed: list[str] = []
        self.issued: list[str] = []
        self.refused = 0
        self.once_issued: Callable[[], object] = lambda: None  # before the answer leaves
        self._valid: dict[str, int] = {}  # a refresh token that works, and its grant
        self._grants = 0
        self._lock = threading.Lock()

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        with self._lock:
            if form.get("client_secret") != SECRET:
                return 401, {"error": "invalid_client"}
            if form["grant_type"] == "client_credentials":
                self._grants += 1
                return 200, self._issue(self._grants)
            token = form["refresh_token"]
            self.redeemed.append(token)
            if token not in self._valid:
                self.refused += 1
                grant = token.split("-")[2]  # the whole family dies
                self._valid = {k: v for k, v in self._valid.items() if str(v) != grant}
                return 400, {"error": "invalid_grant"}
            return 200, self._issue(self._valid.pop(token))

    def _issue(self, grant: int) -> dict[str, object]:
        number = len(self.issued) // 2 + 1
        access = f"fake-access-{grant}-{number:04}"
        refresh = f"fake-refresh-{grant}-{number:04}"
        self._valid[refresh] = grant
        self.issued += [access, refresh]
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "bearer",
            "expires_in": 3600,
        }


@contextlib.contextmanager
def rotating() -> Iterator[Rotating]:
    state = Rotating()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            status, found = state.answer(form)
            state.once_issued()
            body = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with Quiet(("127.0.0.1", 0), Handler) as server, running(server):
        state.url = f"http://127.0.0.1:{server.server_port}"
        yield state


def written(folder: Path, server: Rotating, name: str = "acme", more: str = "") -> Path:
    """A recipe for *server* in *folder*."""
    path = folder / f"{name}.yaml"
    path.write_text(RECIPE.format(name=name, url=server.url, more=more))
    return path


def secret_of(*names: str) -> dict[str, str]:
    """The environment in which each of these records has its secret."""
    return {variable("client_secret", name): SECRET for name in names}


def logged_in(cli: Cli, server: Rotating, *names: str, more: str = "") -> Done:
    """A new record of each name."""
    names = names or ("acme",)
    flows = [written(cli.folder, server, name, more) for name in names]
    done = cli("run", "--fresh", *flows, **secret_of(*names))
    assert done.status == 0, done.stderr
    return done
