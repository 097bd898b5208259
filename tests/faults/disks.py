"""
Small and read-only disks, with the real command line; run as a program in a mount namespace.

    disks.py full ROOM     a disk with so many KiB of room beside the record
    disks.py read-only     one that is mounted read-only, then writable again
    disks.py refused       a folder that may be read and not written, by somebody who is not root

Each prints how the command ended there, how often a token was sent, and how the next one ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from faults.rotating import rotating
from faults.scene import NAME, Scene, Stage

OBEYING = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
"""Has root, too, obey the modes of files."""


PAGE_KIB, MOST_PAGES = 4, 25
"""A refresh needs some 19 pages: a journal with room for an answer, and the record."""


class Tried(NamedTuple):
    """How `flowrun token` ended on such a disk, and afterwards."""

    status: int
    code: str
    sends: int  # by the first
    then: int  # the status of the second
    newest: bool  # it printed the newest token
    litter: list[str]

    @property
    def wrong(self) -> list[str]:
        wrong = [f"it ended with {self}"] * (self.status not in (0, 7) or not self.newest)
        return wrong + [f"litter: {self.litter}"] * bool(self.litter)


def why_not() -> str:
    """Why there can be no such disks here; "" when there can."""
    if missing := [tool for tool in ("unshare", "setpriv") if not shutil.which(tool)]:
        return f"there is no {' and no '.join(missing)}"
    done = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True, check=False)
    return f"no mount namespace: {done.stderr.strip()}" if done.returncode else ""


UNSHARE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]


def tried(*words: str) -> Tried:
    """What this module, run as a program, says."""
    tests = str(Path(__file__).parent.parent)
    command = [*UNSHARE, sys.executable, __file__, *words]
    environment = {**os.environ, "PYTHONPATH": tests}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Tried(*json.loads(done.stdout))


def _token(scene: Scene) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flowrun", "token", NAME, "--tokens", str(scene.folder)]
    obeying = OBEYING if os.geteuid() == 0 else []
    environment = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "NO_COLOR": "1"}
    return subprocess.run(
        [*obeying, *command], env=environment, capture_output=True, text=True, check=False
    )


def _mount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)


@contextlib.contextmanager
def _full(scene: Scene, room_kib: int) -> Iterator[None]:
    """Leave so much room on the disk."""
    ballast = scene.folder.parent / "ballast"
    status = os.statvfs(ballast.parent)
    ballast.write_bytes(bytes(status.f_bavail * status.f_frsize - (room_kib << 10)))
    yield
    ballast.unlink()


@contextlib.contextmanager
def _read_only(scene: Scene, _: int) -> Iterator[None]:
    for mode in ("ro", "rw"):
        subprocess.run(["mount", "-o", f"remount,{mode}", scene.folder.parent], check=True)
        if mode == "ro":
            yield


@contextlib.contextmanager
def _refused(scene: Scene, _: int) -> Iterator[None]:
    for mode in (0o500, 0o700):
        for folder in (scene.folder, scene.folder / ".flowrun"):
            folder.chmod(mode)
        if mode == 0o500:
            yield


WAYS = {"full": _full, "read-only": _read_only, "refused": _refused}


def _ended(scene: Scene, way: str, number: int) -> Tried:
    with WAYS[way](scene, number):
        first = _token(scene)
        sends = len(scene.seen().redeemed)
    second = _token(scene)
    newest = second.stdout.strip() == scene.access(scene.seen().newest)
    code = first.stderr.partition("error ")[2][:4]
    return Tried(first.returncode, code, sends, second.returncode, newest, scene.litter())


def main(way: str, number: str = "0") -> None:
    with rotating() as provider, tempfile.TemporaryDirectory() as folder:
        _mount(Path(folder), "size=1m,mode=700")
        try:
            scene = Stage(Path(folder), provider).scene()
            print(json.dumps(_ended(scene, way, int(number))))
        finally:
            subprocess.run(["umount", "--lazy", folder], check=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
