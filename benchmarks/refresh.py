"""
What one refresh costs where everything is loaded: `python refresh.py NAME URL ROUNDS`.

It prints as JSON, in milliseconds: the bare POST to URL by http.client; what a refresh of the
record NAME right before or after it takes on top, on the clock and of the processor; and how much
of the former is making things last on the disk, in how many calls. The latter is without that.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from flowrun.console import Console
from flowrun.current import renew
from flowrun.session import Session
from flowrun.settings import Settings

FORM = {"grant_type": "refresh_token", "refresh_token": "fake-refresh", "client_id": "speed"}


class Took(NamedTuple):
    """What something took, in milliseconds."""

    clock: float
    processor: float
    disk: float
    calls: int


def main() -> None:
    record, url, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    session = Session(Settings(no_input=True), Console())
    job, _ = session.job_of(record)
    disk: list[tuple[float, float]] = []
    for name in ("fsync", "fdatasync"):
        timed(name, disk)
    with session.services(job) as services:

        def refresh() -> None:
            renew(job, services, force=True)

        def bare() -> None:
            post(url)

        for work in (refresh, bare):
            work()
        pairs = [
            (measured(refresh, disk), measured(bare, disk))
            if number % 2
            else (measured(bare, disk), measured(refresh, disk))[::-1]
            for number in range(rounds)
        ]
    print(json.dumps(summary(pairs)))


def summary(pairs: list[tuple[Took, Took]]) -> dict[str, float]:
    middle = statistics.median
    return {
        "post": middle(bare.clock for _, bare in pairs),
        "clock": middle(ours.clock - bare.clock for ours, bare in pairs),
        "processor": middle(ours.processor - bare.processor for ours, bare in pairs),
        "disk": middle(ours.disk for ours, _ in pairs),
        "calls": middle(ours.calls for ours, _ in pairs),
    }


def post(url: str) -> None:
    """The same request as a refresh sends, and nothing else."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", parts.path, urlencode(FORM), kind)
    json.loads(connection.getresponse().read())
    connection.close()


def now() -> tuple[float, float]:
    """The time on the clock, and that of the processor which this process has taken, in ms."""
    return time.perf_counter() * 1000, time.process_time() * 1000


def measured(work: Callable[[], None], disk: list[tuple[float, float]]) -> Took:
    disk.clear()
    before = now()
    work()
    clock, processor = (ended - begun for ended, begun in zip(now(), before, strict=True))
    waited, worked = (sum(column) for column in zip((0.0, 0.0), *disk, strict=True))
    return Took(clock, processor - worked, waited, len(disk))


def timed(name: str, took: list[tuple[float, float]]) -> None:
    """Let each call of that function of `os` say from now on how long it took."""
    original = getattr(os, name)

    def counted(descriptor: int) -> None:
        before = now()
        original(descriptor)
        clock, processor = (ended - begun for ended, begun in zip(now(), before, strict=True))
        took.append((clock, processor))

    setattr(os, name, counted)


if __name__ == "__main__":
    main()
