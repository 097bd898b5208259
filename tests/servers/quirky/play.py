"""A recipe and its provider, played: the commands as processes, and what they leave behind."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import Any, NamedTuple

from flowrun.document import plain
from flowrun.load import load
from flowrun.secret import JSON
from servers.quirky.judge import Exchange, differences
from servers.quirky.provider import Served
from servers.quirky.reckoned import ec_key, rsa_key
from servers.quirky.standard import exchange, merged
from servers.quirky.terminal import Terminal
from servers.quirky.words import WORD, filled, text_of
from servers.rig import free_port

BROWSER = Path(__file__).parent / "browse.py"
GIVEN = {
    "client_id": "app",
    "client_secret": "fake-secret-of-the-app",
    "redirect_uri": "http://127.0.0.1:0/callback",
}
"""For the inputs that most recipes have."""

MADE: Mapping[str, Callable[[], str]] = {
    "$ec-key": ec_key,
    "$rsa-key": rsa_key,
    "$free": lambda: f"http://127.0.0.1:{free_port()}/callback",
}
"""Values that are made anew for each play."""

WAITING = "start the login at the provider"
COMMANDS = ("login", "refresh", "verify", "revoke", "token")


class Act(NamedTuple):
    """One command, what the provider and a person do meanwhile, and what is there afterwards."""

    command: str
    exchanges: Sequence[Exchange]
    options: Sequence[str] = ()
    aged: Mapping[str, object] = {}  # what the record is made to say before
    person: Mapping[str, str] = {}  # answers, by what is asked
    visits: str = ""  # where a person begins the login, when flowrun waits for that
    status: int = 0
    says: str = ""
    prints: str = ""
    saved: Mapping[str, object] = {}  # what the record says afterwards, among others
    lacks: Sequence[str] = ()  # fields that the record does not have


class Play(NamedTuple):
    """A recipe, the values of its inputs, and what happens with it."""

    file: Path
    plain: Mapping[str, str]
    secret: Mapping[str, str]
    acts: Sequence[Act]

    @property
    def settings(self) -> list[str]:
        return [f"--set={name}={value}" for name, value in self.plain.items()]

    @property
    def environment(self) -> dict[str, str]:
        return {f"FLOWRUN_{name.upper()}": value for name, value in self.secret.items()}


class Done(NamedTuple):
    status: int
    said: str
    printed: str


def play_of(file: Path) -> Play:
    """What the recipe *file* says under `x-test`."""
    flow = load(str(file))
    told = plain(flow.document["x-test"])
    assert isinstance(told, dict)
    given = inputs_of(told)
    given = {name: MADE[value]() if value in MADE else value for name, value in given.items()}
    values = {name: given[name] for name in flow.inputs if name in given}
    secret = {name: value for name, value in values.items() if flow.inputs[name].secret}
    shown = {name: value for name, value in values.items() if name not in secret}
    acts = told["acts"]
    assert isinstance(acts, list)
    return Play(file, shown, secret, [act_of(each) for each in acts])


def inputs_of(told: Mapping[str, JSON]) -> dict[str, str]:
    inputs = told.get("inputs", {})
    assert isinstance(inputs, dict)
    return {name: str(value) for name, value in {**GIVEN, **inputs}.items() if value is not None}


def act_of(told: JSON) -> Act:
    assert isinstance(told, dict)
    (command,) = set(told) & set(COMMANDS)
    exchanges = told[command]
    assert isinstance(exchanges, list)
    more: dict[str, Any] = {name: value for name, value in told.items() if name != command}
    return Act(command, [exchange(each) for each in exchanges], **more)


class Stage:
    """Where one play is played: a folder, a provider, and whoever sits at the terminal."""

    def __init__(self, play: Play, served: Served, folder: Path) -> None:
        self.play, self.served, self.folder = play, served, folder
        self.memory = {**play.plain, **play.secret}
        served.provider.begin(self.memory)

    def perform(self, act: Act) -> None:
        """Do what *act* says, and raise AssertionError unless all is as it says."""
        provider = self.served.provider
        self._age(act)
        provider.expect(act.exchanges)
        done = self._run(act)

        wrong = [*provider.unmet(), *self._wrong(act, done)]

        assert not wrong, "\n".join([f"{act.command}:", *wrong, "It said:", done.said])

    def _secrets(self) -> list[tuple[str, str]]:
        minted = [pair for pair in self.memory.items() if pair[1].startswith("fake-")]
        return [pair for pair in minted if pair[0].endswith(("token", "secret", "code"))]

    @property
    def _records(self) -> list[Path]:
        return sorted((self.folder / "tokens").glob("*.json"))

    def _age(self, act: Act) -> None:
        if act.aged:
            (path,) = self._records
            aged = filled(act.aged, self.memory)
            path.write_text(json.dumps(merged(json.loads(path.read_text()), aged)))

    def _wrong(self, act: Act, done: Done) -> Iterator[str]:
        """What is not as *act* says, of how the command ended and of the record."""
        if done.status != act.status:
            yield f"the status is {done.status}, not {act.status}"
        if act.says not in done.said:
            yield f"it does not say {act.says!r}"
        if act.prints and text_of(act.prints, self.memory) != done.printed:
            yield f"it does not print {act.prints}"
        yield from (f"it shows the {name}" for name, value in self._secrets() if value in done.said)
        for path in self._records:
            yield from self._wrong_record(act, path)
        if not act.status and not self._records:
            yield "there is no record"

    def _wrong_record(self, act: Act, path: Path) -> Iterator[str]:
        record = json.loads(path.read_text())
        if (mode := stat.S_IMODE(path.stat().st_mode)) != 0o600:
            yield f"the record's mode is {mode:o}"
        yield from (f"the record has {name}" for name in act.lacks if name in record)
        told = {name: self.memory[name] for name in ("access_token",) if name in self.memory}
        yield from differences("the record's", {**told, **act.saved}, record, self.memory)

    def _typed(self, answer: str) -> str | None:
        text = str(text_of(answer, self.memory))
        return None if WORD.search(text) else text

    def _run(self, act: Act) -> Done:
        who = [self._records[0].stem] if act.command != "login" else []
        words = [act.command, *who] if who else [str(self.play.file), *self.play.settings]
        browse = [sys.executable, "-I", "-S", str(BROWSER), str(self.served.side_door)]
        environment = {
            "PATH": os.environ["PATH"], **self.served.environment, **self.play.environment,
            "HOME": str(self.folder), "NO_COLOR": "1", "BROWSER": f"{shlex.join(browse)} %s",
        }  # fmt: skip
        visit = Thread(target=subprocess.run, args=([*browse, act.visits],), daemon=True)
        errands = {WAITING: visit.start} if act.visits else {}
        person = {cue: partial(self._typed, answer) for cue, answer in act.person.items()}
        with Terminal(person, errands) as terminal, TemporaryFile() as printed:
            streams = (terminal.input, printed.fileno(), terminal.output)
            process = self.served.forks.start(
                [*words, *act.options], self.folder, environment, streams
            )
            terminal.attend(process, lambda: bool(self.served.provider.faults))
            status = process.status()
            printed.seek(0)
            return Done(status, terminal.said(), printed.read().decode().strip())
