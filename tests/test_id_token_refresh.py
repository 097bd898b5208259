"""A refresh whose id_token is not believed loses no token: the command line, and a real server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl

import pytest

from flowrun.secret import JSON
from servers.command import Cli
from servers.issuer import jwks, public, signed
from standards import proves

RECIPE = """\
flowrun: 1
name: bank
inputs:
  issuer: {{type: url, default: "{url}"}}
defaults:
  token:
    post: "{{{{ inputs.issuer }}}}/token"
    client: {{id: acme}}
    issuer: "{{{{ inputs.issuer }}}}"
    jwks: "{{{{ inputs.issuer }}}}/jwks"
steps:
  - token: {{form: {{grant_type: password}}}}
refresh:
  - token: {{form: {{grant_type: refresh_token, refresh_token: "{{{{ saved.refresh_token }}}}"}}}}
save: bank
"""


class Bank(ThreadingHTTPServer):
    """Rotates its refresh tokens, and signs id_tokens with what it is told to change."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Teller)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.redeemed: list[str] = []
        self.changes: dict[str, JSON] = {}
        self.kid = "one"

    def token(self, refresh_token: str) -> JSON:
        self.redeemed.append(refresh_token)
        number, now = len(self.redeemed), int(time.time())
        usual: dict[str, JSON] = {"iss": self.url, "sub": "alice", "aud": "acme"}
        claims: dict[str, JSON] = {**usual, "iat": now, "exp": now + 300, **self.changes}
        return {
            "access_token": f"fake-access-{number}",
            "refresh_token": f"fake-refresh-{number}",
            "expires_in": 3600,
            "id_token": signed(claims, kid=self.kid),
        }


class Teller(BaseHTTPRequestHandler):
    server: Bank

    def do_GET(self) -> None:
        both = self.path == "/jwks-of-both"
        self.answer(jwks(public(), public("RS256", "two")) if both else jwks())

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.answer(self.server.token(form.get("refresh_token", "")))

    def answer(self, content: JSON) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def banking() -> Iterator[Bank]:
    with Bank() as bank:
        Thread(target=bank.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield bank
        finally:
            bank.shutdown()


def logged_in(cli: Cli, bank: Bank) -> None:
    (cli.folder / "bank.yaml").write_text(RECIPE.format(url=bank.url), "utf-8")
    cli.keep_secret(*(f"fake-{kind}-{n}" for kind in ("access", "refresh") for n in range(1, 9)))
    done = cli("bank.yaml")
    assert done.status == 0, done.stderr


def record(cli: Cli) -> dict[str, JSON]:
    found: dict[str, JSON] = json.loads(cli.record("bank").read_text("utf-8"))
    return found


def known(cli: Cli) -> dict[str, JSON]:
    meta = record(cli)["flowrun"]
    assert isinstance(meta, dict)
    return meta


WRONG: list[tuple[dict[str, JSON], str]] = [
    ({"sub": "mallory"}, "E529"),
    ({"iss": "https://evil.example"}, "E523"),
    ({"aud": "other"}, "E524"),
    ({"exp": 1_600_000_000}, "E525"),
]


@pytest.mark.parametrize(("changes", "code"), WRONG)
@proves(
    "OpenID Connect Core",
    "12.2",
    "an id_token of a refresh is about the same person, issuer, client",
)
def test_a_refresh_that_is_not_believed_is_held_and_never_sent_again(
    cli: Cli, changes: dict[str, JSON], code: str
) -> None:
    with banking() as bank:
        logged_in(cli, bank)
        bank.changes = changes
        tries = [cli("refresh", "bank") for _ in range(2)]

        assert [done.status for done in tries] == [5, 5]
        assert all(code in done.stderr for done in tries)
        assert bank.redeemed == ["", "fake-refresh-1"]
        assert record(cli)["access_token"] == "fake-access-1"
        assert "needs_person" not in known(cli)


def test_what_was_held_is_taken_when_the_recipe_is_mended(cli: Cli) -> None:
    with banking() as bank:
        logged_in(cli, bank)
        bank.changes = {"aud": ["acme", "other"]}  # as this bank has it, without an azp
        held = cli("refresh", "bank")
        recipe = cli.folder / "bank.yaml"
        recipe.write_text(recipe.read_text("utf-8").replace("jwks:", "id_token: off\n    jwks:"))
        mended = cli("bank.yaml")

        assert (held.status, mended.status) == (5, 0), mended.stderr
        assert bank.redeemed == ["", "fake-refresh-1"]
        assert record(cli)["refresh_token"] == "fake-refresh-2"


def test_what_was_held_is_judged_by_the_time_when_it_came(cli: Cli) -> None:
    with banking() as bank:
        logged_in(cli, bank)
        bank.changes = {"exp": int(time.time()) - 58}  # good for two seconds, as clocks may differ
        bank.kid = "two"
        held = cli("refresh", "bank")
        time.sleep(3)
        recipe = cli.folder / "bank.yaml"
        recipe.write_text(recipe.read_text("utf-8").replace("/jwks", "/jwks-of-both"))
        mended = cli("bank.yaml")

        assert (held.status, mended.status) == (5, 0), mended.stderr
        assert bank.redeemed == ["", "fake-refresh-1"]
        assert record(cli)["access_token"] == "fake-access-2"


def test_who_it_is_stays_known_where_a_refresh_says_nothing(cli: Cli) -> None:
    with banking() as bank:
        logged_in(cli, bank)
        first = known(cli)["identity"]
        bank.changes = {"sub": "alice", "auth_time": 1_600_000_000}
        done = cli("refresh", "bank")

        assert first == {"iss": bank.url, "sub": "alice", "aud": "acme"}
        assert done.status == 0, done.stderr
        assert known(cli)["identity"] == {**first, "auth_time": 1_600_000_000}


def test_a_forged_login_stores_nothing(cli: Cli) -> None:
    with banking() as bank:
        (cli.folder / "bank.yaml").write_text(RECIPE.format(url=bank.url), "utf-8")
        bank.kid = "foreign"
        done = cli("bank.yaml")

        assert done.status == 5
        assert (
            "error E521: the id_token is not signed with a key foreign of the issuer" in done.stderr
        )
        assert not cli.record("bank").exists()
