"""What of a redirect is signed: all of it (JARM), or the id_token in it."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import CallbackError, FlowError, ProviderError
from ..oauth.id_token import check_audience, check_required, check_time
from ..oauth.jwt import read
from ..oauth.redirect import SIGNED, judge_state
from ..secret import JSON
from ..services import Services
from ..urls import origin
from .identity import of_redirect
from .kind import Options, is_off, text_of
from .verified import UNPROVEN, UNPROVEN_HINT, Rules, opened, plain_of, rules_of

WHAT = "the redirect's response"
REQUIRED: Mapping[str, tuple[type, ...]] = {
    "iss": (str,),
    "aud": (str, list),
    "exp": (int, float),
}
"""JARM section 2.1."""

ABOUT_ITSELF = ("aud", "exp", "iat", "nbf", "jti")
"""Claims that are about the response, and no parameters of it."""

FORGED = "Somebody may have changed it on the way; do not go on with this login."


class Redirected:
    """What to believe of a redirect; the issuer's keys are asked for before anybody is sent off."""

    def __init__(self, options: Options, services: Services, mode: str, answers: list[str]) -> None:
        self._options, self._services = options, services
        self._state = text_of(options.authorization.get("state"))
        self._whole = rules_of(options, services, "signed") if mode in SIGNED else None
        looks = "id_token" in answers and not is_off(options)
        self._token = rules_of(options, services) if looks else None
        for rules in (self._whole, self._token):
            if rules and not rules.proves:
                raise FlowError("E207", UNPROVEN, hint=UNPROVEN_HINT, place=options.step.place)

    @property
    def names_issuer(self) -> bool:
        """Whether the id_token says whom the redirect comes from, so that nothing else has to."""
        return self._token is not None and bool(self._token.issuer)

    def parameters(self, params: Mapping[str, str]) -> Mapping[str, str]:
        """
        The parameters that *params* stand for.

        Raises:
            CallbackError: E404 for what is not about this login, E412 for what is, and is not
                signed as it should be.
        """
        rules = self._whole
        if rules is None:
            return params
        if "response" not in params:
            judge_state(params, self._state or None)
            message = "the redirect is not signed, though the request asks for that"
            raise CallbackError("E412", message, hint=FORGED)
        inner = self._tied(params["response"], rules)
        try:
            jwt = opened(inner, rules._replace(decrypt=""), WHAT)
            check_required(jwt.claims, REQUIRED, WHAT)
            check_audience(jwt.claims, rules.client_id, rules.audience, WHAT)
            check_time(jwt.claims, self._now(), rules.leeway_s, WHAT)
        except ProviderError as error:
            raise CallbackError("E412", str(error), hint=error.problems[0].hint) from None
        said = {name: value for name, value in jwt.claims.items() if name not in ABOUT_ITSELF}
        return {name: str(value) for name, value in said.items() if value is not None}

    def check(self, params: Mapping[str, str]) -> None:
        """Refuse an id_token in *params* that is not the issuer's, or not for this login."""
        if self._token and "error" not in params:
            of_redirect(self._options, self._token, params, now=self._now())

    def _tied(self, response: str, rules: Rules) -> JSON:
        """The signed token in *response*, as far as it says that it is about this login."""
        try:
            inner = plain_of(response, rules, WHAT)
            claims = read(inner, WHAT).claims
        except ProviderError as error:  # anybody may send what nobody can read
            raise CallbackError("E404", str(error)) from None
        texts = {name: str(claims[name]) for name in ("state", "error") if name in claims}
        judge_state(texts, self._state or None)
        return inner

    def _now(self) -> float:
        url = self._options.get("jwks")
        return self._services.now_at(origin(text_of(url))) if url else self._services.now()
