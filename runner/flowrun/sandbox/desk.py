"""Where a request is held against the recipe's shape, and answered."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

from oauthlib.oauth2 import AccessDeniedError, FatalClientError, OAuth2Error

from ..oauth import dpop
from ..oauth.client import client_cert
from ..secret import JSON
from . import front
from .answers import exchanged, invented_answer, invitation, overlaid, own_answer, scheme_of
from .client import Refused, proved, standard
from .consumer import Consumers
from .page import CONSENT, consent, page, posted
from .proof import Proofs
from .provider import PUSHED_TTL_S, Provider, introspected
from .published import answer_to
from .reply import Reply
from .shape import INVITING, Client, Exchange, Received, matching
from .signer import Signer

SPENT = "unknown, expired, revoked, used before, or not fitting the rest of the request"


Asked = tuple[Exchange, str, str, dict[str, str]]
"""A request that waits for consent: its URL, where it leads back to, and with what if denied."""


class Desk:
    """Answers as the provider of *exchanges* would; with *person*, consent is asked for."""

    def __init__(
        self, exchanges: Sequence[Exchange], client: Client, provider: Provider, *, person: bool
    ) -> None:
        self.exchanges, self.client, self.provider = exchanges, client, provider
        self.proofs, self.signer = Proofs(provider.now), Signer(exchanges, client, provider)
        self.consumers = Consumers(client, provider)
        self.person, self.asked = person, dict[str, Asked]()

    def respond(self, request: Received) -> Reply:
        kinds = {
            "authorize": self._authorize,
            "metadata": self._publish,
            "jwks": self._jwks,
            "pushed": self._hand_in,
            "register": self._publish,
            "token": self._token,
            **dict.fromkeys(INVITING, self._invite),
        }
        with self.provider.opened():
            if (request.method, request.target) == ("POST", CONSENT):
                return self._consented(request.sent)
            for exchange in matching(self.exchanges, request)[:1]:
                try:
                    self._let_in(exchange, request)
                    answer = self._signed if exchange.signed_in else kinds.get(exchange.kind)
                    return (answer or self._http)(exchange, request)
                except Refused as refusal:
                    status, error, description = refusal.args
                    said: JSON = {"error": error, "error_description": description}
                    return Reply(status, said, headers=self._challenge(error))
        known: list[JSON] = [f"{each.method} {each.url}" for each in self.exchanges]
        unknown = f"the recipe sends no {request.method} to {request.target}"
        return Reply(404, {"error": "not_found", "error_description": unknown, "known": known})

    def _let_in(self, exchange: Exchange, request: Received) -> None:
        """Refuse whoever does not show the certificate that the client is known by (RFC 8705)."""
        if exchange.certificate and client_cert(exchange.certificate) != request.certificate:
            raise Refused(401, "invalid_client", "expected the client's certificate")

    def _challenge(self, error: str) -> dict[str, str]:
        """What an answer that refuses a proof says in its headers."""
        if error not in dpop.REFUSED:
            return {}
        challenge = f'DPoP error="{error}", algs="{" ".join(dpop.ALGORITHMS)}"'
        return {"DPoP-Nonce": self.proofs.nonce, "WWW-Authenticate": challenge}

    def _signed(self, exchange: Exchange, request: Received) -> Reply:
        """The answer to a request that is signed as OAuth 1 has it."""
        if exchange.kind == "token":
            return self.consumers.token(exchange, request)
        if exchange.temporary:
            return self.consumers.temporary(exchange, request)
        self.consumers.proved(exchange, request)
        return self._http(exchange, request)

    def _authorize(self, exchange: Exchange, request: Received) -> Reply:
        host = request.target.partition("/")[0]
        if self.consumers.allowed(request):
            return self._asked_about(host, exchange, request.sent["oauth_token"])
        url = f"{scheme_of(exchange)}://{host}"
        try:
            url += f"?{urlencode(self._asked(exchange, request))}"
            first = front.parts_of(url)[0]
            scope, about = self.provider.server.validate_authorization_request(first)
        except (Refused, FatalClientError) as error:
            reason = error.args[-1] if isinstance(error, Refused) else error.description
            return Reply(400, page=page("This login cannot go on", f"<p>{escape(str(reason))}</p>"))
        except OAuth2Error as error:
            return self._back(exchange, url, str(error.redirect_uri), _said(error))
        denied = AccessDeniedError("the person pressed Deny", state=about["state"])
        ticket = secrets.token_urlsafe(16)
        self.asked[ticket] = exchange, url, about["redirect_uri"], _said(denied)
        if self.person:
            return Reply(200, page=consent(self.client.id, scope, host, ticket))
        return self._consented({"ticket": ticket, "choice": "allow"})

    def _asked_about(self, host: str, exchange: Exchange, token: str) -> Reply:
        """Ask for consent to what is known by its *token*, as OAuth 1 has it."""
        ticket = secrets.token_urlsafe(16)
        self.asked[ticket] = exchange, "", token, {}
        if self.person:
            return Reply(200, page=consent(self.client.id, [], host, ticket))
        return self._consented({"ticket": ticket, "choice": "allow"})

    def _asked(self, exchange: Exchange, request: Received) -> dict[str, str]:
        """What a login asks for, which may have been handed in before."""
        sent = standard(exchange, request)
        if not exchange.pushes:
            return self._unpacked(exchange, request, sent)
        pushed = self.provider.handed_in(sent.get("request_uri", ""))
        if pushed is None or pushed.get("client_id") != sent.get("client_id"):
            raise Refused(400, "invalid_request", "this request was not handed in, or was used")
        return pushed

    def _hand_in(self, exchange: Exchange, request: Received) -> Reply:
        asked = proved(exchange, self.client, request, self.provider)
        asked = self._unpacked(exchange, request, asked)
        if "request_uri" in asked:
            raise Refused(400, "invalid_request", "a request that is handed in names no other")
        uri = self.provider.hand_in(asked)
        return Reply(201, {"request_uri": uri, "expires_in": PUSHED_TTL_S})

    def _unpacked(
        self, exchange: Exchange, request: Received, sent: dict[str, str]
    ) -> dict[str, str]:
        if exchange.put is None:
            return sent
        from .requested import unpacked

        return unpacked(exchange.put, sent, request.target, self.provider)

    def _consented(self, form: Mapping[str, str]) -> Reply:
        asked = self.asked.pop(form.get("ticket", ""), None)
        if asked is None:
            return Reply(400, page=page("Answered already", "<p>Start the login again.</p>"))
        exchange, url, base, params = asked
        if not url:
            return self.consumers.back(base, allow=form.get("choice") == "allow")
        if form.get("choice") == "allow":
            base, params = front.issued_at(self.provider.server, url)
            if front.wants_identity(url):
                nonce = front.asked(url).get("nonce", "")
                params["id_token"] = self.signer.identity(exchange, params, nonce)
        return self._back(exchange, url, base, params)

    def _back(self, exchange: Exchange, url: str, base: str, params: dict[str, str]) -> Reply:
        params["iss"] = self.signer.issuer(exchange)
        named = list(front.renamed(exchange.names, params))
        mode, is_signed = front.mode_of(exchange.mode, url)
        if is_signed:
            named = [("response", self.signer.redirect(exchange, named))]
        if mode == "form_post":
            return Reply(200, page=posted(base, named))
        return Reply(303, location=f"{base}{'#' if mode == 'fragment' else '?'}{urlencode(named)}")

    def _token(self, exchange: Exchange, request: Received) -> Reply:
        form = self.provider.completed(proved(exchange, self.client, request, self.provider))
        jkt = self._key(exchange, request)
        used = self.provider.live(form.get("code", form.get("refresh_token")), "code", "refresh")
        if used and used.jkt not in ("", jkt):
            raise Refused(400, "invalid_grant", "it is bound to another key")
        server = self.provider.server
        _, answer, status = server.create_token_response("https://x.invalid", body=urlencode(form))
        issued: dict[str, JSON] = json.loads(answer)
        if status != 200:
            raise Refused(status, issued["error"], issued.get("error_description", SPENT))
        if jkt:
            issued |= {"token_type": "DPoP"}
            self.provider.bind(map(str, issued.values()), jkt)
        issued |= {**self._identity(exchange, issued), **exchanged(form)}
        named: JSON = {exchange.names.get(name, name): value for name, value in issued.items()}
        status, extra = own_answer(exchange)
        return Reply(status, overlaid(named, extra or {}, issued))

    def _identity(self, exchange: Exchange, issued: Mapping[str, JSON]) -> dict[str, JSON]:
        """The id_token that goes with what was *issued*, where one was asked for."""
        grant = self.provider.live(str(issued.get("access_token")), "access")
        if grant is None or not ("openid" in grant.scope or grant.nonce):
            return {}
        return {"id_token": self.signer.identity(exchange, issued, grant.nonce)}

    def _jwks(self, exchange: Exchange, request: Received) -> Reply:
        return Reply(200, self.signer.keys())

    def _invite(self, exchange: Exchange, request: Received) -> Reply:
        """A request for consent elsewhere, which a person has allowed before it is asked for."""
        proved(exchange, self.client, request, self.provider)
        host = request.target.partition("/")[0]
        status, extra = own_answer(exchange)
        invited = invitation(exchange.kind, f"{scheme_of(exchange)}://{host}")
        return Reply(status, overlaid(invited, extra or {}, {}))

    def _key(self, exchange: Exchange, request: Received, token: str = "") -> str:
        """The thumbprint of the key that *request* proves to have; "" without a proof."""
        if exchange.dpop and not request.proof:
            raise Refused(400, "invalid_dpop_proof", "expected a proof of possession")
        return self.proofs.judged(request, f"{scheme_of(exchange)}://{request.target}", token)

    def _publish(self, exchange: Exchange, request: Received) -> Reply:
        usual, document = answer_to(exchange, request, self.client)
        status, extra = own_answer(exchange, usual)
        return Reply(
            status, None if document is extra is None else overlaid(document, extra or {}, {})
        )

    def _http(self, exchange: Exchange, request: Received) -> Reply:
        scheme, _, bearer = request.authorization.partition(" ")
        jkt = self._key(exchange, request, bearer if scheme.lower() == "dpop" else "")
        known = {"bearer": "", "dpop": jkt}
        grant = self.provider.live(bearer, "access")
        if exchange.bearer and (grant is None or grant.jkt != known.get(scheme.lower())):
            raise Refused(401, "invalid_token", "the access token is unknown, expired or revoked")
        if exchange.section == "revoke":
            token = request.sent.get("token", bearer if request.method != "GET" else "")
            self.provider.revoke(self.provider.live(token, "access", "refresh"))
        if exchange.answer is not None:
            return self._vouched(exchange, Reply(*own_answer(exchange)))
        if request.method == "DELETE":
            return Reply(204)
        if "json.active" in exchange.answers and "token" in request.sent:
            found = self.provider.live(request.sent["token"], "access", "refresh")
            said = introspected(found, self.signer.issuer(exchange))
            return self._vouched(exchange, Reply(200, said))
        url = f"{scheme_of(exchange)}://{request.target}"
        return self._vouched(exchange, Reply(200, invented_answer(exchange.answers, url)))

    def _vouched(self, exchange: Exchange, reply: Reply) -> Reply:
        """*reply*, signed where the recipe wants it so."""
        if exchange.signed is None or reply.status != 200:
            return reply
        kind, text = self.signer.vouched(exchange, exchange.signed, reply.content)
        return Reply(200, page=text, headers={"Content-Type": kind})


def _said(error: OAuth2Error) -> dict[str, str]:
    """The parameters of the redirect that tells *error*."""
    return {name: value for name, value in error.twotuples if value is not None}
