"""Break the connection at a byte of the request or of the answer, and look what is left."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

from faults.kills import GONE, found
from faults.scene import NAME, Ended, Scene, ended

PATIENCE_S = 0.2


class Cut(NamedTuple):
    """How the broken refresh ended, and the next one."""

    first: Ended
    case: str
    second: Ended
    kept: bool  # both new tokens are in what came of the answer, which lies beside the record
    wrong: tuple[str, ...]

    @property
    def lost(self) -> bool:
        return GONE in (self.first.code, self.second.code)


def cut(scene: Scene, way: str, number: int) -> Cut:
    """A refresh of *scene* whose exchange breaks in this *way* (`faults.rotating`)."""
    scene.provider.breaks(way, number)
    first = ended(partial(scene.renew, timeout_s=PATIENCE_S if way == "late" else 30))
    before, (case, wrong) = scene.seen(), found(scene)
    second = ended(scene.renew)
    seen, record = scene.seen(), scene.record()
    wrong += [f"the first token was sent {seen.redeemed}"] * (seen.redeemed not in ([0], [0, 0]))
    if first.token:
        wrong += ["a second request was sent"] * (seen != before)
    newest = scene.access(seen.newest)
    kept = record.refresh_token == f"{scene.family}.0" and record.needs_person
    right = kept if second.code == GONE else record.access_token == second.token == newest
    wrong += [f"then it ended with {second}"] * (not right)
    wrong += ["lost, though nobody had redeemed it"] * (
        second.code == GONE and not before.committed_ns
    )
    return Cut(first, case, second, _kept(scene), tuple(wrong))


def _kept(scene: Scene) -> bool:
    found = scene.session.store.orphans().get(NAME, [])
    said = "".join(Path(path).read_text() for path in found)
    return all(f'"{token}"' in said for token in (scene.access(1), f"{scene.family}.1"))
