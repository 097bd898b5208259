"""A record that is due, at a provider that counts; what is done to it, and what became of it."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from faults.rotating import Rotating, Seen
from flowrun.console import Console
from flowrun.current import renew
from flowrun.errors import FlowrunError
from flowrun.flow import Flow
from flowrun.http import Direct
from flowrun.job import Job, known_about
from flowrun.load import load_source
from flowrun.place import Source
from flowrun.record import Record
from flowrun.secret import JSON
from flowrun.session import Session
from flowrun.settings import Settings
from flowrun.stores.interface import Attempt
from flowrun.stores.opening import open_store

NAME = "acme"

RECIPE = """\
flowrun: 1
name: acme
steps:
  - authorize: {{url: "{url}/authorize", query: {{client_id: acme}}}}
  - capture: {{at: "http://127.0.0.1:0/callback"}}
  - token: {{post: "{url}/token", form: {{code: "{{{{ callback.code }}}}"}}}}
refresh:
  - token:
      post: {url}/token
      form:
        grant_type: refresh_token
        client_id: acme
        refresh_token: "{{{{ saved.refresh_token }}}}"
{options}
save: acme
"""

OPTIONS = {"strict": "", "grace": "      grace: 30s", "lasting": "      rotates: false"}
"""What the recipe says about each kind of provider (`faults.rotating`)."""


class Scene(NamedTuple):
    """One record in a folder of its own."""

    folder: Path
    provider: Rotating
    family: str
    flow: Flow
    session: Session

    @property
    def job(self) -> Job:
        return Job(self.flow, NAME, {}, self.session.store)

    def renew(self, *, deadline_s: float = 30, timeout_s: float = 30) -> Record:
        """One refresh by the real engine; it waits for the lock, and for the answer."""
        with self.session.services(self.job) as services, Direct(timeout_s=timeout_s) as http:
            return renew(self.job, services._replace(http=http), deadline_s=deadline_s)

    def record(self) -> Record:
        record = self.session.store.read(NAME)
        assert record is not None
        return record

    def attempt(self) -> Attempt | None:
        return self.session.store.attempt(NAME)

    def seen(self) -> Seen:
        return self.provider.seen(self.family)

    def access(self, number: int) -> str:
        return f"access.{self.family}.{number}"

    def litter(self) -> list[str]:
        """What lies there besides the record, and what is there always."""
        kept = (".gitignore", ".flowrun", f"{NAME}.json", f"{NAME}.age", f"{NAME}.lock")
        return sorted(path.name for path in self.folder.rglob("*") if path.name not in kept)


class Stage:
    """Where scenes are set; *environ* says how their records are kept."""

    def __init__(
        self, folder: Path, provider: Rotating, environ: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.provider, self.environ = folder, provider, environ or {}
        self._numbers = itertools.count()
        self._flows: dict[str, Flow] = {}

    def scene(self, mode: str = "strict") -> Scene:
        """A new family of tokens whose access token has ended."""
        number = next(self._numbers)
        folder = self.folder / f"{mode}-{number}"
        session = Session(Settings(tokens=folder), Console())
        session.store = open_store(folder, self.environ)
        scene = Scene(folder, self.provider, f"{mode}.{number}", self.flow(mode), session)
        now = int(time.time())
        fields: dict[str, JSON] = {
            "access_token": scene.access(0),
            "refresh_token": f"{scene.family}.0",
            "expires_at": now - 1,
        }
        known: dict[str, JSON] = {
            "version": 1,
            "grant": "g",
            "issued_at": now - 3601,
            "obtained_at": now - 3601,
        }
        session.store.write(NAME, Record(fields, {**known_about(scene.job), **known}))
        return scene

    def flow(self, mode: str) -> Flow:
        if mode not in self._flows:
            text = RECIPE.format(url=self.provider.url, options=OPTIONS[mode])
            self._flows[mode] = load_source(Source("acme.yaml", text))
        return self._flows[mode]


class Ended(NamedTuple):
    """How a refresh ended in a process of its own."""

    token: str = ""
    code: str = ""  # of the error
    message: str = ""


def ended(act: Callable[[], Record]) -> Ended:
    try:
        return Ended(act().access_token)
    except FlowrunError as error:
        return Ended("", error.code, str(error))


def apart(act: Callable[[], Record]) -> Ended:
    """How *act* ends in a process of its own."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            silence()
            os.write(write, json.dumps(ended(act)).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        said = file.read()
    os.waitpid(pid, 0)
    return Ended(*json.loads(said or '["", "E300", "it has said nothing"]'))


def silence() -> None:
    """Let nobody hear what is told to a person."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
