"""What came of checking one flow, before it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..errors import FlowrunError, Problem

if TYPE_CHECKING:
    from ..review import Downgrade

WEAKER = "weaker than flowrun's own way"


class Checked(NamedTuple):
    """What came of checking one flow."""

    name: str
    hosts: Sequence[str] = ()
    downgrades: Sequence[Downgrade] = ()
    error: FlowrunError | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.error.problems if self.error else ()

    @property
    def exit_status(self) -> int:
        return self.error.exit_status if self.error else 0
