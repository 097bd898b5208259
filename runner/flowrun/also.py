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
    owner: str  # the record

    @property
    def part(self) -> Path:
        """Where it lies until it is whole; another record may write the same file."""
        return self.path.with_name(f".{self.path.name}.{self.owner}.part")


def prove(job: Job) -> None:
    """
    Try what can be tried before there is a token: names, trust, and what lies there.

    Raises:
        FlowError: a path cannot be used (E220, E231), or the flow is not trusted with it (E221).
        StoreError: a file is there and is not private (E703), or git tracks it (E706).
    """
    for file in _files(job):
        _require_trust(job, file, None)
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
        problems = [*_out_of_step(job, record)]
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


def _out_of_step(job: Job, record: Record) -> Iterator[Problem]:
    """What is wrong with the files that cannot be brought in step."""
    try:
        files = _files(job)
    except FlowrunError as error:
        yield from (_told(job, "a file of `also`", problem) for problem in error.problems)
        return
    for file in files:
        try:
            _bring_in_step(job, record, file)
        except FlowrunError as error:
            yield from (_told(job, str(file.path), problem) for problem in error.problems)


def _bring_in_step(job: Job, record: Record, file: Beside) -> None:
    _require_trust(job, file, record)
    content = _content(job, record, file.also).encode()
    if private.read(file.path) == content:
        return
    if not file.out:
        _make_folders(job.store.folder, file.path.parent)
    private.refuse_tracked(file.path)
    private.remove(file.part)
    private.write(file.path, content, part=file.part)


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


def _require_trust(job: Job, file: Beside, record: Record | None) -> None:
    """Raise (E221) when *file* is elsewhere, and nobody trusts the flow, or *record*, with that."""
    known = record and inputs_of(record)
    trusted = is_trusted(job.flow, os.environ) or (
        known is not None and is_trusted(job.flow, os.environ, known)
    )
    if file.out and not trusted:
        what = f"{file.path} is outside of the token folder"
        raise untrusted(what, job.flow, known, place_of(file.also.file))


def _files(job: Job) -> list[Beside]:
    return _places(job.name, job.flow, job.inputs, job.store, sandbox=job.sandbox)


def _places(
    name: str, flow: Flow, inputs: Mapping[str, Value], store: Store, *, sandbox: bool
) -> list[Beside]:
    scope, found = Scope({"inputs": inputs}, flow.vars), list[Beside]()
    for also in flow.also:
        path = path_of(also, scope)
        out = leads_out(path)
        if out and sandbox:  # nothing real is touched
            inner = [part for part in Path(path).parts if part not in ("/", "..", "~")]
            path, out = "/".join([ELSEWHERE, *inner]), False
        place = store.folder / Path(path).expanduser()
        if out and _own(place, store.folder):
            message = f"`also` cannot write to {path!r}: it leads back into the token folder"
            hint = "Write it from there, without .. and without a slash at its beginning."
            raise FlowError("E220", message, hint=hint, place=place_of(also.file))
        if place in (file.path for file in found):
            raise FlowError("E231", f"two files of `also` are {path!r}", place=place_of(also.file))
        found.append(Beside(also, place, out, name))
    return found


def _own(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def of_record(name: str, store: Store, *, sandbox: bool) -> list[Beside]:
    """The files of a record; one that cannot be read has none that anybody knows of."""
    try:
        record = store.read(name)
        if record is None:
            return []
        return _places(name, flow_of(name, record), inputs_of(record), store, sandbox=sandbox)
    except FlowrunError:
        return []


def remove(files: Iterable[Beside]) -> list[Path]:
    """Remove those of *files* that are in the token folder; where the others are."""
    left = []
    for file in files:
        private.remove(file.part)
        if not file.out:
            private.remove(file.path)
        elif file.path.exists():
            left.append(file.path)
    return left
