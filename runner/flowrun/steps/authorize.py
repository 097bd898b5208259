"""Build the authorization URL (RFC 6749 section 4.1.1). Opens nothing, sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from ..document import Map
from ..errors import FlowError
from ..message import Request
from ..oauth.pkce import METHODS, challenge_of, new_verifier
from ..secret import Secret, Value
from ..services import Outputs, Services
from ..taint import Unknown
from ..urls import address_of, checked
from .kind import Options
from .parameters import written

URLS = frozenset({"url"})
LATE = frozenset[str]()
ANSWER = ("response_type", "response_mode", "client_id", "max_age", "claims")
HANDED_ON = frozenset(
    {"url", "redirect_uri", "state", "nonce", "code_verifier", "code_challenge_method", *ANSWER}
)


def run(options: Options, services: Services) -> Outputs:
    protections = _protections(options, _token, new_verifier)
    request = _request(
        options, {**_query(protections), **_bound(options, options.possession.thumbprint)}
    )
    checked(str(request.url))
    url = address_of(request)
    if isinstance(url, Secret):
        message = "the authorization URL would show a secret to the browser and its history"
        raise FlowError("E222", message, place=options.step.place)
    sent = {**options.fields("fragment"), **options.fields("query")}
    redirect_uri = sent.get("redirect_uri")
    return {"url": url, "redirect_uri": redirect_uri, **_wanted(options, url), **_kept(protections)}


def preview(options: Options) -> Request | None:
    named = _protections(options, str, str)  # nothing is drawn for a request that is not sent
    added: dict[str, Value] = {
        name: value or Unknown(name) for name, value in named.items() if name != "code_verifier"
    }
    if "code_verifier" in named:
        added["code_challenge"] = Unknown("code_challenge")
    return _request(options, added | _bound(options, lambda _: Unknown("dpop_jkt")))


def hands_on(options: Map) -> frozenset[str] | None:
    return HANDED_ON


def _token() -> str:
    import secrets

    return secrets.token_urlsafe(24)


def _protections(
    options: Options, token: Callable[[], str], verifier: Callable[[], str]
) -> dict[str, str]:
    """What ties the answer to this very request: state, code verifier, nonce."""
    method = options.one_of("pkce", METHODS, "S256")
    made: dict[str, str] = {}
    if options.switched("state"):
        made["state"] = token()
    if method != "off":
        made |= {"code_verifier": verifier(), "code_challenge_method": method}
    if options.get("openid") in (True, "true") and options.switched("nonce"):
        made["nonce"] = token()
    return made


def _query(protections: dict[str, str]) -> dict[str, str]:
    """The parameters that carry *protections*."""
    query = {name: value for name, value in protections.items() if name != "code_verifier"}
    if verifier := protections.get("code_verifier"):
        query["code_challenge"] = challenge_of(verifier, protections["code_challenge_method"])
    return query


def _bound(options: Options, thumbprint: Callable[[str], str]) -> dict[str, str]:
    """What ties the code to the key that its token will be bound to (RFC 9449 section 10)."""
    if not options.switched_on("dpop"):
        return {}
    from .binding import algorithm

    alg = algorithm(options)
    return {"dpop_jkt": thumbprint(alg)} if alg else {}


def _request(options: Options, added: Mapping[str, Value]) -> Request:
    query, fragment = options.fields("query"), options.fields("fragment")
    if options.one_of("query_in", ("query", "fragment"), "query") == "fragment":
        query, fragment = {}, {**query, **fragment, **added}
    else:
        query |= added
    parts = written(query, options), written(fragment, options)
    return Request("GET", options.plain("url"), parts[0], fragment=parts[1])


def _wanted(options: Options, url: str) -> dict[str, Value]:
    """What the request says of its answer, wherever in the URL that stands."""
    parts, names = urlsplit(url), options.fields("names")
    sent = {**dict(parse_qsl(parts.fragment)), **dict(parse_qsl(parts.query))}
    return {name: sent.get(str(names.get(name, name))) for name in ANSWER}


def _kept(protections: dict[str, str]) -> dict[str, Value]:
    kept: dict[str, Value] = {name: Secret(value) for name, value in protections.items()}
    # Null is not sent, so a token request may always name them.
    return {"state": None, "nonce": None, "code_verifier": None, **kept}
