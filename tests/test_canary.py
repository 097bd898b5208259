"""No secret leaves: not to the screen, not into an argument, not into a file that others read."""

from __future__ import annotations

import base64
import contextlib
import html
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, quote, quote_plus

import pytest

from servers.command import TIMEOUT_S, Cli, Done
from servers.pages import Asked, Page, serving_pages
from servers.raw import Raw, listening
from servers.zendesk import CLIENTS, Served
from standards import proves

SECRET = str(CLIENTS["flowrun_test"])
WRONG = "fake-wrong-secret-of-nobody"
PROC = Path("/proc")


class Watched:
    """The command line, with everything remembered that it and its children let be seen."""

    def __init__(self, folder: Path, zendesk: Served, approve: str) -> None:
        self.folder, self.zendesk = folder, zendesk
        finds = " ".join(f"{name}={value}" for name, value in zendesk.by_name.items())
        self.environment = {
            **zendesk.by_name,
            "BROWSER": f"env {finds} {approve}",
            "FLOWRUN_CLIENT_SECRET": SECRET,
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "TMPDIR": str(folder / "tmp"),
        }
        (folder / "tmp").mkdir()
        self.printed: list[str] = []
        self.arguments: set[str] = set()

    def __call__(self, *words: str, **environment: str) -> Done:
        command = [sys.executable, "-m", "flowrun", *words]
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            over = threading.Event()
            watch = threading.Thread(target=self._watch, args=(process.pid, over))
            watch.start()
            try:
                stdout, stderr = process.communicate(timeout=TIMEOUT_S)
            finally:
                over.set()
                watch.join()
        return Done(process.returncode, stdout, stderr)

    def seen(self, *words: str, **environment: str) -> Done:
        """Run, and remember what was printed."""
        done = self(*words, **environment)
        self.printed += [done.stdout, done.stderr]
        return done

    def _watch(self, pid: int, over: threading.Event) -> None:
        while not over.wait(0.001):
            self.arguments |= {arguments_of(each) for each in family(pid)}

    def flow(self, *words: str, **environment: str) -> Done:
        """Run the recipe."""
        redirect = f"--set=redirect_uri={self.zendesk.zendesk.redirect_uri}"
        inputs = ("--set=subdomain=acme", "--set=client_id=flowrun_test", redirect)
        return self.seen("run", "zendesk.yaml", *inputs, *words, **environment)

    def secrets(self) -> set[str]:
        """Everything secret that has passed between the command line and the server."""
        found = {SECRET, WRONG}
        for request in self.zendesk.zendesk.requests("POST", "/oauth/tokens"):
            assert isinstance(request.body, dict)
            names = ("code", "code_verifier", "refresh_token")
            found |= {str(request.body[name]) for name in names if name in request.body}
        for grant in self.zendesk.zendesk.grants:
            found |= {grant.access_token, grant.refresh_token}
        return found

    def states(self) -> set[str]:
        asked = self.zendesk.zendesk.requests("GET", "/oauth/authorizations/new")
        return {request.query["state"] for request in asked}


def family(pid: int) -> Iterator[int]:
    """*pid* and its children, and theirs, as far as they still live."""
    yield pid
    with contextlib.suppress(OSError):
        for task in (PROC / str(pid) / "task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))


def arguments_of(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


@pytest.fixture
def watched(tmp_path: Path, zendesk: Served, approve: str) -> Watched:
    if not PROC.is_dir():
        pytest.skip("arguments of processes are read from /proc")
    return Watched(tmp_path, zendesk, approve)


def holding(folder: Path, secrets: set[str]) -> set[Path]:
    """The files below *folder* that hold one of *secrets*."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path for path in files if any(s.encode() in path.read_bytes() for s in secrets)}


@proves("RFC 6749", "10.3", "shows no token, code or secret anywhere else")
def test_no_secret_of_a_whole_life_is_seen(watched: Watched) -> None:
    statuses = {
        "run": watched.flow("-v").status,
        "again": watched.flow("--json", "--fresh").status,
        "explain": watched.seen(
            "explain", "zendesk", "--set=subdomain=acme", "--set=client_id=flowrun_test"
        ).status,
        "dry": watched.flow("-n").status,
        "status": watched.seen("status").status,
        "status --json": watched.seen("status", "--json").status,
        "verify": watched.seen("verify", "zendesk-acme", "-v").status,
        "refresh": watched.seen("refresh", "zendesk-acme", "-v").status,
        "wrong": watched.seen("refresh", "zendesk-acme", "-v", FLOWRUN_CLIENT_SECRET=WRONG).status,
    }
    printed = watched("token", "zendesk-acme").stdout
    secrets = watched.secrets()  # while the last grant is alive
    watched.zendesk.zendesk.grants.clear()
    statuses["refused"] = watched.seen("refresh", "zendesk-acme", "--json").status
    statuses["over"] = watched.seen("token", "zendesk-acme", "--min-ttl", "2d").status
    statuses["denied"] = watched.seen("revoke", "zendesk-acme", "-v").status

    assert statuses == {
        **dict.fromkeys(statuses, 0), "wrong": 5, "refused": 5, "over": 8, "denied": 5,
    }  # fmt: skip
    assert len(secrets) >= 9  # two logins, a refresh, two client secrets
    output = "\n".join(watched.printed)
    assert [secret for secret in secrets if secret in output] == []
    assert [s for s in secrets if any(s in each for each in watched.arguments)] == []
    assert any("flowrun" in each for each in watched.arguments)
    assert printed.strip() in secrets
    tokens = watched.folder / "tokens"
    files = holding(watched.folder, secrets)
    assert files >= {tokens / "zendesk-acme.json"}
    assert {path for path in files if not path.is_relative_to(tokens)} == set()
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(tokens.stat().st_mode) == 0o700


def test_a_state_stands_in_the_url_alone(watched: Watched) -> None:
    assert watched.flow("-v").status == 0
    (state,) = watched.states()
    lines = [line for text in watched.printed for line in text.splitlines() if state in line]

    assert all(line.startswith("https://acme.zendesk.com/oauth/") for line in lines)
    assert holding(watched.folder, {state}) <= {watched.folder / "tokens" / "zendesk-acme.json"}


ODD = "fake/secret+of= \"canary\" <&> 'é'"
"""Every spelling of it is another text."""

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": lambda value: quote(value, safe=""),
    "percent, some": quote,
    "plus": quote_plus,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64url": lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
    "hex": lambda value: value.encode().hex(),
    "html": html.escape,
    "json": lambda value: json.dumps(value)[1:-1],
    "python": lambda value: repr(value)[1:-1],
}

RECIPE = """\
flowrun: 1
name: echo
inputs:
  client_secret: {{secret: true}}
  password: {{secret: true}}
steps:
  - token:
      post: {url}/token
      client: {{id: canary, secret: "{{{{ inputs.client_secret }}}}", auth: {auth}}}
      form: {{grant_type: password, username: jane, password: "{{{{ inputs.password }}}}"}}
refresh:
  - token:
      post: {url}/token
      form: {{grant_type: refresh_token, refresh_token: "{{{{ saved.refresh_token }}}}"}}
save: echo
"""
PASSWORD = "fake-password-of-the-canary"
REFRESH = "fake/refresh+token/of+the==canary"
JSON_TYPE, HTML_TYPE = "application/json", "text/html; charset=utf-8"


def answer(status: str, kind: str, body: str) -> bytes:
    content = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def echo(raw: Callable[[], Raw], how: Callable[[str], str], kind: str) -> Callable[..., None]:
    """A token endpoint that refuses, and repeats what it was sent."""

    def behave(connection: socket.socket) -> None:
        head, _, body = raw().requests[-1][1].decode().partition("\r\n\r\n")
        sent = [value for _, value in parse_qsl(body)]
        sent += [line.split()[-1] for line in head.split("\r\n") if line.startswith("Authoriz")]
        said = f"you sent {' and '.join(map(how, [*sent, ODD]))}\x1b[2J"
        error = {"error": "invalid_request", "error_description": said}
        text = f"<html><h1>{said}</h1></html>" if kind == HTML_TYPE else json.dumps(error)
        connection.sendall(answer("400 Bad Request", kind, text))

    return behave


@contextlib.contextmanager
def echoing(how: Callable[[str], str], kind: str) -> Iterator[Raw]:
    held: list[Raw] = []
    with listening(echo(lambda: held[0], how, kind)) as raw:
        held.append(raw)
        yield raw


@pytest.mark.parametrize("auth", ["post", "basic"])
@pytest.mark.parametrize("kind", [JSON_TYPE, HTML_TYPE], ids=["json", "html"])
@pytest.mark.parametrize("how", SPELLINGS)
def test_what_a_provider_repeats_is_masked(cli: Cli, how: str, kind: str, auth: str) -> None:
    spell = SPELLINGS[how]
    with echoing(spell, kind) as raw:
        recipe = RECIPE.format(url=raw.url, auth=auth)
        (cli.folder / "echo.yaml").write_text(recipe, "utf-8")
        given = {"FLOWRUN_CLIENT_SECRET": ODD, "FLOWRUN_PASSWORD": PASSWORD, "BROWSER": "true"}
        done = cli("run", "./echo.yaml", "-v", **given)
        reported = cli("run", "./echo.yaml", "--json", **given)

    output = done.stdout + done.stderr + reported.stdout + reported.stderr
    assert (done.status, reported.status) == (5, 5), output
    assert len(raw.requests) == 2
    assert [each for each in (ODD, PASSWORD) if each in output or spell(each) in output] == []
    assert "\x1b" not in output


@pytest.mark.parametrize("how", SPELLINGS)
def test_a_refresh_token_that_is_repeated_is_masked(cli: Cli, how: str) -> None:
    token = {"access_token": "fake-access-of-the-canary", "refresh_token": REFRESH}
    with listening(answer("200 OK", JSON_TYPE, json.dumps(token))) as good:
        port = good.port
        recipe = RECIPE.format(url=good.url, auth="post")
        (cli.folder / "echo.yaml").write_text(recipe, "utf-8")
        given = {"FLOWRUN_CLIENT_SECRET": ODD, "FLOWRUN_PASSWORD": PASSWORD, "BROWSER": "true"}
        assert cli("./echo.yaml", **given).status == 0
    with echoing(SPELLINGS[how], JSON_TYPE) as raw:
        record = cli.record("echo")
        record.write_text(record.read_text().replace(f":{port}/", f":{raw.port}/"))
        done = cli("refresh", "echo", "-v", **given)
        told = cli("status", "--json")

    output = done.stdout + done.stderr + told.stdout + told.stderr
    assert done.status == 5, output
    assert [each for each in (REFRESH, SPELLINGS[how](REFRESH)) if each in output] == []
    assert SPELLINGS[how](REFRESH) not in json.dumps(json.loads(record.read_text())["flowrun"])


REGISTRATION = """\
flowrun: 1
name: registered
inputs:
  initial_access_token: {secret: true}
  software_statement: {secret: true}
steps:
  - metadata: {issuer: SITE}
  - register:
      post: "{{ steps.metadata.registration_endpoint }}"
      bearer: "{{ inputs.initial_access_token }}"
      json: {client_name: canary, software_statement: "{{ inputs.software_statement }}"}
  - token:
      post: "{{ steps.metadata.token_endpoint }}"
      client: &client
        id: "{{ steps.register.client_id }}"
        secret: "{{ steps.register.client_secret }}"
        auth: basic
      form: {grant_type: client_credentials}
verify:
  - use: steps.metadata
  - use: steps.register
  - http:
      post: "{{ steps.metadata.introspection_endpoint }}"
      client: *client
      form: {token: "{{ saved.access_token }}"}
      expect: response.json.active
revoke:
  - use: steps.metadata
  - use: steps.register
  - id: unregister
    register:
      delete: "{{ steps.register.registration_client_uri }}"
      bearer: "{{ steps.register.registration_access_token }}"
"""


@proves("RFC 7591", "5", "a client's secret and what manages it are shown to nobody")
def test_no_secret_of_a_registered_client_is_seen(cli: Cli) -> None:
    names = ("client_secret", "registration_access_token", "initial", "statement", "access_token")
    canaries = {name: f"fake/{name}+of=the canary" for name in names}
    given = {
        "FLOWRUN_INITIAL_ACCESS_TOKEN": canaries["initial"],
        "FLOWRUN_SOFTWARE_STATEMENT": canaries["statement"],
    }
    cli.keep_secret(*canaries.values())
    (recipe := cli.folder / "registered.yaml").touch()
    with serving_pages() as pages:
        recipe.write_text(REGISTRATION.replace("SITE", pages.url))
        endpoints = ("registration", "token", "introspection")
        found = {f"{name}_endpoint": f"{pages.url}/{name}" for name in endpoints}
        pages.at["/.well-known/openid-configuration"] = {"issuer": pages.url, **found}
        secrets = {name: canaries[name] for name in names[:2]}
        management = {"registration_client_uri": f"{pages.url}/clients/a"}
        pages.at["/registration"] = Page({"client_id": "a", **secrets, **management}, 201)
        pages.at["/token"] = {"access_token": canaries["access_token"], "token_type": "Bearer"}
        pages.at["/clients/a"] = lambda asked: echoed(asked)
        lives = [
            cli(recipe, "-v", **given),
            cli("explain", recipe, **given),
            cli(recipe, "-n", **given),
            cli("status", "--json"),
        ]
        pages.at["/introspection"] = lambda asked: echoed(asked)
        ends = [
            cli("verify", "registered", "-v", **given),
            cli(recipe, "--fresh", "-v", **given),
            cli("revoke", "registered", "-v", "--json", **given),
        ]

    assert [done.status for done in lives] == [5, 0, 0, 0]  # whose `verify` has nobody to ask
    assert [done.status for done in ends] == [5, 5, 5]
    holding_them = holding(cli.folder, set(canaries.values()))
    assert {path.name.partition("-")[0] for path in holding_them} == {
        "registered.client", "registered.json"
    }  # fmt: skip
    assert {stat.S_IMODE(path.stat().st_mode) for path in holding_them} == {0o600}


def echoed(asked: Asked) -> Page:
    said = f"you sent {asked.headers.get('Authorization')} and {asked.body}"
    return Page({"error": "server_error", "error_description": said}, 503)
