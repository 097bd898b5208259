"""The recipes of docs/servers.md, run against the servers that the page is about."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from servers.command import TESTS, Cli, Done
from servers.rig import Rig

PAGE = TESTS.parent / "docs" / "servers.md"
SECRET = "rig-secret-0123456789-0123456789-0123456789"
BLOCK = re.compile(r"^```yaml\n(flowrun: 1\n.*?)^```", re.DOTALL | re.MULTILINE)
NAME = re.compile(r"^name: (\S+)$", re.MULTILINE)


def recipes() -> dict[str, str]:
    """Each recipe of the page, by its name."""
    return {NAME.findall(text)[0]: text for text in BLOCK.findall(PAGE.read_text("utf-8"))}


class Known(NamedTuple):
    """A recipe of the page, at a server that runs, for one of the server's clients."""

    cli: Cli
    rig: Rig
    name: str
    client: str
    settings: Mapping[str, str] = {}
    environment: Mapping[str, str] = {}

    @property
    def file(self) -> Path:
        path = self.cli.folder / f"{self.name}.yaml"
        path.write_text(recipes()[self.name], "utf-8")
        return path

    def run(self, browser: str, *arguments: str) -> Done:
        settings = {**self.rig.settings, "client_id": self.client, **self.settings}
        known = [f"--set={name}={value}" for name, value in settings.items() if self._takes(name)]
        environment = {"BROWSER": browser, **self.environment}
        return self.cli(self.file, *known, *arguments, **environment)

    def later(self, command: str) -> Done:
        """refresh, verify or revoke."""
        return self.cli(command, self.name, **self.environment)

    def token(self) -> dict[str, object]:
        token: dict[str, object] = json.loads(self.cli.record(self.name).read_text())
        return token

    def _takes(self, name: str) -> bool:
        return name != "redirect_uri" or "base/device" not in recipes()[self.name]


def ask(url: str, form: Mapping[str, str], **headers: str) -> dict[str, object]:
    """What a server says to *form*, behind the client's back."""
    data = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        said: dict[str, object] = json.load(answer)
        return said
