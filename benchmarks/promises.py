"""
What docs/promises.md promises, put to the proof: `python benchmarks/promises.py`.

Every fault of tests/faults, at every place where it can happen; some minutes on two processors.
With `--write` the figures go into the page, with `--step N` only every N-th place is tried. The
exit status is 1 when a promise was broken, and 2 when something could not be tried here.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from faults import clocks, disks, refusals, suite, tracing, window  # noqa: E402
from faults.spread import PLAIN, Crew, crew, with_age  # noqa: E402
from faults.suite import Every, Row  # noqa: E402

PAGE = ROOT / "docs" / "promises.md"
MARKED = re.compile(
    r"(<!-- measured: benchmarks/promises.py -->\n).*?(<!-- /measured -->)", re.DOTALL
)
REFRESHES = 300
"""How many windows are measured."""

FOUND = {
    "none": "nothing was begun",
    "a": "case a",
    "b": "case b",
    "c": "case c",
    "d": "case d",
    "done": "it was done",
    "busy": "the other was turned away (E704)",
    "free": "the other refreshed, or found it done",
    "E701": "refused (E701)",
    "told": "the clock was told",
    "redemptions": "redemption",
}
"""The words of the page for what was found."""


class Line(NamedTuple):
    """One line of the table."""

    fault: str
    row: Row

    def __str__(self) -> str:
        found = ", ".join(
            f"{FOUND.get(what, what)} {n}" for what, n in sorted(self.row.found.items())
        )
        lost = f"{self.row.lost}"
        lost += f", {self.row.needless} of them unused" if self.row.needless else ""
        return f"| {self.fault} | {self.row.trials} | {found} | {lost} |"


def kills(plain: Crew, every: Every) -> Iterator[Line]:
    yield Line("killed, strict provider", suite.killed(plain, every=every))
    yield Line("killed, provider with grace", suite.killed(plain, "grace", every=every))
    yield Line("killed, provider that does not rotate", suite.killed(plain, "lasting", every=every))
    for before, what in (
        ("unsent", "whose request had not arrived"),
        ("unanswered", "whose answer was lost before"),
        ("unjudged", "whose answer was in the journal"),
    ):
        row = suite.killed(plain, before=before, every=every)
        yield Line(f"killed while it settles a refresh {what}", row)
    with crew(with_age()) as encrypted:
        yield Line("killed, encrypted record", suite.killed(encrypted, every=every))
    yield Line("suspended, while another comes by", suite.suspended(plain, every))


def others(plain: Crew, every: Every) -> Iterator[Line]:
    yield Line("hung up on after each byte of the request", suite.cut(plain, "unread", every))
    for way, what in (("fin", "ended"), ("rst", "reset"), ("late", "late")):
        yield Line(f"the answer {what} after each byte of it", suite.cut(plain, way, every))
    processes, threads = suite.crowded(plain, processes=64, threads=8)
    yield Line("64 processes at once", processes)
    yield Line("8 threads at once", threads)


def refusing(plain: Crew, every: Every) -> Iterator[Line]:
    what = "write, fsync, fdatasync, rename, link, unlink and open, each refused with each of "
    yield Line(what + ", ".join(refusals.ERRORS), suite.refused(plain))


def full(_: Crew, every: Every) -> Iterator[Line]:
    yield Line("a disk with room for 0, 4, 8, ... 96 KiB", suite.small_disk(every))
    yield Line("a folder that may not be written, a disk mounted read-only", suite.unwritable())


def clock(plain: Crew, every: Every) -> Iterator[Line]:
    what = ", ".join(clocks.SHIFTS)
    yield Line(f"the clock {what}, then set right", suite.clock_moved(plain))


PARTS = (
    (kills, tracing.why_not),
    (refusing, refusals.why_not),
    (full, disks.why_not),
    (others, lambda: ""),
    (clock, clocks.why_not),
)


def windows(number: int) -> Iterator[str]:
    """How long an answer is nowhere but on its way, in so many refreshes."""
    for what, environ in (("plain", PLAIN), ("encrypted", with_age())):
        with crew(environ) as started:
            found = started.spread(window.measured, [number])[0]
        for part, of in (("here", "commit to here"), ("kept", "here to the disk")):
            times = [getattr(each, f"{part}_ns") / 1000 for each in found]
            yield f"| {what}: {of} | {statistics.median(times):.0f} | {max(times):.0f} |"


def reported(lines: list[Line], measured: list[str], refreshes: int) -> str:
    lost = next((line.row for line in lines if line.row.where), None)
    where = [f"`{call}`" for call in (lost.where if lost else ())]
    return "\n".join(
        [
            "| fault | times | what was found | lost |",
            "|---|---|---|---|",
            *map(str, lines),
            "",
            "A refresh at the strict provider was lost when it was killed before or after "
            f"{', '.join(where) or 'nothing'}, in this order.",
            "",
            f"| window, over {refreshes} refreshes | median, µs | longest, µs |",
            "|---|---|---|",
            *measured,
            "",
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--write", action="store_true", help="put the figures into the page")
    parser.add_argument("--step", type=int, default=1, help="only every so-many-th place")
    options = parser.parse_args()
    every, lines, lacking, begun = Every(options.step), list[Line](), list[str](), time.monotonic()
    with crew() as plain:
        for part, why_not in PARTS:
            if reason := why_not():
                lacking.append(f"{part.__name__} not tried: {reason}")
                continue
            for line in part(plain, every):
                lines.append(line)
                print(line, *(f"  BROKEN {each}" for each in line.row.wrong), sep="\n", flush=True)
    refreshes = REFRESHES // options.step
    report = reported(lines, list(windows(refreshes)), refreshes)
    if options.write:
        text = MARKED.sub(lambda found: found[1] + report + found[2], PAGE.read_text("utf-8"))
        PAGE.write_text(text, "utf-8")
    print(f"\n{report}\n{time.monotonic() - begun:.0f} s", *lacking, sep="\n")
    return 1 if any(line.row.wrong for line in lines) else 2 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
