"""The recipes of docs/servers.md, run against the servers that the page is about."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from flowrun.library import find
from flowrun.load import load_source
from servers.command import TESTS, Cli, Done
from servers.rig import Rig

PAGE = TESTS.parent / "docs" / "servers.md"
BLOCK = re.compile(r"^```yaml\n(flowrun: 1\n.*?)^```", re.DOTALL | re.MULTILINE)
NAME = re.compile(r"^name: (\S+)$", re.MULTILINE)
COMPLETE = re.compile(r"http\S+[?&](?:user_)?code=[\w-]+")
"""The address of a device flow that holds the code."""
ASKED = re.compile("asks for consent on the person's device")
NEVER = "true %s"
"""For $BROWSER: nobody looks at it."""


def recipes() -> dict[str, str]:
    """Each recipe of the page, by its name."""
    return {NAME.findall(text)[0]: text for text in BLOCK.findall(PAGE.read_text("utf-8"))}


class Known(NamedTuple):
    """A recipe of the page, at a server that runs, for one of the server's clients."""

    cli: Cli
    rig: Rig
    name: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str]
    text: str = ""  # of the recipe, when not as the page has it

    @property
    def file(self) -> Path:
        path = self.cli.folder / f"{self.name}.yaml"
        path.write_text(self.text or recipes()[self.name], "utf-8")
        return path

    def run(self, browser: str, *arguments: str) -> Done:
        return self.cli(*self._words(), *arguments, BROWSER=browser, **self.secrets)

    def with_device(self, approve: str) -> Done:
        """The same, while a person with another screen enters the code that is shown."""
        return self._meanwhile(COMPLETE, lambda address: [approve.split()[0], "--device", address])

    def with_confirmation(self, *options: str) -> Done:
        """The same, while a person is asked on a device that the server knows."""
        confirm = str(TESTS / "rigs" / "glewlwyd" / "confirm")
        return self._meanwhile(ASKED, lambda _: [confirm, *options, self.rig.issuer])

    def _meanwhile(self, told: re.Pattern[str], person: Callable[[str], list[str]]) -> Done:
        """A run, and what a *person* does once it has *told* what they wait for."""
        shown = self.cli.folder / "shown"
        with shown.open("w") as stderr:
            environment = {**self.cli.environment(), **self.secrets, "BROWSER": NEVER}
            process = subprocess.Popen(
                [sys.executable, "-m", "flowrun", *self._words()],
                cwd=self.cli.folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )
            while process.poll() is None and not told.search(shown.read_text()):
                time.sleep(0.05)
            for found in told.findall(shown.read_text())[:1]:
                subprocess.run(person(found), check=True, timeout=30, stdout=subprocess.DEVNULL)
            return Done(process.wait(30), "", shown.read_text())

    def later(self, command: str) -> Done:
        """refresh, verify or revoke."""
        return self.cli(command, self.name, **self.secrets)

    def token(self) -> dict[str, object]:
        token: dict[str, object] = json.loads(self.cli.record(self.name).read_text())
        return token

    def _words(self) -> list[str]:
        """The file, and what of the settings it has an input for."""
        inputs = load_source(find(str(self.file))[0]).inputs
        settings = {"server": self.rig.issuer, **self.rig.settings, **self.settings}
        known = [f"--set={name}={settings[name]}" for name in settings if name in inputs]
        return [str(self.file), *known]


def claims(token: object) -> dict[str, object]:
    """What a JWT says, not verified."""
    part = str(token).split(".")[1]
    said: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return said
