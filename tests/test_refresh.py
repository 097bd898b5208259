"""The refresh protocol: one redemption, whatever dies in between; run as a program, one process."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flowrun.errors import (
    FlowError,
    FlowrunError,
    PersonNeeded,
    ProviderError,
    StoreError,
    TransportError,
)
from flowrun.message import Body, Request, Response
from flowrun.record import Record, due
from flowrun.refresh import Policy, Redeem, carry_over, refresh
from flowrun.secret import JSON, Secret, reveal
from flowrun.services import Http
from flowrun.stores.files import FileStore
from standards import proves

NOON = 1_700_000_000
ROTATING = Policy(rotates=True, grace_s=0)
LASTING = Policy(rotates=False, grace_s=0)
Answer = Callable[[], Response]


def first_record(**meta: JSON) -> Record:
    fields: dict[str, JSON] = {
        "access_token": "access-0",
        "refresh_token": "refresh-0",
        "expires_at": NOON,
    }
    return Record(fields, {"version": 0, "grant": "g1", "issued_at": NOON - 3600, **meta})


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    store = FileStore(tmp_path / "tokens")
    store.write("acme", first_record())
    return store


def tokens(number: int, **more: JSON) -> Response:
    answer = {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"}
    return Response(200, {"content-type": "application/json"}, json.dumps(answer | more).encode())


def error(status: int, name: str = "") -> Response:
    return Response(status, {}, json.dumps({"error": name}).encode() if name else b"<html>")


def meanwhile(happens: Callable[[], object], answer: Response) -> Answer:
    """An answer before which something happens here."""

    def answered() -> Response:
        happens()
        return answer

    return answered


class Wire:
    """A provider as a list of answers; the last one is given for ever."""

    def __init__(self, *answers: Response | FlowrunError | Answer) -> None:
        self.answers = list(answers)
        self.redeemed: list[str] = []
        self.asked: list[str] = []

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        if not redeems:
            self.asked.append(str(request.url))
            return Response(200, {}, b"{}")
        assert request.body is not None
        self.redeemed.append(str(reveal(request.body.content)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, FlowrunError):
            raise answer
        return answer if isinstance(answer, Response) else answer()


def record_in(answer: Response, now: float) -> Record:
    """What a token step makes of an answer."""
    found = answer.json
    if answer.ok and isinstance(found, dict) and "access_token" in found:
        return Record({**found, "expires_at": int(now + 3600)}, {"issued_at": int(now)})
    name = found.get("error") if isinstance(found, dict) else None
    if name == "invalid_grant":
        raise ProviderError("E501", "the grant is refused: invalid_grant", outcome="ended")
    if name or answer.status == 429:
        raise ProviderError("E502", f"refused: {name}", outcome="unspent")
    raise ProviderError("E505", f"the answer {answer.status} cannot be read")


def redeeming(http: Http, now: float = NOON) -> Redeem:
    def redeem(record: Record, token: str, wrap: Callable[[Http], Http]) -> Record:
        return record_in(redemption_by(wrap(http), record), now)

    return redeem


def redemption_by(http: Http, record: Record) -> Response:
    body = Body("text", Secret(record.refresh_token))
    return http.send(Request("POST", "https://id.example/token", body=body), redeems=True)


def run(
    store: FileStore,
    act: Http | Redeem,
    policy: Policy = ROTATING,
    *,
    now: float = NOON,
    only_settle: bool = False,
) -> Record:
    redeem = act if not isinstance(act, Wire | Loopback) else redeeming(act, now)
    assert callable(redeem)
    return refresh(
        store,
        "acme",
        due=lambda record: [""] * (not only_settle and due(record, now)),
        redeem=redeem,
        policy=lambda _: policy,
        now=lambda: now,
    )


def refusal(act: Callable[[], object]) -> FlowrunError:
    with pytest.raises(FlowrunError) as caught:
        act()
    return caught.value


def stored(store: FileStore) -> Record:
    record = store.read("acme")
    assert record is not None
    return record


def orphans(store: FileStore) -> list[bytes]:
    return [path.read_bytes() for path in (store.folder / ".flowrun").glob("acme.orphan-*")]


def test_a_fresh_record_is_left_alone(store: FileStore) -> None:
    wire = Wire(tokens(1))

    record = run(store, wire, now=NOON - 1000)

    assert record == first_record()
    assert wire.redeemed == []


@proves("RFC 6749", "6", "replaces the old refresh token with the new one")
def test_a_due_record_is_redeemed_once_and_counted(store: FileStore) -> None:
    wire = Wire(tokens(1, instance_url="https://x.example"))

    record = run(store, wire)

    assert wire.redeemed == ["refresh-0"]
    assert stored(store) == record
    assert record.fields["instance_url"] == "https://x.example"
    assert (record.refresh_token, record.version, record.grant) == ("refresh-1", 1, "g1")
    assert record.attempt
    assert store.attempt("acme") is None
    assert run(store, wire) == record


def test_a_record_that_is_not_there_cannot_be_refreshed(tmp_path: Path) -> None:
    assert refusal(lambda: run(FileStore(tmp_path / "t"), Wire(tokens(1)))).code == "E705"


@proves("RFC 6749", "6", "keeps the refresh token where no new one comes")
def test_a_refresh_token_lives_on_where_none_comes_back(store: FileStore) -> None:
    wire = Wire(Response(200, {}, b'{"access_token": "access-1", "refresh_token": null}'))

    assert run(store, wire).refresh_token == "refresh-0"


def test_only_a_missing_refresh_token_is_carried_over() -> None:
    old, new, bare = first_record(), Record({"refresh_token": "r1"}, {}), Record({"a": 1}, {})

    assert carry_over(old, new) == new
    assert carry_over(old, bare).fields == {"a": 1, "refresh_token": "refresh-0"}
    assert carry_over(bare, bare) == bare


def test_the_request_is_on_the_disk_before_it_leaves_and_the_answer_before_it_is_read(
    store: FileStore,
) -> None:
    seen = []

    def redeem(record: Record, token: str, wrap: Callable[[Http], Http]) -> Record:
        answer = redemption_by(wrap(wire), record)
        seen.append(store.attempt("acme"))
        return record_in(answer, NOON)

    wire = Wire(meanwhile(lambda: seen.append(store.attempt("acme")), tokens(1)))
    run(store, redeem)

    before, after = seen
    assert before is not None
    assert after is not None
    assert (before.state, before.answer) == ("sent", None)
    assert after.answer is not None
    assert (after.answer.body, after.whole) == (tokens(1).body, True)


def test_a_grant_that_is_over_needs_a_person_and_keeps_its_tokens(store: FileStore) -> None:
    wire = Wire(error(400, "invalid_grant"))

    first, second = refusal(lambda: run(store, wire)), refusal(lambda: run(store, wire))

    assert (first.code, second.code) == ("E501", "E501")
    assert "invalid_grant" in str(second)
    assert "consent" in second.problems[0].hint
    assert wire.redeemed == ["refresh-0"]
    assert stored(store).fields == first_record().fields
    assert stored(store).meta["needs_person"] == str(first)
    assert store.attempt("acme") is None
    assert run(store, wire, only_settle=True).access_token == "access-0"


def test_a_token_that_a_server_has_refused_is_renewed_once(store: FileStore) -> None:
    lives = first_record(rejected=True)
    lives = lives._replace(fields={**lives.fields, "expires_at": NOON + 10**6})
    store.write("acme", lives)
    wire = Wire(tokens(1), tokens(2))

    run(store, wire)
    run(store, wire)

    assert wire.redeemed == ["refresh-0"]
    assert "rejected" not in stored(store).meta


def test_a_token_that_was_handed_over_is_not_redeemed(store: FileStore) -> None:
    handed = first_record(released={"at": NOON, "as": "webmethods"})
    store.write("acme", handed)
    wire = Wire(tokens(1))

    with pytest.raises(PersonNeeded, match="handed over as webmethods") as caught:
        run(store, wire)

    assert caught.value.code == "E803"
    assert wire.redeemed == []
    assert stored(store) == handed
    assert store.attempt("acme") is None


@pytest.mark.parametrize("answer", [error(400, "invalid_client"), error(429)])
def test_a_refusal_that_spends_nothing_changes_nothing(store: FileStore, answer: Response) -> None:
    wire = Wire(answer, tokens(1))

    refused = refusal(lambda: run(store, wire))

    assert stored(store).fields == first_record().fields
    assert stored(store).version == 0
    last = {"code": refused.code, "message": str(refused), "at": NOON}
    assert stored(store).meta["last_error"] == last
    assert store.attempt("acme") is None
    assert "last_error" not in run(store, wire).meta


def test_a_success_forgets_the_trouble_before_it(store: FileStore) -> None:
    wire = Wire(error(429), tokens(1))
    refusal(lambda: run(store, wire))

    def keeping(record: Record, token: str, wrap: Callable[[Http], Http]) -> Record:
        new = record_in(redemption_by(wrap(wire), record), NOON)
        return new._replace(meta={**record.meta, **new.meta})

    assert set(run(store, keeping).meta) == {"version", "grant", "issued_at", "attempt"}


def test_a_request_that_never_left_may_be_sent_again(store: FileStore) -> None:
    wire = Wire(TransportError("E601", "no connection", sent=False), tokens(1))

    refused = refusal(lambda: run(store, wire))

    assert refused.code == "E601"
    assert store.attempt("acme") is None
    assert run(store, wire).access_token == "access-1"


def test_a_host_that_is_refused_was_sent_nothing(store: FileStore) -> None:
    refused = refusal(lambda: run(store, Wire(FlowError("E213", "the host is not allowed"))))

    assert refused.code == "E213"
    assert store.attempt("acme") is None


def test_a_trouble_before_the_redemption_spends_nothing(store: FileStore) -> None:
    def redeem(_record: Record, _token: str, _wrap: Callable[[Http], Http]) -> Record:
        raise TransportError("E602", "no answer from the discovery document", sent=True)

    assert refusal(lambda: run(store, redeem)).code == "E602"
    assert store.attempt("acme") is None
    assert stored(store).meta["last_error"]


UNCLEAR = [
    pytest.param(error(503), id="503"),
    pytest.param(Response(200, {}, b"<html>"), id="html"),
    pytest.param(TransportError("E602", "no answer in time", sent=True), id="timeout"),
    pytest.param(ProviderError("E508", "too large"), id="too large"),
]


@pytest.mark.parametrize("unclear", UNCLEAR)
def test_an_unclear_end_is_probed_once_and_a_success_settles_it(
    store: FileStore, unclear: Response | FlowrunError
) -> None:
    wire = Wire(unclear, tokens(1))

    refusal(lambda: run(store, wire))
    attempt = store.attempt("acme")
    record = run(store, wire, only_settle=True)

    assert attempt is not None
    assert attempt.state == "unknown"
    assert wire.redeemed == ["refresh-0", "refresh-0"]
    assert (record.access_token, record.version) == ("access-1", 1)
    assert store.attempt("acme") is None


@pytest.mark.parametrize(
    "unclear", [*UNCLEAR, error(400, "invalid_grant"), error(400, "invalid_client")]
)
def test_a_probe_that_ends_unclear_or_refused_is_the_last_request(
    store: FileStore, unclear: Response | FlowrunError
) -> None:
    wire = Wire(error(503), unclear)
    refusal(lambda: run(store, wire))

    ends = [refusal(lambda: run(store, wire)) for _ in range(3)]

    assert {(end.code, str(end)) for end in ends} == {
        ("E510", "acme needs a person: refresh outcome unknown")
    }
    assert len(wire.redeemed) == 2
    assert stored(store).fields == first_record().fields
    assert store.attempt("acme") is None


@pytest.mark.parametrize(
    "nothing",
    [
        pytest.param(TransportError("E601", "no connection", sent=False), id="it never left"),
        pytest.param(error(429), id="the provider has not looked at it"),
    ],
)
def test_a_probe_that_was_none_is_made_later(
    store: FileStore, nothing: Response | FlowrunError
) -> None:
    wire = Wire(error(503), nothing, tokens(1))
    refusal(lambda: run(store, wire))

    refused = refusal(lambda: run(store, wire))
    attempt = store.attempt("acme")
    record = run(store, wire)

    assert refused.code in ("E601", "E502")
    assert attempt is not None
    assert attempt.state == "unknown"
    assert record.access_token == "access-1"


def test_a_token_that_does_not_rotate_is_simply_sent_again(store: FileStore) -> None:
    wire = Wire(error(503), error(503), error(503), tokens(1))
    for _ in range(3):
        assert refusal(lambda: run(store, wire, LASTING)).code == "E505"

    assert run(store, wire, LASTING).access_token == "access-1"


def test_within_its_grace_a_token_is_sent_again_and_the_grace_is_not_renewed(
    store: FileStore,
) -> None:
    wire, policy = Wire(error(503)), Policy(rotates=True, grace_s=30)

    codes = [
        refusal(partial(run, store, wire, policy, now=NOON + at)).code
        for at in (0, 10, 20, 29, 30, 31)
    ]

    assert codes == ["E505", "E505", "E505", "E505", "E510", "E510"]
    assert len(wire.redeemed) == 5


@pytest.mark.parametrize(
    "nothing", [TransportError("E601", "no connection", sent=False), error(429)]
)
def test_within_its_grace_a_try_that_used_nothing_up_does_not_renew_it(
    store: FileStore, nothing: Response | FlowrunError
) -> None:
    wire, policy = Wire(error(503), nothing, error(503)), Policy(rotates=True, grace_s=30)

    ends = [
        refusal(partial(run, store, wire, policy, now=NOON + at)).code for at in (0, 20, 40, 60)
    ]

    assert ends[2:] == ["E510", "E510"]
    assert len(wire.redeemed) == 3


def test_two_answers_that_may_hold_a_token_are_both_kept(store: FileStore) -> None:
    answers = [b'{"data": "access-1"}', b'{"data": "access-2"}']
    wire = Wire(*(Response(200, {}, body) for body in answers))
    refusal(lambda: run(store, wire))

    assert refusal(lambda: run(store, wire)).code == "E510"
    assert sorted(orphans(store)) == answers


def test_an_answer_that_nobody_could_read_is_read_again_when_the_recipe_is_mended(
    store: FileStore,
) -> None:
    wire = Wire(Response(200, {}, b'{"data": {"access_token": "access-1"}}'))
    refusal(lambda: run(store, wire))

    def mended(record: Record, token: str, wrap: Callable[[Http], Http]) -> Record:
        found = redemption_by(wrap(wire), record).json
        assert isinstance(found, dict)
        assert isinstance(found["data"], dict)
        return Record(found["data"], {})

    assert run(store, mended).access_token == "access-1"
    assert len(wire.redeemed) == 1


class Doubting:
    """Redeems, and does not believe the answer for so often."""

    def __init__(self, wire: Wire, *, doubts: int) -> None:
        self.wire, self.doubts = wire, doubts

    def __call__(self, record: Record, token: str, wrap: Callable[[Http], Http]) -> Record:
        answer = redemption_by(wrap(self.wire), record)
        if self.doubts:
            self.doubts -= 1
            raise ProviderError("E505", "the id_token names another issuer", outcome="held")
        return record_in(answer, NOON)


def test_an_answer_that_is_not_believed_is_held_and_judged_again_without_being_asked_for(
    store: FileStore,
) -> None:
    doubting = Doubting(Wire(tokens(1)), doubts=2)
    codes = [refusal(lambda: run(store, doubting)).code for _ in range(2)]
    held, attempt = stored(store), store.attempt("acme")

    assert codes == ["E505", "E505"]
    assert (held.access_token, held.needs_person) == ("access-0", None)
    assert attempt is not None
    assert attempt.whole
    assert run(store, doubting).access_token == "access-1"
    assert doubting.wire.redeemed == ["refresh-0"]
    assert store.attempt("acme") is None


def test_an_answer_to_a_probe_is_held_as_any_other(store: FileStore) -> None:
    wire = Wire(error(503), tokens(1))
    refusal(lambda: run(store, wire))
    doubting = Doubting(wire, doubts=2)
    codes = [refusal(lambda: run(store, doubting)).code for _ in range(2)]

    assert codes == ["E505", "E505"]
    assert run(store, doubting).access_token == "access-1"
    assert wire.redeemed == ["refresh-0", "refresh-0"]


def test_what_came_of_an_answer_that_broke_off_is_kept_for_a_person(store: FileStore) -> None:
    half = Response(200, {}, tokens(1).body[:-1])
    cut = TransportError("E603", "cut", sent=True, partial=half)
    wire = Wire(cut, error(400, "invalid_grant"))
    refusal(lambda: run(store, wire))
    attempt = store.attempt("acme")

    refused = refusal(lambda: run(store, wire))

    assert attempt is not None
    assert not attempt.whole
    assert refused.code == "E510"
    assert orphans(store) == [half.body]
    assert ".orphan-" in refused.problems[0].hint


def test_an_answer_that_may_hold_a_token_is_kept_before_a_probe(store: FileStore) -> None:
    wire = Wire(Response(200, {}, b'{"data": "access-1"}'), error(400, "invalid_grant"))
    refusal(lambda: run(store, wire))

    assert refusal(lambda: run(store, wire)).code == "E510"
    assert orphans(store) == [b'{"data": "access-1"}']


@pytest.mark.parametrize(
    "trouble",
    [
        TransportError("E602", "no answer in time", sent=True),
        TransportError("E601", "no connection", sent=False),
        ProviderError("E509", "the API refused", outcome="ended"),
    ],
)
def test_what_fails_after_a_good_answer_never_redeems_again(
    store: FileStore, trouble: FlowrunError
) -> None:
    wire, broken = Wire(tokens(1)), [True]

    def redeem(record: Record, token: str, wrap: Callable[[Http], Http]) -> Record:
        new = record_in(redemption_by(journaled := wrap(wire), record), NOON)
        journaled.send(Request("GET", "https://id.example/me"))
        if broken:
            raise trouble
        return new

    codes = {refusal(lambda: run(store, redeem)).code for _ in range(3)}
    broken.clear()
    record = run(store, redeem)

    assert codes == {trouble.code}
    assert (record.access_token, record.version) == ("access-1", 1)
    assert (len(wire.redeemed), len(wire.asked)) == (1, 4)


def test_a_broken_recipe_does_not_lose_a_good_answer(store: FileStore) -> None:
    wire = Wire(tokens(1))

    def redeem(record: Record, token: str, wrap: Callable[[Http], Http]) -> Record:
        redemption_by(wrap(wire), record)
        raise FlowError("E209", "steps.token.acces_token does not exist")

    for _ in range(2):
        assert refusal(lambda: run(store, redeem)).code == "E209"

    assert run(store, wire).access_token == "access-1"
    assert len(wire.redeemed) == 1


def test_a_stored_answer_is_as_old_as_its_request(store: FileStore) -> None:
    wire = Wire(tokens(1))

    def dies(record: Record, token: str, wrap: Callable[[Http], Http]) -> Record:
        redemption_by(wrap(wire), record)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(store, dies)

    assert run(store, wire, now=NOON + 600).expires_at == NOON + 3600


def test_an_exchange_that_follows_is_tried_again_without_another_redemption(
    store: FileStore,
) -> None:
    cut = TransportError("E603", "cut", sent=True)
    wire = Wire(tokens(1), cut, tokens(2))

    def twice(record: Record, token: str, wrap: Callable[[Http], Http]) -> Record:
        first = record_in(redemption_by(journaled := wrap(wire), record), NOON)
        return record_in(redemption_by(journaled, first), NOON)

    assert refusal(lambda: run(store, twice)).code == "E603"
    record = run(store, twice)

    assert record.access_token == "access-2"
    assert wire.redeemed == ["refresh-0", "refresh-1", "refresh-1"]
    assert store.attempt("acme") is None


def test_a_section_that_redeems_nothing_leaves_no_journal(store: FileStore) -> None:
    record = run(store, lambda _record, _token, _wrap: record_in(tokens(1), NOON))

    assert (record.access_token, record.version, record.attempt) == ("access-1", 1, None)


def test_a_record_that_moved_underneath_is_not_overwritten(store: FileStore) -> None:
    other = Record({"access_token": "theirs"}, {"grant": "g2", "version": 0})
    wire = Wire(meanwhile(lambda: store.write("acme", other), tokens(1)))

    record = run(store, wire)

    assert record == other == stored(store)
    assert orphans(store) == [tokens(1).body]
    assert store.attempt("acme") is None


def test_a_record_that_vanished_underneath_leaves_its_answer(store: FileStore) -> None:
    wire = Wire(meanwhile(store.path("acme").unlink, tokens(1)))

    assert refusal(lambda: run(store, wire)).code == "E705"
    assert orphans(store) == [tokens(1).body]


def test_an_attempt_of_an_earlier_grant_is_set_aside(store: FileStore) -> None:
    with store.locked("acme"):
        store.begin("acme", first_record(), at=NOON).keep(tokens(7))
    store.write("acme", first_record(grant="g2"))

    record = run(store, Wire(tokens(1)), only_settle=True)

    assert record == first_record(grant="g2")
    assert orphans(store) == [tokens(7).body]
    assert store.attempt("acme") is None


def test_a_torn_attempt_was_never_sent(store: FileStore) -> None:
    with store.locked("acme"):
        path = store.begin("acme", first_record(), at=NOON).path
    path.write_bytes(path.read_bytes()[:50])

    assert run(store, Wire(tokens(1)), only_settle=True) == first_record()
    assert not path.exists()


def test_a_journal_that_fails_does_not_cost_the_answer(store: FileStore) -> None:
    wire = Wire(meanwhile((store.folder / ".flowrun/acme.attempt").unlink, tokens(1)))

    assert run(store, wire).access_token == "access-1"


def test_an_answer_beyond_the_journals_room_is_saved(store: FileStore) -> None:
    record = run(store, Wire(tokens(1, more="x" * 100_000)))

    assert stored(store) == record
    assert len(str(record.fields["more"])) == 100_000


def test_a_store_that_cannot_be_written_sends_nothing(store: FileStore) -> None:
    (store.folder / ".flowrun").chmod(0o755)
    wire = Wire(tokens(1))

    assert isinstance(refusal(lambda: run(store, wire)), StoreError)
    assert wire.redeemed == []


# Real processes against a provider that takes each refresh token once.


class Provider:
    """Hands out refresh-N for refresh-(N-1), and for nothing else."""

    def __init__(self) -> None:
        self.number = 0
        self.redeemed: list[str] = []
        self.lock = threading.Lock()

    def answer(self, token: str) -> Response:
        with self.lock:
            self.redeemed.append(token)
            if token != f"refresh-{self.number}":
                return error(400, "invalid_grant")
            self.number += 1
            return tokens(self.number)


@contextmanager
def serving(provider: Provider) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["content-length"])
            answer = provider.answer(self.rfile.read(size).decode())
            self.send_response(answer.status)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Loopback:
    """The way to the provider, on which a process may die."""

    def __init__(self, port: int, dies: str = "") -> None:
        self.port, self.dies = port, dies

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        assert redeems
        assert request.body is not None
        if self.dies == "before the send":
            die()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("POST", "/token", str(reveal(request.body.content)))
        answer = connection.getresponse()
        response = Response(answer.status, dict(answer.headers), answer.read())
        connection.close()
        if self.dies == "after the commit":
            die()
        return response


class MortalStore(FileStore):
    """Lives to see its record written, and no longer."""

    def write(self, name: str, record: Record) -> None:
        super().write(name, record)
        die()


def child(folder: str, port: str, dies: str) -> None:
    """Refresh the record once, dying where it is told to, and print the token."""
    store = (MortalStore if dies == "after the record" else FileStore)(Path(folder))
    wire = Loopback(int(port), dies)

    def redeem(record: Record, token: str, wrap: Callable[[Http], Http]) -> Record:
        answer = redemption_by(wrap(wire), record)
        if dies == "after the answer":
            die()
        return record_in(answer, NOON)

    print(run(store, redeem).access_token)


def started(store: FileStore, port: int, dies: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, __file__, str(store.folder), str(port), dies]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def killed(store: FileStore, port: int, dies: str) -> None:
    with started(store, port, dies) as process:
        assert process.wait() == -signal.SIGKILL


@proves("RFC 9700", "4.14.2", "never uses a rotated refresh token twice by itself")
def test_eight_processes_at_once_redeem_once(store: FileStore) -> None:
    provider = Provider()
    with serving(provider) as port:
        processes = [started(store, port) for _ in range(8)]
        printed = [process.communicate()[0] for process in processes]

    assert printed == ["access-1\n"] * 8
    assert provider.redeemed == ["refresh-0"]


@pytest.mark.parametrize(
    ("dies", "posts"),
    [
        pytest.param("before the send", 1, id="d: probed, and the token was not spent"),
        pytest.param("after the answer", 1, id="c: the stored answer is taken"),
        pytest.param("after the record", 1, id="b: it was applied"),
    ],
)
def test_a_killed_refresh_is_settled_by_the_next_one(
    store: FileStore, dies: str, posts: int
) -> None:
    provider = Provider()
    with serving(provider) as port:
        killed(store, port, dies)
        record = run(store, Loopback(port), only_settle=True)

    assert (record.access_token, record.refresh_token) == ("access-1", "refresh-1")
    assert (record.version, record) == (1, stored(store))
    assert len(provider.redeemed) == posts
    assert (store.attempt("acme"), orphans(store)) == (None, [])


def test_an_answer_lost_with_its_process_is_probed_once_and_then_needs_a_person(
    store: FileStore,
) -> None:
    provider = Provider()
    with serving(provider) as port:
        killed(store, port, "after the commit")
        codes = [refusal(lambda: run(store, Loopback(port))).code for _ in range(3)]

    assert codes == ["E510"] * 3
    assert provider.redeemed == ["refresh-0", "refresh-0"]
    assert stored(store).access_token == "access-0"


@pytest.mark.parametrize("dies", ["before the send", "after the commit"])
def test_a_killed_probe_is_not_repeated(store: FileStore, dies: str) -> None:
    provider = Provider()
    with serving(provider) as port:
        killed(store, port, "after the commit")
        killed(store, port, dies)
        seen = len(provider.redeemed)
        codes = [refusal(lambda: run(store, Loopback(port))).code for _ in range(2)]

    assert codes == ["E510", "E510"]
    assert len(provider.redeemed) == seen


def test_an_answer_that_is_settled_too_late_is_followed_by_a_refresh(store: FileStore) -> None:
    days_ago = NOON - 3 * 86_400
    store.begin("acme", first_record(), at=days_ago).keep(tokens(1, expires_in=3600))
    wire = Wire(tokens(2))

    record = run(store, wire)

    assert (record.access_token, record.version) == ("access-2", 2)
    assert wire.redeemed == ["refresh-1"]


if __name__ == "__main__":
    child(*sys.argv[1:])
