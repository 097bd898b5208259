"""What `flowrun status` tells of records that real flows have made, to people and to programs."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator

import pytest

from flowrun.commands.status import REPORTERS
from flowrun.standing import STATES
from servers.command import TESTS, Cli, Done
from servers.decoupled import answered_at_a_screen
from servers.told import (
    ACCESS,
    REFRESH,
    SECRET,
    WITH_SECRET,
    Told,
    change,
    log_in,
    pair,
    said,
    told,
)
from standards import proves

HOUR_S, DAY_S = 3600, 86400


@pytest.fixture
def provider() -> Iterator[Told]:
    with told() as provider:
        yield provider


def row_of(cli: Cli, *words: str) -> dict[str, object]:
    """What `status --json` says of the one record that there is."""
    row: dict[str, object]
    (row,) = json.loads(cli("status", "--json", *words).stdout)
    return row


def refresh(cli: Cli, provider: Told, *answers: bytes) -> Done:
    provider.answers[:] = answers
    return cli("refresh", "acme", **WITH_SECRET)


def ended_s_ago(cli: Cli, seconds: int = 60, **meta: object) -> None:
    change(cli, expires_at=int(time.time()) - seconds, meta=meta)


def test_a_fresh_record_is_told_with_both_ends_and_its_last_refresh(
    cli: Cli, provider: Told
) -> None:
    log_in(cli, provider, pair(expires_in=2 * DAY_S, refresh_token_expires_in=30 * DAY_S))
    refresh(cli, provider, pair(2, expires_in=2 * DAY_S, refresh_token_expires_in=30 * DAY_S))
    done = cli("status")
    head, line = done.stdout.splitlines()

    assert done.status == 0
    assert done.stderr == "1 record: 1 fresh\n"
    assert head.split("  ")[0] == "NAME"
    assert re.fullmatch(
        r"acme  fresh  \d{4}-\d\d-\d\d \d\d:\d\dZ, in 47 h  \d{4}-\d\d-\d\d \d\d:\d\dZ, in 29 d  "
        r"\d+ s ago",
        line,
    )


@proves("RFC 6749", "5.1", "a scope that is granted otherwise than asked for is told")
@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        (None, ["read", "write"]),
        ("write read", ["read", "write"]),
        ("read", ["read"]),
        ("read,other", ["other", "read"]),
        (["read"], ["read"]),
        ("", []),
    ],
)
def test_scopes_that_were_not_granted_are_told(
    cli: Cli, provider: Told, scope: object, granted: list[str]
) -> None:
    log_in(cli, provider, pair(scope=scope))
    missing = [scope for scope in ("read", "write") if scope not in granted]
    shown = cli("status").stdout

    assert row_of(cli)["scopes"] == {
        "asked": ["read", "write"],
        "granted": granted,
        "missing": missing,
    }
    assert ("asked for and not granted: " + " ".join(missing) in shown) is bool(missing)


def test_a_grant_that_is_over_needs_a_person_until_there_is_another(
    cli: Cli, provider: Told
) -> None:
    log_in(cli, provider, pair())
    refresh(cli, provider, said(400, error="invalid_grant"))
    done, row = cli("status"), row_of(cli)
    log_in(cli, provider, pair(2))

    assert done.status == row["exit_status"] == 8
    assert row["state"] == "needs a person"
    assert done.stdout.count("invalid_grant") == 1  # the error is the reason, and told once
    assert "  Consent again: flowrun acme.yaml\n" in done.stdout
    assert (cli("status").status, row_of(cli)["last_error"]) == (0, None)


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (said(400, error="invalid_client"), 5, "E502"),
        (said(429, "Retry-After: 600", error="slow_down"), 5, "E503"),
        (b"", 6, "E603"),
    ],
)
def test_a_token_that_has_ended_and_cannot_be_refreshed_now_is_failing(
    cli: Cli, provider: Told, answer: bytes, status: int, code: str
) -> None:
    log_in(cli, provider, pair())
    refresh(cli, provider, answer)
    living = cli("status")
    ended_s_ago(cli)
    failing, row = cli("status"), row_of(cli)

    assert living.status == 0
    assert f"{code}: " in living.stdout
    assert (failing.status, row["state"], row["exit_status"]) == (status, "failing", status)
    assert row["pending"] is (code == "E603")
    assert ("the provider asked to wait until" in failing.stdout) is (code == "E503")


def test_what_needs_a_person_counts_before_what_fails_for_now(cli: Cli, provider: Told) -> None:
    for name, error in (("acme", "invalid_client"), ("other", "invalid_grant")):
        log_in(cli, provider, pair(), name=name)
        provider.answers[:] = [said(400, error=error)]
        cli("refresh", name, **WITH_SECRET)
        change(cli, name, expires_at=int(time.time()) - 5)

    assert [cli("status", *names).status for names in ([], ["acme"], ["other"])] == [8, 5, 8]


def test_what_was_handed_over_alarms_nobody(cli: Cli, provider: Told) -> None:
    log_in(cli, provider, pair())
    ended_s_ago(cli, released={"at": int(time.time()) - 2 * HOUR_S - 5, "as": "webmethods"})
    done = cli("status", "--warn", "30d")

    assert done.status == 0
    assert "handed over as webmethods" in done.stdout
    assert "2 h ago; nothing refreshes it here" in done.stdout


def test_a_token_that_nothing_refreshes_ends_for_good(cli: Cli, provider: Told) -> None:
    log_in(cli, provider, pair(refresh_token=None, expires_in=2 * HOUR_S))
    before, soon = cli("status", "--warn", "1h"), cli("status", "--warn", "3h")
    ended_s_ago(cli)
    after = cli("status")

    assert (before.status, soon.status, after.status) == (0, 8, 8)
    assert ["fresh" in before.stdout, "ends soon" in soon.stdout, "ended" in after.stdout] == [
        True, True, True,
    ]  # fmt: skip


def test_a_warning_is_about_what_keeps_a_token_alive(cli: Cli, provider: Told) -> None:
    log_in(cli, provider, pair(expires_in=60, refresh_expires_in=5 * DAY_S))
    week, days = cli("status", "--warn", "7d"), cli("status", "--warn", "4d")
    change(cli, meta={"refresh_expires_at": int(time.time()) - 60})
    over = cli("status")
    ended_s_ago(cli)

    assert (week.status, days.status) == (8, 0)
    assert "ends soon" in week.stdout
    assert (over.status, "the refresh token has ended" in over.stdout) == (0, True)
    assert (cli("status").status, row_of(cli)["state"]) == (8, "ended")


def test_a_flow_that_needs_nobody_is_never_over(cli: Cli, provider: Told) -> None:
    (cli.folder / "robot.yaml").write_text(
        f"""flowrun: 1
name: robot
steps:
  - token:
      post: {provider.url}/token
      client: {{id: robot}}
      form: {{grant_type: client_credentials}}
save: robot
"""
    )
    provider.answers[:] = [pair(refresh_token=None, expires_in=2)]
    assert cli("run", "robot.yaml").status == 0
    change(cli, "robot", expires_at=int(time.time()) - 5)
    row = row_of(cli, "--warn", "30d")

    assert (row["state"], row["refreshable"], row["exit_status"]) == ("due", True, 0)


def test_a_record_that_cannot_be_read_is_a_row_among_the_others(cli: Cli, provider: Told) -> None:
    log_in(cli, provider, pair())
    whole = cli.record("acme").read_text()
    for name, content, mode in (("half", whole[:50], 0o600), ("open", whole, 0o644)):
        cli.record(name).write_text(content)
        cli.record(name).chmod(mode)
    done, rows = cli("status"), json.loads(cli("status", "--json").stdout)

    assert done.status == 7
    assert [(row["name"], row["state"], row["exit_status"]) for row in rows] == [
        ("acme", "fresh", 0), ("half", "damaged", 7), ("open", "not private", 7),
    ]  # fmt: skip
    assert [problem["code"] for row in rows for problem in row["problems"]] == ["E702", "E703"]
    assert [line.split("  ")[0] for line in done.stdout.splitlines()[1:]] == [
        "acme", "half", "open",
    ]  # fmt: skip
    assert "error E703: tokens/open.json is open to other users\n" in done.stderr
    assert done.stderr.endswith("\n3 records: 1 not private, 1 damaged, 1 fresh\n")
    assert ACCESS not in done.stdout + done.stderr


def test_an_answer_that_nobody_waits_for_any_more_is_told(cli: Cli, provider: Told) -> None:
    log_in(cli, provider, pair())

    def late(connection: socket.socket) -> None:
        """The record goes while the provider thinks."""
        cli.record("acme").unlink()
        connection.sendall(pair(2))

    provider.answers[:] = [late]
    assert cli("refresh", "acme", **WITH_SECRET).status == 7
    done, row = cli("status"), row_of(cli)
    log_in(cli, provider, pair(3))
    again = cli("status")

    assert (done.status, row["state"]) == (7, "gone")
    (path,) = row["orphans"] if isinstance(row["orphans"], list) else []
    assert f"{REFRESH}-2" in (cli.folder / path).read_text()
    assert f"kept in {path}" in done.stdout
    assert again.status == 0
    assert f"kept in {path}" in again.stdout


def test_named_tokens_are_told_and_the_gravest_counts(cli: Cli, provider: Told) -> None:
    log_in(cli, provider, pair())
    bot = {"access_token": "fake-bot", "expires_at": int(time.time()) - 5, "flowrun": {}}
    change(cli, meta={"tokens": {"bot": bot, "user": {"access_token": "fake-user"}}})
    done, row = cli("status"), row_of(cli)

    assert (done.status, row["state"], row["refreshable"]) == (8, "ended", True)
    assert isinstance(row["tokens"], dict)
    assert {name: token["state"] for name, token in row["tokens"].items()} == {
        "bot": "ended", "user": "unknown expiry",
    }  # fmt: skip
    assert re.search(r"\n  token bot: ended until \S+ \S+, \d+ s ago\n", done.stdout)


def test_one_record_by_its_name_tells_everything(cli: Cli, provider: Told) -> None:
    log_in(cli, provider, pair(scope="read", refresh_expires_in=90 * DAY_S))
    done = cli("status", "acme")
    told = dict(re.findall(r"^  (\S+(?: \S+)?) {2,}(.*)$", done.stdout, re.MULTILINE))

    assert done.stdout.startswith("acme: fresh\n")
    assert told["where"] == "tokens/acme.json"
    assert told["recipe"] == "acme (acme.yaml)"
    assert told["refresh token"].endswith(", in 89 d")
    assert (told["asked for"], told["granted"]) == ("read write", "read")
    assert told["refreshed"] == "never"


def test_a_record_that_is_not_there_is_told_without_a_list_of_all(cli: Cli, provider: Told) -> None:
    log_in(cli, provider, pair())
    done = cli("status", "acne")

    assert done.status == 7
    assert done.stdout == ""
    assert done.stderr == "error E705: there is no record 'acne'\n  Did you mean 'acme'?\n"
    assert [row["state"] for row in json.loads(cli("status", "acne", "--json").stdout)] == [
        "missing"
    ]


def test_an_unknown_format_names_those_that_there_are(cli: Cli) -> None:
    done = cli("status", "--format", "promtheus")

    assert done.status == 2
    assert "Did you mean 'prometheus'" in done.stderr


def test_a_narrow_screen_shows_less_and_folds(cli: Cli, provider: Told) -> None:
    log_in(cli, provider, pair(refresh_expires_in=90 * DAY_S, scope="read"))
    refresh(cli, provider, said(400, error="invalid_client", error_description="why " * 30))
    wide, narrow, tiny = (answered_at_a_screen(cli.folder, n, "status") for n in (120, 80, 60))

    assert ", in 89 d" in wide
    assert ", in 89 d" not in narrow.split("\n")[1]
    assert "LAST REFRESH" in narrow
    assert "LAST REFRESH" not in tiny
    for text, columns in ((wide, 120), (narrow, 80), (tiny, 60)):
        assert max(map(len, text.splitlines())) <= columns


def test_every_state_and_key_is_documented(cli: Cli, provider: Told) -> None:
    log_in(cli, provider, pair())
    page = (TESTS.parent / "docs" / "commands.md").read_text("utf-8")
    monitoring = (TESTS.parent / "docs" / "monitoring.md").read_text("utf-8")

    assert [state for state in STATES if f"| `{state}` |" not in page] == []
    assert [key for key in row_of(cli) if f"| `{key}` |" not in monitoring] == []
    assert set(REPORTERS) == {"text", "json", "prometheus"}


VERIFY = """
verify:
  - http: {{get: {provider}/me, bearer: "{{{{ saved.access_token }}}}"}}
"""


def verified(cli: Cli, provider: Told, *answers: bytes, words: str = "--all --json") -> Done:
    provider.answers[:] = answers
    names = [path.stem.upper() for path in cli.record("acme").parent.glob("*.json")]
    return cli(
        "verify", *words.split(), **{f"FLOWRUN_{name}__CLIENT_SECRET": SECRET for name in names}
    )


def test_all_are_verified_and_what_nobody_can_be_asked_about_is_told(
    cli: Cli, provider: Told
) -> None:
    verify = VERIFY.format(provider=provider.url)
    for name in ("ask", "due", "given", "over"):
        tokens = pair(refresh_token=None) if name == "over" else pair()
        log_in(cli, provider, tokens, said(name="Jane"), name=name, more=verify)
    log_in(cli, provider, pair(), name="silent")
    change(cli, "due", expires_at=int(time.time()) - 5)
    change(cli, "over", expires_at=int(time.time()) - 5)
    change(cli, "given", meta={"released": {"at": 0, "as": "keyring"}})
    done = verified(cli, provider, said(name="Jane"))
    told = {
        row["name"]: row.get("result") or row["problems"][0]["code"]
        for row in json.loads(done.stdout)
    }

    assert done.status == 8
    assert told == {
        "ask": "valid",
        "due": "ended, and its next use refreshes it",
        "given": "handed over as keyring",
        "over": "E802",
        "silent": "no step of the recipe's `verify` applies to it",
    }
    assert provider.answers == []


def test_several_at_once_are_told_in_the_order_of_their_names(cli: Cli, provider: Told) -> None:
    names = [f"tenant{number}" for number in range(8)]
    for name in names:
        log_in(cli, provider, pair(), name=name)
        change(cli, name, meta={"released": {"at": 0, "as": "keyring"}})
    done = verified(cli, provider, words="--all --jobs 8")

    assert done.stdout.splitlines() == [f"{name}: handed over as keyring" for name in names]


def test_a_token_that_the_provider_refuses_is_due_and_status_knows(
    cli: Cli, provider: Told
) -> None:
    log_in(cli, provider, pair(), said(name="Jane"), more=VERIFY.format(provider=provider.url))
    refused = verified(cli, provider, said(401, error="invalid_token"))
    row, shown = row_of(cli), cli("status")
    provider.answers[:] = [pair(2)]
    renewed = cli("refresh", "acme", "--due", **WITH_SECRET)
    after = row_of(cli)

    assert (refused.status, shown.status) == (5, 0)
    assert (row["state"], row["rejected"]) == ("due", True)
    assert "a server has refused the access token" in shown.stdout
    assert renewed.status == 0
    assert (after["state"], after["rejected"]) == ("fresh", False)


def test_a_token_that_works_after_all_is_used_again(cli: Cli, provider: Told) -> None:
    more = VERIFY.format(provider=provider.url)
    log_in(cli, provider, pair(refresh_token=None), said(name="Jane"), more=more)
    verified(cli, provider, said(401))
    ended = row_of(cli)
    works = verified(cli, provider, said(name="Jane"), words="acme")

    assert (ended["state"], ended["exit_status"]) == ("ended", 8)
    assert (works.status, works.stdout) == (0, "acme: valid\n")
    assert row_of(cli)["state"] == "fresh"


def test_verify_wants_names_or_all(cli: Cli) -> None:
    assert [cli("verify", *words).status for words in ([], ["acme", "--all"])] == [2, 2]
    assert cli("verify", "--all").stderr == "there are no records in tokens\n"
