"""When a refresh token ends: what is known of it over logins, refreshes and recoveries."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from flowrun.oauth.expiry import refresh_expires_at
from flowrun.secret import JSON, reveal
from servers.command import Cli
from servers.kinds import NOON, World, answer, run_kind
from servers.told import WITH_SECRET, Told, log_in, pair, told

ENDS = [
    ({"refresh_token_expires_in": 60}, NOON + 60),
    ({"refresh_token_expires_in": "60"}, NOON + 60),
    ({"refresh_expires_in": 60}, NOON + 60),
    ({"x_refresh_token_expires_in": 8726400}, NOON + 8726400),
    ({"refresh_expires_in": 0}, None),  # so says Keycloak of one that does not end
    ({"refresh_token_expires_at": "2027-01-15T08:00:00Z"}, 1_800_000_000),
    ({"refresh_expires_at": 1_800_000_000_000}, 1_800_000_000),
    ({"refresh_token_expires_in": 60, "refresh_token_expires_at": 1_800_000_000}, NOON + 60),
    ({"refresh_token_expires_in": "soon"}, None),
    ({"expires_in": 60}, None),
]


@pytest.mark.parametrize(("payload", "ends"), ENDS)
def test_a_refresh_token_ends_when_the_answer_says_so(
    payload: dict[str, JSON], ends: int | None
) -> None:
    assert refresh_expires_at(payload, sent_at=NOON) == ends


@pytest.mark.parametrize(
    ("rule", "answered", "ends"),
    [
        ("{in: 30, unit: d}", {"refresh_expires_in": 60}, NOON + 30 * 86400),
        ("{in: response.json.weeks_left}", {"weeks_left": 2}, NOON + 2),
        ("{at: response.json.until}", {"until": 1_800_000_000}, 1_800_000_000),
        ("{at: response.json.until, format: '%Y%m%d'}", {"until": "20270115"}, 1_799_971_200),
        ("{at: response.json.until}", {}, None),
        ("{in: 30, unit: d}", {"refresh_token": None}, None),  # it is about none
    ],
)
def test_or_when_the_recipe_says_so(rule: str, answered: dict[str, JSON], ends: int | None) -> None:
    fields: dict[str, JSON] = {"access_token": "fake", "refresh_token": "fake", **answered}
    options = f"{{post: https://id.example/token, refresh_expires: {rule}}}"
    made = run_kind("token", options, World(lambda _: answer(**fields)))
    known = reveal(made["flowrun"])

    assert isinstance(known, dict)
    assert known.get("refresh_expires_at") == ends


@pytest.fixture
def provider() -> Iterator[Told]:
    with told() as provider:
        yield provider


def refreshed(cli: Cli, provider: Told, answer: bytes) -> int | None:
    """The end that `status` tells after a refresh with that answer, from its time."""
    provider.answers.append(answer)
    done = cli("refresh", "acme", **WITH_SECRET)
    assert done.status == 0, done.stderr
    record = json.loads(cli.record("acme").read_text())
    (row,) = json.loads(cli("status", "--json").stdout)
    ends: int | None = row["refresh_expires_at"]
    return ends and round(ends - int(record["flowrun"]["issued_at"]), -2)


def test_a_refresh_says_anew_when_the_refresh_token_ends(cli: Cli, provider: Told) -> None:
    log_in(cli, provider, pair(refresh_expires_in=5000))
    answers = (
        pair(2, refresh_expires_in=9000),
        pair(2, refresh_token=None),  # the one that is there goes on
        pair(2, refresh_token=None, refresh_expires_in=3000),
        pair(2),  # the same one again, and nothing new of it
        pair(3),  # another one, of which nothing is known
    )

    assert [refreshed(cli, provider, answer) for answer in answers] == [
        9000,
        9000,
        3000,
        3000,
        None,
    ]


def test_a_lifetime_of_the_provider_is_not_kept_beside_the_next_token(
    cli: Cli, provider: Told
) -> None:
    log_in(cli, provider, pair(refresh_expires_in=5000))
    refreshed(cli, provider, pair(2))

    assert "refresh_expires_in" not in json.loads(cli.record("acme").read_text())
