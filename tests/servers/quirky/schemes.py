"""Authorization headers of older schemes, and what is wrong with them."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterator
from hashlib import md5

from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.utils import escape, parse_authorization_header, unescape

USUAL = {"oauth_consumer_key", "oauth_nonce", "oauth_signature_method", "oauth_timestamp"}


def oauth1_faults(wanted: object, header: str, method: str, url: str) -> Iterator[str]:
    """RFC 5849 section 3.4: what is wrong with *header*; *wanted* has the secrets and the rest."""
    assert isinstance(wanted, dict)
    given = dict(signature.collect_parameters(headers={"Authorization": header}))
    sent = dict(parse_authorization_header(header))
    more = {"oauth_version", *(str(name) for name in wanted["with"])}
    if set(given) != USUAL | more or given["oauth_consumer_key"] != wanted["$oauth1"]:
        yield f"the header names {sorted(given)}"
    for name, value in wanted["with"].items():
        if given.get(name) != value:
            yield f"{name}: expected {value!r}, got {given.get(name)!r}"
    normal = "&".join(sorted(f"{escape(name)}={escape(value)}" for name, value in given.items()))
    base = "&".join(map(escape, (method, url, normal)))
    key = f"{escape(wanted['secret'])}&{escape(wanted['token_secret'])}"
    digest = hmac.digest(key.encode(), base.encode(), "sha1")
    if unescape(sent["oauth_signature"]) != base64.b64encode(digest).decode():
        yield "the signature is another one"


def digest_faults(wanted: object, header: str) -> Iterator[str]:
    """RFC 7616, with MD5 and qop=auth: what is wrong with *header*."""
    assert isinstance(wanted, dict)
    given = dict(re.findall(r'(\w+)="?([^",]*)"?', header.removeprefix("Digest ")))
    for name in ("username", "realm", "nonce", "uri"):
        if given.get(name) != wanted[name]:
            yield f"{name}: expected {wanted[name]!r}, got {given.get(name)!r}"
    first = _md5(f"{wanted['username']}:{wanted['realm']}:{wanted['$digest']}")
    between = ":".join(given.get(name, "") for name in ("nonce", "nc", "cnonce", "qop"))
    second = _md5(f"GET:{wanted['uri']}")
    if given.get("response") != _md5(f"{first}:{between}:{second}"):
        yield "the response is another one"


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
