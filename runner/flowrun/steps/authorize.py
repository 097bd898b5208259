"""Build the authorization URL (RFC 6749 section 4.1.1). Opens nothing, sends nothing."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import FlowError
from ..message import Request
from ..oauth.pkce import METHODS, challenge_of, new_verifier
from ..secret import Secret, Value
from ..services import Outputs, Services
from ..taint import Unknown
from ..urls import checked, with_query
from .kind import Options

URLS = frozenset({"url"})
LATE = frozenset[str]()


def run(options: Options, services: Services) -> Outputs:
    protections = _protections(options)
    request = _request(options, _query(protections))
    url = with_query(checked(str(request.url)), request.query)
    if isinstance(url, Secret):
        message = "the authorization URL would show a secret to the browser and its history"
        raise FlowError("E222", message, place=options.step.place)
    return {"url": url, "redirect_uri": request.query.get("redirect_uri"), **_kept(protections)}


def preview(options: Options) -> Request | None:
    added = _query(_protections(options))
    told = ("code_challenge_method",)
    return _request(options, {k: v if k in told else Unknown(k) for k, v in added.items()})


def _protections(options: Options) -> dict[str, str]:
    """What ties the answer to this very request: state, code verifier, nonce."""
    import secrets

    method = options.one_of("pkce", METHODS, "S256")
    made: dict[str, str] = {}
    if options.switched("state"):
        made["state"] = secrets.token_urlsafe(24)
    if method != "off":
        made |= {"code_verifier": new_verifier(), "code_challenge_method": method}
    if options.get("openid") in (True, "true") and options.switched("nonce"):
        made["nonce"] = secrets.token_urlsafe(24)
    return made


def _query(protections: dict[str, str]) -> dict[str, str]:
    """The parameters that carry *protections*."""
    query = {name: value for name, value in protections.items() if name != "code_verifier"}
    if verifier := protections.get("code_verifier"):
        query["code_challenge"] = challenge_of(verifier, protections["code_challenge_method"])
    return query


def _request(options: Options, added: Mapping[str, Value]) -> Request:
    query = {**options.fields("query"), **added}
    names = options.fields("names")
    renamed = {str(names.get(name, name)): value for name, value in query.items()}
    return Request("GET", options.plain("url"), renamed)


def _kept(protections: dict[str, str]) -> dict[str, Value]:
    kept: dict[str, Value] = {name: Secret(value) for name, value in protections.items()}
    # Null is not sent, so a token request may always name them.
    return {"state": None, "nonce": None, "code_verifier": None, **kept}
