"""The jobs of docs/ci.md: their files are what the runners take, and they do what the page says."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from servers.command import TESTS, TIMEOUT_S, Cli
from servers.jobs import WRITER, GitHub, GitLab, gitlab
from servers.rig import unavailable
from servers.rotating import SECRET, Rotating, logged_in, rotating, secret_of

PAGE = TESTS.parent / "docs" / "ci.md"
CI = PAGE.parent / "examples" / "ci"
GITHUB, GITLAB = CI / "github.yml", CI / "gitlab.yml"
NAME, KEPT = "zendesk-acme", "RECORD_ZENDESK_ACME"


@pytest.fixture
def server() -> Iterator[Rotating]:
    with rotating() as server:
        yield server


@pytest.fixture
def record(cli: Cli, server: Rotating) -> str:
    """A record as somebody puts it into a store of secrets."""
    logged_in(cli, server, NAME)
    return packed(cli.record(NAME).read_bytes())


@pytest.fixture
def github(tmp_path: Path, record: str) -> GitHub:
    folder = tmp_path / "github"
    folder.mkdir()
    return GitHub(folder, {KEPT: record, "ZENDESK_CLIENT_SECRET": SECRET})


@pytest.fixture
def project(tmp_path: Path, record: str) -> Iterator[GitLab]:
    if shutil.which("curl") is None:
        unavailable("the job for GitLab needs curl")
    folder = tmp_path / "gitlab"
    folder.mkdir()
    with gitlab(folder, **{KEPT: record, "FLOWRUN_CLIENT_SECRET": SECRET}) as project:
        yield project


def packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content)).decode()


def unpacked(text: str) -> dict[str, object]:
    document: dict[str, object] = json.loads(gzip.decompress(base64.b64decode(text)))
    return document


def ending(record: str) -> str:
    """The same record, with a token that ends in a minute."""
    document = unpacked(record)
    expires_at = document["expires_at"]
    assert isinstance(expires_at, int)
    return packed(json.dumps({**document, "expires_at": expires_at - 3540}).encode())


def secrets_in(log: str, server: Rotating, *others: str) -> list[str]:
    shown = re.sub("::add-mask::.*", "", log)  # which the runner takes out of its log
    return [each for each in (SECRET, WRITER, *server.issued, *others) if each in shown]


# GitHub


def test_a_job_for_github_keeps_the_record_in_a_secret(github: GitHub, server: Rotating) -> None:
    github.change(**{KEPT: ending(github.secrets[KEPT])})
    before = github.secrets[KEPT]

    first = github.run(GITHUB)
    second = github.run(GITHUB)

    after = github.secrets[KEPT]
    assert (first.status, second.status) == (0, 0), first.stdout + second.stdout
    assert unpacked(after)["refresh_token"] == server.issued[-1]
    assert server.redeemed == [server.issued[1]]  # the second job had nothing to do
    assert first.stdout.count("Set Actions secret") == 2  # tried, then written
    assert "Set Actions secret" not in second.stdout
    assert secrets_in(first.stdout + second.stdout, server, before, after) == []


def test_a_job_for_github_that_may_not_write_secrets_sends_nothing(
    github: GitHub, server: Rotating
) -> None:
    github.change(**{KEPT: ending(github.secrets[KEPT]), "SECRETS_WRITER": "fake-token-of-a-job"})

    done = github.run(GITHUB)

    assert done.status == 7
    assert "HTTP 403: Resource not accessible by integration" in done.stdout
    assert "E714" in done.stdout
    assert server.redeemed == []


def test_a_job_for_github_that_is_cancelled_writes_the_record_back(
    github: GitHub, server: Rotating
) -> None:
    github.change(**{KEPT: ending(github.secrets[KEPT])})
    came, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        came.set()
        go_on.wait(TIMEOUT_S)

    server.once_issued = wait
    statuses = []
    for number, step in enumerate(github.job(GITHUB)):
        if number == 2:
            assert came.wait(TIMEOUT_S)
            step.send_signal(signal.SIGINT)  # to the process of the step alone, as the runner does
            assert step.stdout
            assert any("stopping" in line for line in step.stdout)
        go_on.set()
        step.communicate(timeout=TIMEOUT_S)
        statuses.append(step.returncode)

    assert statuses == [0, 0, 130]
    assert unpacked(github.secrets[KEPT])["refresh_token"] == server.issued[-1]


def test_several_records_go_to_secrets_of_their_own(
    tmp_path: Path, cli: Cli, server: Rotating
) -> None:
    names = ("acme", "acme-eu")
    logged_in(cli, server, *names)
    (command,) = re.findall("'(gzip .*FLOWRUN_NAME.*)'", PAGE.read_text())
    (tmp_path / "github").mkdir()
    github = GitHub(tmp_path / "github", {})
    given = github.machine().environment(GH_TOKEN=WRITER, GH_REPO="acme/shop")

    words = ("refresh", "--all", "--jobs", "2", "--write-back", command)
    done = cli(*words, **given, **secret_of(*names))

    kept = {name: unpacked(text) for name, text in github.secrets.items() if "RECORD" in name}
    assert done.status == 0, done.stderr
    assert set(kept) == {"RECORD_ACME", "RECORD_ACME_EU"}
    assert {record["refresh_token"] for record in kept.values()} == {*server.issued[-3::2]}


# GitLab


def test_a_job_for_gitlab_keeps_the_record_in_a_variable(project: GitLab, server: Rotating) -> None:
    before = project.variables[KEPT] = ending(project.variables[KEPT])

    first = project.run(GITLAB)
    second = project.run(GITLAB)

    after = project.variables[KEPT]
    assert (first.status, second.status) == (0, 0), first.stdout + second.stdout
    assert unpacked(after)["refresh_token"] == server.issued[-1]
    assert server.redeemed == [server.issued[1]]
    assert secrets_in(first.stdout + second.stdout, server, before, after) == []


def test_a_job_for_gitlab_that_may_not_write_variables_sends_nothing(
    project: GitLab, server: Rotating
) -> None:
    project.variables[KEPT] = ending(project.variables[KEPT])
    project.variables["VARIABLES_WRITER"] = "fake-token-of-a-job"

    done = project.run(GITLAB)

    assert done.status == 7
    assert "The requested URL returned error: 401" in done.stdout
    assert server.redeemed == []


# the files


def scripts() -> dict[str, str]:
    (job,) = yaml.safe_load(GITHUB.read_text())["jobs"].values()
    found = {f"github {number}": step["run"] for number, step in enumerate(job["steps"])}
    (job,) = yaml.safe_load(GITLAB.read_text()).values()
    return {**found, "gitlab": "\n".join([*job["before_script"], *job["script"]])}


@pytest.mark.parametrize("name", scripts())
def test_a_script_is_faultless(name: str) -> None:
    if shutil.which("shellcheck") is None:
        unavailable("scripts are judged by shellcheck")
    command = ["shellcheck", "--shell=bash", "--exclude=SC2016", "-"]  # '$X' is for another shell
    judged = subprocess.run(
        command, input=scripts()[name], capture_output=True, text=True, check=False
    )

    assert judged.stdout == ""
    assert subprocess.run(["bash", "-n"], input=scripts()[name], text=True).returncode == 0


@pytest.mark.rig
@pytest.mark.node
@pytest.mark.parametrize(
    ("file", "schema"),
    [(GITHUB, "vendor.github-workflows"), (GITLAB, "vendor.gitlab-ci")],
    ids=["github", "gitlab"],
)
def test_a_file_has_the_shape_that_its_host_takes(file: Path, schema: str, editors: Path) -> None:
    tool = str(editors / "venv" / "bin" / "check-jsonschema")
    tags = ["--data-transform", "gitlab-ci"] if schema == "vendor.gitlab-ci" else []
    command = [tool, *tags, "--builtin-schema", schema, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_shows_the_files_as_they_are() -> None:
    page = PAGE.read_text()

    assert GITHUB.read_text() in page
    assert GITLAB.read_text() in page
