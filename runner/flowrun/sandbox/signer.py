"""All that the embedded provider signs: id_tokens, whole redirects, answers of its APIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..secret import JSON
from . import front
from .answers import issuer_of
from .identity import id_token, published, signed_as
from .provider import Provider
from .shape import Believed, Client, Exchange


class Signer:
    """Signs for the one *client*, with keys that the *provider* keeps."""

    def __init__(self, exchanges: Sequence[Exchange], client: Client, provider: Provider) -> None:
        self.exchanges, self.client, self.provider = exchanges, client, provider

    def issuer(self, exchange: Exchange) -> str:
        """Who the recipe says that it is, else where it is asked for consent or a token."""
        said = (each.believed.issuer for each in self.exchanges if each.believed.issuer)
        known = (each for each in self.exchanges if "/.well-known/" in each.url)
        discovered = (
            each.issuer or issuer_of(each.url)
            for each in known
            if each.issuer or "/oauth-protected-resource" not in each.url
        )
        asked = (each for each in self.exchanges if each.kind == "authorize")
        site = next(asked, exchange).url
        here = "/".join(site.split("/")[:3])
        return exchange.believed.issuer or next(said, next(discovered, here))

    def keys(self) -> JSON:
        """The keys as the issuer shows them."""
        shown = (each.believed.algs for each in self.exchanges if each.kind == "jwks")
        algs = tuple(dict.fromkeys(alg for those in shown for alg in those))
        return published(algs, self.provider.keys)

    def identity(self, exchange: Exchange, issued: Mapping[str, JSON], nonce: str) -> str:
        """The id_token that goes with what was *issued*."""
        claims: dict[str, JSON] = {"iss": self.issuer(exchange), "aud": self.client.id}
        if audience := exchange.believed.audience:
            claims |= {"aud": [audience, self.client.id], "azp": self.client.id}
        claims |= {"nonce": nonce} if nonce else {}
        now, secret = self.provider.now(), self.client.secret
        return id_token(exchange, claims, issued, self.provider.keys, now=now, secret=secret)

    def redirect(self, exchange: Exchange, named: Sequence[tuple[str, str]]) -> str:
        """The parameters of a redirect as one (JARM section 2.1)."""
        how = exchange.signed or Believed()
        claims = front.claims_of(named, how.audience or self.client.id, self.provider.now())
        return signed_as(how, claims, self.provider.keys, self.client.secret)

    def vouched(self, exchange: Exchange, how: Believed, content: JSON) -> tuple[str, str]:
        """What an API answers, with its media type."""
        about = self.issuer(exchange), how.audience or self.client.id, self.provider.now()
        kind, claims = front.vouching(exchange.answers, content, *about)
        text = signed_as(how, claims, self.provider.keys, self.client.secret, typ=kind)
        return f"application/{kind}", text
