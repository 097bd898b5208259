"""Move the clock under the real command line, by libfaketime, and back again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from faults.kills import nothing, unanswered, unjudged, unsent
from faults.scene import NAME, Scene
from servers.command import Process


def fresh(scene: Scene) -> None:
    scene.renew()


STATES: dict[str, tuple[str, Callable[[Scene], object]]] = {
    "due": ("strict", nothing),
    "fresh": ("strict", fresh),
    "request lost": ("strict", unsent),
    "answer not judged": ("strict", unjudged),
    "answer lost, with grace": ("grace", unanswered),
}
"""What a record may be in the middle of when the clock moves, and at which provider."""

SHIFTS = {"a day back": "-1d", "an hour back": "-1h", "a day on": "+1d", "a year on": "+1y"}


class Moved(NamedTuple):
    """What `flowrun token` printed with the clock moved, and then with the clock as it is."""

    statuses: tuple[int, int]
    told: bool  # that the clock differs from the provider's
    sends: dict[int, int]  # how often each refresh token was sent
    wrong: tuple[str, ...]


def why_not() -> str:
    """Why the clock cannot be moved here; "" when it can."""
    return "" if shutil.which("faketime") else "there is no faketime"


def move(scene: Scene, shift: str) -> Moved:
    """`flowrun token` for *scene* with the clock moved by *shift*, and once more as it is."""
    moved = _token(scene, "faketime", "-f", shift)
    back = _token(scene)
    seen = scene.seen()
    wrong = [f"{done.returncode}: {done.stderr}" for done in (moved, back) if done.returncode]
    wrong += ["it printed another token"] * (back.stdout.strip() != scene.access(seen.newest))
    wrong += ["the family has ended"] * seen.ended
    wrong += [f"litter: {scene.litter()}"] * bool(scene.litter())
    told = "your clock is" in moved.stderr
    statuses = (moved.returncode, back.returncode)
    return Moved(statuses, told, dict(Counter(seen.redeemed)), tuple(wrong))


def _token(scene: Scene, *before: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flowrun", "token", NAME, "--tokens", str(scene.folder)]
    environment = Process(scene.folder.parent).environment() | {"DONT_FAKE_MONOTONIC": "1"}
    return subprocess.run(
        [*before, *command], env=environment, capture_output=True, text=True, check=False
    )
