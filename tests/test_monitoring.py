"""What docs/monitoring.md hands to others works with the tools of others."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.command import TESTS, Cli
from servers.rig import rig
from servers.told import WITH_SECRET, Told, change, log_in, pair, said, told

MONITORING = TESTS.parent / "docs" / "monitoring"


@pytest.fixture(scope="module")
def promtool() -> Iterator[str]:
    with rig("promtool", needs=("apt-get", "dpkg-deb")) as path:
        yield path


@pytest.fixture
def provider() -> Iterator[Told]:
    with told() as provider:
        yield provider


def checked(promtool: str, *words: str, given: str = "") -> str:
    """What promtool finds."""
    done = subprocess.run(
        [promtool, *words], input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.rig
def test_prometheus_has_nothing_to_say_about_the_metrics(
    cli: Cli, provider: Told, promtool: str
) -> None:
    log_in(cli, provider, pair(refresh_expires_in=86400))
    log_in(cli, provider, pair(scope="read"), name="other")
    provider.answers[:] = [said(400, error="invalid_grant")]
    cli("refresh", "other", **WITH_SECRET)
    cli.record("half").write_text("{")
    metrics = cli("status", "--format", "prometheus", "--warn", "7d").stdout

    assert metrics.count("\n# TYPE ") > 8
    assert checked(promtool, "check", "metrics", given=metrics) == ""


@pytest.mark.rig
def test_prometheus_takes_the_example_rules(promtool: str) -> None:
    assert "SUCCESS: 7 rules found" in checked(
        promtool, "check", "rules", str(MONITORING / "alerts.yaml")
    )


ALERTS = """
rule_files: [{rules}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
{series}
    alert_rule_test:
{expected}
"""

NOW_S = 20 * 60


def series(*lines: str) -> str:
    return "\n".join(f"      - series: '{name}'\n        values: '{value}x30'" for name, value in (
        line.rsplit(" ", 1) for line in lines
    ))  # fmt: skip


@pytest.mark.rig
@pytest.mark.parametrize(
    ("alert", "labels", "metrics"),
    [
        (
            "FlowrunNeedsPerson",
            {"record": "acme", "severity": "critical"},
            ['flowrun_needs_person{record="acme"} 1', 'flowrun_needs_person{record="fine"} 0'],
        ),
        (
            "FlowrunConsentEndsSoon",
            {"record": "acme", "severity": "warning"},
            [
                'flowrun_refreshable{record="acme"} 1',
                'flowrun_refresh_token_expires_timestamp_seconds{record="acme"} 90000',
                'flowrun_refreshable{record="late"} 1',
                'flowrun_refresh_token_expires_timestamp_seconds{record="late"} 900000',
            ],
        ),
        (
            "FlowrunTokenEndsForGood",
            {"record": "acme", "severity": "warning"},
            [
                'flowrun_refreshable{record="acme"} 0',
                'flowrun_access_token_expires_timestamp_seconds{record="acme"} 90000',
                'flowrun_refreshable{record="given"} 0',
                'flowrun_access_token_expires_timestamp_seconds{record="given"} 90000',
                'flowrun_record_info{record="given",state="handed over"} 1',
                'flowrun_refreshable{record="renewed"} 1',
                'flowrun_access_token_expires_timestamp_seconds{record="renewed"} 90000',
            ],
        ),
        (
            "FlowrunRefreshFails",
            {"record": "acme", "severity": "critical"},
            [
                'flowrun_refreshable{record="acme"} 1',
                'flowrun_access_token_expires_timestamp_seconds{record="acme"} 5',
                'flowrun_last_error_timestamp_seconds{record="acme",code="E601"} 6',
                'flowrun_refreshable{record="due"} 1',
                'flowrun_access_token_expires_timestamp_seconds{record="due"} 5',
            ],
        ),
    ],
)
def test_a_rule_alarms_for_the_one_that_is_ill(
    promtool: str, tmp_path: Path, alert: str, labels: dict[str, str], metrics: list[str]
) -> None:
    labelled = ", ".join(f"{name}: {value}" for name, value in labels.items())
    expected = f"""
      - eval_time: 20m
        alertname: {alert}
        exp_alerts: [{{exp_labels: {{{labelled}}}, exp_annotations: {{summary: "SUMMARY"}}}}]
"""
    rules = tmp_path / "alerts.yaml"
    text = (MONITORING / "alerts.yaml").read_text("utf-8")
    rules.write_text("".join(
        '          summary: "SUMMARY"\n' if line.strip().startswith("summary:") else line
        for line in text.splitlines(keepends=True)
    ))  # fmt: skip
    tests = tmp_path / "tests.yaml"
    tests.write_text(ALERTS.format(rules=rules, series=series(*metrics), expected=expected))

    assert "SUCCESS" in checked(promtool, "test", "rules", str(tests))


def plugin(cli: Cli, *words: str) -> subprocess.CompletedProcess[str]:
    """The plugin as a monitoring server runs it, with `flowrun` on its PATH."""
    program = cli.folder / "bin" / "flowrun"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m flowrun "$@"\n')
    program.chmod(0o700)
    environment = cli.environment()
    environment["PATH"] = f"{program.parent}:{environment['PATH']}"
    return subprocess.run(
        [str(MONITORING / "check_flowrun"), *words],
        cwd=cli.folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_plugin_says_what_nagios_understands(cli: Cli, provider: Told) -> None:
    log_in(cli, provider, pair(refresh_expires_in=86400, expires_in=60))
    soon = plugin(cli, "tokens")
    change(cli, meta={"refresh_expires_at": int(time.time()) + 90 * 86400})
    well = plugin(cli, "tokens")
    provider.answers[:] = [said(400, error="invalid_client")]
    cli("refresh", "acme", **WITH_SECRET)
    change(cli, expires_at=int(time.time()) - 5)
    fails = plugin(cli, "tokens", "acme")
    provider.answers[:] = [said(400, error="invalid_grant")]
    cli("refresh", "acme", **WITH_SECRET)
    ill = plugin(cli, "tokens")
    cli.record("acme").write_text("{")
    broken = plugin(cli, "tokens")
    (cli.folder / "nothing").mkdir(mode=0o700)
    nothing, nowhere = plugin(cli, "nothing"), plugin(cli, "nowhere")

    assert [done.returncode for done in (nothing, nowhere)] == [3, 3]
    assert nothing.stdout.startswith("FLOWRUN UNKNOWN - ")
    assert [done.returncode for done in (soon, well, fails, ill, broken)] == [1, 0, 1, 2, 2]
    assert well.stdout.splitlines()[0] == "FLOWRUN OK - 1 record: 1 fresh"
    assert soon.stdout.splitlines()[0] == "FLOWRUN WARNING - 1 record: 1 ends soon"
    assert ill.stdout.splitlines()[0] == "FLOWRUN CRITICAL - 1 record: 1 needs a person"
