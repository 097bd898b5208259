"""Where the files of `save.also` are: beside the record, or out of its folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from .errors import FlowError, located
from .flow import Also, Flow
from .place import place_of
from .secret import Secret, Value, reveal
from .taint import Unknown
from .template import Scope, leaves
from .urls import Hole

VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")
"""What a value may be in a file's name: no step to another folder."""

WRITTEN = re.compile(r"[^\x00-\x1f\x7f\\]*[^\x00-\x1f\x7f\\/]")

RECORDS = (".json", ".age", ".keyring")
"""Endings that records have at the top of the folder, however they are kept."""

OWN = ("sandbox",)
"""Folders of flowrun's own that do not begin with a dot."""


def path_of(also: Also, scope: Scope) -> str:
    """
    The path that *also* names with what *scope* knows; what is not known stands as <inputs.NAME>.

    Raises:
        FlowError: no file can be there (E220), or a template reads what does not exist.
    """
    with located(place_of(also.file)):
        path = "".join(map(_spelled, leaves(also.file, scope)))
        if problem := _wrong(path):
            raise FlowError(
                "E220", f"`also` cannot write to {path!r}: {problem[0]}", hint=problem[1]
            )
        return path


def leads_out(path: str) -> bool:
    """Whether *path* is to be trusted before anything is written there."""
    return path.startswith(("/", "~")) or ".." in PurePosixPath(path).parts


def outside(flow: Flow) -> Iterator[Also]:
    """The files of *flow* that are not in the token folder, whatever its inputs are."""
    scope = Scope({"inputs": {name: Unknown(f"inputs.{name}") for name in flow.inputs}}, flow.vars)
    return (also for also in flow.also if leads_out(path_of(also, scope)))


def _spelled(part: str | Hole) -> str:
    if isinstance(part, str):
        return part
    value: Value = part.value
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Secret):
        raise FlowError("E220", "the name of a file would show a secret")
    text = str(reveal(value))
    if not VALUE.fullmatch(text):
        hint = (
            "A value there holds letters, digits and . _ @ + -, and begins with one of the first."
        )
        raise FlowError("E220", f"{text!r} cannot be a part of a file's name", hint=hint)
    return text


def _wrong(path: str) -> tuple[str, str] | None:
    """Why no file of `also` can be at *path*, and what to do."""
    if not WRITTEN.fullmatch(path) or PurePosixPath(path).name in ("", "..", "~"):
        return "that names no file", "Write a name such as acme.env."
    if leads_out(path):
        return None
    parts = PurePosixPath(path).parts
    if parts[0].casefold() in OWN or any(part.startswith(".") for part in parts):
        return "that is flowrun's own", "Take a name that begins with no dot, in no such folder."
    if len(parts) == 1 and path.casefold().endswith(RECORDS):
        return (
            "that is a record's name",
            "Take another ending, or a folder: also/NAME.json",
        )
    return None
