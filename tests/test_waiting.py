"""A provider that asks to wait is left alone, by whoever asks."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flowrun.current import renew
from flowrun.errors import FlowrunError, ProviderError
from flowrun.job import Job
from flowrun.load import load_source
from flowrun.message import Response
from flowrun.oauth.waiting import left_s, retry_at, wait_s
from flowrun.place import Source
from flowrun.record import Record
from flowrun.secret import JSON
from flowrun.stores.files import FileStore
from flowrun.wire import Encoded
from servers.command import Cli
from servers.kinds import NOON, World, answer
from servers.raw import listening
from standards import proves

DAY_S = 86_400


def busy(asked: str, status: int = 429, **headers: str) -> Response:
    return Response(status, {"retry-after": asked, **headers}, b"{}")


# What a header means


@proves("RFC 9110", "10.2.3", "reads Retry-After as seconds and as a date, by the server's clock")
@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (busy("30"), 30),
        (busy(" 30 "), 30),
        (busy("0"), 0),
        (busy("999999999"), DAY_S),
        (busy("Tue, 14 Nov 2023 22:14:20 GMT"), 60),
        (busy("Tue, 14 Nov 2023 22:14:20 GMT", date="Tue, 14 Nov 2023 22:14:00 GMT"), 20),
        (busy("Tue, 14 Nov 2023 20:00:00 GMT"), 0),
        (busy("Tue, 14 Nov 2033 20:00:00 GMT"), DAY_S),
        (busy("soon"), None),
        (busy("-1"), None),
        (busy("\xb2"), None),
        (busy("9" * 5000), None),
        (Response(429, {}, b""), None),
    ],
)
def test_a_wait_is_read_from_the_answer(answer: Response, seconds: float | None) -> None:
    assert wait_s(answer, now=NOON) == seconds


@pytest.mark.parametrize(
    ("answer", "at"),
    [
        (busy("30"), NOON + 31),
        (busy("30", 503), NOON + 31),
        (busy("0"), None),
        (busy("30", 200), None),
        (busy("30", 302), None),
        (None, None),
    ],
)
def test_only_a_server_that_is_busy_is_left_alone(answer: Response | None, at: int | None) -> None:
    assert retry_at(answer, now=NOON + 0.25) == at


@pytest.mark.parametrize(
    ("at", "left"), [(None, 0), (NOON, 0), (NOON + 5, 5), (NOON + DAY_S, DAY_S), (NOON + 1e6, 0)]
)
def test_a_wait_that_nobody_can_have_asked_for_is_none(at: float | None, left: float) -> None:
    assert math.isclose(left_s(at, now=NOON), left)


# A record whose provider is busy

RECIPE = """
flowrun: 1
name: acme
steps:
  - token: {post: "https://id.example/token", form: {grant_type: authorization_code}}
refresh:
  - token:
      post: "https://id.example/token"
      form: {grant_type: refresh_token, refresh_token: "{{ saved.refresh_token }}"}
  - id: page
    token:
      name: page
      post: "https://id.example/token"
      form: {grant_type: page, refresh_token: "{{ saved.flowrun.tokens.page.refresh_token }}"}
save: acme
"""

BEGINNING = """
flowrun: 1
name: robot
steps:
  - token: {post: "https://id.example/token", form: {grant_type: client_credentials}}
save: acme
"""


def job_in(folder: Path, recipe: str = RECIPE, **meta: JSON) -> Job:
    """A job whose record is due."""
    store = FileStore(folder / "tokens")
    page: JSON = {"access_token": "page-0", "refresh_token": "page-r0", "flowrun": {}}
    fields: dict[str, JSON] = {"access_token": "access-0", "refresh_token": "refresh-0"}
    known: dict[str, JSON] = {"version": 1, "grant": "g", "tokens": {"page": page}, **meta}
    store.write("acme", Record({**fields, "expires_at": NOON}, known))
    return Job(load_source(Source("acme.yaml", recipe)), "acme", {}, store)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return job_in(tmp_path)


def stored(job: Job) -> Record:
    record = job.store.read("acme")
    assert record is not None
    return record


def refused(act: Callable[[], object]) -> FlowrunError:
    with pytest.raises(FlowrunError) as caught:
        act()
    return caught.value


def saying(*answers: Response) -> World:
    left = list(answers)
    return World(lambda _: left.pop(0))


@proves("RFC 9110", "10.2.3", "sends no refresh before the time that a busy server names")
def test_nothing_is_sent_before_the_time_that_the_provider_has_named(job: Job) -> None:
    world = saying(busy("600"), answer(200, access_token="access-1"))
    refused(lambda: renew(job, world.services))
    noted = stored(job).retry_at
    world.clock += 599
    waits = [
        refused(lambda: renew(job, world.services)),
        refused(lambda: renew(job, world.services, force=True)),
        refused(lambda: renew(job, world.services, rejected="access-0")),
    ]
    sent_before = len(world.wire.sent)
    world.clock += 1
    record = renew(job, world.services)

    assert noted == NOON + 600
    assert {error.code for error in waits} == {"E532"}
    assert "before 2023-11-14 22:23:20Z: the provider asked to wait" in str(waits[0])
    assert sent_before == 1
    assert (record.access_token, record.retry_at) == ("access-1", None)
    assert "last_error" not in record.meta


def test_a_refusal_that_asks_for_no_wait_ends_the_one_before_it(job: Job) -> None:
    world = saying(busy("600"), Response(429, {}, b"{}"))
    refused(lambda: renew(job, world.services))
    world.clock += 600
    refused(lambda: renew(job, world.services))

    assert stored(job).retry_at is None


def test_the_probe_waits_for_a_server_that_may_have_redeemed_the_token(job: Job) -> None:
    world = saying(busy("60", 503), answer(200, access_token="access-1"))
    refused(lambda: renew(job, world.services))
    early = refused(lambda: renew(job, world.services))
    attempt = job.store.attempt("acme")
    world.clock += 60
    record = renew(job, world.services)

    assert early.code == "E532"
    assert attempt is not None
    assert attempt.state == "unknown"
    assert record.access_token == "access-1"


def test_a_wait_survives_a_crash_before_it_was_judged(job: Job) -> None:
    attempt = job.store.begin("acme", stored(job), at=NOON)
    attempt.keep(busy("600"))
    world = saying()

    codes = [refused(lambda: renew(job, world.services)).code for _ in range(2)]

    assert codes[1] == "E532"
    assert stored(job).retry_at == NOON + 600
    assert world.wire.sent == []


def test_a_clock_that_was_far_ahead_does_not_keep_a_record_from_its_provider(job: Job) -> None:
    world = saying(busy("600"), answer(200, access_token="access-1"))
    world.clock += 10 * DAY_S
    refused(lambda: renew(job, world.services))
    world.clock = NOON

    assert renew(job, world.services).access_token == "access-1"


def test_a_grant_that_needs_nobody_is_not_begun_again_too_early(tmp_path: Path) -> None:
    job = job_in(tmp_path, BEGINNING)
    world = saying(busy("600"), answer(200, access_token="access-1"))
    refused(lambda: renew(job, world.services))
    early = refused(lambda: renew(job, world.services))
    world.clock += 600
    record = renew(job, world.services)

    assert early.code == "E532"
    assert stored(job) == record
    assert (record.access_token, record.retry_at) == ("access-1", None)


# A token that a server has refused


def rotating() -> World:
    """Gives access-1, access-2, ... for whatever it is sent."""
    count = iter(range(1, 10))

    def serve(request: Encoded) -> Response:
        kind = "page" if b"grant_type=page" in (request.body or b"") else "access"
        number = next(count)
        return answer(200, access_token=f"{kind}-{number}", refresh_token="r", expires_in=3600)

    return World(serve)


def test_a_token_that_a_server_has_refused_is_refreshed_before_it_is_due(job: Job) -> None:
    world = rotating()
    world.clock = NOON - 1000

    first = renew(job, world.services, rejected="access-0")
    second = renew(job, world.services, rejected="access-0")

    assert (first.access_token, second.access_token) == ("access-1", "access-1")
    assert first.named("page").access_token == "page-0"
    assert len(world.wire.sent) == 1


def test_a_named_token_that_a_server_has_refused_is_refreshed_alone(job: Job) -> None:
    world = rotating()
    world.clock = NOON - 1000

    record = renew(job, world.services, rejected="page-0")

    assert record.access_token == "access-0"
    assert record.named("page").access_token == "page-1"


def test_a_refused_token_of_a_grant_that_needs_nobody_is_begun_again(tmp_path: Path) -> None:
    job = job_in(tmp_path, BEGINNING)
    world = rotating()
    world.clock = NOON - 1000

    first = renew(job, world.services, rejected="access-0")
    second = renew(job, world.services, rejected="access-0")

    assert (first.access_token, second.access_token) == ("access-1", "access-1")


def test_a_refused_token_does_not_hide_what_was_interrupted(job: Job) -> None:
    job.store.begin("acme", stored(job), at=NOON).keep(answer(200, access_token="access-9"))
    world = saying()
    world.clock = NOON - 1000

    record = renew(job, world.services, rejected="access-0")

    assert record.access_token == "access-9"
    assert world.wire.sent == []


# The command line

FLOW = """
flowrun: 1
name: acme
steps:
  - token: {{post: "{url}/token", form: {{grant_type: authorization_code}}}}
refresh:
  - token:
      post: "{url}/token"
      form: {{grant_type: refresh_token, refresh_token: "{{{{ saved.refresh_token }}}}"}}
save: acme
"""

LATER = b"HTTP/1.1 429 X\r\nRetry-After: 3000\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    ("lives_s", "status", "printed"), [(20, 0, "fake-access-0\n"), (-20, 5, "")]
)
def test_a_token_that_still_lives_is_printed_while_the_provider_is_left_alone(
    cli: Cli, lives_s: int, status: int, printed: str
) -> None:
    cli.keep_secret("fake-refresh-0")
    good: JSON = {"access_token": "fake-access-0", "refresh_token": "fake-refresh-0"}
    body = json.dumps(good).encode()
    first = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    replies = [first, LATER]
    with listening(lambda connection: connection.sendall(replies.pop(0))) as server:
        (cli.folder / "acme.yaml").write_text(FLOW.format(url=server.url))
        assert cli("acme.yaml").status == 0
        document = json.loads(cli.record("acme").read_text())
        document["expires_at"] = int(time.time()) + lives_s
        document["flowrun"]["issued_at"] -= 3600
        cli.record("acme").write_text(json.dumps(document))
        done = [cli("token", "acme") for _ in range(3)]
        forced = cli("refresh", "acme")

    assert [each.status for each in done] == [status] * 3
    assert [each.stdout for each in done] == [printed] * 3
    assert all("error E532: acme is not refreshed before" in each.stderr for each in done[1:])
    assert (forced.status, len(server.requests)) == (5, 2)


def test_what_asks_for_longer_than_a_person_waits_is_not_tried_again(tmp_path: Path) -> None:
    job = job_in(
        tmp_path,
        BEGINNING.replace(
            "- token",
            "- http: {get: 'https://id.example/a'}\n    retry: {times: 3, wait: 1}\n  - token",
        ),
    )
    world = saying(busy("3000"), answer(200))

    error = refused(lambda: renew(job, world.services))

    assert isinstance(error, ProviderError)
    assert len(world.wire.sent) == 1
    assert stored(job).retry_at == NOON + 3000
