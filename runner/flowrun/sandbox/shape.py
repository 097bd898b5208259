"""The shape of a provider, as a recipe shows it, and the requests that are held against it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import parse_qsl

from ..oauth1 import Signing
from ..secret import JSON, MASK

HOLE = re.compile(rf"<[^<>]*>|{re.escape(MASK)}")
MARKS: dict[str, tuple[str, ...]] = {
    "authorize": ("response_type", "request_uri", "request"),
    "pushed": ("response_type", "request"),
    "token": ("grant_type",),
}
"""What gives a request away whose address nobody knows before run time."""

INVITING = ("ciba", "device")
NOT_INVITING = {"grant_type", "response_type", "token"}
"""What no request that invites a person has in it."""


class Client(NamedTuple):
    """The one client that a sandbox knows; a public one has no secret."""

    id: str
    secret: str | None


class Believed(NamedTuple):
    """The id_token that a step takes; what only a run can tell is empty."""

    issuer: str = ""
    algs: tuple[str, ...] = ()  # which may sign it
    audience: str = ""  # whom it is for beside the client
    secret: str = ""  # that signs it, where that is not the client's
    decrypt: str = ""  # the key that opens it, a JWK


OWN = "own"
"""That the embedded provider opens what is closed with a key of its own."""


class Put(NamedTuple):
    """How a login's parameters are put into an object (RFC 9101)."""

    key: str  # that signs it
    shared: bool
    audience: str  # whom it is for; empty: whom the address belongs to
    opens: str  # the key that opens it; empty: it is not closed


class Exchange(NamedTuple):
    """A request that the recipe sends, and what it reads in the answer."""

    section: str  # steps, refresh, verify, revoke
    kind: str  # authorize, token, http
    method: str
    url: str  # what is not known before run time stands as <path>
    body: str = "none"  # form, json, text, none
    client_auth: str = "none"  # as `client: {auth: ...}` says
    audience: str = ""  # whom an assertion must be for; when not given, the URL
    key: str = ""  # what an assertion is signed with
    names: Mapping[str, str] = {}  # {standard: theirs}
    bearer: bool = False
    dpop: bool = False
    answers: tuple[str, ...] = ()  # such as json.token.id
    answer: JSON = None  # the recipe's own: {"status": 200, "json": {...}}
    certificate: str = ""  # what the client has to show, as PEM
    pushes: bool = False  # a login's parameters are handed in before it
    put: Put | None = None  # into a signed object
    mode: str = ""  # how its redirect comes back, if the request does not say it
    issuer: str = ""  # whose metadata this asks for
    document: JSON = None  # that metadata
    believed: Believed = Believed()
    signed: Believed | None = None  # how what is signed as a whole is judged
    signed_in: str = ""  # where the parameters of OAuth 1 stand: header, query, body
    signing: Signing = Signing()  # what it is signed with then, but for the token's secret
    temporary: bool = False  # it asks for a request token


class Received(NamedTuple):
    """A request as it arrived; its *target* is host and path, as in the recipe's URL."""

    method: str
    target: str
    body: str  # as in an exchange
    sent: Mapping[str, str]  # in the body, else in the query
    authorization: str
    proof: str = ""
    query: Mapping[str, str] = {}
    certificate: str = ""  # as RFC 9440 has it, since the sandbox is behind the TLS


def received(method: str, path: str, headers: Mapping[str, str], content: bytes) -> Received:
    """What arrived at *path*, decoded as far as it can be."""
    target, _, query = path.removeprefix("/").partition("?")
    body, sent = "text" if content else "none", dict(parse_qsl(query))
    declared = headers.get("Content-Type", "").lower()
    with suppress(ValueError, AttributeError, RecursionError):  # then it stays a text
        if "x-www-form-urlencoded" in declared:
            body, sent = "form", dict(parse_qsl(content.decode()))
        elif "json" in declared:
            given = [(name, v) for name, v in json.loads(content).items() if v is not None]
            sent = {name: v if isinstance(v, str) else json.dumps(v) for name, v in given}
            body = "json"
    authorization, proof = headers.get("Authorization", ""), headers.get("DPoP", "")
    asked, shown = dict(parse_qsl(query)), headers.get("Client-Cert", "")
    return Received(method, target, body, sent, authorization, proof, asked, shown)


def matching(exchanges: Sequence[Exchange], request: Received) -> list[Exchange]:
    """The exchanges that *request* may be, the likeliest first."""

    def unlikeliness(exchange: Exchange) -> tuple[int, bool]:
        refreshes = exchange.names.get("refresh_token", "refresh_token") in request.sent
        holes = len(HOLE.findall(exchange.url))
        if HOLE.fullmatch(exchange.url):  # an endpoint that was published has the name of its field
            named = exchange.url.strip("<>").rpartition(".")[2]
            holes = 98 if request.target.endswith(f"/{named}") else 99
        return holes, (exchange.section == "refresh") != refreshes

    return sorted((each for each in exchanges if _fits(each, request)), key=unlikeliness)


def _fits(exchange: Exchange, request: Received) -> bool:
    if HOLE.fullmatch(exchange.url):
        if exchange.kind == "jwks" and not request.target.endswith(f"/{_last(exchange.url)}"):
            return False  # what the sandbox has made up ends so
        if exchange.kind in INVITING and NOT_INVITING & request.sent.keys():
            return False
        marks = [exchange.names.get(mark, mark) for mark in MARKS.get(exchange.kind, ())]
        marked = not marks or any(mark in request.sent for mark in marks)
        return exchange.method == request.method and marked
    address = re.split(r"[?#]", exchange.url)[0].split("://")[-1]
    pattern = "[^/]+".join(map(re.escape, HOLE.split(address)))
    if exchange.url.startswith("<"):  # an origin, perhaps with a path
        pattern = pattern.replace("[^/]+", ".+", 1)
    return exchange.method == request.method and bool(re.fullmatch(pattern, request.target))


def _last(hole: str) -> str:
    return hole.strip("<>").rpartition(".")[2]
