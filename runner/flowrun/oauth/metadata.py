"""What servers publish about themselves: where that stands, and whom it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from ..content import read_json
from ..errors import FlowError, ProviderError
from ..message import Response
from ..secret import JSON
from ..taint import Unknown, joined
from ..urls import checked, origin

OPENID, OAUTH, RESOURCE = (
    "openid-configuration",
    "oauth-authorization-server",
    "oauth-protected-resource",
)
KINDS = ("auto", "openid", "oauth")

ENDPOINTS = (
    "authorization_endpoint",
    "backchannel_authentication_endpoint",
    "device_authorization_endpoint",
    "end_session_endpoint",
    "introspection_endpoint",
    "jwks_uri",
    "pushed_authorization_request_endpoint",
    "registration_endpoint",
    "revocation_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
)

UNSAID: Mapping[str, JSON] = {
    **dict.fromkeys(ENDPOINTS),
    "authorization_response_iss_parameter_supported": False,
    "code_challenge_methods_supported": [],
    "dpop_signing_alg_values_supported": [],
    "grant_types_supported": ["authorization_code", "implicit"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "mtls_endpoint_aliases": {},
    "require_pushed_authorization_requests": False,
    "require_signed_request_object": False,
    "response_modes_supported": ["query", "fragment"],
    "response_types_supported": [],
    "scopes_supported": [],
    "tls_client_certificate_bound_access_tokens": False,
    "token_endpoint_auth_methods_supported": ["client_secret_basic"],
}
"""What a field stands for that is left out (RFC 8414 section 2, and where it was registered)."""

ATTACK = "If you cannot tell why, do not go on: this is how one server passes for another."


def addresses(issuer: str, kind: str) -> list[str]:
    """Where the metadata of *issuer* may stand, the likeliest first."""
    behind, before = f"{issuer.rstrip('/')}/.well-known/{OPENID}", _inserted(issuer, OAUTH)
    if kind == "openid":
        return [behind]
    if kind == "oauth":
        return [before]
    return list(dict.fromkeys([behind, before, _inserted(issuer, OPENID)]))


def likeliest(url: str, kind: str) -> str:
    """The address that is tried first; *url* may not be known yet."""
    if isinstance(url, Unknown):
        name = OAUTH if kind == "oauth" else RESOURCE if kind == "resource" else OPENID
        return str(joined([url, f"/.well-known/{name}"]))
    return address_of_resource(url) if kind == "resource" else addresses(url, kind)[0]


def address_of_resource(resource: str) -> str:
    """Where the metadata of a protected resource stands (RFC 9728 section 3.1)."""
    return _inserted(resource, RESOURCE)


def _inserted(url: str, name: str) -> str:
    """The well-known address between host and path (RFC 8414 section 3.1)."""
    start, mark, query = url.partition("?")
    host = origin(url)
    path = re.sub("^https?://[^/]*", "", start, flags=re.IGNORECASE).rstrip("/")
    return f"{host}/.well-known/{name}{path}{mark}{query}"


def refuse_parts(issuer: str) -> None:
    """Raise when *issuer* is none (RFC 8414 section 2): it would stand for another address."""
    if not isinstance(issuer, Unknown) and re.search("[?#]", issuer):
        raise FlowError("E214", "an issuer has no query and no fragment", hint="Leave it out.")


def document_in(response: Response) -> dict[str, JSON] | None:
    """The metadata in *response*, None when it holds none."""
    if not response.ok:
        return None
    try:
        document = read_json(response.body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def complete(document: Mapping[str, JSON]) -> dict[str, JSON]:
    """*document*, with what the fields that it leaves out stand for."""
    return over(UNSAID, document)


def over(more: Mapping[str, JSON], document: Mapping[str, JSON]) -> dict[str, JSON]:
    """*document*, with what *more* says where it says nothing."""
    return {**more, **{name: value for name, value in document.items() if value is not None}}


def judge_issuer(document: Mapping[str, JSON], issuer: str) -> None:
    """Raise unless *document* is that of *issuer*, to the letter (RFC 8414 section 3.3)."""
    named = document.get("issuer")
    if named != issuer:
        raise ProviderError("E511", _other("issuer", named, issuer), hint=_meant(named, issuer))


def judge_resource(document: Mapping[str, JSON], resource: str) -> None:
    """Raise unless *document* is that of *resource*, to the letter (RFC 9728 section 3.3)."""
    named = document.get("resource")
    if named != resource:
        raise ProviderError(
            "E516", _other("resource", named, resource), hint=_meant(named, resource)
        )


def judge_endpoint(issuer: str, name: str, url: str) -> None:
    """Raise unless *url*, which *issuer* names as its endpoint *name*, can be asked."""
    if not _is_url(url):
        named = f"a {name} that is no safe URL" if url else f"no {name}"
        hint = "The server does not offer what the recipe uses; its metadata is all it says."
        raise ProviderError("E512", f"{issuer} names {named}", hint=hint)


def _other(what: str, named: JSON, asked: str) -> str:
    if not isinstance(named, str):
        return f"the metadata of {asked} names no {what}"
    return f"the metadata of {asked} is that of another {what}: {_told(named)}"


def _meant(named: JSON, asked: str) -> str:
    if isinstance(named, str) and named.rstrip("/") == asked.rstrip("/"):
        return f"They are compared to the letter; write it as the server does: {_told(named)}"
    return ATTACK


def _told(named: str) -> str:
    return named if re.fullmatch("[!-~]{1,300}", named) else "one that is no URL"


def servers_of(document: Mapping[str, JSON]) -> list[str]:
    """The issuers whose tokens a resource takes, in its order (RFC 9728 section 2)."""
    named = document.get("authorization_servers")
    urls = [each for each in named if isinstance(each, str)] if isinstance(named, list) else []
    return [url for url in urls if _is_url(url)][:MOST_SERVERS]


MOST_SERVERS = 10


def _is_url(text: str) -> bool:
    try:
        return bool(checked(text, endpoint=True))
    except FlowError:
        return False


_PARAMETER = re.compile(
    r"""([!#$%&'*+.^_`|~0-9A-Za-z-]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]++))|"(?:[^"\\]|\\.)*+"?"""
)


def named_in_challenge(header: str) -> str:
    """The address of its metadata that a resource names in WWW-Authenticate (RFC 9728 5.1)."""
    for name, value in _parameters(header):
        if name.lower() == "resource_metadata":
            return value
    return ""


def _parameters(header: str) -> Iterator[tuple[str, str]]:
    for found in _PARAMETER.finditer(header):
        if found[1]:
            quoted = found[2]
            yield found[1], found[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)


def host_of(url: str) -> str:
    """The host of *url*, as messages name it."""
    return urlsplit(url).netloc
