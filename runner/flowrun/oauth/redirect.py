"""The authorization response: whether a redirect is ours, and what it says (RFC 6749 4.1.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..errors import CallbackError
from .answer import said


class Expected(NamedTuple):
    """What the authorization request has sent, and its answer must bring back."""

    state: str | None  # None: the recipe has switched it off
    pkce: bool  # the request carried a challenge, so a foreign code cannot be redeemed
    issuer: str = ""  # compared when the redirect names one (RFC 9207)
    answers: Sequence[str] = ("code",)  # what it must carry, unless it is an error
    says_issuer: bool = False  # it must name one


MODES = ("query", "fragment", "form_post")
"""How a redirect carries its parameters (OAuth 2.0 Multiple Response Types, Form Post)."""

SIGNED = {
    "jwt": "",
    "query.jwt": "query",
    "fragment.jwt": "fragment",
    "form_post.jwt": "form_post",
}
"""Modes in which one that is signed carries all others, and how that comes (JARM section 2.3)."""

_ANSWERS = {"code": "code", "token": "access_token", "id_token": "id_token"}


def answers_to(response_type: str) -> list[str]:
    """The parameters that answer a request with *response_type*; a code when that says nothing."""
    words = response_type.split()
    return [_ANSWERS[word] for word in words if word in _ANSWERS] or ["code"]


def mode_of(response_type: str) -> str:
    """How the parameters come when the request does not say it: no server may see a token."""
    return "query" if answers_to(response_type) == ["code"] else "fragment"


def carrier_of(mode: str, response_type: str) -> str:
    """How the parameters come in *mode*, which answers a request with *response_type*."""
    return SIGNED.get(mode, mode) or mode_of(response_type)


def judge(params: Mapping[str, str], expected: Expected, *, bare: bool = False) -> None:
    """
    Refuse the parameters of a redirect that do not answer our request with what it asked for.

    Args:
        params: the redirect's parameters.
        expected: what was sent.
        bare: only the code was pasted; nothing but PKCE then ties it to our request.

    Raises:
        CallbackError: E404 for what is not an answer to our request (waiting may go on), anything
            else for an answer that ends the login.
    """
    if not (bare and expected.pkce):
        judge_state(params, expected.state)
    _judge_issuer(params, expected)
    if "error" in params:
        raise refusal(params)
    if missing := [name for name in expected.answers if not params.get(name)]:
        names = ", ".join(sorted(params)) or "nothing"
        hint = "Does response_type in the request ask for it? `names` sets another name for it."
        message = f"the redirect carries no {' and no '.join(missing)}, but {names}"
        raise CallbackError("E413" if "id_token" in missing else "E405", message, hint=hint)


def judge_state(params: Mapping[str, str], state: str | None) -> None:
    """Refuse, with E404, what does not bring back the *state* that was sent."""
    if state is None or same(params.get("state", ""), state):
        return
    if "error" in params:
        told = f"{_told(params)}, but without the state that was sent"
        hint = "Press Ctrl-C if this was your answer; some providers leave the state out."
        raise CallbackError("E404", told, hint=hint)
    what = "another state than" if params.get("state") else "no state, and not"
    hint = "Finish in the window that this run has opened, or paste the whole address."
    raise CallbackError("E404", f"the redirect carries {what} the one that was sent", hint=hint)


def _judge_issuer(params: Mapping[str, str], expected: Expected) -> None:
    issuer = expected.issuer
    if expected.says_issuer and not params.get("iss"):
        hint = "The provider says that it always does (RFC 9207), so somebody else has answered."
        raise CallbackError("E413", "the redirect does not say whom it comes from", hint=hint)
    if issuer and "iss" in params and not same(params["iss"], issuer):
        hint = "This may be a mix-up attack; do not go on with this login."
        raise CallbackError(
            "E409", f"the redirect comes from {params['iss']}, not {issuer}", hint=hint
        )


def same(left: str, right: str) -> bool:
    """Whether both are one text, in a time that does not tell where they differ."""
    import hmac

    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


def _told(params: Mapping[str, str]) -> str:
    description = said(params.get("error_description", ""))
    return f"the provider says {said(params['error'])}" + (
        f": {description}" if description else ""
    )


def refusal(params: Mapping[str, str]) -> CallbackError:
    """The error that an error response stands for (RFC 6749 section 4.1.2.1)."""
    error = params["error"]
    if error == "access_denied":
        hint = "Run it again and press Allow, or ask an administrator who may."
        return CallbackError("E402", _told(params), hint=hint)
    return CallbackError("E403", _told(params), hint=_HINTS.get(error, ""))


_HINTS = {
    "invalid_scope": "Check the scopes: their spelling, and that the client may ask for them.",
    "unauthorized_client": "The client is not registered for this grant; see `flowrun explain`.",
    "invalid_request": "Compare the request (`flowrun run -n`) with the provider's documentation.",
    "unsupported_response_type": "The provider does not know this response_type.",
    "temporarily_unavailable": "Try again later.",
    "server_error": "Try again later.",
}
