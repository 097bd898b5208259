"""`save.also`: files beside a record that hold its token in another shape, and are kept in step."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.beside import RECORDS, VALUE, leads_out, path_of
from flowrun.errors import FlowError
from flowrun.exports import FORMATS
from flowrun.flow import Also
from flowrun.schema import schema_text
from flowrun.secret import Secret
from flowrun.stores.vaults import SUFFIXES
from flowrun.template import Scope
from servers.command import TIMEOUT_S, Cli, Done
from servers.rotating import SECRET, Rotating, logged_in, rotating, secret_of, written

ALSO = """\
save:
  name: acme
  also:
    - {file: acme.env, format: dotenv}
    - file: shop/acme.properties
      text: |
        token={{ saved.access_token }}
        key={{ inputs.client_secret }}
"""


@pytest.fixture
def server() -> Iterator[Rotating]:
    with rotating() as server:
        yield server


@pytest.fixture
def acme(cli: Cli, server: Rotating) -> Cli:
    """A folder with a record that has two files beside it."""
    logged_in(cli, server, more=ALSO)
    return cli


def refreshed(cli: Cli, *words: str) -> Done:
    return cli("refresh", "acme", *words, FLOWRUN_CLIENT_SECRET=SECRET)


def run(cli: Cli, *words: str) -> Done:
    return cli("./acme.yaml", *words, FLOWRUN_CLIENT_SECRET=SECRET)


def in_step(cli: Cli, server: Rotating) -> bool:
    access = server.issued[-2]
    tokens = cli.folder / "tokens"
    assert json.loads(cli.record("acme").read_text())["access_token"] == access
    return (tokens / "acme.env").read_text() == f"ACCESS_TOKEN={access}\n" and (
        tokens / "shop" / "acme.properties"
    ).read_text() == f"token={access}\nkey={SECRET}\n"


def test_files_are_made_with_the_record_and_anew_with_each_refresh(
    acme: Cli, server: Rotating
) -> None:
    first = in_step(acme, server)

    done = refreshed(acme)

    assert done.status == 0, done.stderr
    assert (first, in_step(acme, server)) == (True, True)
    files = {path for path in (acme.folder / "tokens").rglob("*") if path.is_file()}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files if "acme" in path.name} == {0o600}
    assert stat.S_IMODE((acme.folder / "tokens" / "shop").stat().st_mode) == 0o700


def test_a_record_knows_its_files_without_the_recipe(acme: Cli, server: Rotating) -> None:
    (acme.folder / "acme.yaml").unlink()

    done = refreshed(acme)

    assert done.status == 0, done.stderr
    assert in_step(acme, server)


@pytest.mark.parametrize(
    "command", [lambda cli: run(cli), lambda cli: refreshed(cli, "--due")], ids=["run", "refresh"]
)
@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_text("old")])
def test_what_is_missing_or_old_is_made_good(
    harm: Callable[[Path], object], command: Callable[[Cli], Done], acme: Cli, server: Rotating
) -> None:
    harm(acme.folder / "tokens" / "acme.env")
    issued = len(server.issued)

    done = command(acme)

    assert done.status == 0, done.stderr
    assert in_step(acme, server)
    assert len(server.issued) == issued


def test_what_a_crash_left_half_written_is_swept_away(acme: Cli, server: Rotating) -> None:
    tokens = acme.folder / "tokens"
    (left := tokens / ".acme.env.acme.part").write_text(server.issued[0])
    (other := tokens / ".acme.env.of-somebody").write_text("")

    assert refreshed(acme).status == 0
    assert (left.exists(), other.exists()) == (False, True)


def test_no_file_takes_the_place_of_a_record() -> None:
    assert set(RECORDS) == set(SUFFIXES.values())


def test_every_format_is_one_of_export() -> None:
    formats = json.loads(schema_text())["definitions"]["also"]["properties"]["format"]["enum"]

    assert formats == sorted(formats)
    assert set(formats) <= set(FORMATS)


def test_a_file_that_is_in_step_is_left_alone(acme: Cli) -> None:
    before = (acme.folder / "tokens" / "acme.env").stat()

    assert run(acme).status == 0

    after = (acme.folder / "tokens" / "acme.env").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def symlink(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


def tracked(path: Path) -> None:
    for words in (["init", "-q"], ["add", "-f", path.name]):
        subprocess.run(["git", *words], cwd=path.parent, check=True)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (symlink, "is a symbolic link"),
        (lambda path: path.chmod(0o644), "is open to other users"),
        (tracked, "git tracks"),
        (lambda path: (path.unlink(), path.mkdir()), "is no regular file"),
    ],
    ids=["symlink", "mode", "git", "folder"],
)
def test_a_file_that_is_not_private_is_refused_and_the_token_is_safe(
    harm: Callable[[Path], object], told: str, acme: Cli, server: Rotating
) -> None:
    harm(acme.folder / "tokens" / "acme.env")

    done = refreshed(acme)

    record = json.loads(acme.record("acme").read_text())
    properties = (acme.folder / "tokens" / "shop" / "acme.properties").read_text()
    assert done.status == 7
    assert "error E713: acme: tokens/acme.env is not in step" in done.stderr
    assert told in done.stderr
    assert "The token is safe in tokens/acme.json" in done.stderr
    assert record["refresh_token"] == server.issued[-1]
    assert record["access_token"] in properties  # what can be kept in step is


def test_a_token_is_printed_though_a_file_is_not_in_step(acme: Cli, server: Rotating) -> None:
    (acme.folder / "tokens" / "acme.env").chmod(0o644)

    done = acme("token", "acme", "--min-ttl", "2h", FLOWRUN_CLIENT_SECRET=SECRET)

    assert (done.status, done.stdout) == (0, f"{server.issued[-2]}\n")
    assert "E713" in done.stderr


def test_a_text_that_reads_what_the_answer_lacks_is_told(cli: Cli, server: Rotating) -> None:
    more = "save: {name: acme, also: [{file: a.txt, text: '{{ saved.instance_url }}'}]}"
    path = written(cli.folder, server, more=more)

    done = cli(path, FLOWRUN_CLIENT_SECRET=SECRET)

    assert done.status == 7
    assert "error E713: acme: tokens/a.txt is not in step: there is no saved.instance_url" in (
        done.stderr
    )
    assert json.loads(cli.record("acme").read_text())["access_token"] == server.issued[-2]


def test_a_refusal_is_told_and_not_what_is_out_of_step(acme: Cli, server: Rotating) -> None:
    (acme.folder / "tokens" / "acme.env").chmod(0o644)
    server.answer({"grant_type": "refresh_token", "client_secret": SECRET,
                   "refresh_token": server.issued[1]})  # fmt: skip

    done = refreshed(acme)

    assert done.status == 5
    assert "E713" not in done.stderr


# what leads out of the token folder


OUTSIDE = "save: {{name: acme, also: [{{file: {file}, format: env}}]}}"


@pytest.mark.parametrize("way", ["absolute", "..", "~"])
def test_what_leads_out_of_the_folder_needs_trust(way: str, cli: Cli, server: Rotating) -> None:
    name = {"absolute": f"{cli.folder}/out.env", "..": "../out.env", "~": "~/out.env"}[way]
    path = written(cli.folder, server, more=OUTSIDE.format(file=name))

    refused = cli(path, FLOWRUN_CLIENT_SECRET=SECRET)
    issued = len(server.issued)
    trusted = cli("trust", path)
    done = cli(path, FLOWRUN_CLIENT_SECRET=SECRET)
    later = refreshed(cli)

    out = cli.folder / "out.env"
    assert (refused.status, issued) == (2, 0)
    assert "is outside of the token folder, and the flow is not trusted" in refused.stderr
    assert f"the token is also written to {name}" in trusted.stderr
    assert (done.status, later.status) == (0, 0), done.stderr + later.stderr
    assert out.read_text() == f"export ACCESS_TOKEN={server.issued[-2]}\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_a_record_that_nobody_vouches_for_writes_nothing_elsewhere(
    cli: Cli, server: Rotating
) -> None:
    files = "[{file: ../out.env, format: env}, {file: in.env, format: env}]"
    path = written(cli.folder, server, more=f"save: {{name: acme, also: {files}}}")
    own = cli("trust", path).stdout.strip()
    assert cli(path, FLOWRUN_CLIENT_SECRET=SECRET).status == 0
    (cli.folder / "out.env").unlink()
    elsewhere = {"XDG_STATE_HOME": str(cli.folder / "other"), "FLOWRUN_CLIENT_SECRET": SECRET}

    refused = cli("refresh", "acme", **elsewhere)
    hint = refused.stderr.partition("FLOWRUN_TRUST=")[2].split()
    inside = (cli.folder / "tokens" / "in.env").read_text()
    access = server.issued[-2]
    by_record = cli("refresh", "acme", FLOWRUN_TRUST=hint[0], **elsewhere)
    by_flow = cli(path, FLOWRUN_TRUST=own, **elsewhere)

    assert refused.status == 7
    assert refused.stderr.count("E713") == 1
    assert access in inside  # nobody has to be trusted with that
    assert (by_record.status, by_flow.status) == (0, 0), by_record.stderr + by_flow.stderr


def test_a_way_back_into_the_folder_is_refused(cli: Cli, server: Rotating) -> None:
    path = written(cli.folder, server, more=OUTSIDE.format(file="../tokens/acme.json"))
    cli("trust", path)

    done = cli(path, FLOWRUN_CLIENT_SECRET=SECRET)

    assert done.status == 2
    assert "leads back into the token folder" in done.stderr
    assert server.issued == []


def test_a_folder_that_is_not_there_is_told_before_anybody_is_asked(
    cli: Cli, server: Rotating
) -> None:
    path = written(cli.folder, server, more=OUTSIDE.format(file="/nowhere/at/all/out.env"))
    cli("trust", path)

    done = cli(path, FLOWRUN_CLIENT_SECRET=SECRET)

    assert done.status == 7
    assert "cannot write /nowhere/at/all/out.env" in done.stderr
    assert server.issued == []


def test_a_value_takes_no_file_to_another_folder(cli: Cli, server: Rotating) -> None:
    more = "  tenant: {default: a}\n"
    path = written(cli.folder, server, more=OUTSIDE.format(file="'{{ inputs.tenant }}.env'"))
    path.write_text(path.read_text().replace("steps:", f"{more}steps:", 1))

    done = cli(path, "--set=tenant=../../acme", FLOWRUN_CLIENT_SECRET=SECRET)

    assert done.status == 2
    assert "'../../acme' cannot be a part of a file's name" in done.stderr


def test_a_secret_names_no_file() -> None:
    scope = Scope({"inputs": {"key": Secret("fake-secret")}})

    with pytest.raises(FlowError, match="would show a secret"):
        path_of(Also("{{ inputs.key }}.env"), scope)


@pytest.mark.parametrize(
    "path", ["a\nb", "a\\b", "a/", "", ".", "..", "~", "a/.b/c", "Sandbox/x", "x.AGE"]
)
def test_some_paths_are_no_place_for_a_file(path: str) -> None:
    with pytest.raises(FlowError, match="cannot write to"):
        path_of(Also(path), Scope({}))


@given(st.from_regex(VALUE, fullmatch=True))
def test_a_value_changes_no_folder(value: str) -> None:
    path = path_of(Also("a/{{ inputs.x }}-b.env"), Scope({"inputs": {"x": value}}))

    assert not leads_out(path)
    assert [*PurePosixPath(path).parts] == ["a", f"{value}-b.env"]


def test_two_files_that_get_one_name_are_told(cli: Cli, server: Rotating) -> None:
    files = "[{file: '{{ inputs.a }}.env', format: env}, {file: '{{ inputs.b }}.env', format: env}]"
    path = written(cli.folder, server, more=f"save: {{name: acme, also: {files}}}")
    path.write_text(path.read_text().replace("steps:", "  a: {}\n  b: {}\nsteps:", 1))

    done = cli(path, "--set=a=x", "--set=b=x", FLOWRUN_CLIENT_SECRET=SECRET)

    assert done.status == 2
    assert "E231" in done.stderr
    assert server.issued == []


def test_the_sandbox_writes_nothing_outside_of_its_own_folder(cli: Cli, server: Rotating) -> None:
    paths = ("/etc/acme.json", "/srv/acme.json", "acme.env")
    files = f"[{', '.join(f'{{file: {path}, format: json}}' for path in paths)}]"
    path = written(cli.folder, server, more=f"save: {{name: acme, also: {files}}}")

    done = cli(path, "--sandbox")

    sandbox = cli.folder / "tokens" / "sandbox"
    assert done.status == 0, done.stderr
    assert json.loads((sandbox / "elsewhere" / "etc" / "acme.json").read_text())["access_token"]
    assert (sandbox / "elsewhere" / "srv" / "acme.json").exists()
    assert (sandbox / "acme.env").exists()
    assert cli("status", "--sandbox", "--json").stdout.count('"name"') == 1


def test_explain_and_check_show_the_files(cli: Cli, server: Rotating) -> None:
    more = OUTSIDE.format(file="/srv/acme.env")
    path = written(cli.folder, server, more=more)

    explained = json.loads(cli("explain", path, "--json").stdout)
    checked = json.loads(cli("check", path, "--json").stdout)

    assert explained[0]["also"] == [{"file": "/srv/acme.env", "format": "env"}]
    assert "also: /srv/acme.env is outside of the token folder" in checked[0]["downgrades"][0]


# the end of a record


def test_forget_removes_the_files_in_the_folder_and_names_those_elsewhere(
    cli: Cli, server: Rotating
) -> None:
    files = "[{file: acme.env, format: env}, {file: ../out.env, format: env}]"
    path = written(cli.folder, server, more=f"save: {{name: acme, also: {files}}}")
    cli("trust", path)
    assert cli(path, FLOWRUN_CLIENT_SECRET=SECRET).status == 0

    done = cli("forget", "acme")

    access = server.issued[-2]
    assert done.status == 0, done.stderr
    assert "its token is also in" in done.stderr
    assert "out.env, which is left to you" in done.stderr
    assert (cli.folder / "out.env").exists()
    holding = [p for p in (cli.folder / "tokens").rglob("*") if p.is_file() and
               access in p.read_text()]  # fmt: skip
    assert holding == []


def test_a_record_that_moves_takes_its_files_along(acme: Cli, server: Rotating) -> None:
    moved = acme("move", "acme", "--to", "other")
    left = {path.name for path in (acme.folder / "tokens").rglob("*") if path.is_file()}

    done = refreshed(acme, "--due", "--tokens", "other")

    assert (moved.status, done.status) == (0, 0), moved.stderr + done.stderr
    assert "made there by the next refresh" in moved.stderr
    assert left == {".gitignore", "acme.lock"}
    assert (acme.folder / "other" / "acme.env").read_text() == f"ACCESS_TOKEN={server.issued[-2]}\n"


def test_an_encrypted_record_has_its_files_in_the_open(acme: Cli, server: Rotating) -> None:
    key = {"FLOWRUN_STORE_KEY_FILE": str(acme.folder / "key.txt")}
    assert acme("key", "--make", "--file", "key.txt").status == 0
    assert acme("move", "acme", "--store", "age", **key).status == 0

    done = acme("refresh", "acme", FLOWRUN_CLIENT_SECRET=SECRET, **key)

    assert done.status == 0, done.stderr
    assert (acme.folder / "tokens" / "acme.env").read_text().strip().endswith(server.issued[-2])


def test_forget_works_on_a_record_that_cannot_be_read(acme: Cli) -> None:
    acme.record("acme").write_text("{}")

    assert acme("forget", "acme").status == 0
    assert (acme.folder / "tokens" / "acme.env").exists()


# several processes, and none


def test_a_refresh_that_ends_after_its_record_is_made_up_for(acme: Cli, server: Rotating) -> None:
    came, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        came.set()
        go_on.wait(TIMEOUT_S)

    server.once_issued = wait
    env, old = acme.folder / "tokens" / "acme.env", server.issued[-2]
    command = [sys.executable, "-m", "flowrun", "refresh", "acme"]
    environment = acme.environment() | secret_of("acme")
    with subprocess.Popen(command, cwd=acme.folder, env=environment) as process:
        assert came.wait(TIMEOUT_S)
        env.unlink()
        os.mkfifo(env, 0o600)  # so that the record is written, and this is not
        go_on.set()
        process.wait(TIMEOUT_S)
    env.unlink()
    env.write_text(f"ACCESS_TOKEN={old}\n")
    env.chmod(0o600)

    done = refreshed(acme, "--due")

    assert process.returncode == 7
    assert done.status == 0, done.stderr
    assert in_step(acme, server)


def test_many_at_once_leave_the_last_token_in_the_file(acme: Cli, server: Rotating) -> None:
    command = [sys.executable, "-m", "flowrun", "refresh", "acme", "--within", "2h"]
    environment = acme.environment() | secret_of("acme")
    jobs = [subprocess.Popen(command, cwd=acme.folder, env=environment) for _ in range(6)]

    statuses = [job.wait(TIMEOUT_S) for job in jobs]

    assert statuses == [0] * 6
    assert in_step(acme, server)


def test_a_kill_at_any_moment_leaves_an_old_file_or_a_new_one(acme: Cli, server: Rotating) -> None:
    seen = set()
    for _ in range(8):
        came = threading.Event()
        server.once_issued = came.set
        command = [sys.executable, "-m", "flowrun", "refresh", "acme"]
        environment = acme.environment() | secret_of("acme")
        with subprocess.Popen(
            command, cwd=acme.folder, env=environment, stderr=subprocess.PIPE
        ) as process:
            assert came.wait(TIMEOUT_S)
            process.send_signal(signal.SIGKILL)
        seen.add((acme.folder / "tokens" / "acme.env").read_text())
        server.once_issued = lambda: None
        if refreshed(acme).status:  # the answer is lost with the process, as docs/promises.md says
            logged_in(acme, server, more=ALSO)

    assert seen <= {f"ACCESS_TOKEN={each}\n" for each in server.issued}
    assert in_step(acme, server)
