"""Bring back the redirect of a login: of one that we begin, or one that the provider begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..document import Map
from ..errors import CallbackError, FlowError, ProviderError
from ..flow import Step
from ..message import Request
from ..oauth.redirect import MODES, SIGNED, Expected, answers_to, carrier_of, judge, mode_of
from ..secret import Secret, Value
from ..services import Judge, Outputs, Services
from ..template import Scope, render
from .kind import Options, is_off, text_of

if TYPE_CHECKING:
    from .redirected import Redirected

URLS = frozenset({"jwks"})
LATE = frozenset({"expect"})

TIMEOUT_S = 300
"""Long enough to sign in with a second factor."""

BARE = "a code alone is not enough here: paste the whole address, since what is in it is signed"
KNOWN_MODES = (*MODES, *SIGNED)
SAYS_ISSUER = ("optional", "required")

UNTIED = "no authorize comes before this capture, so nothing ties what comes to this login"
UNBOUND = "no nonce is sent, so nothing ties the id_token in the redirect to this login"
UNBOUND_HINT = "Take `nonce: off` away (OpenID Connect Core section 3.2.2.1)."
UNTIED_HINT = "Add `expect` over `callback`, such as the provider's signature, or an authorize."


def run(options: Options, services: Services) -> Outputs:
    sent = options.authorization
    if not sent and options.step.options.get("expect") is None:
        raise FlowError("E224", UNTIED, hint=UNTIED_HINT, place=options.step.place)
    assert options.listener is not None
    redirected = _redirected(options, services)  # now: without keys nobody is sent anywhere
    _still_open(options, services)
    found = services.browser.fetch(
        text_of(sent.get("url")),
        options.listener,
        _judge(options, redirected),
        timeout_s=options.seconds("timeout", TIMEOUT_S),
        mode=carrier_of(_mode(options), _response_type(options)),
    )
    callback = callback_of(options, redirected.parameters(found) if redirected else found)
    if sent and options.held("expect", callback=callback) is False:
        raise CallbackError("E408", _unexpected(options), place=options.step.place)
    return callback


def _still_open(options: Options, services: Services) -> None:
    """Refuse to open what was handed in too long ago, and tell how long it is good for."""
    ends_at = text_of(options.authorization.get("request_ends_at"))
    if not ends_at:
        return
    left_s = int(ends_at) - int(services.now())
    if left_s <= 0:
        message = "the request that was handed in has ended before anybody was asked"
        raise ProviderError("E517", message, hint="Let `capture` follow `authorize` at once.")
    if left_s < options.seconds("timeout", TIMEOUT_S):
        services.tell(f"the address of the login works for {left_s} s")


def preview(options: Options) -> Request | None:
    options.one_of("response_mode", KNOWN_MODES, "query")
    options.one_of("iss", SAYS_ISSUER, "optional")
    for key in ("id_token", "signed"):
        if key in options:
            from .verified import look

            look(options, key)
    return None


def hands_on(options: Map) -> frozenset[str] | None:
    return None


def callback_of(options: Options, params: Mapping[str, str]) -> dict[str, Value]:
    """
    The parameters of a redirect under their standard names, sealed.

    What a provider says in beginning a login is not, so that it can tell where to log in.
    """
    standard = {str(theirs): ours for ours, theirs in options.fields("names").items()}
    named = {standard.get(name, name): value for name, value in params.items()}
    if options.authorization:
        return {name: Secret(value) for name, value in named.items()}
    return {name: Secret(v) if _is_credential(name) else v for name, v in named.items()}


def _is_credential(name: str) -> bool:
    return name == "code" or name.endswith("token")


def redirect_uri(step: Step, scope: Scope) -> str:
    """The redirection URI that *step* waits at, which is known before any step has run."""
    return text_of(render(step.options.get("at"), scope))


def _mode(options: Options) -> str:
    sent = options.authorization
    asked = text_of(sent.get("response_mode"))
    usual = asked or mode_of(_response_type(options))
    return options.one_of("response_mode", KNOWN_MODES, usual)


def _redirected(options: Options, services: Services) -> Redirected | None:
    """Whoever knows what to believe of a redirect in which something is signed."""
    mode, answers = _mode(options), answers_to(_response_type(options))
    if not options.authorization or not (mode in SIGNED or "id_token" in answers):
        _keys_for_later(options, services)
        return None
    if "id_token" in answers and not (is_off(options) or options.authorization.get("nonce")):
        raise FlowError("E224", UNBOUND, hint=UNBOUND_HINT, place=options.step.place)
    from .redirected import Redirected

    return Redirected(options, services, mode, answers)


def _keys_for_later(options: Options, services: Services) -> None:
    """Have the issuer's keys on the shelf, since without them no login could be completed."""
    if options.authorization and options.get("jwks"):
        from .jwks import Keys

        Keys(text_of(options.get("jwks")), services)


def _response_type(options: Options) -> str:
    return text_of(options.authorization.get("response_type"))


def _judge(options: Options, redirected: Redirected | None) -> Judge:
    sent = options.authorization
    expected = Expected(
        state=None if sent.get("state") is None else text_of(sent["state"]),
        pkce=text_of(sent.get("code_challenge_method")) == "S256",
        issuer=options.plain("issuer"),
        answers=answers_to(_response_type(options)) if sent else (),
        says_issuer=options.one_of("iss", SAYS_ISSUER, "optional") == "required"
        and not (redirected and redirected.names_issuer),
    )

    temporary = text_of(sent.get("oauth_token"))

    def judged(params: Mapping[str, str], *, bare: bool = False) -> None:
        if redirected and bare:
            raise CallbackError("E404", BARE)
        params = redirected.parameters(params) if redirected else params
        callback = callback_of(options, params)
        if not sent and not _holds(options, callback):
            raise CallbackError("E404", _unexpected(options))
        named = {name: text_of(value) for name, value in callback.items()}
        if temporary:
            from ..oauth.oauth1 import judge_callback

            return judge_callback(named, temporary)
        judge(named, expected, bare=bare)
        if redirected:
            redirected.check(named)

    return judged


def _holds(options: Options, callback: Outputs) -> bool:
    """Whether *callback* is what the recipe expects; anybody may have made it up."""
    try:
        return options.held("expect", callback=callback) is True
    except FlowError:
        return False


def _unexpected(options: Options) -> str:
    return f"the redirect does not hold what the recipe expects: {options.step.options['expect']}"
