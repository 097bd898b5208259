"""What `device` and `ciba` have in common: a person is asked elsewhere, and waited for later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import ProviderError
from ..message import Request, Response
from ..oauth.answer import payload_of, refusal_in, refused
from ..oauth.polling import interval, lives_until
from ..secret import JSON, reveal, seal
from ..services import Outputs
from ..urls import origin
from . import exchange
from .answers import answer_of, scrubbed
from .clients import hints
from .kind import Options, text_of

ALIASES = {"verification_uri": "verification_url"}  # as a draft had it


def fields_of(
    options: Options, request: Request, response: Response, *, needed: Sequence[str]
) -> dict[str, JSON]:
    """The fields of an answer that has all that is *needed*; raises for any other."""
    host = origin(text_of(request.url))
    fields = dict(payload_of(response, host))
    fields |= {ours: fields.get(ours) or fields.get(draft) for ours, draft in ALIASES.items()}
    if response.ok:
        mapped = options.late_fields("outputs", response=answer_of(response))
        fields |= {name: reveal(value) for name, value in mapped.items()}
    refusal = scrubbed(refusal_in(fields), request)
    missing = [name for name in needed if not fields.get(name)]
    if missing and (refusal.code or not response.ok):
        raise refused(response, refusal, host, hints=hints(options))
    if missing:
        message = f"{host} answered {response.status}, without {' and '.join(missing)}"
        raise ProviderError("E507", message, place=options.step.place, outcome="unspent")
    exchange.expected(options, response, lambda: refused(response, refusal, host))
    return fields


def handed_on(options: Options, fields: Mapping[str, JSON], *, sent_at: float) -> Outputs:
    """*fields*, and what a later `poll` goes by."""
    timed = {"interval": interval(fields), "expires_at": lives_until(fields, sent_at=sent_at)}
    sealed = seal({**fields, **timed})
    assert isinstance(sealed, Mapping)
    return exchange.opened(options, sealed)
