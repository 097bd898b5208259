"""The id_token of an answer: whose it is, and whether it belongs to this login."""

from __future__ import annotations

from collections.abc import Mapping

from ..content import read_json
from ..merge import METHODS
from ..message import Response
from ..oauth.id_token import Claims, Expected, judge, kept_of
from ..oauth.jwt import Jwt, read, refused
from ..oauth.sign_in import essential_acr, wants_auth_time
from ..secret import JSON, Value, reveal
from ..services import Services
from ..template import reads
from ..urls import origin
from .kind import Options, text_of
from .verified import Rules, opened, plain_of

WHAT = "the id_token"


def of_answer(
    options: Options,
    services: Services,
    rules: Rules,
    fields: Mapping[str, JSON],
    response: Response,
) -> dict[str, JSON]:
    """What is kept of the id_token in *fields*, the token in *response*; raises when it is bad."""
    jwt = opened(fields["id_token"], rules, WHAT)
    asked, renews = asked_of(options), options.step.section == "refresh"
    known = _known(options) if renews else _front(options, rules)
    expected = Expected(
        now=_now(options, services, response),
        issuer=rules.issuer,
        client_id=rules.client_id,
        audience=rules.audience,
        nonce=text_of(asked.get("nonce")),
        leeway_s=rules.leeway_s,
        access_token=text_of(reveal(fields.get("access_token"))),
        max_age_s=_max_age(asked),
        acr=essential_acr(_claims_asked(asked)),
        before=known,
        of="the record" if renews else "the redirect",
        renews=renews,
    )
    judge(jwt, expected)
    return kept_of(jwt.claims)


def of_redirect(options: Options, rules: Rules, params: Mapping[str, str], *, now: float) -> Jwt:
    """The id_token in *params*, which came through a browser: only its signature proves it."""
    jwt = opened(params["id_token"], rules, WHAT)
    asked = options.authorization
    expected = Expected(
        now=now,
        issuer=rules.issuer,
        client_id=rules.client_id,
        audience=rules.audience,
        nonce=text_of(asked.get("nonce")),
        leeway_s=rules.leeway_s,
        access_token=params.get("access_token", ""),
        code=params.get("code", ""),
        front=True,
        max_age_s=_max_age(asked),
        acr=essential_acr(_claims_asked(asked)),
    )
    judge(jwt, expected)
    return jwt


def asked_of(options: Options) -> Mapping[str, Value]:
    """The authorization request that the step's answer belongs to; none for a further token."""
    whose = reads(options.step.options, options.scope.vars)
    return options.authorization if any(path[0] == "callback" for path in whose) else {}


def needs_sign_in(options: Options) -> bool:
    """Whether it was asked for what only an id_token can tell."""
    asked = asked_of(options)
    return _max_age(asked) is not None or bool(essential_acr(_claims_asked(asked)))


def check_missing(options: Options) -> None:
    """E520 when there is no id_token, and it alone could tell what was asked for."""
    if needs_sign_in(options):
        message = "the answer holds no id_token, which has to say how the person has signed in"
        raise refused("E520", message, "Is openid among the scopes?")


def _now(options: Options, services: Services, response: Response) -> float:
    """The time of whoever has answered; of an answer that was kept, the time when it came."""
    if response.date is not None:
        return response.date
    url = next((text_of(options.get(method)) for method in METHODS if method in options), "")
    return services.now_at(origin(url)) if url else services.now()


def _max_age(asked: Mapping[str, Value]) -> float | None:
    if wants_auth_time(_claims_asked(asked)) and not text_of(asked.get("max_age")):
        return float("inf")
    text = text_of(asked.get("max_age"))
    return float(text) if text.isdecimal() else None


def _claims_asked(asked: Mapping[str, Value]) -> JSON:
    try:
        return read_json(text_of(asked.get("claims")) or "null")
    except ValueError:
        return None


def _known(options: Options) -> Claims:
    """What the record knows of the person, from the id_token of the login."""
    saved = reveal(options.scope.values.get("saved"))
    known: JSON = saved.get("flowrun") if isinstance(saved, dict) else None
    if (name := options.step.options.get("name")) and isinstance(known, dict):
        tokens = known.get("tokens")
        token = tokens.get(str(name)) if isinstance(tokens, dict) else None
        known = token.get("flowrun") if isinstance(token, dict) else None
    found = known.get("identity") if isinstance(known, dict) else None
    return found if isinstance(found, dict) else {}


def _front(options: Options, rules: Rules) -> Claims:
    """Whom the id_token in the redirect is about, which `capture` has found good."""
    callback = reveal(options.scope.values.get("callback"))
    token = callback.get("id_token") if isinstance(callback, dict) else None
    asked = text_of(options.authorization.get("response_type")).split()
    if not token or "id_token" not in asked:  # nobody has looked at one that just came along
        return {}
    claims = read(plain_of(token, rules, WHAT), WHAT).claims
    return {name: claims[name] for name in ("iss", "sub") if name in claims}
