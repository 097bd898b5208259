"""An API's answer that is signed: userinfo and introspection as a JWT (RFC 9701)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..errors import FlowError, ProviderError
from ..message import Request, Response
from ..oauth.id_token import check_audience, check_issuer, check_time
from ..oauth.jwt import Jwt, refused
from ..secret import JSON
from ..services import Services
from ..urls import origin
from .kind import Options, text_of
from .verified import UNPROVEN, UNPROVEN_HINT, Rules, opened, rules_of

WHAT = "the signed answer"
INTROSPECTION = "token-introspection+jwt"
TYPES = (f"application/{INTROSPECTION}", "application/jwt")


def asking(request: Request) -> Request:
    """*request*, which says that it wants the answer signed."""
    if any(name.lower() == "accept" for name in request.headers):
        return request
    return request._replace(headers={**request.headers, "Accept": ", ".join(TYPES)})


def vouched(services: Services, rules: Rules, request: Request, response: Response) -> Response:
    """
    *response* with what it says in the clear; one that tells of an error stays as it is.

    Raises:
        ProviderError: it is not signed, not by the issuer, or for another client (E519).
    """
    if not response.ok:
        return response
    try:
        claims = _claims(rules, response, now=services.now_at(origin(text_of(request.url))))
    except ProviderError as error:
        hint = error.problems[0].hint
        raise refused("E519", str(error), hint) from None
    body = json.dumps(claims).encode()
    headers = {**response.headers, "content-type": "application/json"}
    return Response(response.status, headers, body)


def rules_for(options: Options, services: Services) -> Rules:
    """How the answer is judged; the issuer's keys are asked for before the answer is."""
    rules = rules_of(options, services, "signed")
    if not rules.proves:
        raise FlowError("E207", UNPROVEN, hint=UNPROVEN_HINT, place=options.step.place)
    return rules


def _claims(rules: Rules, response: Response, *, now: float) -> dict[str, JSON]:
    text = response.text.strip()
    if response.content_type not in TYPES and text.count(".") not in (2, 4):
        raise refused("E519", f"{WHAT} is {response.content_type or 'nothing'}, and not signed")
    jwt = opened(text, rules, WHAT)
    check_time(jwt.claims, now, rules.leeway_s, WHAT)
    inner = jwt.claims.get("token_introspection")
    if isinstance(inner, dict):
        _check_introspection(jwt, rules)
        return inner
    for name, check in (("iss", _check_issuer), ("aud", _check_audience)):
        if name in jwt.claims:  # which userinfo may leave out (OpenID Connect Core 5.3.2)
            check(jwt.claims, rules)
    return dict(jwt.claims)


def _check_introspection(jwt: Jwt, rules: Rules) -> None:
    """It is one, from the issuer and for this client (RFC 9701 section 5)."""
    kind = str(jwt.header.get("typ", "")).lower().removeprefix("application/")
    if kind != INTROSPECTION:
        raise refused("E519", f"{WHAT} is of another kind: {kind[:40] or 'none'}")
    for name in ("iss", "aud", "iat"):
        if name not in jwt.claims:
            raise refused("E519", f"{WHAT} says no {name}")
    _check_issuer(jwt.claims, rules)
    _check_audience(jwt.claims, rules)


def _check_issuer(claims: Mapping[str, JSON], rules: Rules) -> None:
    check_issuer(claims, rules.issuer, WHAT)


def _check_audience(claims: Mapping[str, JSON], rules: Rules) -> None:
    check_audience(claims, rules.client_id, rules.audience, WHAT)


def check_subject(options: Options, response: Response) -> None:
    """Refuse, with E529, an answer about somebody else (OpenID Connect Core section 5.3.2)."""
    whom = text_of(options.get("subject"))
    found = response.json if isinstance(response.json, dict) else {}
    if whom and found.get("sub") != whom:
        said = "somebody else" if found.get("sub") else "nobody that it names"
        raise refused("E529", f"the answer is about {said}, and not about whom the id_token names")
