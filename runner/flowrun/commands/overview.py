"""How records stand, for people: a table of many, or all that there is to say of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from ..facts import apart
from ..standing import STATES, Standing, Token

HEADS = ("NAME", "STATE", "ACCESS UNTIL", "REFRESH UNTIL", "LAST REFRESH")
UNKNOWN = "-"

FOR_A_PERSON = ("ends soon", "ended", "needs a person")
"""States of a token in which a consent helps."""

Row = tuple[str, ...]


def table(standings: Sequence[Standing], now: float, *, columns: int | None) -> Iterator[str]:
    """A line for each, and what is wrong below it; in few *columns* with less of each time."""
    rows = [HEADS, *(_row(each, now) for each in standings)]
    for shorter in (_without_distance, _without_last):
        if columns is not None and _width(rows) > columns:
            rows = [*map(shorter, rows)]
    widths = _widths(rows)
    yield _line(rows[0], widths)
    for row, each in zip(rows[1:], standings, strict=True):
        yield _line(row, widths)
        yield from indented(notes(each, now), columns)


def summary(standings: Sequence[Standing]) -> str:
    """How many there are in each state, the gravest first."""
    counted = Counter(each.state for each in standings)
    states = [f"{counted[state]} {state}" for state in reversed(STATES) if state in counted]
    return f"{len(standings)} record{'s'[: len(standings) != 1]}: {', '.join(states)}"


def details(standing: Standing, place: str, now: float, *, columns: int | None) -> Iterator[str]:
    """All that there is to say about one record, which is at *place*."""
    yield f"{standing.name}: {standing.state}"
    facts = (f"{name:13}  {value}" for name, value in _facts(standing, place, now).items() if value)
    yield from indented(facts, columns)
    yield from indented(notes(standing, now), columns)


def indented(lines: Iterable[str], columns: int | None) -> Iterator[str]:
    """*lines* below the one that they are about, folded where they do not fit."""
    for line in lines:
        if columns is None or len(line) + 2 <= columns:
            yield f"  {line}"
            continue
        from textwrap import wrap

        yield from wrap(
            line,
            columns,
            initial_indent="  ",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def notes(standing: Standing, now: float) -> Iterator[str]:
    """What is wrong with a record, or out of the ordinary, one line each."""
    for token in standing.tokens:
        yield from (f"{_of(token)}{note}" for note in _notes_on(token, now))
    if standing.pending:
        yield "a refresh was interrupted or is under way; the next use settles it"
    if standing.missing:
        yield f"asked for and not granted: {' '.join(standing.missing)}"
    for path in standing.orphans:
        yield f"an answer that belongs to no record any more is kept in {path}"
    if any(token.state in FOR_A_PERSON for token in standing.tokens):
        yield f"Consent again: flowrun {standing.file or 'FLOW'}"


def _notes_on(token: Token, now: float) -> Iterator[str]:
    trouble = token.last_error
    if token.needs_person and (trouble is None or trouble.message != token.needs_person):
        yield f"needs a person: {token.needs_person}"
    if trouble:
        yield f"last refresh failed {_moment(trouble.at, now)}: {trouble.code}: {trouble.message}"
    if token.rejected:
        yield "a server has refused the access token"
    if token.released is not None:
        at = token.released.get("at")
        when = f" {_moment(at, now)}" if isinstance(at, int | float) else ""
        yield f"handed over as {token.released.get('as')}{when}; nothing refreshes it here"
    if token.retry_at is not None and token.retry_at > now:
        yield f"the provider asked to wait until {_moment(token.retry_at, now)}"
    over = token.refresh_expires_at is not None and token.refresh_expires_at <= now
    if over and not (token.needs_person or token.released):
        yield f"the refresh token has ended {_moment(token.refresh_expires_at, now)}"
    if token.name and not token.needs_person:
        until = f" until {_moment(token.expires_at, now)}" if token.expires_at else ""
        yield f"{token.state}{until}"


def _facts(standing: Standing, place: str, now: float) -> Mapping[str, str]:
    if not standing.tokens:
        return {"where": place}
    own = standing.tokens[0]
    flow = f"{standing.recipe}{f', profile {standing.profile}' if standing.profile else ''}"
    return {
        "where": place,
        "recipe": f"{flow} ({standing.file})" if standing.file else flow,
        "access token": _until(own.expires_at, now),
        "refresh token": _refresh_token(own, now),
        "consented": _moment(standing.obtained_at, now),
        "refreshed": _moment(own.refreshed_at, now) or "never",
        "asked for": " ".join(standing.asked),
        "granted": " ".join(standing.granted),
        "bound to": f"the key {standing.bound_to}" if standing.bound_to else "",
    }


def _refresh_token(token: Token, now: float) -> str:
    if token.refresh_expires_at is None and not token.refreshable:
        return "none that helps"
    return _until(token.refresh_expires_at, now)


def _until(at: float | None, now: float) -> str:
    return f"until {_moment(at, now)}" if at is not None else "until nobody knows when"


def _of(token: Token) -> str:
    return f"token {token.name}: " if token.name else ""


def _row(standing: Standing, now: float) -> Row:
    bound = ", bound to a key" if standing.bound_to else ""  # no use to who has the token alone
    if not standing.tokens:
        return (standing.name, standing.state, UNKNOWN, UNKNOWN, UNKNOWN)
    own = standing.tokens[0]
    access, refresh = (_moment(at, now) for at in (own.expires_at, own.refresh_expires_at))
    last = apart(own.refreshed_at, now) if own.refreshed_at is not None else UNKNOWN
    return (standing.name, standing.state + bound, access or UNKNOWN, refresh or UNKNOWN, last)


def _moment(at: float | None, now: float) -> str:
    """A point in time, absolute and from now; "" where it is not known, or is none."""
    try:
        stamp = datetime.fromtimestamp(at, UTC) if at is not None else None
    except (ValueError, OverflowError, OSError):
        stamp = None
    if stamp is None or at is None:
        return ""
    return f"{stamp.isoformat(' ', 'minutes')[:16]}Z, {apart(at, now)}"  # strftime takes longer


def _without_distance(row: Row) -> Row:
    name, state, access, refresh, *last = row
    return (name, state, access.partition(",")[0], refresh.partition(",")[0], *last)


def _without_last(row: Row) -> Row:
    return row[:-1]


def _widths(rows: Iterable[Row]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _width(rows: Iterable[Row]) -> int:
    widths = _widths(rows)
    return sum(widths) + 2 * (len(widths) - 1)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()
