"""Laws of how records are told: whatever they hold, a table and metrics can be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families as families_in

from flowrun.commands.metrics import METRICS, exposition
from flowrun.commands.overview import summary, table
from flowrun.facts import apart
from flowrun.record import Record
from flowrun.secret import JSON
from flowrun.standing import STATES, Looking, Standing, Token, Trouble, standing
from servers.command import TESTS

NOW = 1_795_684_357.0
TIMES = st.none() | st.floats(0, 2**40) | st.integers(0, 2**60)
TOKENS = st.builds(
    Token,
    name=st.text(max_size=5),
    state=st.sampled_from([*STATES]),
    expires_at=TIMES,
    refresh_expires_at=TIMES,
    refreshed_at=TIMES,
    refreshable=st.booleans(),
    needs_person=st.none() | st.text(),
    last_error=st.none() | st.builds(Trouble, st.text(), st.text(), TIMES),
    released=st.none() | st.dictionaries(st.sampled_from(["at", "as"]), st.text() | st.integers()),
    retry_at=TIMES,
    rejected=st.booleans(),
)
STANDINGS = st.builds(
    Standing,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,20}", fullmatch=True),
    state=st.sampled_from([*STATES]),
    exit_status=st.sampled_from([0, 5, 6, 7, 8]),
    tokens=st.lists(TOKENS, max_size=3, unique_by=lambda token: token.name),
    recipe=st.text(),
    profile=st.text(),
    file=st.text(),
    obtained_at=TIMES,
    asked=st.lists(st.text()),
    granted=st.lists(st.text()),
    pending=st.booleans(),
    orphans=st.lists(st.text()),
    bound_to=st.none() | st.text(),
    problems=st.just(()),
)
MANY = st.lists(STANDINGS, min_size=1, max_size=4, unique_by=lambda each: each.name)


@given(MANY)
def test_prometheus_reads_all_that_is_told(found: list[Standing]) -> None:
    families = list(families_in("\n".join(exposition(found)) + "\n"))
    samples = [sample for family in families for sample in family.samples]
    info = {s.labels["record"]: s.labels for s in samples if s.name == "flowrun_record_info"}
    series = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in samples]

    assert {name: (about["recipe"], about["state"]) for name, about in info.items()} == {
        each.name: (each.recipe, each.state) for each in found
    }
    assert len(series) == len(set(series))
    assert {family.name for family in families} <= {metric.name for metric in METRICS}
    assert all(family.type == "gauge" and family.documentation for family in families)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_named_as_prometheus_wants_it(metric: object) -> None:
    name, help = str(getattr(metric, "name", "")), str(getattr(metric, "help", ""))

    assert re.fullmatch(r"flowrun(_[a-z]+)+", name)
    assert name.endswith("_timestamp_seconds") == ("When " in help or "Until when" in help)
    assert "\n" not in help


@given(MANY, st.none() | st.integers(20, 200))
def test_a_table_has_a_line_for_each_record(found: list[Standing], columns: int | None) -> None:
    head, *lines = (line for line in table(found, NOW, columns=columns))
    own = [line.split()[0] for line in lines if not line.startswith(" ")]
    starts = [line.index(each.state) for line, each in zip(
        [line for line in lines if not line.startswith(" ")], found, strict=True
    )]  # fmt: skip

    assert [name for name in own if name] == [each.name for each in found]
    assert len(set(starts)) == 1 or any(each.state in each.name for each in found)
    assert head.index("STATE") >= max(len(each.name) for each in found)
    assert summary(found).startswith(f"{len(found)} record")


@given(st.integers(0, 10**10), st.integers(0, 10**10))
def test_a_distance_is_never_longer_than_it_is(at: int, now: int) -> None:
    units = {"s": 1, "min": 60, "h": 3600, "d": 86400, "y": 31_557_600}
    number, unit = (apart(at, now).removeprefix("in ").removesuffix(" ago")).split()

    assert int(number) * units[unit] <= abs(at - now) < (int(number) + 1) * units[unit]
    assert apart(at, now).startswith("in ") is (at > now)


JSONS: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
META_KEYS = (
    *("consent", "digest", "file", "last_error", "needs_person", "obtained_at", "plan", "profile"),
    *("recipe", "refresh_expires_at", "refreshed_at", "released", "retry_at", "tokens"),
)
META = st.dictionaries(st.sampled_from(META_KEYS), JSONS)


@given(META, st.none() | st.integers() | st.floats(allow_nan=False))
def test_whatever_a_record_holds_it_stands_somehow(
    meta: dict[str, JSON], ends: float | None
) -> None:
    record = Record({"access_token": "fake", "expires_at": ends, "scope": meta.get("plan")}, meta)
    found = standing("acme", record, Looking(NOW, 60, {}))

    assert found.state in STATES
    assert list(table([found], NOW, columns=80))
    assert list(exposition([found]))


def test_the_example_rules_ask_for_metrics_that_there_are() -> None:
    rules = (TESTS.parent / "docs" / "monitoring" / "alerts.yaml").read_text("utf-8")
    page = (TESTS.parent / "docs" / "monitoring.md").read_text("utf-8")
    names = {metric.name for metric in METRICS}

    assert set(re.findall(r"flowrun_[a-z_]+", rules)) - names == set()
    assert [name for name in sorted(names) if f"| `{name}` |" not in page] == []
