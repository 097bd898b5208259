"""No id_token, nor the key that opens one, leaves: not to the screen, not into other files."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from flowrun.secret import JSON
from servers.command import Cli, Done
from servers.issuer import encrypted, jwks, key_of, signed

SECRET = "fake-client-secret-of-the-canary"
RECIPE = """\
flowrun: 1
name: canary
inputs:
  client_secret: {{secret: true}}
  key: {{secret: true}}
  issuer: {{type: url, default: "{url}"}}
defaults:
  token:
    post: "{{{{ inputs.issuer }}}}/token"
    client: {{id: acme, secret: "{{{{ inputs.client_secret }}}}"}}
    issuer: "{{{{ inputs.issuer }}}}"
    jwks: "{{{{ inputs.issuer }}}}/jwks"
    id_token: {{decrypt: "{{{{ inputs.key }}}}"}}
steps:
  - token: {{form: {{grant_type: password}}}}
refresh:
  - token: {{form: {{grant_type: refresh_token, refresh_token: "{{{{ saved.refresh_token }}}}"}}}}
verify:
  - http:
      get: "{{{{ inputs.issuer }}}}/me"
      bearer: "{{{{ saved.access_token }}}}"
      issuer: "{{{{ inputs.issuer }}}}"
      jwks: "{{{{ inputs.issuer }}}}/jwks"
      signed: {{audience: acme, decrypt: "{{{{ inputs.key }}}}"}}
      subject: "{{{{ saved.flowrun.identity.sub }}}}"
save: canary
"""


class Issuer(ThreadingHTTPServer):
    """Signs and encrypts, and remembers every secret that it has sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.sent: set[str] = set()
        self.subject = "alice"

    def closed(self, **more: JSON) -> str:
        now = int(time.time())
        claims: dict[str, JSON] = {"iss": self.url, "aud": "acme", "iat": now, "exp": now + 300}
        inner = signed({**claims, "sub": self.subject, **more})
        outer = encrypted(inner, key_of("RS256", "ours"), "RSA-OAEP-256")
        self.sent |= {inner, outer}
        return outer


class Answers(BaseHTTPRequestHandler):
    server: Issuer

    def do_GET(self) -> None:
        if self.path == "/jwks":
            self.answer(json.dumps(jwks()), "application/json")
        else:
            self.answer(self.server.closed(), "application/jwt")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        number = len(self.server.sent)
        token = {"access_token": f"fake-access-{number}", "refresh_token": f"fake-refresh-{number}"}
        self.server.sent |= set(token.values())
        content = {**token, "expires_in": 3600, "id_token": self.server.closed()}
        self.answer(json.dumps(content), "application/json")

    def answer(self, content: str, kind: str) -> None:
        body = content.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def issuing() -> Iterator[Issuer]:
    with Issuer() as issuer:
        Thread(target=issuer.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield issuer
        finally:
            issuer.shutdown()


def test_no_id_token_and_no_key_of_a_whole_life_is_seen(cli: Cli) -> None:
    ours, other = key_of("RS256", "ours"), key_of("RS256", "foreign")
    private = json.dumps(ours.as_dict(private=True))
    given = {"FLOWRUN_CLIENT_SECRET": SECRET, "FLOWRUN_KEY": private}
    wrong = given | {"FLOWRUN_KEY": json.dumps(other.as_dict(private=True))}
    printed: list[Done] = []
    with issuing() as issuer:
        (cli.folder / "canary.yaml").write_text(RECIPE.format(url=issuer.url), "utf-8")

        def run(*words: str, status: int = 0, **environment: str) -> None:
            printed.append(done := cli(*words, **(environment or given)))
            assert done.status == status, done.stderr

        run("canary.yaml", "-n")
        run("canary.yaml", "-v", status=5, **wrong)
        run("canary.yaml", "-v", "--json")
        run("explain", "canary.yaml")
        run("refresh", "canary", "-v")
        run("verify", "canary", "-v")
        run("status", "--json")
        issuer.subject = "mallory"
        run("verify", "canary", "-v", status=5)
        run("refresh", "canary", "-v", status=5)
        run("refresh", "canary", "-v", status=5)

    secrets = {SECRET, private, *issuer.sent, *map(str, ours.as_dict(private=True).values())}
    output = "".join(done.stdout + done.stderr for done in printed)
    tokens = cli.record("canary").parent
    assert {each for each in secrets if len(each) > 8 and each in output} == set()
    assert holding(cli.folder, {SECRET, private}) == set()
    files = holding(cli.folder, issuer.sent)
    assert files >= {tokens / "canary.json", tokens / ".flowrun" / "canary.attempt"}
    assert {path for path in files if not path.is_relative_to(tokens)} == set()
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def holding(folder: Path, secrets: set[str]) -> set[Path]:
    files = [Path(root) / name for root, _, names in os.walk(folder) for name in names]
    return {path for path in files if any(s.encode() in path.read_bytes() for s in secrets)}
