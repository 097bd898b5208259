"""
An OpenID provider of others behind a proxy that corrupts what a case says.

To a client the proxy is the provider: it is the issuer, publishes keys of its own, and signs
each id_token anew. Everything else comes from the real provider behind it.
"""

from __future__ import annotations

import contextlib
import html
import http.client
import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from servers.signing import Claims, Signer, claims_of

Change = Callable[[Claims], Claims]

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "accept-encoding"}
DISCOVERY = "/.well-known/openid-configuration"
CLAIMS_TOKEN = "token-for-the-claims"
WEBFINGER = "/.well-known/webfinger"
FIELD = re.compile(r'(name="(iss|id_token)" value=")([^"]*)(")')


def same(claims: Claims) -> Claims:
    return claims


def without(name: str) -> Change:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def appended(name: str, more: str = "1") -> Change:
    """What the OpenID Foundation's suite does to make a value wrong: it puts a 1 behind it."""
    return lambda claims: claims | {name: f"{claims[name]}{more}"}


@dataclass(frozen=True, kw_only=True)
class Corruption:
    """What the provider does wrong; as it stands, nothing."""

    metadata: Change = same
    id_token: Change = same
    refreshed: Change = same  # the claims of an id_token that comes with a refresh
    userinfo: Change = same
    alg: str = "RS256"
    is_broken: bool = False  # a signature that no key has made
    has_kid: bool = True
    keys: int = 1
    rotates: bool = False  # just before each signature
    jwks_path: str = "/jwks"
    claims: str = "own"  # or aggregated or distributed: who vouches for what userinfo says


class Asked(NamedTuple):
    """A request that reached the provider."""

    method: str
    target: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Corrupting:
    """The provider as a client sees it."""

    def __init__(self, url: str, behind: str, corruption: Corruption, secret: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self._behind = behind
        self._corruption = corruption
        alg, has_kid, keys = corruption.alg, corruption.has_kid, corruption.keys
        self._signer = Signer(alg, secret=secret, has_kid=has_kid, keys=keys)

    def requests(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    def rotate(self) -> None:
        """From now on another key signs, and the old one is not published any more."""
        self._signer.rotate()

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if asked.path == self._corruption.jwks_path:
            return _json(self._signer.jwks)
        if asked.path.startswith("/jwks"):
            return Answer(404, [], b"")
        if asked.headers.get("authorization") == f"Bearer {CLAIMS_TOKEN}":
            return Answer(200, [("Content-Type", "application/jwt")], self._vouched().encode())
        if asked.path == WEBFINGER:
            link: Claims = {"rel": asked.parameters["rel"], "href": self.url}
            return _json({"subject": asked.parameters["resource"], "links": [link]})
        return self._rewritten(asked, self._forward(asked))

    def _forward(self, asked: Asked) -> Answer:
        # The Host that the client has sent goes along, and the provider makes its URLs of it.
        sent = {name: text for name, text in asked.headers.items() if name not in HOP_BY_HOP}
        connection = http.client.HTTPConnection(urlsplit(self._behind).netloc, timeout=20)
        with contextlib.closing(connection):
            connection.request(asked.method, asked.target, asked.body or None, sent)
            got = connection.getresponse()
            answered = got.getheaders()
            kept = [(name, text) for name, text in answered if name.lower() not in HOP_BY_HOP]
            return Answer(got.status, kept, got.read())

    def _rewritten(self, asked: Asked, got: Answer) -> Answer:
        if asked.path == DISCOVERY:
            return _json(self._metadata(json.loads(got.body)))
        if asked.path == "/token" and got.status == 200:
            return _json(self._tokens(json.loads(got.body), asked.parameters["grant_type"]))
        if asked.path == "/me" and got.status == 200:
            return self._userinfo(got)
        page = FIELD.sub(self._field, got.body.decode()).encode()
        return Answer(got.status, [self._header(*header) for header in got.headers], page)

    def _metadata(self, document: Claims) -> Claims:
        document |= {"issuer": self.url, "jwks_uri": self.url + self._corruption.jwks_path}
        document |= {"id_token_signing_alg_values_supported": ["RS256", self._corruption.alg]}
        return self._corruption.metadata(document)

    def _tokens(self, answer: Claims, grant: str) -> Claims:
        if "id_token" not in answer:
            return answer
        change = self._corruption.refreshed if grant == "refresh_token" else same
        return answer | {"id_token": self._signed(str(answer["id_token"]), change)}

    def _userinfo(self, got: Answer) -> Answer:
        if got.body.startswith(b"{"):
            claims = json.loads(got.body) | self._claims_of_others()
            return _json(self._corruption.userinfo(claims))
        claims = self._corruption.userinfo(self._ours(claims_of(got.body.decode())))
        return got._replace(body=self._signer.sign(claims).encode())

    def _claims_of_others(self) -> Claims:
        """Somebody's address, which another one vouches for (OpenID Connect Core section 5.6.2)."""
        there = {"endpoint": f"{self.url}/claims", "access_token": CLAIMS_TOKEN}
        source = {"aggregated": {"JWT": self._vouched()}, "distributed": there}
        if self._corruption.claims == "own":
            return {}
        found = source[self._corruption.claims]
        return {"_claim_names": {"address": "src1"}, "_claim_sources": {"src1": found}}

    def _vouched(self) -> str:
        return self._signer.sign({"iss": self.url, "address": {"country": "Wonderland"}})

    def _header(self, name: str, text: str) -> tuple[str, str]:
        if name.lower() != "location" or text.startswith((self.url, "/")):
            return name, text
        head, mark, rest = text.partition("#" if "#" in text else "?")
        pairs = [(key, self._value(key, value)) for key, value in parse_qsl(rest)]
        return name, head + mark + urlencode(pairs)

    def _field(self, found: re.Match[str]) -> str:
        value = self._value(found[2], html.unescape(found[3]))
        return found[1] + html.escape(value) + found[4]

    def _value(self, name: str, value: str) -> str:
        if name == "iss":
            return self.url
        return self._signed(value, same) if name == "id_token" else value

    def _signed(self, token: str, change: Change) -> str:
        if self._corruption.rotates:
            self.rotate()
        claims = self._corruption.id_token(change(self._ours(claims_of(token))))
        return self._signer.sign(claims, is_broken=self._corruption.is_broken)

    def _ours(self, claims: Claims) -> Claims:
        return claims | {"iss": self.url}


def _json(document: Claims) -> Answer:
    kind = ("Content-Type", "application/json")
    return Answer(200, [kind, ("Cache-Control", "no-store")], json.dumps(document).encode())


@contextlib.contextmanager
def corrupting(behind: str, corruption: Corruption, *, secret: str) -> Iterator[Corrupting]:
    """
    A provider on loopback that answers as the one *behind* does, but for the *corruption*.

    Args:
        behind: the URL of the real one, which is also its issuer.
        corruption: what it does wrong.
        secret: the client's secret, which is the key of HS256.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            given = parse_qsl(urlsplit(self.path).query) + parse_qsl(body.decode("latin-1"))
            headers = {name.lower(): text for name, text in self.headers.items()}
            self._send(provider.answer(Asked(self.command, self.path, dict(given), headers, body)))

        do_POST = do_GET

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, text in [*answer.headers, ("Content-Length", str(len(answer.body)))]:
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass  # the tests look at `asked`

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        provider = Corrupting(url, behind, corruption, secret)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join(10)
