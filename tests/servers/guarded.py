"""An API, and the token endpoint behind it: strict about tokens, refresh tokens and proofs."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl

from joserfc import jwt
from joserfc.jwk import ECKey

from flowrun.inputs import variable
from servers.proxy import Quiet, running

SECRET = "fake-secret-of-the-guarded-client"
LIFETIME_S = 3600

RECIPE = """\
flowrun: 1
name: {name}
inputs:
  client_secret: {{secret: true}}
steps:
  - token:
      post: {url}/token
      dpop: {dpop}
      form: {{grant_type: client_credentials, client_secret: "{{{{ inputs.client_secret }}}}"}}
save: {name}
"""
"""Whoever knows the secret is given a grant, so that a test needs no browser."""

REFRESH = """\
refresh:
  - token:
      post: {url}/token
      dpop: {dpop}
      form:
        grant_type: refresh_token
        refresh_token: "{{{{ saved.refresh_token }}}}"
        client_secret: "{{{{ inputs.client_secret }}}}"
"""

INVALID_TOKEN = {"WWW-Authenticate": 'Bearer realm="acme", error="invalid_token"'}
Fields = dict[str, object]
Said = tuple[int, Fields, Mapping[str, str]]


class Asked(NamedTuple):
    """A request to the API."""

    method: str
    path: str
    headers: Mapping[str, str]  # by their names in small letters
    body: bytes

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").partition(" ")[2]


class Guarded:
    """What it has been asked and has issued; the attributes say how it behaves."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.redeemed: list[str] = []
        self.valid: set[str] = set()  # access tokens that are let in
        self.issued: list[str] = []
        self.lifetime_s = LIFETIME_S
        self.nonce = ""  # which the API wants in a proof, if any
        self.says: Callable[[Asked], Said | None] = lambda _: None  # in the API's place
        self.answers_token: Callable[[], Said | None] = lambda: None  # in the token endpoint's
        self._refreshes: dict[str, str] = {}  # a refresh token that works, and its access token
        self._proofs: set[str] = set()
        self._lock = threading.Lock()

    def kill_access(self) -> None:
        """End every access token before its time, as a provider may."""
        self.valid.clear()

    def answer_token(self, form: Mapping[str, str], kind: str) -> Said:
        with self._lock:
            if said := self.answers_token():
                return said
            if form.get("client_secret") != SECRET:
                return 401, {"error": "invalid_client"}, {}
            if form["grant_type"] == "refresh_token":
                self.redeemed.append(form["refresh_token"])
                if form["refresh_token"] not in self._refreshes:
                    self._refreshes.clear()  # the whole family dies
                    return 400, {"error": "invalid_grant"}, {}
                self.valid.discard(self._refreshes.pop(form["refresh_token"]))
            return 200, self._issue(kind), {}

    def _issue(self, kind: str) -> Fields:
        number = len(self.issued) // 2 + 1
        access, refresh = f"fake-access-{number:04}", f"fake-refresh-{number:04}"
        self.issued += [access, refresh]
        self.valid.add(access)
        self._refreshes[refresh] = access
        lifetime = {"expires_in": self.lifetime_s} if self.lifetime_s else {}
        return {"access_token": access, "refresh_token": refresh, "token_type": kind, **lifetime}

    def answer(self, asked: Asked) -> Said:
        with self._lock:
            self.asked.append(asked)
            if said := self.says(asked):
                return said
            if asked.token not in self.valid:
                return 401, {"error": "unauthorized"}, INVALID_TOKEN
            bound = asked.headers["authorization"].startswith("DPoP ")
            if bound and (error := self._unproven(asked)):
                nonce = {"DPoP-Nonce": self.nonce} if self.nonce else {}
                return 401, {}, {"WWW-Authenticate": f'DPoP error="{error}"', **nonce}
            return 200, {"token": asked.token[-4:], "body": asked.body.decode("latin-1")}, {}

    def _unproven(self, asked: Asked) -> str:
        """What is wrong with the proof that goes with a request (RFC 9449 section 4.3)."""
        proof = asked.headers.get("dpop", "")
        if not proof:
            return "invalid_token"
        header = json.loads(_decoded(proof.split(".")[0]))
        claims = jwt.decode(proof, ECKey.import_key(header["jwk"]), algorithms=["ES256"]).claims
        digest = base64.urlsafe_b64encode(hashlib.sha256(asked.token.encode()).digest())
        meant = {"htm": asked.method, "htu": self.url + asked.path.partition("?")[0]}
        meant["ath"] = digest.rstrip(b"=").decode()
        if any(claims[name] != value for name, value in meant.items()):
            return "invalid_dpop_proof"
        if claims.get("nonce", "") != self.nonce:
            return "use_dpop_nonce"
        if claims["jti"] in self._proofs:
            return "invalid_dpop_proof"
        self._proofs.add(claims["jti"])
        return ""


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    guarded: Guarded

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self._chunks() if "chunked" in headers.get("transfer-encoding", "") else None
        body = self.rfile.read(int(headers.get("content-length", "0"))) if body is None else body
        if self.path == "/token":
            kind = "DPoP" if "dpop" in headers else "Bearer"
            said = self.guarded.answer_token(dict(parse_qsl(body.decode())), kind)
        else:
            said = self.guarded.answer(Asked(self.command, self.path, headers, body))
        status, fields, more = said
        content = json.dumps(fields).encode()
        (self.send_response_only if "Date" in more else self.send_response)(status)
        for name, value in {"Content-Type": "application/json", **more}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _chunks(self) -> bytes:
        got = b""
        while size := int(self.rfile.readline(), 16):
            got += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return got

    do_GET = do_POST = do_PUT = _serve

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the requests are in `asked`."""


class _Server(Quiet):
    request_queue_size = 256  # so many may come at once


@contextlib.contextmanager
def guarding() -> Iterator[Guarded]:
    guarded = Guarded()
    handler = type("Handler", (_Handler,), {"guarded": guarded})
    with _Server(("127.0.0.1", 0), handler) as server, running(server):
        guarded.url = f"http://127.0.0.1:{server.server_port}"
        yield guarded


def written(
    folder: Path, guarded: Guarded, *, name: str = "acme", dpop: str = "off", more: str = REFRESH
) -> Path:
    """A recipe for the server in *folder*."""
    path = folder / f"{name}.yaml"
    path.write_text((RECIPE + more).format(name=name, url=guarded.url, dpop=dpop), "utf-8")
    return path


def secret_of(name: str = "acme") -> dict[str, str]:
    """The environment in which the record has its secret."""
    return {variable("client_secret", name): SECRET}
