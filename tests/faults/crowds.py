"""Many at once, on one record that is due."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import NamedTuple

from faults.scene import NAME, Scene, ended
from servers.command import Process


class Crowd(NamedTuple):
    """What each of them got, what is the newest token, and how often a token was sent."""

    got: list[str]
    newest: str
    sends: int


def processes(scene: Scene, number: int) -> Crowd:
    """So many times `flowrun token NAME`, at once."""
    command = [sys.executable, "-m", "flowrun", "token", NAME, "--tokens", str(scene.folder)]
    started = [
        subprocess.Popen(
            command,
            env=Process(scene.folder.parent).environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(number)
    ]
    said = [process.communicate() for process in started]
    return _crowd(scene, [(out or error).strip() for out, error in said])


def threads(scene: Scene, number: int) -> Crowd:
    """So many threads of one process, each through the engine."""
    got: list[str] = []
    ready = threading.Barrier(number)

    def refresh() -> None:
        ready.wait()
        end = ended(scene.renew)
        got.append(end.token or end.message)

    started = [threading.Thread(target=refresh) for _ in range(number)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return _crowd(scene, got)


def _crowd(scene: Scene, got: list[str]) -> Crowd:
    seen = scene.seen()
    return Crowd(got, scene.access(seen.newest), len(seen.redeemed))
