"""
The files of `save.also`: the tokens of a record in another shape, for programs that want it so.

They are made from the record as it is stored, under its lock, so that who comes late never puts an
older token there; a crash between record and file is made up for by the next `run` or `refresh`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from .beside import leads_out, path_of
from .errors import FlowError, FlowrunError, Problem, StoreError
from .filters import spelled
from .flow import Also, Flow
from .job import Job, flow_of, inputs_of, state_of
from .place import place_of
from .record import Record
from .secret import Value, reveal
from .stores import private
from .stores.interface import Store
from .template import Scope
from .trust import is_trusted, untrusted

ELSEWHERE = "elsewhere"
"""The sandbox's folder for what a recipe would write outside of the token folder."""


class Beside(NamedTuple):
    """A file of `save.also`, and where it is."""

    also: Also
    path: Path
    out: bool  # outside of the token folder


def prove(job: Job) -> None:
    """
    Try what can be tried before there is a token: names, trust, and what lies there.

    Raises:
        FlowError: a path cannot be used (E220, E231), or the flow is not trusted with it (E221).
        StoreError: a file is there and is not private (E703), or git tracks it (E706).
    """
    for file in _files(job, None):
        private.read(file.path)
        private.refuse_tracked(file.path)
        if file.out and not os.access(file.path.parent, os.W_OK):
            hint = "Make that folder, or name another one in `also`."
            message = f"cannot write {file.path}: there is no such folder, or it is not yours"
            raise StoreError("E701", message, hint=hint, place=place_of(file.also.file))


def keep_in_step(job: Job) -> None:
    """
    Let every file hold what is stored of the record of *job*; those that do are left alone.

    Raises:
        StoreError: some do not (E713); the others do, and the token is safe.
    """
    if not job.flow.also:
        return
    with job.store.locked(job.name):
        record = job.store.read(job.name)
        if record is None or record.released:
            return
        problems = [each for file in _each(job, record) for each in _written(job, record, file)]
    if problems:
        raise StoreError.of(problems)


@contextmanager
def in_step(job: Job) -> Iterator[None]:
    """Whatever happens in here, the files are in step with what is stored then."""
    try:
        yield
    except FlowrunError:
        with suppress(FlowrunError):  # which the next run meets again; this error is the graver one
            keep_in_step(job)
        raise
    keep_in_step(job)


def _each(job: Job, record: Record) -> Iterator[Beside | Problem]:
    """Every file, or what is wrong with where it should be."""
    try:
        yield from _files(job, record)
    except FlowrunError as error:
        yield from error.problems


def _written(job: Job, record: Record, file: Beside | Problem) -> Iterator[Problem]:
    if isinstance(file, Problem):
        yield _told(job, "a file of `also`", file)
        return
    try:
        private.sweep(file.path)
        content = _content(job, record, file.also).encode()
        if private.read(file.path) != content:
            if not file.out:
                _make_folders(job.store.folder, file.path.parent)
            private.refuse_tracked(file.path)
            private.write(file.path, content)
    except FlowrunError as error:
        yield from (_told(job, str(file.path), problem) for problem in error.problems)


def _make_folders(outer: Path, inner: Path) -> None:
    """Every folder from *outer* to *inner*, none of them a link to elsewhere."""
    way = [*inner.relative_to(outer).parents][::-1][1:]
    for folder in [outer, *(outer / each for each in way), inner]:
        private.folder(folder)


def _told(job: Job, what: str, problem: Problem) -> Problem:
    message = f"{job.name}: {what} is not in step: {problem.message}"
    hint = f"The token is safe in {job.store.place(job.name)}. {problem.hint}".strip()
    return Problem("E713", message, hint, problem.place)


def _content(job: Job, record: Record, also: Also) -> str:
    if also.format:
        from .exports import FORMATS, exported_from

        return FORMATS[also.format](exported_from(job.name, record))
    text: Value = state_of(job, record).scope(job.flow).render(also.text)
    return spelled(reveal(text))


def _files(job: Job, record: Record | None) -> list[Beside]:
    """The files of *job*; what leads out of the token folder only when somebody trusts its flow."""
    files = _places(job.flow, job.inputs, job.store, sandbox=job.sandbox)
    for file in files:
        if file.out and not _trusted(job.flow, record):
            what, known = (
                f"{file.path} is outside of the token folder",
                record and inputs_of(record),
            )
            raise untrusted(what, job.flow, known, place_of(file.also.file))
    return files


def _trusted(flow: Flow, record: Record | None) -> bool:
    own = is_trusted(flow, os.environ)
    return own or (record is not None and is_trusted(flow, os.environ, inputs_of(record)))


def _places(
    flow: Flow, inputs: Mapping[str, Value], store: Store, *, sandbox: bool
) -> list[Beside]:
    scope, found = Scope({"inputs": inputs}, flow.vars), list[Beside]()
    for also in flow.also:
        path = path_of(also, scope)
        out = leads_out(path)
        if out and sandbox:  # nothing real is touched
            path, out = f"{ELSEWHERE}/{Path(path).name}", False
        place = store.folder / Path(path).expanduser()
        if out and _own(place, store.folder):
            message = f"`also` cannot write to {path!r}: it leads back into the token folder"
            hint = "Write it from there, without .. and without a slash at its beginning."
            raise FlowError("E220", message, hint=hint, place=place_of(also.file))
        if place in (file.path for file in found):
            raise FlowError("E231", f"two files of `also` are {path!r}", place=place_of(also.file))
        found.append(Beside(also, place, out))
    return found


def _own(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def of_record(name: str, store: Store, *, sandbox: bool) -> list[Beside]:
    """The files of a record; one that cannot be read has none that anybody knows of."""
    try:
        record = store.read(name)
        if record is None:
            return []
        return _places(flow_of(name, record), inputs_of(record), store, sandbox=sandbox)
    except FlowrunError:
        return []


def remove(files: Iterable[Beside]) -> list[Path]:
    """Remove those of *files* that are in the token folder; where the others are."""
    left = []
    for file in files:
        private.sweep(file.path)
        if not file.out:
            private.remove(file.path)
        elif file.path.exists():
            left.append(file.path)
    return left
