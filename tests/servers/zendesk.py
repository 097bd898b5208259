"""
A small strict server with Zendesk's documented manners, over TLS under Zendesk's names.

Two ways lead a client to it by name without touching the machine's resolver: a proxy that takes
every name to it, and `redirected`, a folder for PYTHONPATH that answers getaddrinfo.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import trustme

from servers.names import redirected
from servers.proxy import Quiet, proxy, running

TENANTS = ("acme.zendesk.com", "globex.zendesk.com")
CODE_TTL_S = 120
ACCESS_TTL_S = range(300, 172_801)
REFRESH_TTL_S = 2_592_000

INVALID_GRANT = (
    "The provided access grant is invalid, expired, or revoked (e.g. invalid assertion, expired "
    "authorization token, bad end-user password credentials, or mismatching authorization code "
    "and redirection URI)."
)
INVALID_CLIENT = "The client identifier provided is invalid, the client failed to authenticate."
INVALID_TOKEN = (
    "The access token provided is expired, revoked, malformed or invalid for other reasons."
)

JSONObject = dict[str, object]


CLIENTS = {"flowrun_test": "fake-secret-of-zendesk-client", "flowrun_public": None}
"""Identifiers and secrets; a client without a secret is public and must use PKCE."""


class Seen(NamedTuple):
    """A request that the server got; *body* is parsed JSON, if it was JSON."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: object


class Refused(Exception):
    """An OAuth error to answer with."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(error)
        self.status = status
        self.body: JSONObject = {"error": error, "error_description": description}


class Code(NamedTuple):
    """What a code stands for."""

    tenant: str
    client_id: str
    redirect_uri: str
    scope: str
    challenge: str | None
    issued: float


class Grant(NamedTuple):
    """An access token and its refresh token, which die together."""

    number: int
    tenant: str
    client_id: str
    scope: str
    access_token: str
    refresh_token: str


class Zendesk:
    """The state behind all tenants; *deny* and *wrong_state* are what the next user does."""

    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri  # the one that is registered
        self.seen: list[Seen] = []
        self.codes: dict[str, Code] = {}
        self.grants: list[Grant] = []
        self.deny = False
        self.wrong_state = False
        self.lock = threading.Lock()
        self._issued = 122  # so that the first token is number 123

    def requests(self, method: str, path: str) -> list[Seen]:
        return [seen for seen in self.seen if (seen.method, seen.path) == (method, path)]

    def authorize(self, tenant: str, query: Mapping[str, str]) -> str:
        """Where the browser goes next; the user is signed in and decides at once."""
        client_id, redirect_uri = query.get("client_id", ""), query.get("redirect_uri", "")
        # A client's number passes here, and is refused where the code is redeemed.
        known = client_id in CLIENTS or client_id.isdigit()
        if not known or redirect_uri != self.redirect_uri:
            raise Refused(400, "invalid_request", "unknown client or unregistered redirect_uri")
        if query.get("response_type") != "code" or not query.get("scope"):
            raise Refused(400, "invalid_request", "response_type=code and a scope are needed")
        method = query.get("code_challenge_method")
        if ("code_challenge" in query) != (method == "S256"):
            raise Refused(400, "invalid_request", "only code_challenge_method=S256 is known")
        if CLIENTS.get(client_id) is None and method is None:
            raise Refused(400, "invalid_request", "a public client must use PKCE")
        state = "state-of-somebody-else" if self.wrong_state else query.get("state")
        back = {"state": state} if state else {}
        if self.deny:
            text = "The end-user or authorization server denied the request"
            answer = {"error": "access_denied", "error_description": text}
        else:
            answer = {"code": "fake-code-" + secrets.token_hex(16)}
            challenge, scope = query.get("code_challenge"), query["scope"]
            self.codes[answer["code"]] = Code(
                tenant, client_id, redirect_uri, scope, challenge, time.time()
            )
        return f"{redirect_uri}?{urlencode(answer | back)}"

    def token(self, tenant: str, form: JSONObject) -> JSONObject:
        client_id = self._client(form)
        if form.get("grant_type") == "authorization_code":
            scope = self._redeem_code(tenant, client_id, form)
        elif form.get("grant_type") == "refresh_token":
            scope = self._redeem_refresh_token(tenant, client_id, form)
        else:
            raise Refused(400, "unsupported_grant_type", "unknown grant_type")
        return self._issue(tenant, client_id, scope, form)

    def current(self, tenant: str, authorization: str) -> Grant:
        for grant in self.grants:
            if grant.tenant == tenant and authorization == f"Bearer {grant.access_token}":
                return grant
        raise Refused(401, "invalid_token", INVALID_TOKEN)

    def delete(self, tenant: str, authorization: str, number: str) -> None:
        self.current(tenant, authorization)
        kept = [grant for grant in self.grants if str(grant.number) != number]
        if len(kept) == len(self.grants):
            raise Refused(404, "RecordNotFound", "Not found")
        self.grants = kept

    def _client(self, form: JSONObject) -> str:
        client_id, secret = str(form.get("client_id", "")), form.get("client_secret")
        # A verifier authenticates a confidential client, too; a wrong secret never passes.
        enough = secret is not None or "code_verifier" in form or CLIENTS.get(client_id) is None
        if client_id not in CLIENTS or not enough or secret not in (None, CLIENTS[client_id]):
            raise Refused(401, "invalid_client", INVALID_CLIENT)
        return client_id

    def _redeem_code(self, tenant: str, client_id: str, form: JSONObject) -> str:
        code = self.codes.pop(str(form.get("code")), None)
        if code is None or time.time() - code.issued > CODE_TTL_S:
            raise Refused(400, "invalid_grant", INVALID_GRANT)
        if (code.tenant, code.client_id) != (tenant, client_id):
            raise Refused(400, "invalid_grant", INVALID_GRANT)
        if code.redirect_uri != form.get("redirect_uri"):
            raise Refused(400, "invalid_grant", INVALID_GRANT)
        verifier = form.get("code_verifier")
        if code.challenge != (None if verifier is None else challenge_of(str(verifier))):
            raise Refused(400, "invalid_grant", INVALID_GRANT)
        return code.scope

    def _redeem_refresh_token(self, tenant: str, client_id: str, form: JSONObject) -> str:
        for grant in self.grants:
            same = (grant.tenant, grant.client_id) == (tenant, client_id)
            if same and grant.refresh_token == form.get("refresh_token"):
                check_lifetime(form)  # a request that is refused costs no token
                self.grants.remove(grant)  # the access token dies with it
                return grant.scope
        raise Refused(400, "invalid_grant", "Refresh token is invalid or expired")

    def _issue(self, tenant: str, client_id: str, scope: str, form: JSONObject) -> JSONObject:
        check_lifetime(form)
        self._issued += 1
        access = "fake-access-" + secrets.token_hex(20)
        refresh = "fake-refresh-" + secrets.token_hex(20)
        self.grants.append(Grant(self._issued, tenant, client_id, scope, access, refresh))
        # Unknown scopes still give a token; every later call of it would be refused.
        answer: JSONObject = {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "bearer",
            "scope": scope,
            "refresh_token_expires_in": form.get("refresh_token_expires_in", REFRESH_TTL_S),
        }
        return answer | {key: form[key] for key in ("expires_in",) if key in form}


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def check_lifetime(form: JSONObject) -> None:
    if "expires_in" not in form:
        return
    if type(form["expires_in"]) is not int or form["expires_in"] not in ACCESS_TTL_S:
        raise Refused(400, "invalid_request", "expires_in must be between 300 and 172800")


class Server(Quiet):
    """Serves one Zendesk over TLS."""

    def __init__(self, zendesk: Zendesk, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.zendesk = zendesk
        self.context = context


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        # Here, and not around the listening socket: one slow handshake must not hold up others.
        self.request.settimeout(self.timeout)
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *args: object) -> None:
        """Nothing: the requests are in `seen`."""

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with contextlib.suppress(ValueError):
            raw = json.loads(raw)
        host = (self.headers.get("Host") or "").removesuffix(":443")
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, host, parts.path, query, headers, raw)
        with self.server.zendesk.lock:
            self.server.zendesk.seen.append(seen)
            try:
                status, answer = self._answer(seen)
            except Refused as refused:
                status, answer = refused.status, refused.body
        self._reply(status, answer)

    def _answer(self, seen: Seen) -> tuple[int, JSONObject | str | None]:
        zendesk, bearer = self.server.zendesk, seen.headers.get("authorization", "")
        if seen.host not in TENANTS:
            return 404, {"error": "RecordNotFound", "description": "no such account"}
        if (seen.method, seen.path) == ("GET", "/oauth/authorizations/new"):
            return 302, zendesk.authorize(seen.host, seen.query)
        if (seen.method, seen.path) == ("POST", "/oauth/tokens"):
            if seen.headers.get("content-type") != "application/json":
                raise Refused(400, "invalid_request", "the body must be JSON")
            if not isinstance(seen.body, dict) or seen.query:
                raise Refused(400, "invalid_request", "the body must be a JSON object")
            return 201, zendesk.token(seen.host, seen.body)
        if (seen.method, seen.path) == ("GET", "/api/v2/oauth/tokens/current.json"):
            grant = zendesk.current(seen.host, bearer)
            return 200, {"token": {"id": grant.number, "scopes": grant.scope.split()}}
        if seen.method == "DELETE" and seen.path.startswith("/api/v2/oauth/tokens/"):
            number = seen.path.rpartition("/")[2].removesuffix(".json")
            zendesk.delete(seen.host, bearer, number)
            return 204, None
        return 404, {"error": "InvalidEndpoint", "description": "Not found"}

    def _reply(self, status: int, answer: JSONObject | str | None) -> None:
        self.send_response(status)
        body = b""
        if isinstance(answer, str):
            self.send_header("Location", answer)
        elif answer is not None:
            body = json.dumps(answer).encode()
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Served(NamedTuple):
    """A running Zendesk: what it knows, and how a client finds and trusts it."""

    zendesk: Zendesk
    ca_file: Path
    proxy_url: str
    python_path: Path

    @property
    def through_proxy(self) -> dict[str, str]:
        """The environment of a client that reaches the names through a proxy."""
        return {"SSL_CERT_FILE": str(self.ca_file), "HTTPS_PROXY": self.proxy_url}

    @property
    def by_name(self) -> dict[str, str]:
        """The environment of a Python client whose resolver knows the names."""
        return {"SSL_CERT_FILE": str(self.ca_file), "PYTHONPATH": str(self.python_path)}


@contextlib.contextmanager
def serving(folder: Path, redirect_uri: str) -> Iterator[Served]:
    """Serve a new Zendesk; its CA and the names' answers are written into *folder*."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("*.zendesk.com").configure_cert(context)
    zendesk = Zendesk(redirect_uri)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Server(zendesk, context))
        stack.enter_context(running(server))
        port = server.server_port
        proxy_url = stack.enter_context(proxy(lambda *_: ("127.0.0.1", port)))
        python_path = redirected(folder / "site", port, ".zendesk.com")
        yield Served(zendesk, folder / "ca.pem", proxy_url, python_path)
