"""What leaves of a record: a token that lives, or the grant itself, which then is another's."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from .errors import FlowError, PersonNeeded, StoreError
from .exports import Client, Exported, exported_from, refuse_bound
from .living import living
from .naming import again
from .record import Record, refuse_released
from .secret import is_public
from .session import Session
from .successor import client_for


class Asked(NamedTuple):
    """What somebody wants of a record."""

    field: str = "access_token"
    named: str = ""  # the token that the record keeps under that name
    var: str = ""
    min_ttl_s: float | None = None
    client: bool = False  # with what else it takes to refresh


def leaving(name: str, session: Session, asked: Asked) -> Exported:
    """
    What leaves of the record *name*, with a token that lives; the refresh token stays.

    Raises:
        FlowError: there is no such field (E235).
        PersonNeeded, StoreError, ProviderError, TransportError: see `living`.
    """
    record = _living(name, session, asked)
    client = client_for(name, record, session) if asked.client else None
    return _exported(name, session, record, asked, client)


def hand_over(
    name: str, session: Session, asked: Asked, *, form: str, write: Callable[[Exported], str]
) -> str:
    """
    The text that *write* makes of the record with its refresh token, which is another's from now.

    The record says so before anybody has the text. What went wrong then can be done again in the
    same *form*: the same leaves, since nothing has used it meanwhile.

    Raises:
        FlowError: there is nothing to hand over (E235), or it cannot leave like that (E236).
        StoreError: a refresh is not settled (E712), or the record cannot be written.
        PersonNeeded: the grant is over (E802), or was handed over in another form (E803).
    """
    record = session.record(name)
    if _handed_as(record.named(asked.named)) != form:
        record = _living(name, session, asked)
    client = client_for(name, record, session, handed=True) if asked.client else None
    store = session.store
    with store.locked(name):
        record = session.record(name)
        part = record.named(asked.named)
        if _handed_as(part) != form:
            refuse_released(name, record, asked.named)
        _refuse_hand_over(name, record, part, pending=store.pending(name))
        exported = _exported(name, session, record, asked, client, handed=True)
        refuse_bound(exported)  # whoever refreshes it needs the key, in any form
        text = write(exported)
        if part.released:
            session.console.tell(f"{name} was {part.released} before; this is the same again")
        else:
            released = part.knowing(released={"at": int(time.time()), "as": form})
            store.write(name, record.with_named(asked.named, released))
    return text


def _living(name: str, session: Session, asked: Asked) -> Record:
    ttl_s, field = asked.min_ttl_s, asked.field
    return living(name, session, named=asked.named, min_ttl_s=ttl_s, field=field)


def _handed_as(part: Record) -> str:
    """The form in which the grant was handed over; "" while it is ours."""
    released = part.meta.get("released")
    return str(released.get("as")) if isinstance(released, dict) else ""


def _refuse_hand_over(name: str, record: Record, part: Record, *, pending: bool) -> None:
    if pending:
        hint = f"Settle it first: flowrun refresh {name}"
        raise StoreError("E712", f"{name} has a refresh that is not settled", hint=hint)
    if part.needs_person:
        message = f"{name} needs a person: {part.needs_person}"
        raise PersonNeeded("E802", message, hint=again(record))
    if not part.refresh_token:
        hint = "Without --hand-over the access token leaves alone."
        raise FlowError("E235", f"{name} has no refresh token to hand over", hint=hint)


def _exported(
    name: str,
    session: Session,
    record: Record,
    asked: Asked,
    client: Client | None,
    *,
    handed: bool = False,
) -> Exported:
    part = record.named(asked.named)
    secrets = [value for key, value in part.fields.items() if not is_public(key)]
    session.console.redact.add([*secrets, client.secret if client else None])
    named, field, var = asked.named, asked.field, asked.var
    return exported_from(
        name, record, named=named, field=field, var=var, hand_over=handed, client=client
    )
