from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from flowrun.clock import Clock
from flowrun.message import Response
from servers.command import Cli
from servers.raw import listening
from standards import proves

NOON = 1_784_808_000.0
SITE = "https://id.example.com"


def answer(date: str, **headers: str) -> Response:
    return Response(200, {"Date": date, **headers}, b"")


def told_after(ahead_s: float) -> tuple[Clock, list[str]]:
    """A clock that has heard twice from a server whose clock is *ahead_s* ahead."""
    told: list[str] = []
    clock = Clock(lambda: NOON, told.append)
    date = formatdate(NOON + ahead_s, usegmt=True)
    for url in (f"{SITE}/token", "https://other.example/me"):
        clock.compare(url, answer(date), sent_at=NOON - 1)
    return clock, told


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777.0),
        ("Sun Nov  6 08:49:37 1994", 784_111_777.0),
        ("yesterday", None),
        ("Sun, 99 Nov 1994 99:99:99 GMT", None),
        ("", None),
    ],
)
@proves("RFC 9110", "6.6.1", "the time of a server is read from the date of its answers")
def test_the_date_of_an_answer_is_read_in_each_form(written: str, meant: float | None) -> None:
    assert answer(written).date == meant


def test_a_clock_that_is_off_is_reckoned_with_and_told_once() -> None:
    clock, told = told_after(300)

    assert clock.ahead(SITE) == 300
    assert told == ["your clock is 300 s behind id.example.com"]


def test_a_clock_that_is_fast_is_told_so() -> None:
    clock, told = told_after(-90)

    assert clock.ahead(SITE) == -90
    assert told == ["your clock is 90 s ahead of id.example.com"]


def test_a_small_difference_is_reckoned_with_and_not_told() -> None:
    clock, told = told_after(20)

    assert clock.ahead(SITE) == 20
    assert told == []


def test_a_second_that_is_not_over_is_no_difference() -> None:
    clock, _ = told_after(-0.5)

    assert clock.ahead(SITE) == 0


def test_what_a_slow_answer_took_is_no_difference() -> None:
    clock = Clock(lambda: NOON)
    clock.compare(SITE, answer(formatdate(NOON - 40)), sent_at=NOON - 60)

    assert clock.ahead(SITE) == 0


def test_a_cache_does_not_tell_the_time() -> None:
    clock = Clock(lambda: NOON)
    clock.compare(SITE, answer(formatdate(NOON - 3600), Age="3600"), sent_at=NOON)

    assert clock.ahead(SITE) == 0


def test_nobody_has_told_of_another_origin() -> None:
    clock, _ = told_after(300)

    assert clock.ahead("https://id.example.com:8443") == 0


RECIPE = """\
flowrun: 1
name: quick
steps:
  - token: {{post: "{url}/token", form: {{grant_type: client_credentials}}}}
save: quick
"""


def test_the_command_line_says_that_the_clock_is_off(cli: Cli) -> None:
    body = b'{"access_token": "fake-access", "expires_in": 3600}'
    date = formatdate(time.time() + 3600, usegmt=True).encode()
    head = b"HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: %d\r\n\r\n" % (date, len(body))
    with listening(head + body) as server:
        (cli.folder / "quick.yaml").write_text(RECIPE.format(url=server.url), "utf-8")
        done = cli("./quick.yaml")

    assert done.status == 0, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "clock" in line]
    assert line.endswith("s behind 127.0.0.1")
