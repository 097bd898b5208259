"""The words that a shell may offer: flows, their profiles, records, and codes of errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .errors import CODES, FlowrunError

if TYPE_CHECKING:
    from .record import Record
    from .session import Session


class Context(Protocol):
    """What of the command line stands before the word that is being typed."""

    params: Mapping[str, object]
    args: Sequence[str]  # what was not taken for a parameter yet


def flows(incomplete: str) -> list[str]:
    """Shipped recipes, and flow files in the folder that was typed so far."""
    from .library import shipped

    typed = incomplete.rpartition("/")
    folder = "".join(typed[:2])
    with suppress(OSError):
        files = [folder + path.name for path in Path(folder or ".").iterdir()]
        return [*shipped(), *sorted(name for name in files if name.endswith((".yaml", ".yml")))]
    return shipped()


def flows_and_codes(incomplete: str) -> list[str]:
    """Flows; the codes of errors once an E is typed, since nobody reads sixty of them."""
    return [*flows(incomplete), *(CODES if incomplete.startswith("E") else ())]


def profiles(ctx: Context) -> list[str]:
    """The profiles of the flows that stand before the option."""
    from .library import find
    from .load import load_source

    found: list[str] = []
    for flow in _named(ctx):
        with suppress(FlowrunError):
            found += load_source(find(flow)[0]).profiles
    return found


def _named(ctx: Context) -> Iterator[str]:
    for given in (*ctx.params.values(), ctx.args):
        yield from map(str, given if isinstance(given, list | tuple) else [given or ""])


def records(ctx: Context) -> list[str]:
    """The records that are there, in the folder that the options before name."""
    with suppress(FlowrunError, OSError):
        return _session(ctx).store.names()
    return []


def named(ctx: Context) -> list[str]:
    """The names of the tokens that the record before the option keeps beside its own."""
    record = _record(ctx)
    return record.names if record else []


def fields(ctx: Context) -> list[str]:
    """What the provider has sent for that record, as far as it is a text."""
    record = _record(ctx)
    found = record.named(str(ctx.params.get("named") or "")).fields if record else {}
    return [key for key, v in found.items() if isinstance(v, str) and key != "refresh_token"]


def _record(ctx: Context) -> Record | None:
    with suppress(FlowrunError, OSError, IndexError):
        return _session(ctx).store.read(str(ctx.params.get("name") or ctx.args[0]))
    return None


def _session(ctx: Context) -> Session:
    from .console import Console
    from .session import Session
    from .settings import Settings

    tokens = ctx.params.get("tokens")
    settings = Settings(
        tokens=Path(str(tokens)) if tokens else None,
        sandbox=ctx.params.get("sandbox") is True,
    )
    return Session(settings, Console())


def ways(incomplete: str) -> list[str]:
    """How each way to a person begins."""
    return ["command:", "desktop", "https://"]
