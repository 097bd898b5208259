"""An authorization server that has every endpoint, believes everybody, and remembers all it saw."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

JSONObject = dict[str, object]
QUIET = (
    *("client_id", "code_challenge", "dpop_jkt", "grant_type", "nonce", "oauth_callback"),
    *("oauth_consumer_key", "redirect_uri", "response_type", "scope", "state"),
)
"""Parameters that a browser's address may hold, as may those that say how something was made."""


class Asked(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    sent: Mapping[str, str]  # in the query or in the body

    def secrets(self) -> set[str]:
        """What nobody else may see of it: tokens, assertions, proofs, codes."""
        words = [self.headers.get(name, "") for name in ("Authorization", "DPoP")]
        shown = ("_method", "_type", "_algorithm", "_version", "_timestamp", "_hint")
        found = {part for word in words for part in word.replace('"', " ").split()}
        found |= {
            value
            for name, value in self.sent.items()
            if name not in QUIET and not name.endswith(shown)
        }
        return {each for each in found if len(each) >= 16}


class Everything:
    """What it has seen and said; `refuses` makes it repeat all that it is sent."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.issued: list[str] = []
        self.pushed: dict[str, str] = {}
        self.refuses = False
        self.url = self.callback = ""

    def secrets(self) -> set[str]:
        return {*self.issued, *(each for asked in self.asked for each in asked.secrets())}

    def at(self, path: str) -> list[Asked]:
        return [each for each in self.asked if each.path == path]

    def answer(self, asked: Asked) -> tuple[int, JSONObject, dict[str, str]]:
        self.asked.append(asked)
        if self.refuses and asked.path != "/authorize":
            said = f"you sent {asked.sent} with {asked.headers}"
            return 400, {"error": "invalid_client", "error_description": said}, {}
        if asked.path == "/authorize":
            return 303, {}, {"Location": self._back(asked)}
        if "DPoP" in asked.headers and '"nonce"' not in payload_of(asked.headers["DPoP"]):
            challenge = {"DPoP-Nonce": "n-1", "WWW-Authenticate": 'DPoP error="use_dpop_nonce"'}
            return (401 if asked.method == "GET" else 400), {"error": "use_dpop_nonce"}, challenge
        if asked.path == "/par":
            self.pushed = dict(asked.sent)
        return 200, getattr(self, f"_{asked.path.strip('/').partition('/')[0]}")(asked), {}

    def _back(self, asked: Asked) -> str:
        sent = {**self.pushed, **asked.sent}
        if "request" in sent:
            sent |= json.loads(payload_of(sent["request"]))
        back = sent.get("redirect_uri", self.callback)
        if "oauth_token" in sent:
            verifier = {"oauth_verifier": self._new("oauth_verifier")}
            return f"{back}?{urlencode({'oauth_token': sent['oauth_token'], **verifier})}"
        return f"{back}?{urlencode({'code': self._new('code'), 'state': sent['state']})}"

    def _new(self, kind: str) -> str:
        self.issued.append(f"fake-{kind}-{secrets.token_hex(12)}")
        return self.issued[-1]

    def _par(self, _: Asked) -> JSONObject:
        return {"request_uri": "urn:example:request", "expires_in": 60}

    def _token(self, asked: Asked) -> JSONObject:
        kind = "DPoP" if "DPoP" in asked.headers else "Bearer"
        tokens = {name: self._new(name) for name in ("access_token", "refresh_token")}
        return {**tokens, "token_type": kind, "expires_in": 3600}

    def _me(self, _: Asked) -> JSONObject:
        return {"sub": "jane", "api_token": self._new("api_token")}

    def _introspect(self, _: Asked) -> JSONObject:
        return {"active": True, "sub": "jane"}

    def _revoke(self, _: Asked) -> JSONObject:
        return {}

    def _register(self, asked: Asked) -> JSONObject:
        names = ("client_secret", "registration_access_token")
        kept = {name: self._new(name) for name in names if asked.method != "DELETE"}
        uri = f"{self.url}/register/1"
        return {"client_id": "made-for-you", "registration_client_uri": uri, **kept}

    def _device(self, _: Asked) -> JSONObject:
        invited = {"device_code": self._new("device_code"), "user_code": "WDJB-MJHT"}
        return {**invited, "verification_uri": f"{self.url}/enter", "expires_in": 60, "interval": 1}

    def _ciba(self, _: Asked) -> JSONObject:
        return {"auth_req_id": self._new("auth_req_id"), "expires_in": 60, "interval": 1}

    def _temporary(self, _: Asked) -> JSONObject:
        pair = {name: self._new(name) for name in ("oauth_token", "oauth_token_secret")}
        return {**pair, "oauth_callback_confirmed": "true"}

    _lasting = _temporary


def payload_of(token: str) -> str:
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


@contextlib.contextmanager
def serving_everything() -> Iterator[Everything]:
    everything = Everything()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            is_form = "form" in self.headers.get("Content-Type", "")
            sent = dict(parse_qsl(body if is_form else query))
            status, said, headers = everything.answer(
                Asked(self.command, path, dict(self.headers), sent)
            )
            content = json.dumps(said).encode()
            self.send_response(status)
            headers = {"Content-Type": "application/json", **headers}
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_DELETE = do_GET = do_POST = answer

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        everything.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield everything
        finally:
            server.shutdown()
