"""The embedded provider as an OAuth 1.0a server (RFC 5849), for recipes that sign with `oauth1`."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import unquote, urlencode

from ..oauth1 import Signing
from .answers import scheme_of
from .client import Refused
from .provider import ACCESS_TTL_S, Grant, Provider
from .reply import Reply
from .shape import Client, Exchange, Received

OWN_S = 300
"""By how much a clock may be wrong."""

YEAR_S = 365 * 24 * 3600


class Consumers:
    """Knows one consumer, its tokens by the provider's memory, and the nonces that were used."""

    def __init__(self, client: Client, provider: Provider) -> None:
        self.client, self.provider = client, provider
        self.nonces = set[tuple[str, str]]()

    def temporary(self, exchange: Exchange, request: Received) -> Reply:
        """Temporary credentials (section 2.1)."""
        callback = self.proved(exchange, request).get("oauth_callback", "")
        if not callback:
            raise Refused(400, "parameter_absent", "expected oauth_callback")
        token = self._issue("request", ACCESS_TTL_S, callback)
        return self._credentials(token, oauth_callback_confirmed="true")

    def allowed(self, request: Received) -> Grant | None:
        """What a person is asked about (section 2.2)."""
        return self.provider.live(request.sent.get("oauth_token"), "request")

    def back(self, token: str, *, allow: bool) -> Reply:
        """Where a person is sent, who has answered."""
        grant = self.provider.grants[token]
        params = {"oauth_token": token, "oauth_problem": "permission_denied"}
        if allow:
            params = {"oauth_token": token, "oauth_verifier": secrets.token_hex(8)}
            verifier = params["oauth_verifier"]
            self.provider.grants[token] = grant._replace(challenge=verifier)
        mark = "&" if "?" in grant.redirect_uri else "?"
        return Reply(303, location=f"{grant.redirect_uri}{mark}{urlencode(params)}")

    def token(self, exchange: Exchange, request: Received) -> Reply:
        """Token credentials for temporary ones that a person has allowed (section 2.3)."""
        sent = self.proved(exchange, request)
        temporary = sent.get("oauth_token", "")
        grant = self.provider.live(temporary, "request")
        if grant is None or not grant.challenge or sent.get("oauth_verifier") != grant.challenge:
            raise Refused(401, "verifier_invalid", "unknown, used before, or of another token")
        del self.provider.grants[temporary]
        return self._credentials(self._issue("access", YEAR_S), user_id="1")

    def proved(self, exchange: Exchange, request: Received) -> Mapping[str, str]:
        """The oauth_ parameters of *request*, which its consumer has signed as declared."""
        place, sent = _protocol(request)
        expected = {"oauth_consumer_key": self.client.id, "oauth_version": "1.0"}
        expected["oauth_signature_method"] = exchange.signing.method
        wrong = [name for name, value in expected.items() if sent.get(name) != value]
        if place != exchange.signed_in or wrong:
            what = ", ".join(wrong) or f"parameters in the {exchange.signed_in}"
            raise Refused(400, "parameter_rejected", f"expected another {what}")
        self._check_fresh(sent)
        token = sent.get("oauth_token", "")
        if token and not self.provider.live(token, "request", "access"):
            raise Refused(401, "token_rejected", "unknown, used or revoked")
        signing = exchange.signing._replace(token_secret=secret_of(token) if token else "")
        signed = _signature(signing, exchange, request, sent, place)
        if not hmac.compare_digest(signed, sent.get("oauth_signature", "")):
            raise Refused(401, "signature_invalid", "signed with something else")
        return sent

    def _check_fresh(self, sent: Mapping[str, str]) -> None:
        once = sent.get("oauth_timestamp", ""), sent.get("oauth_nonce", "")
        if not once[0].isdecimal() or abs(int(once[0]) - self.provider.now()) > OWN_S:
            raise Refused(401, "timestamp_refused", "too far from this clock")
        if not once[1] or once in self.nonces:
            raise Refused(401, "nonce_used", "each request needs a new one")
        self.nonces.add(once)

    def _issue(self, kind: str, ttl_s: int, callback: str = "") -> str:
        token, until = f"sandbox-{kind}-{secrets.token_hex(12)}", self.provider.now() + ttl_s
        grant = Grant(kind, secrets.token_hex(8), self.client.id, [], until, callback)
        self.provider.grants[token] = grant
        return token

    def _credentials(self, token: str, **more: str) -> Reply:
        pair = {"oauth_token": token, "oauth_token_secret": secret_of(token)}
        return Reply(200, form=urlencode({**pair, **more}))


def secret_of(token: str) -> str:
    """The secret that goes with *token*, so that nobody has to remember it."""
    return "sandbox-secret-" + hashlib.sha256(token.encode()).hexdigest()[:32]


def _protocol(request: Received) -> tuple[str, dict[str, str]]:
    """Where the oauth_ parameters of *request* stand, and what they are."""
    scheme, _, rest = request.authorization.partition(" ")
    if scheme.lower() == "oauth":
        pairs = (part.strip().partition("=") for part in rest.split(","))
        named = {name: unquote(value.strip('"')) for name, _, value in pairs}
        return "header", {name: value for name, value in named.items() if name != "realm"}
    for place, fields in (("body", request.sent), ("query", request.query)):
        if "oauth_signature" in fields and (place == "query" or request.body == "form"):
            return place, {k: v for k, v in fields.items() if k.startswith("oauth_")}
    return "nowhere", {}


def _signature(
    signing: Signing,
    exchange: Exchange,
    request: Received,
    sent: Mapping[str, str],
    place: str,
) -> str:
    """What *request* would be signed with by its consumer."""
    url = f"{scheme_of(exchange)}://{request.target}?{urlencode(request.query)}"
    form = urlencode(request.sent) if request.body == "form" else ""
    apart = [pair for pair in sent.items() if pair[0] != "oauth_signature" and place == "header"]
    return signing.signature(request.method, url, form, apart)
