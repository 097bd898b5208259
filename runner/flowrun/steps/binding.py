"""Whether what a step asks for is bound to a key, and what is sent to prove that it is ours."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ProviderError
from ..message import Proof, Response
from ..oauth import dpop
from ..oauth.answer import Refusal, refused, said
from ..secret import JSON, Value
from .kind import Options

SWITCHED = {"on": dpop.DEFAULT, "true": dpop.DEFAULT, "off": "", "false": ""}


def algorithm(options: Options) -> str:
    """What proofs are signed with; empty when nothing is bound to a key."""
    word = options.one_of("dpop", (*SWITCHED, *dpop.ALGORITHMS), "off")
    return SWITCHED.get(word, word)


def proof_for(options: Options, token: Value) -> Proof | None:
    """The proof that goes with a request, and with *token* if one does."""
    alg = algorithm(options)
    return Proof(lambda: options.possession.key(alg), token) if alg else None


def require_bound(fields: Mapping[str, JSON], host: str) -> None:
    """Refuse a token that anybody could use, though it was asked for with a proof (RFC 9449 5)."""
    kind = fields.get("token_type")
    if str(kind).lower() != "dpop":
        got = f"one of type {said(str(kind))}" if kind else "one without a type"
        message = f"{host} was asked for a token that is bound to a key, and answered with {got}"
        hint = "If the provider knows no DPoP, say `dpop: off` in the recipe."
        raise ProviderError("E515", message, hint=hint, outcome="held")


def proof_refused(response: Response, refusal: Refusal, host: str) -> ProviderError | None:
    """What to say when an API has refused the proof, and not the token."""
    error = dpop.error_of(response)
    return refused(response, refusal._replace(code=error), host) if error in dpop.REFUSED else None
