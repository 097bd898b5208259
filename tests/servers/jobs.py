"""Jobs of GitHub Actions and GitLab CI, run as their runners run them, with their secrets here."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import NamedTuple

import yaml

from servers.command import TIMEOUT_S, Done
from servers.proxy import Quiet, running

MOST_AT_GITHUB, MOST_AT_GITLAB = 48 * 1024, 10_000  # bytes of a secret, characters of a variable
WRITER = "fake-token-that-writes-secrets"

GH = """#!{python}
# `gh secret set NAME`, as gh 2 does it with a token of the environment and a value on stdin.
import fcntl, json, os, re, sys

if not os.environ.get("GH_TOKEN"):
    sys.exit("To get started with GitHub CLI, please run: gh auth login")
match sys.argv[1:]:
    case ["secret", "set", name]:
        pass
    case _:
        sys.exit(f"unknown command or flag: {{sys.argv[1:]}}")
if not re.fullmatch("(?!GITHUB_)[A-Z_][A-Z0-9_]*", name):
    sys.exit("HTTP 422: Secret names can only contain letters, digits and _")
value = sys.stdin.read().rstrip("\\r\\n")
if not re.fullmatch("[^/]+/[^/]+", os.environ.get("GH_REPO", "")):
    sys.exit("could not determine base repo")
if os.environ["GH_TOKEN"] != "{writer}":
    sys.exit("HTTP 403: Resource not accessible by integration")
if not 0 < len(value.encode()) <= {most}:
    sys.exit("HTTP 422: the value is empty or too large")
with open("{secrets}", "r+") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    secrets = json.dumps({{**json.load(file), name: value}})
    file.seek(0)
    file.truncate()
    file.write(secrets)
print(f"✓ Set Actions secret {{name}} for {{os.environ['GH_REPO']}}", file=sys.stderr)
"""

INSTALLED = """#!/bin/sh
# Installs nothing: flowrun is here.
case "$*" in "install flowrun-oauth"|"install --quiet flowrun-oauth") ;; *) exit 1;; esac
"""

FLOWRUN = '#!/bin/sh\nexec {python} -m flowrun "$@"\n'


class Machine(NamedTuple):
    """A folder for what a job's machine has."""

    folder: Path

    def program(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o700)

    def environment(self, **more: str) -> dict[str, str]:
        path = f"{self.folder / 'bin'}:/usr/bin:/bin"
        return {"PATH": path, "HOME": str(self.folder), **more}


def machine(folder: Path) -> Machine:
    """A machine on which flowrun is installed already."""
    folder.mkdir()
    new = Machine(folder)
    new.program("flowrun", FLOWRUN.format(python=sys.executable))
    for name in ("pip", "pipx"):
        new.program(name, INSTALLED)
    return new


class GitHub:
    """A repository's secrets, and its jobs, each on a machine of its own."""

    def __init__(self, folder: Path, secrets: Mapping[str, str]) -> None:
        self.folder = folder
        self._file = folder / "secrets.json"
        self._file.write_text(json.dumps({"SECRETS_WRITER": WRITER, **secrets}))
        self._jobs = 0

    @property
    def secrets(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._file.read_text())
        return found

    def change(self, **secrets: str) -> None:
        self._file.write_text(json.dumps(self.secrets | secrets))

    def machine(self) -> Machine:
        """A new machine, with a `gh` for this repository."""
        self._jobs += 1
        here = machine(self.folder / f"machine-{self._jobs}")
        own = {"python": sys.executable, "writer": WRITER, "secrets": self._file}
        here.program("gh", GH.format(**own, most=MOST_AT_GITHUB))
        return here

    def job(self, file: Path) -> Iterator[subprocess.Popen[str]]:
        """The steps of the workflow's one job, each as it begins; none after one that failed."""
        here, secrets = self.machine(), self.secrets
        passed_on = here.folder / "env"
        passed_on.touch()
        (job,) = yaml.safe_load(file.read_text())["jobs"].values()
        for step in job["steps"]:
            script = here.folder / "step.sh"
            script.write_text(step["run"])
            given = {key: _filled(value, secrets) for key, value in step.get("env", {}).items()}
            earlier = dict(line.split("=", 1) for line in passed_on.read_text().splitlines())
            runner = {"RUNNER_TEMP": str(here.folder), "GITHUB_ENV": str(passed_on)}
            with subprocess.Popen(
                ["bash", "-e", script],  # which is what a `run` without a `shell` is given
                cwd=here.folder,
                env=here.environment(**runner, **earlier, **given),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process:
                yield process
            if process.returncode:
                return

    def run(self, file: Path) -> Done:
        """All of the job; its status, and what stands in its log."""
        status, log = 0, ""
        for process in self.job(file):
            log += process.communicate(timeout=TIMEOUT_S)[0]
            status = process.returncode
        return Done(status, log, "")


def _filled(text: str, secrets: Mapping[str, str]) -> str:
    known = {f"secrets.{name}": value for name, value in secrets.items()}
    known["github.repository"] = "acme/shop"
    return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda found: known.get(found[1], ""), text)


class GitLab:
    """A project's variables behind their API, and its jobs."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self.variables = {"VARIABLES_WRITER": WRITER, **variables}
        self.api = ""
        self._jobs = 0

    def run(self, file: Path) -> Done:
        self._jobs += 1
        here = machine(self.folder / f"machine-{self._jobs}")
        (job,) = yaml.safe_load(file.read_text()).values()
        script = here.folder / "script.sh"
        lines = ["set -eo pipefail", *job["before_script"], *job["script"]]
        # A container has a /tmp of its own.
        script.write_text("\n".join(lines))
        own = {k: v.replace("/tmp", str(here.folder)) for k, v in job["variables"].items()}
        predefined = {"CI_API_V4_URL": self.api, "CI_PROJECT_ID": "7"}
        done = subprocess.run(
            ["bash", script],
            cwd=here.folder,
            env=here.environment(**predefined, **self.variables, **own),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        return Done(done.returncode, done.stdout, "")

    def update(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, object]:
        """What the API answers to a PUT of a variable."""
        found = re.fullmatch(r"/projects/7/variables/(\w+)", path)
        if headers.get("PRIVATE-TOKEN") != WRITER:
            return 401, {"message": "401 Unauthorized"}
        if not found or found[1] not in self.variables:
            return 404, {"message": "404 Variable Not Found"}
        form = message_from_bytes(
            f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body
        )
        values = {
            str(part.get_param("name", header="content-disposition")): part.get_payload()
            for part in form.walk()
            if not part.is_multipart()
        }
        value = values.get("value")
        # One that is masked in logs is one line of 8 characters or more, without spaces.
        if not isinstance(value, str) or not re.fullmatch(r"[\w+/=@:.~-]{8,}", value):
            return 400, {"message": {"value": ["is invalid"]}}
        if len(value) > MOST_AT_GITLAB:
            return 400, {"message": {"value": ["is too long"]}}
        self.variables[found[1]] = value
        return 200, {"key": found[1], "value": value}  # which nobody may print


@contextlib.contextmanager
def gitlab(folder: Path, **variables: str) -> Iterator[GitLab]:
    state = GitLab(folder, variables)

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = state.update(self.path, dict(self.headers), body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with Quiet(("127.0.0.1", 0), Handler) as server, running(server):
        state.api = f"http://127.0.0.1:{server.server_port}"
        yield state
