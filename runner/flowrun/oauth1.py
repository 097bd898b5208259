"""Signs requests as OAuth 1.0a has it (RFC 5849 section 3); the rules are oauthlib's."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from .errors import FlowError

HMACS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256", "HMAC-SHA512": "sha512"}
RSAS = {"RSA-SHA1": "SHA1", "RSA-SHA256": "SHA256", "RSA-SHA512": "SHA512"}
METHODS = (*HMACS, *RSAS, "PLAINTEXT")

Parameters = Sequence[tuple[str, str]]


class Signing(NamedTuple):
    """What a request is signed with: the consumer's part, and that of the token."""

    method: str = "HMAC-SHA1"
    secret: str = ""
    token_secret: str = ""
    private_key: str = ""  # in the place of both secrets, for RSA

    def signature(self, verb: str, url: str, form: str, protocol: Parameters) -> str:
        """
        The value of oauth_signature.

        Args:
            verb: the request's method.
            url: where it goes, with its query.
            form: its body, when that is a form; nothing else is signed.
            protocol: the oauth_ parameters, wherever they are going to stand.

        Raises:
            FlowError: what is to be signed has no place in a request (E222).
        """
        if self.method == "PLAINTEXT":
            return str(_rules().sign_plaintext(self.secret, self.token_secret))
        base = base_string(verb, url, form, protocol)
        if self.method in RSAS:
            from .jose.raw import rsa_signature

            signed = rsa_signature(base.encode(), self.private_key, RSAS[self.method])
            return base64.b64encode(signed).decode()
        sign = getattr(_rules(), f"sign_hmac_{HMACS[self.method]}_with_client")
        return str(sign(base, _Secrets(self.secret, self.token_secret)))


def _rules() -> Any:
    from oauthlib.oauth1.rfc5849 import signature

    return signature


class _Secrets(NamedTuple):
    client_secret: str
    resource_owner_secret: str


def base_string(verb: str, url: str, form: str, protocol: Parameters) -> str:
    """What is signed: the method, the address and all parameters (RFC 5849 section 3.4.1)."""
    rules = _rules()
    try:
        sent = rules.collect_parameters(uri_query=urlsplit(url).query, body=form, headers={})
        normalized = rules.normalize_parameters([*sent, *protocol])
        return str(rules.signature_base_string(verb, rules.base_string_uri(url), normalized))
    except ValueError:  # not `from error`: it may show what is sent
        raise FlowError("E222", "a value in the request cannot be signed") from None


def header(protocol: Parameters, realm: str = "") -> str:
    """The value of an Authorization header (RFC 5849 section 3.5.1)."""
    named = [("realm", realm)] if realm else []
    pairs = (f'{name}="{quote(value, safe="~")}"' for name, value in (*named, *protocol))
    return "OAuth " + ", ".join(pairs)


def signed(
    signing: Signing, verb: str, url: str, form: str, protocol: Mapping[str, str]
) -> Parameters:
    """The oauth_ parameters of a request, with their signature behind them."""
    pairs = [("oauth_signature_method", signing.method), *protocol.items()]
    return [*pairs, ("oauth_signature", signing.signature(verb, url, form, pairs))]
