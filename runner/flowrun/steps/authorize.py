"""Build the authorization URL (RFC 6749 section 4.1.1); hand the request in where that is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from ..document import Map
from ..errors import FlowError
from ..message import Request
from ..oauth.pkce import METHODS, challenge_of, new_verifier
from ..oauth.redirect import answers_to
from ..secret import Secret, Value
from ..services import Outputs, Services
from ..taint import Unknown
from ..urls import address_of, checked
from .kind import Options
from .parameters import texts, written

URLS = frozenset({"url", "par", "jwks"})
LATE = frozenset[str]()
OUTSIDE = ("client_id", "response_type", "scope")
ANSWER = ("response_type", "response_mode", "client_id", "max_age", "claims", "oauth_token")
HANDED_ON = frozenset(
    {
        *("url", "redirect_uri", "request_ends_at"),
        *("state", "nonce", "code_verifier", "code_challenge_method", *ANSWER),
    }
)


def run(options: Options, services: Services) -> Outputs:
    protections = _protections(options, _token, new_verifier)
    bound = _bound(options, options.possession.thumbprint)
    asked = {**_given(options), **_query(protections), **bound}
    checked(options.plain("url"))
    front, ends_at = _handed_in(options, asked, services)
    url = address_of(_request(options, front))
    if isinstance(url, Secret):
        message = "the authorization URL would show a secret to the browser and its history"
        raise FlowError("E222", message, place=options.step.place)
    kept = {"redirect_uri": asked.get("redirect_uri"), "request_ends_at": ends_at}
    return {"url": url, **kept, **_wanted(options, asked, url), **_kept(protections)}


def preview(options: Options) -> Request | None:
    asked = _put(options, imagined(options))
    if "par" in options:
        asked = _reference(asked, Unknown("request_uri"))
    return _request(options, asked)


def before(options: Options) -> Request | None:
    """The request that is sent before a browser is, or None."""
    if "par" not in options:
        return None
    from .pushed import pushed_request

    return pushed_request(options, _put(options, imagined(options)))


def hands_on(options: Map) -> frozenset[str] | None:
    return HANDED_ON


def imagined(options: Options) -> dict[str, Value]:
    """What is asked for; nothing is drawn for a request that is not sent."""
    named = _protections(options, str, str)
    added: dict[str, Value] = {
        name: value or Unknown(name) for name, value in named.items() if name != "code_verifier"
    }
    if "code_verifier" in named:
        added["code_challenge"] = Unknown("code_challenge")
    return {**_given(options), **added, **_bound(options, lambda _: Unknown("dpop_jkt"))}


def _given(options: Options) -> dict[str, Value]:
    query, client = options.fields("query"), options.get("client")
    if isinstance(client, Mapping) and ("par" in options or "request_object" in options):
        query.setdefault("client_id", client.get("id"))  # both need it (RFC 9101 section 5)
    return query


def _put(
    options: Options, asked: Mapping[str, Value], services: Services | None = None
) -> Mapping[str, Value]:
    """*asked*, put into a signed object where the recipe wants that (RFC 9101 section 5)."""
    if "request_object" not in options:
        return asked
    from .request_object import signed_object

    inside = signed_object(options, asked, services)
    # OpenID Connect wants these beside it (Core section 6.1), OAuth the client's id alone.
    beside = OUTSIDE if _is_openid(options) and "par" not in options else OUTSIDE[:1]
    return {**{name: asked.get(name) for name in beside}, "request": inside}


def _handed_in(
    options: Options, asked: Mapping[str, Value], services: Services
) -> tuple[Mapping[str, Value], int | None]:
    """What of *asked* is left for the browser to carry, and until when that is good."""
    if "par" not in options:
        return _put(options, asked, services), None
    from .pushed import push

    made = push(options, lambda: _put(options, asked, services), services)
    ends_at = None if made.lifetime_s is None else int(services.now()) + made.lifetime_s
    return _reference(asked, made.request_uri), ends_at


def _reference(asked: Mapping[str, Value], request_uri: str) -> dict[str, Value]:
    return {"client_id": asked.get("client_id"), "request_uri": request_uri}


def _token() -> str:
    import secrets

    return secrets.token_urlsafe(24)


def _protections(
    options: Options, token: Callable[[], str], verifier: Callable[[], str]
) -> dict[str, str]:
    """What ties the answer to this very request: state, code verifier, nonce."""
    if "oauth_token" in options.fields("query"):
        return {}  # which OAuth 1 has come back with the answer (RFC 5849 section 2.2)
    method = options.one_of("pkce", METHODS, "S256" if _for_code(options) else "off")
    made: dict[str, str] = {}
    if options.switched("state"):
        made["state"] = token()
    if method != "off":
        made |= {"code_verifier": verifier(), "code_challenge_method": method}
    if _is_openid(options) and options.switched("nonce"):
        made["nonce"] = token()
    return made


def _for_code(options: Options) -> bool:
    """Whether a code comes back, so that there is something to bind to this program."""
    asked = options.fields("query").get("response_type")
    return not isinstance(asked, str) or "code" in answers_to(asked)


def _is_openid(options: Options) -> bool:
    """Whether an id_token is asked for; one that comes through a browser needs its nonce."""
    asked = options.fields("query").get("response_type")
    through = isinstance(asked, str) and "id_token" in asked.split()
    return through or options.get("openid") in (True, "true")


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


def _request(options: Options, query: Mapping[str, Value]) -> Request:
    """The request that a browser is sent with, its parameters in the *query* or the fragment."""
    fragment = options.fields("fragment")
    if options.one_of("query_in", ("query", "fragment"), "query") == "fragment":
        query, fragment = {}, {**query, **fragment}
    parts = written(texts(query), options), written(texts(fragment), options)
    return Request("GET", options.plain("url"), parts[0], fragment=parts[1])


def _wanted(options: Options, asked: Mapping[str, Value], url: str) -> dict[str, Value]:
    """What the request says of its answer, wherever in it that stands."""
    parts, names = urlsplit(url), options.fields("names")
    sent: dict[str, Value] = {**dict(parse_qsl(parts.fragment)), **dict(parse_qsl(parts.query))}
    sent |= {**options.fields("fragment"), **written(texts(asked), options)}
    wanted = {name: sent.get(str(names.get(name, name))) for name in ANSWER}
    return {k: v if v is None or isinstance(v, Secret) else str(v) for k, v in wanted.items()}


def _kept(protections: dict[str, str]) -> dict[str, Value]:
    kept: dict[str, Value] = {name: Secret(value) for name, value in protections.items()}
    # Null is not sent, so a token request may always name them.
    return {"state": None, "nonce": None, "code_verifier": None, **kept}
