"""The OAuth server underneath: oauthlib's rules, and every code and token that was issued."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import NamedTuple
from urllib.parse import parse_qs

from oauthlib.common import Request
from oauthlib.oauth2 import RequestValidator, Server

from ..secret import JSON
from ..stores import private
from ..stores.lock import locked
from .shape import Exchange

PUSHED_TTL_S = 60
CODE_TTL_S, ACCESS_TTL_S, REFRESH_TTL_S = 120, 3600, 90 * 24 * 3600
PERSONAL = (
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:openid:params:grant-type:ciba",
)
"""Grants that a person has a part in, so that there is a refresh token."""

LOOPBACK = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?([/?].*)?")


class Grant(NamedTuple):
    """What a code or a token stands for; those with the same *id* are revoked together."""

    kind: str  # code, access, refresh, spent
    id: str
    client_id: str
    scope: list[str]
    until: float
    redirect_uri: str = ""
    challenge: str | None = None
    method: str | None = None
    jkt: str = ""  # the thumbprint of the key that it is bound to
    nonce: str = ""


class Provider:
    """One client's codes and tokens; use it inside `opened()`, once the client proved itself."""

    def __init__(
        self,
        client_id: str,
        exchanges: Sequence[Exchange],
        path: Path | None,
        now: Callable[[], float],
    ) -> None:
        self.client_id, self.path, self.now = client_id, path, now
        self.grants: dict[str, Grant] = {}
        self.keys: dict[str, str] = {}  # that sign its id_tokens, by algorithm
        self.redirects = set[str]()
        for each in exchanges:
            name = each.names.get("redirect_uri", "redirect_uri")
            self.redirects.update(parse_qs(each.url.partition("?")[2]).get(name, ()))
        self.mutex = Lock()
        self.server = Server(
            self._rules(),
            token_expires_in=_ttl_s,
            token_generator=lambda _: f"sandbox-access-{secrets.token_urlsafe(24)}",
            refresh_token_generator=lambda _: f"sandbox-refresh-{secrets.token_urlsafe(24)}",
        )

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """One at a time, over threads and processes: what is known is read, changed and kept."""
        with self.mutex, contextlib.ExitStack() as stack:
            if self.path:
                private.folder(self.path.parent)
                # No record can have a lock of that name: its own would begin with a letter.
                lock = self.path.with_name(f".{self.path.name}.lock")
                stack.enter_context(locked(lock, deadline_s=10))
                self.grants = _kept(self.path, self.grants)
                self.keys = _keys(self.path) | self.keys
            known = len(self.keys)
            before, now = dict(self.grants), self.now()
            yield
            self.grants = {value: g for value, g in self.grants.items() if g.until > now}
            if self.path and self.grants != before:
                private.write(self.path, json.dumps(self.grants).encode())
            if self.path and len(self.keys) > known:
                private.write(_beside(self.path), json.dumps(self.keys).encode())

    def live(self, value: str | None, *kinds: str) -> Grant | None:
        """The grant behind *value*, unless it has ended."""
        grant = self.grants.get(value or "")
        return grant if grant and grant.kind in kinds and grant.until > self.now() else None

    def bind(self, issued: Iterable[str], jkt: str) -> None:
        """Bind the tokens in *issued* to the key with that thumbprint."""
        bound = {value: self.grants[value] for value in issued if value in self.grants}
        self.grants |= {value: grant._replace(jkt=jkt) for value, grant in bound.items()}

    def revoke(self, grant: Grant | None) -> None:
        """End everything that came from the same consent."""
        if grant:
            self.grants = {value: g for value, g in self.grants.items() if g.id != grant.id}

    def unfit(self, claims: Mapping[str, JSON]) -> str:
        """Why an assertion is not believed: each is good until its end, and once."""
        ends_at, name = claims.get("exp"), f"assertion {claims.get('jti')}"
        if not isinstance(ends_at, int) or ends_at < self.now():
            return "it has ended"
        if not claims.get("jti") or name in self.grants:
            return "it was used before"
        self.grants[name] = Grant("assertion", name, self.client_id, [], ends_at)
        return ""

    def hand_in(self, asked: Mapping[str, str]) -> str:
        """Keep a request for the one login that will name what is returned (RFC 9126)."""
        uri = f"urn:ietf:params:oauth:request_uri:sandbox-{secrets.token_urlsafe(24)}"
        kept, until = [json.dumps({**asked})], self.now() + PUSHED_TTL_S
        self.grants[uri] = Grant("request", uri, self.client_id, kept, until)
        return uri

    def handed_in(self, uri: str) -> dict[str, str] | None:
        """The request that was handed in as *uri*, once."""
        grant = self.live(uri, "request")
        self.revoke(grant)
        asked: dict[str, str] | None = json.loads(grant.scope[0]) if grant else None
        return asked

    def completed(self, form: Mapping[str, str]) -> dict[str, str]:
        """*form* with what OAuth 2.1, or the provider, lets a client leave out."""
        code = self.live(form.get("code"), "code")
        grant_type = "authorization_code" if "code" in form else "refresh_token"
        redirect_uri = {"redirect_uri": code.redirect_uri} if code else {}
        whole = {"grant_type": grant_type, **redirect_uri, **form}
        return {
            **whole,
            **_told_apart(whole, known=self.live(form.get("refresh_token"), "refresh")),
        }

    def _rules(self) -> RequestValidator:
        def yes(*_: object) -> bool:
            return True

        rules, registered = RequestValidator(), self.redirects
        client = SimpleNamespace(client_id=self.client_id)
        rules.__dict__.update(
            authenticate_client=lambda request: request.__dict__.update(client=client) is None,
            confirm_redirect_uri=lambda _, code, uri, *__: uri == self.grants[code].redirect_uri,
            get_code_challenge=lambda code, _: self.grants[code].challenge,
            get_code_challenge_method=lambda code, _: self.grants[code].method,
            get_default_redirect_uri=lambda *_: None,
            get_default_scopes=lambda *_: [],
            get_original_scopes=lambda token, _: self.grants[token].scope,
            invalidate_authorization_code=yes,  # `save_token` has spent it
            save_authorization_code=self._save_code,
            save_token=self._save_token,
            validate_client_id=lambda client_id, _: client_id == self.client_id,
            validate_code=lambda _, code, __, req: self._redeemable(code, "code", req),
            validate_grant_type=yes,
            validate_redirect_uri=lambda _, uri, __: LOOPBACK.fullmatch(uri) or uri in registered,
            validate_refresh_token=lambda token, _, req: self._redeemable(token, "refresh", req),
            validate_response_type=lambda _, wanted, *__: wanted in ("code", "token"),
            validate_scopes=yes,
            validate_user=yes,
        )
        return rules

    def _save_code(self, client_id: str, issued: Mapping[str, str], request: Request) -> None:
        jkt = str(getattr(request, "dpop_jkt", None) or "")
        pkce = request.code_challenge, request.code_challenge_method
        consent = secrets.token_hex(8), client_id, request.scopes or [], self.now() + CODE_TTL_S
        grant = Grant("code", *consent, request.redirect_uri or "", *pkce)
        nonce = str(getattr(request, "nonce", None) or "")
        self.grants[issued["code"]] = grant._replace(jkt=jkt, nonce=nonce)

    def _save_token(self, issued: Mapping[str, str], request: Request) -> None:
        redeemed = {"authorization_code": request.code, "refresh_token": request.refresh_token}
        scope, used = request.scopes or [], redeemed.get(request.grant_type or "") or ""
        source = self.grants.get(used, Grant("", secrets.token_hex(8), self.client_id, scope, 0))
        if used in self.grants:
            self.grants[used] = source._replace(kind="spent")
        for kind, ttl_s in ("access", _ttl_s(request)), ("refresh", REFRESH_TTL_S):
            if value := issued.get(f"{kind}_token"):
                until = self.now() + ttl_s
                grant = Grant(kind, source.id, self.client_id, scope, until)
                self.grants[value] = grant._replace(nonce=source.nonce)

    def _redeemable(self, value: str, kind: str, request: Request) -> bool:
        grant = self.live(value, kind, "spent")
        if grant is None or grant.client_id != self.client_id:
            return False
        if grant.kind == "spent":  # a thief, or a bug: end what the first use gave
            self.revoke(grant)
            return False
        request.scopes = grant.scope
        # A verifier without a challenge is a login whose PKCE somebody took away.
        return bool(grant.challenge or not request.code_verifier)


def introspected(grant: Grant | None, issuer: str) -> JSON:
    """What the server says about a token (RFC 7662 section 2.2)."""
    if grant is None:
        return {"active": False}
    about = {"client_id": grant.client_id, "scope": " ".join(grant.scope), "iss": issuer}
    return {"active": True, "exp": int(grant.until), **about}


def _told_apart(form: Mapping[str, str], *, known: Grant | None) -> dict[str, str]:
    """
    Grants that the server underneath does not know, as the ones of theirs that come nearest.

    What was brought along, such as an assertion or another program's refresh token, is believed.
    """
    grant_type = form["grant_type"]
    if grant_type in PERSONAL or (grant_type == "refresh_token" and _invented(form) and not known):
        return {"grant_type": "password", "username": "sandbox", "password": "sandbox"}
    if "code" not in form and grant_type not in ("password", "refresh_token"):
        return {"grant_type": "client_credentials"}
    return {}


def _invented(form: Mapping[str, str]) -> bool:
    return form.get("refresh_token", "").startswith("sandbox-secret-")


def _kept(path: Path, known: dict[str, Grant]) -> dict[str, Grant]:
    """The grants in *path*; those that are *known* where it is damaged."""
    try:
        kept = json.loads(private.read(path) or b"{}")
        return {value: Grant(*grant) for value, grant in kept.items()}
    except (ValueError, TypeError, AttributeError):
        return known


def _beside(path: Path) -> Path:
    return path.with_name(f"keys-of-{path.name}")


def _keys(path: Path) -> dict[str, str]:
    try:
        kept = json.loads(private.read(_beside(path)) or b"{}")
        return {str(alg): str(key) for alg, key in kept.items()}
    except (ValueError, AttributeError):
        return {}


def _ttl_s(request: Request) -> int:
    asked = str(getattr(request, "expires_in", None) or "")
    return int(asked) if re.fullmatch(r"[0-9]{1,9}", asked) else ACCESS_TTL_S
