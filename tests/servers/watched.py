"""The command line, watched: what it prints, says in arguments, and leaves in files."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from servers.command import TIMEOUT_S, Done

PROC = Path("/proc")


class Watched:
    """The command line, with everything remembered that it and its children let be seen."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "TMPDIR": str(folder / "tmp"),
            **environment,
        }
        (folder / "tmp").mkdir()
        self.printed: list[str] = []
        self.arguments: set[str] = set()

    def __call__(self, *words: str, **environment: str) -> Done:
        command = [sys.executable, "-m", "flowrun", *words]
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            over = threading.Event()
            watch = threading.Thread(target=self._watch, args=(process.pid, over))
            watch.start()
            try:
                stdout, stderr = process.communicate(timeout=TIMEOUT_S)
            finally:
                over.set()
                watch.join()
        return Done(process.returncode, stdout, stderr)

    def seen(self, *words: str, **environment: str) -> Done:
        """Run, and remember what was printed."""
        done = self(*words, **environment)
        self.printed += [done.stdout, done.stderr]
        return done

    def _watch(self, pid: int, over: threading.Event) -> None:
        while not over.wait(0.001):
            self.arguments |= {arguments_of(each) for each in family(pid)}

    def leaks(self, secrets: set[str]) -> dict[str, list[str]]:
        """Where any of *secrets* was seen: on a screen, in an argument, in a file for others."""
        tokens, output = self.folder / "tokens", "\n".join(self.printed)
        files = holding(self.folder, secrets)
        apart = {path for path in files if not path.is_relative_to(tokens)}
        open_to_others = {path for path in files if stat.S_IMODE(path.stat().st_mode) != 0o600}
        found = {
            "printed": [secret for secret in secrets if secret in output],
            "arguments": [s for s in secrets if any(s in each for each in self.arguments)],
            "files": [str(path) for path in apart | open_to_others],
        }
        return {where: what for where, what in found.items() if what}


def family(pid: int) -> Iterator[int]:
    """*pid* and its children, and theirs, as far as they still live."""
    yield pid
    with contextlib.suppress(OSError):
        for task in (PROC / str(pid) / "task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))


def arguments_of(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def holding(folder: Path, secrets: set[str]) -> set[Path]:
    """The files below *folder* that hold one of *secrets*."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path for path in files if any(s.encode() in path.read_bytes() for s in secrets)}
