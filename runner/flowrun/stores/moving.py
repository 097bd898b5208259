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
    _record(source, name)
    target.probe(name)
    with ExitStack() as locks:
        for _, store in sorted({each.where: each for each in (source, target)}.items()):
            locks.enter_context(store.locked(name))
            if store.pending(name):
                hint = f"Settle it first: flowrun refresh {name}"
                raise StoreError("E712", f"{name} has a refresh that is not settled", hint=hint)
        record, beside = _record(source, name), source.beside(name)
        if source.where == target.where:
            target.adopt(name, record, beside)
        else:
            there = target.read(name)
            if there is None:
                _hand_over(name, source, target, record, now)
                target.adopt(name, _taken(record), beside)
            elif not _same(record, there):
                hint = "Nothing was moved. Forget one of the two, or choose another folder."
                raise StoreError("E711", f"{target.place(name)} is another record", hint=hint)
            source.delete(name)
        return Moved(target.place(name), sorted(beside))


def _record(source: Store, name: str) -> Record:
    record = source.read(name)
    if record is None:
        hint = f"Records in {source.where}: {', '.join(source.names()) or 'none'}."
        raise StoreError("E705", f"there is no record {name!r}", hint=hint)
    return record


def _hand_over(name: str, source: Store, target: Store, record: Record, now: float) -> None:
    """Mark the record as another's, so that a crash before it is gone leaves one that is used."""
    if record.released is None:
        words = f"{ON_ITS_WAY} {target.place(name)}, which was cut short: run it again"
        source.write(name, record.knowing(released={"at": int(now), "as": words}))


def _on_its_way(record: Record) -> bool:
    released = record.meta.get("released")
    return isinstance(released, dict) and str(released.get("as")).startswith(ON_ITS_WAY)


def _taken(record: Record) -> Record:
    """*record* as it was before it was handed over for a move."""
    if not _on_its_way(record):
        return record
    return record._replace(meta={k: v for k, v in record.meta.items() if k != "released"})


def _same(record: Record, there: Record) -> bool:
    """Whether *there* is what an interrupted move has made of *record*."""
    return there == record or (_on_its_way(record) and there.grant == record.grant)
