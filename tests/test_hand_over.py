"""A refresh token that is somebody else's now: nothing here uses it, until a new consent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from servers.command import Cli

SANDBOXED = "--sandbox"


@pytest.fixture
def handed(cli: Cli) -> Cli:
    """A folder with a record of the sandbox whose refresh token was handed over."""
    done = cli("run", "zendesk", SANDBOXED)
    assert done.status == 0, done.stderr
    record = record_of(cli)
    record["flowrun"] |= {"released": {"at": 1_700_000_000, "as": "webmethods"}}
    path(cli).write_text(json.dumps(record))
    cli.keep_secret(*tokens_of(cli))
    return cli


def path(cli: Cli) -> Path:
    return cli.folder / "tokens" / "sandbox" / "zendesk-acme.json"


def record_of(cli: Cli) -> Any:
    return json.loads(path(cli).read_text())


def tokens_of(cli: Cli) -> set[str]:
    return {record_of(cli)[name] for name in ("access_token", "refresh_token")}


@pytest.mark.parametrize("words", [["token"], ["token", "--min-ttl", "90d"], ["refresh"]])
def test_who_asks_for_it_is_told_who_has_it(handed: Cli, words: list[str]) -> None:
    before = path(handed).read_bytes()

    done = handed(*words, "zendesk-acme", SANDBOXED)

    assert done.status == 8
    assert "E803" in done.stderr
    assert "handed over as webmethods" in done.stderr
    assert "flowrun run zendesk" in done.stderr
    assert path(handed).read_bytes() == before


def test_a_refresh_of_all_leaves_it_to_its_owner(handed: Cli) -> None:
    done = handed("refresh", "--all", SANDBOXED, "--json")
    (answer,) = json.loads(done.stdout)

    assert done.status == 0, done.stderr
    assert answer["action"] == "released"
    assert answer["released"] == {"at": 1_700_000_000, "as": "webmethods"}


def test_a_new_consent_takes_it_back(handed: Cli) -> None:
    before = tokens_of(handed)
    done = handed("run", "zendesk", SANDBOXED)

    assert done.status == 0, done.stderr
    assert "handed over as webmethods, so consent is asked for again" in done.stderr
    assert "released" not in record_of(handed)["flowrun"]
    assert not tokens_of(handed) & before
    assert handed("refresh", "zendesk-acme", SANDBOXED).status == 0
