"""A record's whole life through the command line, in every store; and no secret of it on a disk."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from servers.command import Cli
from servers.kept import SEALED, WAYS, Kept
from servers.rotating import SECRET, Rotating, rotating, secret_of, written
from servers.watched import holding

EVERYWHERE = pytest.mark.parametrize("kept", WAYS, indirect=True)
SECRETLY = pytest.mark.parametrize("kept", SEALED, indirect=True)


@EVERYWHERE
def test_a_record_lives_and_is_forgotten(kept: Kept, cli: Cli) -> None:
    world = {**kept.environment, **secret_of("acme")}
    with rotating() as server:
        made = cli("run", written(cli.folder, server), **world)
        again = cli("acme.yaml", **world)
        listed = cli("status", "--json", **world)
        refreshed = cli("refresh", "acme", **world)
        token = cli("token", "acme", **world)
        header = cli("export", "acme", "--format", "header", **world)
        gone = cli("forget", "acme", **world)
        after = cli("status", **world)

    place = kept.store(Path("tokens")).place("acme")
    assert (made.status, made.stdout) == (0, f"{place}\n"), made.stderr
    assert (again.status, again.stdout, len(server.redeemed)) == (0, f"{place}\n", 1)
    assert [row["name"] for row in json.loads(listed.stdout)] == ["acme"]
    assert refreshed.status == 0, refreshed.stderr
    assert token.stdout.strip() == server.issued[-2]
    assert server.issued[-2] in header.stdout
    assert (gone.status, after.stdout) == (0, "")
    assert "there are no records in tokens" in after.stderr
    assert kept.store(cli.folder / "tokens").kept("acme") == []


@EVERYWHERE
def test_a_record_is_found_and_stays_as_it_is_whatever_the_environment_says(
    kept: Kept, cli: Cli
) -> None:
    world = {**kept.environment, **secret_of("acme")}
    with rotating() as server:
        made = cli("run", written(cli.folder, server), **world)
        for store in ("files", ""):
            assert cli("refresh", "acme", **{**world, "FLOWRUN_STORE": store}).status == 0
        token = cli("token", "acme", **{**world, "FLOWRUN_STORE": "files"})
        told = cli("acme.yaml", **{**world, "FLOWRUN_STORE": "files"})

    assert token.stdout.strip() == server.issued[-2]
    assert kept.store(cli.folder / "tokens").kept_as("acme") == kept.kind
    assert (cli.folder / made.stdout.strip()).exists()
    hint = f"still kept as {kept.kind}; to change that: flowrun move acme --store files"
    assert (hint in told.stderr) == (kept.kind != "files")


@EVERYWHERE
def test_shells_complete_the_records_of_every_store(kept: Kept, cli: Cli) -> None:
    world = {**kept.environment, **secret_of("acme")}
    typed = {"COMP_WORDS": "flowrun token ", "COMP_CWORD": "2"}
    shell = {"_FLOWRUN_COMPLETE": "complete_bash", **typed}
    with rotating() as server:
        cli("run", written(cli.folder, server), **world)
    done = subprocess.run(
        [sys.executable, "-m", "flowrun"],
        cwd=cli.folder,
        env={**cli.environment(), **world, **shell},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "acme" in done.stdout.split()


@EVERYWHERE
@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_files_that_others_can_read_are_refused_in_every_store(
    kept: Kept, cli: Cli, mode: int
) -> None:
    world = {**kept.environment, **secret_of("acme")}
    with rotating() as server:
        place = cli.folder / cli("run", written(cli.folder, server), **world).stdout.strip()
        place.chmod(mode)
        refused = cli("token", "acme", **world)
        place.chmod(0o600)
        place.parent.chmod(0o755)
        also = cli("refresh", "acme", **world)

    assert (refused.status, also.status) == (7, 7)
    assert "error E703: " in refused.stderr
    assert f"chmod 600 tokens/{place.name}" in refused.stderr
    assert "chmod 700 tokens" in also.stderr
    assert server.redeemed == []


def started(cli: Cli, *words: str, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flowrun", *words]
    return subprocess.Popen(
        command, cwd=cli.folder, env=cli.environment() | environment, stderr=subprocess.DEVNULL
    )


def killed_before_its_answer(cli: Cli, server: Rotating, **environment: str) -> None:
    """A refresh that dies when the provider has taken the token."""
    processes: list[subprocess.Popen[bytes]] = []
    server.once_issued = lambda: processes[0].kill()
    with started(cli, "refresh", "acme", **environment) as process:
        processes.append(process)
        process.wait()
    server.once_issued = lambda: None


@SECRETLY
def test_no_secret_is_readable_on_the_disk(kept: Kept, cli: Cli) -> None:
    """Typed inputs are in tests/test_store_move.py, registered clients and orphans too."""
    world = {**kept.environment, **secret_of("acme")}
    folder = cli.folder / "tokens"
    with rotating() as server:
        cli("run", written(cli.folder, server), **world)
        seen = [holding(folder, {SECRET, *server.issued})]
        cli("refresh", "acme", **world)
        seen.append(holding(folder, {SECRET, *server.issued}))
        killed_before_its_answer(cli, server, **world)
        assert (folder / ".flowrun" / "acme.attempt").exists()
        seen.append(holding(folder, {SECRET, *server.issued}))
        lost = cli("refresh", "acme", **world)
        seen.append(holding(folder, {SECRET, *server.issued}))

    assert seen == [set()] * 4
    assert "error E510: " in lost.stderr  # as in every store: the answer was lost on its way
    assert len(server.redeemed) == 3
