"""Suspend whoever refreshes at a system call, let another come by, and let it go on."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from faults.kills import Where
from faults.scene import Ended, Scene, apart, silence
from faults.tracing import Stop, tracing

PATIENCE_S = 0.02


class Suspension(NamedTuple):
    """What became of a refresh that was suspended, and of the one that came by meanwhile."""

    stop: Stop | None  # None: the refresh had ended before
    other: Ended
    wrong: tuple[str, ...]

    @property
    def busy(self) -> bool:
        """Whether the other one was turned away."""
        return self.other.code == "E704"


def suspend(scene: Scene, where: Where) -> Suspension:
    """
    Suspend a refresh of *scene* there.

    Before a call the tracer holds it; after one it has SIGSTOP, and nobody traces it any more.
    """

    def refresh() -> None:
        silence()
        scene.renew()

    with tracing(refresh) as traced:
        stop = next((each for each in traced if (each.number, each.main) == where), None)
        if stop is None:
            return Suspension(None, Ended(), ())
        if not stop.entered:
            traced.suspend()
        other = apart(partial(scene.renew, deadline_s=PATIENCE_S))
        status = traced.ended()
    wrong = [f"the holder ended with {status}"] * (status != 0)
    return Suspension(stop, other, (*wrong, *_judged(scene, other, traced.pid)))


def _judged(scene: Scene, other: Ended, holder: int) -> list[str]:
    seen, record = scene.seen(), scene.record()
    named = other.code == "E704" and f"process {holder} has it" in other.message
    wrong = [f"the other one ended with {other}"] * (not named and other.token != scene.access(1))
    wrong += [f"tokens were sent: {seen.redeemed}"] * (seen.redeemed != [0])
    wrong += ["the record has another token"] * (record.access_token != scene.access(1))
    wrong += [f"litter: {scene.litter()}"] * bool(scene.litter())
    return wrong
