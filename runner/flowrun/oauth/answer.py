"""The token endpoint's answer: what it holds, and what a refusal means (RFC 6749 section 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..errors import FlowError, Outcome, ProviderError
from ..message import Response
from ..secret import JSON

UNREADABLE_HINT = "Is this the token endpoint? `flowrun run -n` shows the request."


def payload_of(response: Response, host: str) -> dict[str, JSON]:
    """
    The object that *response* holds.

    Raises:
        ProviderError: a redirect (E506), or nothing of the kind (E505).
    """
    if 300 <= response.status < 400:
        message = f"{host} answered {response.status}, a redirect to {_where(response)}"
        raise ProviderError("E506", message, hint="Put the endpoint's own URL into the recipe.")
    if isinstance(response.json, dict):
        return response.json
    what = response.content_type or "an answer of no declared type"
    size = "nothing" if not response.body else f"{what}, not an object of fields"
    outcome: Outcome = "unspent" if response.status == 429 else "unknown"
    message = f"{host} answered {response.status} with {size}"
    raise ProviderError("E505", message, hint=_hint(response, UNREADABLE_HINT), outcome=outcome)


def _hint(response: Response, otherwise: str) -> str:
    """What helps where the status says more than the answer."""
    if response.status == 429:
        wait = response.headers.get("retry-after", "")
        return f"Too many requests: try again {f'in {wait} s' if wait.isdigit() else 'later'}."
    return (
        "The trouble is the provider's: try again later." if response.status >= 500 else otherwise
    )


def _where(response: Response) -> str:
    from ..urls import origin

    to = response.headers.get("location", "")
    try:
        return origin(to) if to.startswith("http") else "another path"
    except FlowError:
        return "an address that is none"


def said(text: str) -> str:
    """What somebody else says, on one line and not for pages."""
    return " ".join(text.split())[:MOST_SAID]


MOST_SAID = 300
"""Characters; a provider that says more is not helping."""


class Refusal(NamedTuple):
    """An OAuth error as the provider spells it."""

    code: str
    text: str


def refusal_in(payload: Mapping[str, JSON]) -> Refusal:
    """The error in *payload*, in the usual places (RFC 6749 section 5.2, and their kin)."""
    error = payload.get("error", payload.get("code", ""))
    inner = error if isinstance(error, dict) else {}
    text = next(
        (
            str(each)
            for each in (
                payload.get("error_description"),
                inner.get("message"),
                payload.get("message"),
                payload.get("description"),
            )
            if each
        ),
        "",
    )
    code = inner.get("code") or inner.get("type") or inner.get("message") if inner else error
    return Refusal(str(code or ""), text)


HINTS = {
    "invalid_grant": "What was sent is used, expired or revoked, or the redirect URI differs from "
    "the one in the authorization request. Run the flow again.",
    "invalid_client": "Check the client's id and secret, and how it authenticates "
    "(`client: {auth: post}` or `basic`).",
    "invalid_scope": "Check the scopes: their spelling, and that the client may ask for them.",
    "unauthorized_client": "The client is not registered for this grant at the provider.",
    "unsupported_grant_type": "The provider does not know this grant_type; is the body in the form "
    "that it reads (form or json)?",
    "invalid_request": "Compare the request (`flowrun run -n`) with the provider's documentation.",
    "invalid_dpop_proof": "Compare this machine's clock with the provider's, and the algorithm "
    "(`dpop: ES256`) with those that it takes.",
    "use_dpop_nonce": "The provider asked for another nonce each time: try again.",
    "invalid_target": "Check the audience and the resource: whether the server knows them, and "
    "lets this client have tokens for them.",
    "slow_down": "Wait before the next try.",
    "unknown_user_id": "The provider knows nobody by this hint; check its spelling, and its kind "
    "(login_hint, login_hint_token or id_token_hint).",
    "expired_login_hint_token": "Get a new login_hint_token, and run the flow again.",
    "missing_user_code": "The person has a code against unasked requests: send it as `user_code`.",
    "invalid_user_code": "Check the person's `user_code`.",
    "invalid_binding_message": "Choose another binding_message: a shorter one, of plain letters.",
    "transaction_failed": "The person could not be asked; try again later.",
    "authorization_pending": "Give the step `poll: {}`, which waits for the person.",
}

CODES = {
    "invalid_grant": "E501",
    "invalid_client": "E502",
    "invalid_dpop_proof": "E514",
    "use_dpop_nonce": "E514",
}

ENDS = ("invalid_grant",)
"""What tells that a grant is over, whatever else a recipe adds."""


def refused(
    response: Response,
    refusal: Refusal,
    host: str,
    *,
    ends: Sequence[str] = (),
    hints: Mapping[str, str] | None = None,
) -> ProviderError:
    """The error that a refusal by the token endpoint stands for."""
    usual = _hint(response, HINTS["invalid_request"])
    hint = {**HINTS, **(hints or {})}.get(refusal.code, usual)
    if not refusal.code:
        message = f"{host} answered {response.status}, and without an access token"
        outcome: Outcome = "unspent" if response.status == 429 else "unknown"
        return ProviderError(
            "E504", message, hint=_hint(response, UNREADABLE_HINT), outcome=outcome
        )
    said = f"{host} refused: {refusal.code}" + (f" ({refusal.text})" if refusal.text else "")
    code = CODES.get(refusal.code, "E503")
    if refusal.code in (*ENDS, *ends):
        return ProviderError(code, said, hint=hint, outcome="ended")
    return ProviderError(
        code, said, hint=hint, outcome="unspent" if response.status < 500 else "unknown"
    )
