"""Tokens that are bound to a key, through the real command line, and whatever goes wrong."""

from __future__ import annotations

import base64
import json
import socket
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from flowrun.oauth.dpop import thumbprint
from servers.command import Cli, Done
from standards import proves
from test_e2e_faults import (
    ACCESS,
    CODE,
    REFRESH,
    SECRET,
    WITH_SECRET,
    Provider,
    http,
    journal,
    judged,
    leftovers,
    log_in,
    meta_of,
    provider,
    providing,
    record_of,
    running,
    shared_provider,
    silence,
    tokens,
    visitor,
    waited_for,
    with_tokens_shown,
    write_recipe,
)

__all__ = ["provider", "shared_provider"]

ON = "  dpop: on"


def bound(number: int = 1, *headers: str) -> bytes:
    body = json.dumps(tokens(number, token_type="DPoP"))
    return http(200, body, "application/json", *headers)


def challenge(nonce: str = "n1") -> bytes:
    error = '{"error": "use_dpop_nonce", "error_description": "a nonce, please"}'
    return http(400, error, "application/json", f"DPoP-Nonce: {nonce}")


def refused(*headers: str) -> bytes:
    return http(400, '{"error": "invalid_dpop_proof"}', "application/json", *headers)


def decoded(part: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return value


def proofs(provider: Provider) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Header and claims of the proof in each request; nothing where there is none."""
    heads = [request.partition(b"\r\n\r\n")[0].decode() for _, request in provider.raw.requests]
    lines = [line for head in heads for line in head.split("\r\n") if line.startswith("DPoP: ")]
    assert len(lines) == len(heads)
    parts = [line.removeprefix("DPoP: ").split(".") for line in lines]
    return [(decoded(header), decoded(claims)) for header, claims, _ in parts]


@pytest.fixture
def holder(cli: Cli, provider: Provider) -> Cli:
    """A command line with a token that is bound to a key."""
    cli.keep_secret(SECRET, CODE, ACCESS, REFRESH)
    provider.answers[:] = [bound()]
    write_recipe(cli, provider.url, ON)
    done = log_in(cli)
    assert done.status == 0, done.stderr
    cli.keep_secret(key_of(cli)["d"])
    provider.raw.requests.clear()
    return cli


def key_of(cli: Cli) -> dict[str, Any]:
    key = meta_of(cli)["dpop"]
    assert isinstance(key, dict)
    return key


def refresh(cli: Cli, *words: str) -> Done:
    return cli("refresh", "acme", *words, **WITH_SECRET)


@proves("RFC 9449", "5", "asks for a token that is bound to a key, and keeps the key with it")
def test_the_key_is_kept_with_the_record_and_nowhere_else(holder: Cli) -> None:
    key = key_of(holder)
    status = holder("status")
    private = key["d"].encode()
    holding = [p for p in holder.folder.rglob("*") if p.is_file() and private in p.read_bytes()]

    assert (key["kty"], key["crv"], key["alg"]) == ("EC", "P-256", "ES256")
    assert holding == [holder.record("acme")]
    assert "fresh, bound to a key" in status.stdout
    (row,) = json.loads(holder("status", "--json").stdout)
    assert row["bound_to"] == thumbprint(key)


@proves("RFC 9449", "5", "proves the same key when it refreshes")
def test_a_refresh_proves_the_same_key(holder: Cli, provider: Provider) -> None:
    before = key_of(holder)
    provider.answers[:] = [bound(2)]
    done = refresh(holder)
    ((header, claims),) = proofs(provider)

    assert done.status == 0, done.stderr
    assert key_of(holder) == before
    assert thumbprint(header["jwk"]) == thumbprint(before)
    assert (claims["htm"], claims["htu"]) == ("POST", f"{provider.url}/token")


def test_a_new_consent_makes_a_new_key(holder: Cli, provider: Provider) -> None:
    before = key_of(holder)
    provider.answers[:] = [bound(2)]
    done = holder("run", "acme.yaml", "--fresh", **visitor(holder))

    assert done.status == 0, done.stderr
    assert thumbprint(key_of(holder)) != thumbprint(before)


def test_a_token_for_anybody_is_not_stored(cli: Cli, provider: Provider) -> None:
    cli.keep_secret(SECRET, CODE, ACCESS, REFRESH)
    write_recipe(cli, provider.url, ON)
    provider.answers[:] = [http(200, json.dumps(tokens()))]
    done = log_in(cli)

    judged(done, 5, "E515", "one of type bearer")
    assert not cli.record("acme").exists()


@proves("RFC 9449", "5", "holds a refreshed token that is not bound, and does not use it")
def test_a_refreshed_token_for_anybody_is_held_until_the_recipe_takes_it(
    holder: Cli, provider: Provider
) -> None:
    provider.answers[:] = [http(200, json.dumps(tokens(2)))]
    first, second = refresh(holder), refresh(holder)
    kept = record_of(holder)
    write_recipe(holder, provider.url)
    third = holder("acme.yaml", **WITH_SECRET)

    judged(first, 5, "E515")
    judged(second, 5, "E515")
    assert (kept["access_token"], kept["refresh_token"]) == (f"{ACCESS}-1", f"{REFRESH}-1")
    assert third.status == 0, third.stderr
    assert record_of(holder)["refresh_token"] == f"{REFRESH}-2"
    assert len(provider.raw.requests) == 1


@pytest.mark.parametrize("nonce", [None, "n2"])
def test_a_refused_proof_costs_nothing(holder: Cli, provider: Provider, nonce: str | None) -> None:
    headers = [f"DPoP-Nonce: {nonce}"] if nonce else []
    provider.answers[:] = [refused(*headers), refused(*headers), bound(2)][-3 if nonce else -2 :]
    first, journaled, second = refresh(holder), journal(holder).exists(), refresh(holder)

    judged(first, 5, "E514", "invalid_dpop_proof", "clock")
    assert not journaled
    assert second.status == 0, second.stderr
    assert record_of(holder)["access_token"] == f"{ACCESS}-2"


@proves(
    "RFC 9449", "8", "sends a refresh token with the nonce that is asked for, within one attempt"
)
def test_a_challenge_is_answered_within_one_attempt(holder: Cli, provider: Provider) -> None:
    provider.answers[:] = [challenge(), bound(2)]
    done = refresh(holder)
    sent = [claims for _, claims in proofs(provider)]

    assert done.status == 0, done.stderr
    assert [claims.get("nonce") for claims in sent] == [None, "n1"]
    assert sent[0]["jti"] != sent[1]["jti"]
    assert not journal(holder).exists()


def test_a_server_that_wants_ever_more_nonces_is_told(holder: Cli, provider: Provider) -> None:
    provider.answers[:] = [challenge("n1"), challenge("n2")]
    done = refresh(holder)

    judged(done, 5, "E514", "use_dpop_nonce", "a nonce, please")
    assert len(provider.raw.requests) == 2
    assert not journal(holder).exists()


@pytest.mark.parametrize("answered", [True, False], ids=["with the challenge", "at the retry"])
def test_a_kill_around_the_challenge_loses_nothing(
    holder: Cli, provider: Provider, answered: bool
) -> None:
    before, key = record_of(holder), key_of(holder)
    with running(holder, "refresh", "acme") as process:

        def challenge_and_kill(connection: socket.socket) -> None:
            connection.sendall(challenge())
            process.process.kill()

        first = challenge_and_kill if answered else challenge()
        provider.answers[:] = [first, silence]
        waited_for(lambda: len(provider.raw.requests) == (1 if answered else 2))
        process.process.kill()
        process.process.wait()
    assert record_of(holder) == before
    assert journal(holder).exists()
    provider.answers[:] = [challenge("n3"), bound(2)]
    done = with_tokens_shown(holder, "token", "acme")

    assert (done.status, done.stdout) == (0, f"{ACCESS}-2\n"), done.stderr
    assert {form["refresh_token"] for form in provider.asked()} == {f"{REFRESH}-1"}
    assert key_of(holder) == key
    assert not journal(holder).exists()
    assert leftovers(holder) == []


def test_a_key_is_on_the_disk_before_a_token_is_bound_to_it(cli: Cli, provider: Provider) -> None:
    write_recipe(cli, provider.url)
    provider.answers[:] = [http(200, json.dumps(tokens()))]
    assert log_in(cli).status == 0
    assert "dpop" not in meta_of(cli)
    write_recipe(cli, provider.url, ON)
    seen: list[object] = []

    def look(connection: socket.socket) -> None:
        seen.append(meta_of(cli).get("dpop"))
        connection.sendall(bound(2))

    provider.answers[:] = [look]
    expire(cli.record("acme"))
    done = cli("acme.yaml", **WITH_SECRET)

    assert done.status == 0, done.stderr
    assert seen == [key_of(cli)]
    assert thumbprint(proofs_of_last(provider)["jwk"]) == thumbprint(key_of(cli))


def proofs_of_last(provider: Provider) -> dict[str, Any]:
    del provider.raw.requests[:-1]
    return proofs(provider)[-1][0]


def expire(record: Path) -> None:
    document = json.loads(record.read_text())
    record.write_text(json.dumps({**document, "expires_at": int(time.time()) - 1}))


def test_a_clock_that_is_wrong_is_set_right_by_the_server(cli: Cli, provider: Provider) -> None:
    there = time.time() - 7200
    date = f"Date: {formatdate(there, usegmt=True)}"
    write_recipe(cli, provider.url, ON)
    provider.answers[:] = [refused(date), bound(1, date)]
    done = log_in(cli)
    times = [claims["iat"] for _, claims in proofs(provider)]

    assert done.status == 0, done.stderr
    assert "s ahead of 127.0.0.1" in done.stderr
    assert abs(times[0] - time.time()) < 60
    assert abs(times[1] - there) < 60


@pytest.mark.parametrize("word", ["on", "EdDSA", "PS256"])
def test_the_algorithm_is_the_recipes(cli: Cli, provider: Provider, word: str) -> None:
    write_recipe(cli, provider.url, f"  dpop: {word}")
    provider.answers[:] = [bound()]
    done = log_in(cli)
    ((header, _),) = proofs(provider)

    assert done.status == 0, done.stderr
    assert header["alg"] == {"on": "ES256"}.get(word, word)


def test_what_a_server_repeats_of_a_proof_is_masked(cli: Cli) -> None:
    with providing() as echo:

        def repeat(connection: socket.socket) -> None:
            head = echo.raw.requests[-1][1].partition(b"\r\n\r\n")[0].decode()
            said = next(line for line in head.split("\r\n") if line.startswith("DPoP: "))
            error = {"error": "invalid_dpop_proof", "error_description": f"you sent {said}"}
            connection.sendall(http(400, json.dumps(error)))

        echo.answers[:] = [bound(), repeat, repeat]
        write_recipe(cli, echo.url, ON)
        assert log_in(cli).status == 0
        done = refresh(cli, "-v")
        sent = echo.raw.requests[-1][1].decode().partition("DPoP: ")[2].partition("\r\n")[0]

    judged(done, 5, "E514", "you sent DPoP: ***")
    assert sent not in done.stderr
    assert sent not in cli.record("acme").read_text()


@pytest.mark.parametrize("lost", ["d", "x", "kty", "alg"])
@pytest.mark.parametrize("words", [["status"], ["refresh", "acme"]], ids=" ".join)
def test_a_damaged_key_is_told_as_a_damaged_record(
    holder: Cli, provider: Provider, words: list[str], lost: str
) -> None:
    key = {name: part for name, part in key_of(holder).items() if name != lost}
    known = {**meta_of(holder), "dpop": key}
    holder.record("acme").write_text(json.dumps({**record_of(holder), "flowrun": known}))
    done = holder(*words, **WITH_SECRET)

    judged(done, 7, "E702", "its dpop is no private key")
    assert provider.raw.requests == []
