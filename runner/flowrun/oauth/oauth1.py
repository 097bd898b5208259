"""What the answers of OAuth 1.0a servers say (RFC 5849 section 2, and the problem reporting)."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import CallbackError, Outcome, ProviderError
from ..message import Response
from ..secret import JSON
from .answer import Refusal, refusal_in, said
from .redirect import same

OVER = ("token_expired", "token_rejected", "token_revoked", "token_used")
"""Problems that mean that the person's consent is over."""

HINTS = {
    **dict.fromkeys(OVER, "Run the flow again."),
    "consumer_key_rejected": "Check the consumer key.",
    "consumer_key_unknown": "Check the consumer key.",
    "nonce_used": "Run the flow again; each request has a nonce of its own.",
    "permission_denied": "Run it again and press Allow, or ask an administrator who may.",
    "signature_invalid": "Check both secrets, or the private key, and the method.",
    "signature_method_rejected": "Choose the method that the provider documents.",
    "timestamp_refused": "Set this machine's clock.",
    "verifier_invalid": "Run the flow again.",
}
CHECK = "Check the consumer key, both secrets (or the private key), the method and the clock."


def fields_in(response: Response) -> Response:
    """*response*, whose fields are read as a form even when it claims to be a page."""
    if response.json is not None or not response.text.lstrip().startswith("oauth_"):
        return response
    headers = {**response.headers, "content-type": "application/x-www-form-urlencoded"}
    return Response(response.status, headers, response.body)


def problem_in(response: Response) -> Refusal:
    """What *response* complains of, as OAuth 1 servers spell it."""
    fields: Mapping[str, JSON] = response.json if isinstance(response.json, dict) else {}
    if "oauth_problem" in fields:
        code, advice = fields["oauth_problem"], fields.get("oauth_problem_advice")
        return Refusal(str(code), str(advice or ""))
    errors = fields.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if isinstance(first, dict):
        return Refusal(str(first.get("code", "")), str(first.get("message", "")))
    found = refusal_in(fields)
    plain = response.text if not fields and "html" not in response.content_type else ""
    return found if found.code else Refusal("", plain)


def refused(host: str, status: int, problem: Refusal) -> ProviderError:
    """The error for a request that *host* did not take."""
    why = " ".join(filter(None, [problem.code, f"({problem.text})" if problem.text else ""]))
    over = problem.code in OVER or (status == 401 and problem.code not in HINTS)
    outcome: Outcome = "ended" if over else "unspent"
    message = f"{host} answered {status}" + (f": {why}" if why else "")
    return ProviderError("E531", message, hint=HINTS.get(problem.code, CHECK), outcome=outcome)


DENIED = ("denied", "permission_denied", "user_refused")


def judge_callback(params: Mapping[str, str], token: str) -> None:
    """
    Refuse a redirect that does not bring a verifier for *token*, which was sent along.

    Raises:
        CallbackError: E404 for what is not about our token (waiting may go on), anything else for
            an answer that ends the login.
    """
    theirs = params.get("oauth_token") or params.get("denied") or ""
    if not same(theirs, token):
        what = "another oauth_token than" if theirs else "no oauth_token, and not"
        hint = "Finish in the window that this run has opened, or paste the whole address."
        raise CallbackError("E404", f"the redirect carries {what} the one that was sent", hint=hint)
    if problem := said(params.get("oauth_problem") or "denied" * ("denied" in params)):
        code, told = "E402" if problem in DENIED else "E403", f"the provider says {problem}"
        raise CallbackError(code, told, hint=HINTS.get(problem, HINTS["permission_denied"]))
    if not params.get("oauth_verifier"):
        hint = "`names` sets another name for it; a provider without it speaks OAuth 1.0, not 1.0a."
        raise CallbackError("E405", "the redirect carries no oauth_verifier", hint=hint)


def check_temporary(fields: Mapping[str, JSON], host: str) -> None:
    """Refuse temporary credentials that nobody can go on with (RFC 5849 section 2.1)."""
    missing = [name for name in ("oauth_token", "oauth_token_secret") if not fields.get(name)]
    if missing:
        message = f"{host} answered without {' and '.join(missing)}"
        raise ProviderError("E531", message, hint="Is this the endpoint for request tokens?")
    if str(fields.get("oauth_callback_confirmed")).lower() != "true":
        message = f"{host} does not confirm the callback (oauth_callback_confirmed)"
        hint = "It speaks OAuth 1.0 without the a, where another can finish a login; do not go on."
        raise ProviderError("E531", message, hint=hint)
