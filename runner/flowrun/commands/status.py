"""`flowrun status`: which tokens live, and which need a person."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from ..console import Console, gravest
from ..errors import StoreError
from ..facts import facts, when
from ..record import Record
from ..secret import JSON
from ..session import Session
from ..settings import Settings
from .each import each

NEEDS_PERSON = 8
COLUMNS = {
    "name": "NAME",
    "state": "STATE",
    "expires_at": "ACCESS UNTIL",
    "refresh_expires_at": "REFRESH UNTIL",
    "refreshed_at": "LAST REFRESH",
}


def status(names: Sequence[str], settings: Settings, *, json: bool = False) -> int:
    """Say how long each token lives, and what needs a person; 8 when something does."""
    console = Console()
    store = Session(settings, console).store
    rows: list[dict[str, JSON]] = []

    def act(name: str) -> JSON:
        record = store.read(name)
        if record is None:
            raise StoreError("E705", f"there is no record {name!r}", hint="See: flowrun status")
        state = _state(record, time.time(), pending=store.pending(name))
        rows.append({"name": name, "state": state, **facts(record)})
        return rows[-1]

    worst = each(list(names) or store.names(), act, console, json=json)
    if not json:
        _table(rows, console)
    if not (rows or names or worst):
        console.tell(f"there are no records in {store.where}")
    people = any(row["state"] in ("needs a person", "ended") for row in rows)
    return gravest([worst, NEEDS_PERSON if people else 0])


def _state(record: Record, now: float, *, pending: bool) -> str:
    if any(record.named(name).needs_person for name in ("", *record.names)):
        return "needs a person"
    if pending:
        return "refresh pending"
    if record.expires_at is None:
        return "unknown expiry"
    if record.expires_at > now:
        return "fresh"
    return "due" if record.refresh_token else "ended"


def _table(rows: Sequence[Mapping[str, JSON]], console: Console) -> None:
    if not rows:
        return
    lines = [list(COLUMNS.values())]
    lines += [[_cell(row, column) for column in COLUMNS] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        console.answer("  ".join(cells).rstrip())


def _cell(row: Mapping[str, JSON], column: str) -> str:
    if column.endswith("_at"):
        return when(row[column])
    bound = column == "state" and "bound_to" in row  # nobody can use it who has the token alone
    return f"{row[column]}{', bound to a key' if bound else ''}"
