"""What a person reads, word for word: tests/golden holds it, and UPDATE_GOLDEN=1 writes it anew."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from flowrun.commands.code import paragraph
from flowrun.errors import CODES
from flowrun.library import COMMANDS
from servers.command import TESTS, Cli, Done

GOLDEN = TESTS / "golden"

VARIABLE = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "<time>"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\dZ, (in )?\d+ [a-z]+( ago)?", "<time and how far it is>"),
    (r"\b\d+ [a-z]+ ago", "<age>"),
    (r"(127\.0\.0\.1|localhost):\d+", r"\1:<port>"),
    (r"\b[0-9a-f]{32,}\b", "<hex>"),
    (r"\b[A-Za-z0-9_-]{43}\b", "<random>"),
    (r"(state|nonce|code_challenge)=[\w-]{20,}", r"\1=<random>"),
    (r"flowrun \d+\.\d+\S*", "flowrun <version>"),
    (r"port \d{4,}", "port <port>"),
    (r"taken by \S+ \(process \d+\)", "taken by <program>"),
    (r"\d+ bytes", "<n> bytes"),
    (r'"(expires|refresh_expires|obtained|refreshed)_at": \d+', r'"\1_at": <seconds>'),
)

GOOD = """\
flowrun: 1
name: good
inputs:
  client_id: {help: the client's id}
  client_secret: {secret: true}
steps:
  - token:
      post: https://id.example.com/token
      client: {id: "{{ inputs.client_id }}", secret: "{{ inputs.client_secret }}"}
      form: {grant_type: client_credentials}
verify:
  - http: {get: https://id.example.com/me, bearer: "{{ saved.access_token }}"}
save: good
"""

BAD = {
    "key": GOOD.replace("form:", "from:"),
    "twice": GOOD + "save: again\n",
    "yaml": GOOD.replace('"{{ inputs.client_id }}"', "{{ inputs.client_id }}"),
    "name": GOOD.replace("inputs.client_id", "inputs.clientid"),
    "kinds": GOOD.replace("  - token:", "  - show: hello\n    token:"),
    "kind": GOOD.replace("  - token:", "  - tokn:"),
    "several": GOOD.replace("form:", "from:").replace("verify:", "verfy:"),
    "http": GOOD.replace("https://id.example.com/token", "http://id.example.com/token"),
    "host": GOOD.replace("https://id.example.com/me", '"https://{{ saved.host }}/me"'),
    "base": "flowrun: 1\nextends: base/authorisation-code\nname: based\n",
    "unset": "flowrun: 1\nextends: base/authorization-code\nname: unset\n",
    "inherited": "flowrun: 1\nextends: ./name.yaml\n",
    "new": GOOD.replace("flowrun: 1", "flowrun: 2"),
}
"""Flow files with something wrong in them."""

REFUSES = GOOD.replace("      form:", "      expect: response.json.nothing == 1\n      form:")
OTHERS = {
    "refuses": REFUSES,
    "tenant": "flowrun: 1\nextends: ./refuses.yaml\nvalues: {client_id: of-the-tenant}\n",
    "profiles": GOOD.replace(
        "verify:",
        """\
profiles:
  base: {client_id: of-all}
  eu: {extends: base}
  us: {extends: base, client_id: of-us}
verify:""",
    ).replace("save: good\n", ""),
    "shared": """\
flowrun: 1
extends: ./parent.yaml
values: {client_id: of-all}
profiles:
  all: {scope: [read, write]}
  eu:
    extends: all
    ttl: 60
""",
    "parent": GOOD.replace("save: good", "save: good-{{ inputs.ttl }}")
    .replace(
        "steps:",
        """\
  scope: {type: list, default: [read]}
  ttl: {type: integer, default: 30}
  tenant: {default: "1"}
  key: {secret: true, from: {command: [pass, show, acme]}}
vars:
  site: https://{{ inputs.tenant }}.example.com
  signed: {id: "{{ inputs.client_id }}", key: "{{ inputs.key }}"}
steps:""",
    )
    .replace("https://id.example.com/token", "'{{ vars.site }}/token'")
    .replace(
        "{grant_type: client_credentials}",
        "{ttl: '{{ inputs.ttl }}', s: '{{ inputs.scope | json }}', a: '{{ vars.signed | json }}'}",
    ),
}
"""Flow files that check clean."""

COMMAND_LINES = {
    "version": "--version",
    "nothing": "",
    "run-sandbox": "zendesk --sandbox",
    "run-sandbox-fallback": "zendesk.yaml --sandbox",
    "run-sandbox-json": "zendesk --sandbox --json",
    "run-dry": "./good.yaml -n --set client_id=canary",
    "run-dry-zendesk": "zendesk -n --sandbox",
    "check": "check ./good.yaml zendesk generic-oidc",
    "check-json": "check ./good.yaml --json",
    "check-github": "check ./several.yaml ./inherited.yaml ./good.yaml --format github",
    "check-unknown-format": "check ./good.yaml --format xml",
    "explain": "explain ./good.yaml --set client_id=canary",
    "explain-zendesk": "explain zendesk --set subdomain=acme --set client_id=canary",
    "bad-inherited-json": "check ./inherited.yaml --json",
    "inherited-at-run-time": "./tenant.yaml --sandbox --set client_id=canary",
    "explain-tenant": "explain ./shared.yaml --profile eu",
    "explain-json": "explain ./shared.yaml --profile eu --json",
    "explain-code": "explain e209",
    "explain-code-json": "explain E212 --json",
    "explain-code-unknown": "explain E299",
    "status-empty": "status",
    "unknown-recipe": "zendsk",
    "unknown-file": "./nothing.yaml",
    "unknown-option": "zendesk --frsh",
    "unknown-input": "zendesk --set subdomian=acme",
    "unknown-profile": "./good.yaml --profile acme",
    "unknown-record": "token acme",
    "all-profiles": "./profiles.yaml --all-profiles --sandbox",
    "no-value": "zendesk --set subdomain",
    "no-duration": "token acme --min-ttl soon",
    "no-input": "./good.yaml --no-input",
    "no-fitting-input": "zendesk --set subdomain=Acme_ --set client_id=canary",
    "no-argument": "token",
    "secret-on-the-command-line": "./good.yaml --set client_id=canary --set client_secret=fake",
    "forget-nothing": "forget acme",
    "refresh-which": "refresh",
    "refresh-nowhere": "refresh --due --tokens nowhere",
    "sandbox-port": "sandbox zendesk --port 99999",
    "git-url": "export acme --format git --host https://fake@gitlab.example/ get",
} | {f"bad-{name}": f"check ./{name}.yaml" for name in BAD}


@pytest.fixture
def recipes(cli: Cli) -> Cli:
    for name, text in {"good": GOOD, **BAD, **OTHERS}.items():
        (cli.folder / f"{name}.yaml").write_text(text, "utf-8")
    return cli


def settled(text: str, folder: Path) -> str:
    """*text* without what differs from one run to the next."""
    text = text.replace(str(folder), "<folder>")
    for pattern, instead in VARIABLE:
        text = re.sub(pattern, instead, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def transcript(words: str, done: Done, folder: Path) -> str:
    parts = [f"$ flowrun {words}".rstrip() + "\n"]
    for title, text in (("stdout", done.stdout), ("stderr", done.stderr)):
        if text:
            parts.append(f"--- {title}\n{settled(text, folder)}")
    return "".join([*parts, f"--- exit status {done.status}\n"])


def same_as_golden(name: str, text: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")

    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(cli: Cli, command: str) -> None:
    words = f"{command} --help".strip()
    done = cli(*words.split())

    assert done.status == 0
    same_as_golden(f"help-{command or 'flowrun'}", transcript(words, done, cli.folder))


@pytest.mark.parametrize("name", COMMAND_LINES)
def test_what_is_said(recipes: Cli, name: str) -> None:
    words = COMMAND_LINES[name]
    done = recipes(*shlex.split(words))

    assert "E300" not in done.stderr
    same_as_golden(name, transcript(words, done, recipes.folder))


def test_what_a_record_says_of_itself(cli: Cli) -> None:
    assert cli("zendesk", "--sandbox").status == 0
    said = [
        transcript(f"{words} --sandbox", cli(*words.split(), "--sandbox"), cli.folder)
        for words in (
            "zendesk",
            "status",
            "verify zendesk-acme",
            "refresh zendesk-acme",
            "revoke zendesk-acme",
            "status",
            "forget zendesk-acme",
            "status",
        )
    ]

    same_as_golden("sandbox-life", "\n".join(said))


def at_a_terminal(folder: Path, *words: str) -> str:
    """What a command says on stderr when that is a terminal."""
    own, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "flowrun", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ):
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # so Linux says that the other end is closed
            while part := os.read(own, 4096):
                said += part
    os.close(own)
    return said.decode().replace("\r\n", "\n")


def test_at_a_terminal_an_error_ends_with_where_to_read_more(recipes: Cli) -> None:
    one = at_a_terminal(recipes.folder, "check", "./key.yaml")
    many = at_a_terminal(recipes.folder, "check", "./twice.yaml", "./several.yaml", "./good.yaml")
    usage = at_a_terminal(recipes.folder, "zendesk", "--set", "subdomain")

    assert one.endswith("'form'?\nflowrun explain E203 says more\n")
    assert many.endswith("\nflowrun explain E204 (or E203) says more\n")
    assert many.count(" says more") == 1
    assert usage.endswith("\nflowrun explain E219 says more\n")


def test_every_code_is_explained() -> None:
    assert [code for code in CODES if not paragraph(code)] == []
    assert not any("\n#" in paragraph(code) for code in CODES)


def test_nobody_answers(recipes: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    recipe = GOOD.replace("https://id.example.com", f"http://127.0.0.1:{port}")
    (recipes.folder / "away.yaml").write_text(recipe, "utf-8")
    words = "./away.yaml --set client_id=canary"
    given = {"FLOWRUN_CLIENT_SECRET": "fake-secret-of-acme", "BROWSER": "true"}
    done = recipes(*words.split(), **given)

    same_as_golden("nobody-answers", transcript(words, done, recipes.folder))


def test_a_busy_port_is_named(recipes: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        words = "zendesk --set subdomain=acme --set client_id=canary"
        words += f" --set redirect_uri=http://127.0.0.1:{port}/callback"
        done = recipes(*words.split(), BROWSER="true")

    told = transcript(words, done, recipes.folder)
    same_as_golden("busy-port", settled(told, recipes.folder))


def test_no_golden_file_is_left_over() -> None:
    known = {*COMMAND_LINES, *(f"help-{name}" for name in ("flowrun", *COMMANDS))}
    known |= {"sandbox-life", "nobody-answers", "busy-port"}

    assert {path.stem for path in GOLDEN.glob("*.txt")} == known
