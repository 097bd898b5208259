"""Send a person to the provider and bring back the redirect."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import CallbackError
from ..message import Request
from ..oauth.redirect import Expected, judge
from ..secret import Secret, reveal
from ..services import Outputs, Services
from .kind import Options, text_of

URLS = frozenset[str]()
LATE = frozenset({"expect"})

TIMEOUT_S = 300
"""Long enough to sign in with a second factor."""


def run(options: Options, services: Services) -> Outputs:
    sent, names = options.authorization, options.fields("names")
    standard = {str(theirs): ours for ours, theirs in names.items()}
    expected = Expected(
        state=None if sent.get("state") is None else text_of(sent["state"]),
        pkce=text_of(sent.get("code_challenge_method")) == "S256",
        issuer=options.plain("issuer"),
    )

    def judged(params: Mapping[str, str], *, bare: bool = False) -> None:
        judge(_renamed(params, standard), expected, bare=bare)

    assert options.listener is not None
    timeout_s = options.seconds("timeout", TIMEOUT_S)
    url = text_of(sent.get("url"))
    found = services.browser.fetch(url, options.listener, judged, timeout_s=timeout_s)
    callback = {name: Secret(value) for name, value in _renamed(found, standard).items()}
    if options.held("expect", callback=callback) is False:
        expect = options.step.options["expect"]
        message = f"the redirect does not hold what the recipe expects: {expect}"
        raise CallbackError("E408", message, place=options.step.place)
    return callback


def preview(options: Options) -> Request | None:
    return None


def _renamed(params: Mapping[str, str], standard: Mapping[str, str]) -> dict[str, str]:
    return {standard.get(name, name): value for name, value in params.items()}


def redirect_uri(options: Options) -> str:
    """The redirection URI that this step waits at."""
    return str(reveal(options.get("at")))
