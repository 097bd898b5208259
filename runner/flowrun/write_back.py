"""
A record handed to somebody's command, so that it outlives this machine.

A job of CI starts from a secret that holds the record and ends with the machine. What a refresh has
changed must be back there, or the next job redeems a token that is used up.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Literal, NamedTuple

from .console import Console
from .errors import FlowrunError, StoreError
from .inherited import inherited
from .record import Record
from .services import Shelf
from .stores.interface import Store

NAPS_S = (0, 1, 3)
"""How long to wait before each try; the token is safe here, and nothing else can be done for it."""

REFUSED = "E714"

KEPT = ("unsaved", "write-back")
"""
Where the store keeps what the command has taken last, from before a refresh until it has taken what
that brought: whatever stops us in between, the next run knows that something is left to do.
"""

Deed = Literal["try", "write"]


class WriteBack(NamedTuple):
    """The command *command* for the record *name*; *shelf* is that record's own."""

    command: str
    name: str
    store: Store
    shelf: Shelf
    console: Console
    timeout_s: float = 60

    def trial(self, record: Record) -> None:
        """
        Have the command take *record* as it is; the caller is about to refresh it, in its lock.

        Raises:
            StoreError: it did not (E714), so that nothing must be sent.
        """
        content = self.store.carried(self.name) or b""
        if problem := self._run("try", record, content):
            hint = "Nothing was sent, and the token is as it was. Mend the command, then run again."
            raise StoreError(REFUSED, f"{self.name}: {problem}", hint=hint)
        self.shelf.put(*KEPT, _digest(content))

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Whatever happens in here, what is stored then is written back; so is what was left."""
        try:
            yield
        except FlowrunError as error:
            if error.code != REFUSED:
                try:
                    self._settle()
                except StoreError:
                    self.console.show(error)
                    raise
            raise
        self._settle()

    def _settle(self) -> None:
        if self.shelf.get(*KEPT) is None:  # as nearly always; nobody waits for a lock then
            return
        with self.store.locked(self.name):
            record, content = self.store.read(self.name), self.store.carried(self.name)
            taken = self.shelf.get(*KEPT)  # somebody else may have settled it
            if record and content and taken and taken != _digest(content):
                self._write(record, content)
            self.shelf.drop(*KEPT)

    def _write(self, record: Record, content: bytes) -> None:
        problem = ""
        for nap_s in NAPS_S:
            time.sleep(nap_s)
            if not (problem := self._run("write", record, content)):
                return
        hint = (
            f"The record is safe in {self.store.place(self.name)}, and nowhere else. Put it where "
            "the next job looks for it, or run again here with --due and a command that works."
        )
        raise StoreError(REFUSED, f"{self.name} is not written back: {problem}", hint=hint)

    def _run(self, deed: Deed, record: Record, content: bytes) -> str:
        """Why the command did not take *content*; nothing when it did."""
        environment = _environment(self.name, deed)
        status, said = _output(self.command, content, environment, self.timeout_s)
        self.console.redact.add(record.secrets)
        for line in said.splitlines():
            self.console.tell(f"{self.name}, write-back: {line}")
        if status is None:
            return f"the write-back command did not end within {self.timeout_s:g} s"
        return f"the write-back command ended with {status}" if status else ""


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _environment(name: str, deed: Deed) -> dict[str, str]:
    return {**inherited(os.environ), "FLOWRUN_NAME": name, "FLOWRUN_WRITE_BACK": deed}


def _output(
    command: str, content: bytes, environment: dict[str, str], timeout_s: float
) -> tuple[int | None, str]:
    """How *command* ended with *content* on its stdin, None when it did not, and what it said."""
    with subprocess.Popen(  # noqa: S603 - the operator's own words
        ["/bin/sh", "-c", command],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is for us, and what it has started ends with it
    ) as process:
        try:
            said = process.communicate(content, timeout=timeout_s)[0]
        except subprocess.TimeoutExpired as slow:
            os.killpg(process.pid, signal.SIGKILL)
            return None, (slow.output or b"").decode(errors="replace")
    return process.returncode, said.decode(errors="replace")
