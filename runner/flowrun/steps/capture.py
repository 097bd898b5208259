"""Bring back the redirect of a login: of one that we begin, or one that the provider begins."""

from __future__ import annotations

from collections.abc import Mapping

from ..document import Map
from ..errors import CallbackError, FlowError, ProviderError
from ..flow import Step
from ..message import Request
from ..oauth.redirect import MODES, Expected, answers_to, judge, mode_of
from ..secret import Secret, Value
from ..services import Judge, Outputs, Services
from ..template import Scope, render
from .kind import Options, text_of

URLS = frozenset[str]()
LATE = frozenset({"expect"})

TIMEOUT_S = 300
"""Long enough to sign in with a second factor."""

UNTIED = "no authorize comes before this capture, so nothing ties what comes to this login"
UNTIED_HINT = "Add `expect` over `callback`, such as the provider's signature, or an authorize."


def run(options: Options, services: Services) -> Outputs:
    sent = options.authorization
    if not sent and options.step.options.get("expect") is None:
        raise FlowError("E224", UNTIED, hint=UNTIED_HINT, place=options.step.place)
    assert options.listener is not None
    _still_open(options, services)
    found = services.browser.fetch(
        text_of(sent.get("url")),
        options.listener,
        _judge(options),
        timeout_s=options.seconds("timeout", TIMEOUT_S),
        mode=_mode(options),
    )
    callback = callback_of(options, found)
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
    options.one_of("response_mode", MODES, "query")
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
    return options.one_of("response_mode", MODES, asked or mode_of(_response_type(options)))


def _response_type(options: Options) -> str:
    return text_of(options.authorization.get("response_type"))


def _judge(options: Options) -> Judge:
    sent = options.authorization
    expected = Expected(
        state=None if sent.get("state") is None else text_of(sent["state"]),
        pkce=text_of(sent.get("code_challenge_method")) == "S256",
        issuer=options.plain("issuer"),
        answers=answers_to(_response_type(options)) if sent else (),
    )

    def judged(params: Mapping[str, str], *, bare: bool = False) -> None:
        callback = callback_of(options, params)
        if not sent and not _holds(options, callback):
            raise CallbackError("E404", _unexpected(options))
        named = {name: text_of(value) for name, value in callback.items()}
        judge(named, expected, bare=bare)

    return judged


def _holds(options: Options, callback: Outputs) -> bool:
    """Whether *callback* is what the recipe expects; anybody may have made it up."""
    try:
        return options.held("expect", callback=callback) is True
    except FlowError:
        return False


def _unexpected(options: Options) -> str:
    return f"the redirect does not hold what the recipe expects: {options.step.options['expect']}"
