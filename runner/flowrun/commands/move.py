"""`flowrun move`: records to another store."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from ..also import of_record, remove
from ..console import Console
from ..naming import name_of
from ..secret import JSON
from ..session import Session
from ..settings import Settings
from ..stores.moving import move as moved
from ..stores.opening import open_store
from .each import each

BESIDE = {"inputs": "what was typed", "client": "registered clients", "orphan": "orphans"}


def move(
    names: Sequence[str],
    settings: Settings,
    *,
    kind: str = "",
    to: Path | None = None,
    json: bool = False,
) -> int:
    """Keep each record as *kind* says, or as it was, in the folder *to*, or where it was."""
    console = Console()

    def act(word: str) -> JSON:
        session = Session(settings, console)
        name, source = name_of(word, session), session.store
        folder = _folder(session, settings._replace(tokens=to))
        target = open_store(folder, os.environ, kind=kind or source.kept_as(name) or "")
        before, files = source.place(name), of_record(name, source, sandbox=settings.sandbox)
        after = moved(name, source, target, now=time.time())
        if source.where != target.where and files:
            remove(files)
            console.tell(f"{name}: the files of `also` are made there by the next refresh")
        along = list(dict.fromkeys(what.partition("-")[0] for what in after.beside))
        said = ", ".join(BESIDE[what] for what in along if what in BESIDE)
        console.tell(f"{name}: {before} is now {after.place}{said and f', with {said}'}")
        if not json:
            console.answer(after.place)
        store = target.kept_as(name)
        return {"name": name, "from": before, "to": after.place, "store": store, "with": [*along]}

    return each(names, act, console, json=json)


def _folder(session: Session, elsewhere: Settings) -> Path:
    """The folder to move to, as the session calls it when it is its own."""
    if elsewhere.tokens is None:
        return session.folder
    folder = Session(elsewhere, session.console).folder
    same = folder.exists() and session.folder.exists() and folder.samefile(session.folder)
    return session.folder if same else folder
