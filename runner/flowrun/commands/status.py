"""`flowrun status`: which tokens live, for how long, and which need a person."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..console import Console, as_json, table_columns
from ..errors import FlowError, StoreError
from ..near import did_you_mean
from ..secret import JSON
from ..session import Session
from ..settings import Settings
from ..standing import Looking, Standing, Token, gone, gravest, standing, unreadable
from ..stores.interface import Store
from .each import refuse_no_folder


class Telling(NamedTuple):
    """To whom it is told, when, and where a record is; *one* was asked for by its name."""

    console: Console
    now: float
    place: Callable[[str], str]
    one: bool


Reporter = Callable[[Sequence[Standing], Telling], None]


def status(
    names: Sequence[str], settings: Settings, *, format: str = "text", warn_s: float | None = None
) -> int:
    """
    Say how long each token lives, and what is wrong.

    The exit status is that of the gravest record: 7 for one that cannot be read, 8 when only a
    person can help or something ends within *warn_s*, and that of the last error when a token has
    ended because refreshing it fails.
    """
    if format not in REPORTERS:
        hint = did_you_mean(format, REPORTERS) or f"There are {', '.join(REPORTERS)}."
        raise FlowError("E219", f"there is no format {format!r}", hint=hint)
    console = Console()
    store = Session(settings, console).store
    looking = Looking(time.time(), warn_s, {})
    if not names:
        refuse_no_folder(settings)
    found = [*_standings(names, store, looking)]
    if not found:
        console.tell(f"there are no records in {store.where}")
    telling = Telling(console, looking.now, store.place, one=len(names) == 1)
    REPORTERS[format](found, telling)
    console.conclude()
    return gravest(found)


def _standings(names: Sequence[str], store: Store, looking: Looking) -> Iterator[Standing]:
    orphans, known = store.orphans(), store.names()
    for name in dict.fromkeys(names) or sorted({*known, *orphans}):
        try:
            record = store.read(name)
            pending = store.pending(name)
        except StoreError as error:
            yield unreadable(name, error)
            continue
        left = orphans.get(name, ())
        if record is not None:
            yield standing(name, record, looking, pending=pending, orphans=left)
        elif left:
            yield gone(name, left)
        else:
            hint = did_you_mean(name, known) or f"flowrun status lists those in {store.where}."
            missing = StoreError("E705", f"there is no record {name!r}", hint=hint)
            yield unreadable(name, missing)


def _text(found: Sequence[Standing], telling: Telling) -> None:
    from .overview import details, summary, table

    console, now, columns = telling.console, telling.now, table_columns()
    for each in found:
        if each.problems:
            console.show(StoreError.of(each.problems))
    there = [each for each in found if each.state != "missing"]
    if there and telling.one:
        place = telling.place(there[0].name)
        console.answer("\n".join(details(there[0], place, now, columns=columns)))
    elif there:
        console.answer("\n".join(table(there, now, columns=columns)))
        console.tell(summary(there))


def _json(found: Sequence[Standing], telling: Telling) -> None:
    telling.console.answer_rows(_object(each, telling.place(each.name)) for each in found)


def _prometheus(found: Sequence[Standing], telling: Telling) -> None:
    from .metrics import exposition

    if found:
        telling.console.answer("\n".join(exposition(found)))


REPORTERS: Mapping[str, Reporter] = {"text": _text, "json": _json, "prometheus": _prometheus}


def _object(each: Standing, place: str) -> dict[str, JSON]:
    """A record for programs; what is not known is null."""
    own, *others = [_token(token) for token in each.tokens] or [dict.fromkeys(TOKEN)]
    named = [token.name for token in each.tokens[1:]]
    return {
        "name": each.name,
        "state": each.state,
        "exit_status": each.exit_status,
        "place": place,
        "recipe": each.recipe or None,
        "profile": each.profile or None,
        "file": each.file or None,
        "obtained_at": _seconds(each.obtained_at),
        **{key: own[key] for key in TOKEN if key != "state"},
        "scopes": {
            "asked": [*each.asked],
            "granted": [*each.granted],
            "missing": [*each.missing],
        },
        "pending": each.pending,
        "orphans": [*each.orphans],
        "bound_to": each.bound_to,
        "tokens": dict(zip(named, others, strict=True)),
        "problems": [as_json(problem) for problem in each.problems],
    }


TOKEN = (
    *("state", "expires_at", "refresh_expires_at", "refreshed_at", "refreshable"),
    *("needs_person", "last_error", "released", "retry_at", "rejected"),
)


def _token(token: Token) -> dict[str, JSON]:
    trouble = token.last_error
    error: JSON = {**trouble._asdict(), "at": _seconds(trouble.at)} if trouble else None
    return {
        "state": token.state,
        "expires_at": _seconds(token.expires_at),
        "refresh_expires_at": _seconds(token.refresh_expires_at),
        "refreshed_at": _seconds(token.refreshed_at),
        "refreshable": token.refreshable,
        "needs_person": token.needs_person,
        "last_error": error,
        "released": dict(token.released) if token.released is not None else None,
        "retry_at": _seconds(token.retry_at),
        "rejected": token.rejected,
    }


def _seconds(at: float | None) -> int | None:
    return None if at is None else int(at)
