"""The command line as a real process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

TESTS = Path(__file__).parent.parent
RECIPES = TESTS / "recipes"
TIMEOUT_S = 60


class Done(NamedTuple):
    """How a process of the command line ended."""

    status: int
    stdout: str
    stderr: str


class Cli(Protocol):
    """Runs `flowrun ARGUMENTS` in a folder of its own and looks for leaked secrets."""

    folder: Path

    def __call__(self, *arguments: str | Path, **environment: str) -> Done: ...

    def keep_secret(self, *secrets: str) -> None: ...

    def record(self, name: str) -> Path: ...

    def environment(self) -> dict[str, str]: ...


class Process:
    """`Cli` as a process with a clean environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._secrets: list[str] = []

    def __call__(self, *arguments: str | Path, **environment: str) -> Done:
        command = [sys.executable, "-m", "flowrun", *map(str, arguments)]
        ended = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment() | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        for secret in self._secrets:
            assert secret not in ended.stdout, "a secret is on stdout"
            assert secret not in ended.stderr, "a secret is on stderr"
        return Done(ended.returncode, ended.stdout, ended.stderr)

    def keep_secret(self, *secrets: str) -> None:
        """From now on the output must hold none of *secrets*."""
        self._secrets += secrets

    def record(self, name: str) -> Path:
        return self.folder / "tokens" / f"{name}.json"

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        return kept | {"HOME": str(self.folder), "NO_COLOR": "1"}
