"""What private files hold, as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from flowrun.errors import StoreError
from flowrun.record import Record, document_of, record_from
from flowrun.secret import JSON

from .vault import unopened

BOUND = "name"
"""Where a sealed record says whose file it belongs into, since files can be put anywhere."""


def record_in(content: bytes, path: Path, *, bound: bool) -> Record:
    """
    The record that the file *path* holds; one that is *bound* belongs into no other file.

    Raises:
        StoreError: it is none (E702), or another one (E710).
    """
    document = parsed(path, content)
    try:
        record = record_from(document)
    except StoreError as error:
        raise _damaged(path, str(error)) from None
    if not bound:
        return record
    if record.meta.get(BOUND) != path.stem:
        raise unopened(str(path), "it was sealed as another record")
    return record._replace(meta={k: v for k, v in record.meta.items() if k != BOUND})


def text_of(record: Record, path: Path, *, bound: bool) -> bytes:
    """What `record_in` reads as *record*."""
    return written(record.knowing(**{BOUND: path.stem}) if bound else record)


def written(record: Record) -> bytes:
    """What the plain file of *record* holds."""
    return text(document_of(record))


def parsed(path: Path, content: bytes) -> dict[str, JSON]:
    """The object that the file *path* holds; raises `StoreError` (E702) when it is none."""
    try:
        document: JSON = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _damaged(path, "it is no JSON object")
    return document


def text(document: dict[str, JSON]) -> bytes:
    """*document* for people, and in ASCII alone."""
    return json.dumps(document, indent=2).encode() + b"\n"


def _damaged(path: Path, what: str) -> StoreError:
    hint = "Keep it: it may hold your only token. Repair it, or move it away and run the flow."
    return StoreError("E702", f"{path} is damaged: {what}", hint=hint)
