"""Records as values: what survives the way to a file, and when a token is due."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.errors import PersonNeeded, StoreError
from flowrun.record import Record, document_of, due, record_from, refuse_released
from flowrun.secret import JSON

NOON = 1_700_000_000
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
CHECKED = {"flowrun", "access_token", "refresh_token", "expires_at"}
EXTRA = st.dictionaries(st.text().filter(lambda key: key not in CHECKED), TREES)
KNOWN = st.fixed_dictionaries(
    {"version": st.integers(0), "grant": st.text()}, optional={"attempt": st.text()}
)


def token(**meta: JSON) -> Record:
    return Record({"access_token": "fake-access", "expires_at": NOON + 3600}, meta)


@given(st.text(), EXTRA, KNOWN)
def test_a_record_comes_back_from_its_document(
    access: str, extra: dict[str, JSON], meta: dict[str, JSON]
) -> None:
    record = Record({**extra, "access_token": access}, meta)

    assert record_from(json.loads(json.dumps(document_of(record)))) == record


@given(st.text(min_size=12), st.text(min_size=12))
def test_a_record_shows_no_value(access: str, refresh: str) -> None:
    shown = repr(Record({"access_token": access, "refresh_token": refresh}, {"grant": access}))

    assert shown == "Record(access_token, refresh_token)"


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(None, id="null"),
        pytest.param(["access_token"], id="list"),
        pytest.param({}, id="no token"),
        pytest.param({"access_token": 7}, id="number for a token"),
        pytest.param({"access_token": "a", "refresh_token": []}, id="list for a token"),
        pytest.param({"access_token": "a", "expires_at": "noon"}, id="text for a time"),
        pytest.param({"access_token": "a", "flowrun": "x"}, id="text for what flowrun knows"),
        pytest.param({"access_token": "a", "flowrun": {"version": "1"}}, id="text for a version"),
    ],
)
def test_what_is_no_record_is_refused(document: JSON) -> None:
    with pytest.raises(StoreError) as caught:
        record_from(document)

    assert caught.value.code == "E702"


def test_a_record_without_more_is_read_with_what_is_known() -> None:
    record = record_from({"access_token": "fake-access", "refresh_token": None})

    assert (record.access_token, record.refresh_token, record.expires_at) == (
        "fake-access",
        None,
        None,
    )
    assert (record.version, record.grant, record.attempt) == (0, "", None)


def test_a_token_that_a_server_has_refused_is_due_whatever_its_age() -> None:
    assert due(token(rejected=True), NOON, min_ttl_s=0)
    assert due(Record({"access_token": "fake-access"}, {"rejected": True}), NOON)


def test_a_grant_that_was_handed_over_says_how() -> None:
    handed: JSON = {"released": {"at": NOON, "as": "webmethods"}}
    other: JSON = {"access_token": "fake-other", "flowrun": handed}
    record = record_from({"access_token": "fake-access", "flowrun": {"tokens": {"other": other}}})

    assert record.released is None
    assert record.named("other").released == "handed over as webmethods"
    refuse_released("acme", record)
    with pytest.raises(PersonNeeded, match="the token other of acme was handed over as webmethods"):
        refuse_released("acme", record, "other")


def test_an_unknown_expiry_is_fresh() -> None:
    assert not due(Record({"access_token": "fake-access"}, {}), NOON)


@pytest.mark.parametrize(
    ("meta", "margin_s"),
    [
        pytest.param({"issued_at": NOON}, 60, id="a minute of an hour"),
        pytest.param({"issued_at": NOON + 3300}, 30, id="a tenth of five minutes"),
        pytest.param({"issued_at": NOON + 3800}, 0, id="nothing of a lifetime that is none"),
        pytest.param({}, 60, id="a minute of who knows what"),
        pytest.param({"issued_at": NOON, "refresh_before": 300}, 300, id="what the recipe says"),
    ],
)
def test_a_token_is_due_from_its_margin_on(meta: dict[str, JSON], margin_s: float) -> None:
    edge = NOON + 3600 - margin_s

    assert not due(token(**meta), edge - 1)
    assert due(token(**meta), edge)


@pytest.mark.parametrize(("ahead_s", "is_due"), [(299, False), (301, True)])
def test_a_token_from_before_the_clock_was_set_back_is_due(ahead_s: int, is_due: bool) -> None:
    set_back = token(issued_at=NOON + ahead_s)

    assert due(set_back, NOON) is is_due
    assert not due(Record({"access_token": "a"}, {"issued_at": NOON + ahead_s}), NOON)


def test_the_time_that_is_asked_for_comes_first() -> None:
    record = token(issued_at=NOON, refresh_before=300)

    assert due(record, NOON, min_ttl_s=3600)
    assert not due(record, NOON + 3599, min_ttl_s=0)
