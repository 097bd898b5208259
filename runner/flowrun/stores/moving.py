"""A record from one store to another, of which one has it at any time."""

from __future__ import annotations

from contextlib import ExitStack
from typing import NamedTuple

from flowrun.errors import StoreError
from flowrun.record import Record

from .interface import Store

ON_ITS_WAY = "part of a move to"
"""How the record is handed over while it moves: nobody refreshes the copy that is left behind."""


class Moved(NamedTuple):
    """What has moved, and where it is now."""

    place: str
    beside: list[str]


def move(name: str, source: Store, target: Store, *, now: float) -> Moved:
    """
    Take the record *name*, with all that lies beside it, from *source* to *target*.

    The two may be one place that keeps records in two ways. Whatever stops it, *source* or
    *target* has the record whole, and the same command ends what was begun; between two places
    the record is handed over first, so that no two copies are refreshed.

    Raises:
        StoreError: there is no such record (E705), *target* has another one (E711), or a
            refresh is not settled (E712).
    """
    if not source.kept(name):
        raise _none(name, source)
    target.probe(name)
    with ExitStack() as locks:
        for _, store in sorted({each.where: each for each in (source, target)}.items()):
            locks.enter_context(store.locked(name))
            if store.pending(name):
                hint = f"Settle it first: flowrun refresh {name}"
                raise StoreError("E712", f"{name} has a refresh that is not settled", hint=hint)
        record = source.read(name)
        if source.where != target.where:
            _across(name, source, target, record, now)
            source.delete(name)
        elif record is None:
            raise _none(name, source)
        else:
            target.adopt(name, record, source.beside(name))
        return Moved(target.place(name), sorted(target.beside(name)))


def _across(name: str, source: Store, target: Store, record: Record | None, now: float) -> None:
    """Have *target* hold what *source* does, which is then of no use any more."""
    there = target.read(name)
    if record is None and there is None:
        raise _none(name, source)
    if record is None:
        return  # an earlier move was cut short when all was over but the sweeping
    if there is None:
        _hand_over(name, source, target, record, now)
        target.adopt(name, _taken(record), source.beside(name))
    elif not _same(record, there):
        hint = "Nothing was moved. Forget one of the two, or choose another folder."
        raise StoreError("E711", f"{target.place(name)} is another record", hint=hint)


def _none(name: str, source: Store) -> StoreError:
    hint = f"Records in {source.where}: {', '.join(source.names()) or 'none'}."
    return StoreError("E705", f"there is no record {name!r}", hint=hint)


def _hand_over(name: str, source: Store, target: Store, record: Record, now: float) -> None:
    """Mark the record as another's, so that a crash before it is gone leaves one that is used."""
    words = f"{ON_ITS_WAY} {target.place(name)}, which was cut short: run it again"
    for token in ("", *record.names):
        part = record.named(token)
        if part.released is None:
            part = part.knowing(released={"at": int(now), "as": words})
            record = record.with_named(token, part)
    source.write(name, record)


def _on_its_way(part: Record) -> bool:
    released = part.meta.get("released")
    return isinstance(released, dict) and str(released.get("as")).startswith(ON_ITS_WAY)


def _taken(record: Record) -> Record:
    """*record* as it was before it was handed over for a move."""
    for token in ("", *record.names):
        part = record.named(token)
        if _on_its_way(part):
            meta = {key: value for key, value in part.meta.items() if key != "released"}
            record = record.with_named(token, part._replace(meta=meta))
    return record


def _same(record: Record, there: Record) -> bool:
    """Whether *there* is what an interrupted move has made of *record*."""
    return there == record or (_on_its_way(record) and there.grant == record.grant)
