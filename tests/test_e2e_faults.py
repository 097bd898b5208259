"""Whatever goes wrong, the command line says what and what to do, and loses nothing."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from servers.command import TIMEOUT_S, Cli, Done, Process
from servers.raw import Behave, Raw, listening
from servers.rig import free_port
from standards import proves

SECRET = "fake-secret-of-acme"
CODE = "fake-code-of-acme"
ACCESS, REFRESH = "fake-access-of-acme", "fake-refresh-of-acme"
WITH_SECRET = {"FLOWRUN_CLIENT_SECRET": SECRET}
JSONObject = dict[str, object]

VISIT = """#!/usr/bin/env python3
import sys, urllib.parse, urllib.request
asked = urllib.parse.parse_qs(urllib.parse.urlsplit(sys.argv[1]).query)
query = urllib.parse.urlencode({{"code": "{code}", "state": asked["state"][0]}})
urllib.request.urlopen(asked["redirect_uri"][0] + "?" + query, timeout=20).close()
"""
"""A person's browser, in a world where the provider consents for them."""

RECIPE = """flowrun: 1
extends: base/authorization-code
name: {name}
title: Acme
inputs:
  client_id: {{pattern: "[a-z_]+", default: acme_client}}
  client_secret: {{optional: false}}
  redirect_uri: {{default: "{redirect_uri}"}}
vars:
  authorize_url: {provider}/authorize
  token_url: {provider}/token
{more}
"""


def http(
    status: int, body: bytes | str = b"", kind: str = "application/json", *headers: str
) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(content)}", "", ""]).encode() + content


def tokens(number: int = 1, **more: object) -> JSONObject:
    """A good answer; the number tells one from the next."""
    pair = {"access_token": f"{ACCESS}-{number}", "refresh_token": f"{REFRESH}-{number}"}
    return {**pair, "token_type": "bearer", "expires_in": 3600, **more}


def good(number: int = 1, **more: object) -> bytes:
    return http(200, json.dumps(tokens(number, **more)))


def silence(connection: socket.socket) -> None:
    """Say nothing until the other side gives up."""
    connection.recv(1)


def hang_up(connection: socket.socket) -> None:
    """Say nothing, at once."""


class Provider(NamedTuple):
    """A token endpoint that gives the answers of a list, one for each request."""

    raw: Raw
    answers: list[bytes | Behave]

    @property
    def url(self) -> str:
        return self.raw.url

    def asked(self) -> list[dict[str, str]]:
        """The forms that it was sent."""
        bodies = [request.partition(b"\r\n\r\n")[2].decode() for _, request in self.raw.requests]
        return [{name: values[0] for name, values in parse_qs(body).items()} for body in bodies]


@contextlib.contextmanager
def providing(*answers: bytes | Behave) -> Iterator[Provider]:
    left = list(answers)

    def next_one(connection: socket.socket) -> None:
        answer = left.pop(0) if left else hang_up
        if callable(answer):
            answer(connection)
        else:
            connection.sendall(answer)

    with listening(next_one) as raw:
        yield Provider(raw, left)


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[Provider]:
    with providing() as provider:
        yield provider


@pytest.fixture
def provider(shared_provider: Provider) -> Provider:
    """A provider that knows nobody yet."""
    shared_provider.answers.clear()
    shared_provider.raw.requests.clear()
    return shared_provider


@pytest.fixture(scope="module")
def saved(shared_provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which somebody has logged in."""
    cli = Process(tmp_path_factory.mktemp("saved"))
    shared_provider.answers[:] = [good()]
    write_recipe(cli, shared_provider.url)
    done = log_in(cli)
    assert done.status == 0, done.stderr
    return cli.folder


@pytest.fixture
def member(cli: Cli, saved: Path, provider: Provider) -> Cli:
    """A command line in a copy of that folder, with a provider that has forgotten the login."""
    shutil.copytree(saved, cli.folder, dirs_exist_ok=True)
    cli.keep_secret(SECRET, CODE, ACCESS, REFRESH)
    return cli


def write_recipe(
    cli: Cli, provider: str, more: str = "", *, name: str = "acme", redirect_uri: str = ""
) -> None:
    redirect_uri = redirect_uri or "http://127.0.0.1:0/callback"
    text = RECIPE.format(name=name, provider=provider, more=more, redirect_uri=redirect_uri)
    (cli.folder / f"{name}.yaml").write_text(text)


def visitor(cli: Cli) -> dict[str, str]:
    """The environment in which a person consents at once."""
    script = cli.folder / "visit"
    script.write_text(VISIT.format(code=CODE))
    script.chmod(0o700)
    return {**WITH_SECRET, "BROWSER": f"{script} %s"}


def log_in(cli: Cli, *arguments: str) -> Done:
    return cli(*(arguments or ["acme.yaml"]), **visitor(cli))


def record_of(cli: Cli, name: str = "acme") -> JSONObject:
    record: JSONObject = json.loads(cli.record(name).read_text())
    return record


def meta_of(cli: Cli) -> JSONObject:
    meta = record_of(cli)["flowrun"]
    assert isinstance(meta, dict)
    return meta


def change_record(cli: Cli, **fields: object) -> None:
    cli.record("acme").write_text(json.dumps({**record_of(cli), **fields}))


def journal(cli: Cli) -> Path:
    return cli.folder / "tokens" / ".flowrun" / "acme.attempt"


def leftovers(cli: Cli) -> list[str]:
    """Files that somebody began to write and did not finish."""
    found = (cli.folder / "tokens").rglob(".*.*")
    return [path.name for path in found if path.name not in (".gitignore", ".flowrun")]


def judged(done: Done, status: int, code: str, *said: str) -> None:
    """Assert the status, the code, what stands in the message, and that a hint follows."""
    assert done.status == status, done.stderr
    assert f"error {code}: " in done.stderr
    for words in said:
        assert words in done.stderr
    assert re.search(r"\n  \S", done.stderr), "no hint"
    assert "Traceback" not in done.stderr


# The token endpoint

HTML = "<!doctype html><title>Sign in</title>"
TEN_MEGABYTES = http(200, b'{"access_token": "' + b"x" * 10_000_000 + b'"}')


class Fault(NamedTuple):
    """An answer that is no token, how a command ends with it, and what a refresh makes of it."""

    answer: bytes | Behave
    status: int
    code: str
    said: str
    outcome: str  # unknown: the journal stays; unspent: it goes; ended: a person is needed


FAULTS = {
    "HTML": Fault(http(200, HTML, "text/html"), 5, "E505", "text/html", "unknown"),
    "HTML with status 500": Fault(http(500, HTML, "text/html"), 5, "E505", "later", "unknown"),
    "an empty answer": Fault(http(200), 5, "E505", "with nothing", "unknown"),
    "nothing": Fault(hang_up, 6, "E603", "cut the connection", "unknown"),
    "half an answer": Fault(good()[:-20], 6, "E603", "cut the connection", "unknown"),
    "half a head": Fault(b"HTTP/1.1 200 OK\r\nContent-Le", 6, "E603", "cut", "unknown"),
    "no HTTP": Fault(b"220 mail.example ESMTP\r\n", 6, "E603", "not HTTP", "unknown"),
    "10 MB": Fault(TEN_MEGABYTES, 5, "E508", "larger than", "unknown"),
    "a redirect": Fault(
        http(302, b"", "text/html", "Location: https://login.example/x?y=z"),
        5,
        "E506",
        "a redirect to https://login.example",
        "unknown",
    ),
    "garbage for JSON": Fault(http(200, '{"access_token": '), 5, "E505", "200", "unknown"),
    "a list": Fault(http(200, "[1, 2]"), 5, "E505", "not an object", "unknown"),
    "no token": Fault(http(200, '{"ok": true}'), 5, "E504", "without an access token", "unknown"),
    "200 with an error": Fault(
        http(200, '{"error": "bad_verification_code", "error_description": "It is incorrect."}'),
        5,
        "E503",
        "bad_verification_code (It is incorrect.)",
        "unspent",
    ),
    "invalid_grant": Fault(
        http(400, '{"error": "invalid_grant"}'), 5, "E501", "invalid_grant", "ended"
    ),
    "invalid_client": Fault(
        http(401, '{"error": "invalid_client"}'), 5, "E502", "invalid_client", "unspent"
    ),
    "429": Fault(
        http(429, "slow down", "text/plain", "Retry-After: 30"), 5, "E505", "in 30 s", "unspent"
    ),
    "500 with an error": Fault(
        http(500, '{"error": "server_error"}'), 5, "E503", "server_error", "unknown"
    ),
}


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest) -> Fault:
    return FAULTS[request.param]


def test_a_login_that_brings_no_token_says_why_and_leaves_no_record(
    cli: Cli, provider: Provider, fault: Fault
) -> None:
    cli.keep_secret(SECRET, CODE, ACCESS, REFRESH)
    write_recipe(cli, provider.url)
    provider.answers.append(fault.answer)
    done = log_in(cli)

    judged(done, fault.status, fault.code, fault.said, f"127.0.0.1:{provider.raw.port}")
    assert done.stdout == ""
    assert not cli.record("acme").exists()
    assert leftovers(cli) == []
    assert [form["code"] for form in provider.asked()] == [CODE]
    assert provider.asked()[0]["code_verifier"] not in done.stderr


def test_a_refresh_that_brings_no_token_keeps_the_record_and_notes_why(
    member: Cli, provider: Provider, fault: Fault
) -> None:
    before = record_of(member)
    provider.answers.append(fault.answer)
    done = member("refresh", "acme", **WITH_SECRET)

    judged(done, fault.status, fault.code, fault.said, f"127.0.0.1:{provider.raw.port}")
    after, meta = record_of(member), meta_of(member)
    last, person = meta.pop("last_error"), meta.pop("needs_person", None)
    wait = meta.pop("retry_at", None)
    assert isinstance(last, dict)
    assert last["code"] == fault.code
    assert after | {"flowrun": meta} == before
    assert (person is not None) is (fault.outcome == "ended")
    assert (wait is not None) is (fault.code == "E505" and fault.outcome == "unspent")
    assert journal(member).exists() is (fault.outcome == "unknown")
    assert len(provider.asked()) == 1
    assert leftovers(member) == []


def test_after_an_unclear_refresh_the_next_one_tries_once_more_and_says_nothing_else(
    member: Cli, provider: Provider
) -> None:
    provider.answers[:] = [hang_up, good(2)]
    first = member("refresh", "acme", **WITH_SECRET)
    second = member("refresh", "acme", **WITH_SECRET)

    assert (first.status, second.status) == (6, 0), second.stderr
    assert record_of(member)["access_token"] == f"{ACCESS}-2"
    assert not journal(member).exists()
    assert [form["refresh_token"] for form in provider.asked()] == [f"{REFRESH}-1"] * 2


def test_a_second_unclear_end_is_the_last_try_and_a_person_is_needed(
    member: Cli, provider: Provider
) -> None:
    provider.answers[:] = [hang_up, hang_up]
    done = [member("refresh", "acme", **WITH_SECRET) for _ in range(3)]

    judged(done[0], 6, "E603")
    judged(done[1], 5, "E510", "acme needs a person", "consent")
    judged(done[2], 8, "E802", "refresh outcome unknown", "flowrun acme.yaml")
    assert len(provider.asked()) == 2
    assert record_of(member)["refresh_token"] == f"{REFRESH}-1"
    assert member("status").status == 8


@pytest.mark.parametrize(
    ("answer", "more"),
    [
        pytest.param(http(201, json.dumps(tokens())), "", id="201"),
        pytest.param(
            http(
                200,
                f"access_token={ACCESS}-1&refresh_token={REFRESH}-1",
                "application/x-www-form-urlencoded",
            ),
            "",
            id="form",
        ),
        pytest.param(
            http(200, f"access_token={ACCESS}-1&refresh_token={REFRESH}-1", "text/plain"),
            "",
            id="form that says it is text",
        ),
        pytest.param(
            http(200, json.dumps({"data": tokens()})),
            "defaults: {token: {unwrap: response.json.data}}",
            id="unwrap",
        ),
        pytest.param(
            http(200, json.dumps({"authed": {"key": f"{ACCESS}-1"}})),
            "defaults: {token: {outputs: {access_token: response.json.authed.key}}}",
            id="outputs",
        ),
        pytest.param(http(200, json.dumps(tokens()), "text/html"), "", id="JSON called HTML"),
    ],
)
def test_an_odd_answer_with_a_token_in_it_is_a_token(
    cli: Cli, provider: Provider, answer: bytes, more: str
) -> None:
    cli.keep_secret(SECRET, CODE, ACCESS, REFRESH)
    write_recipe(cli, provider.url, more)
    provider.answers.append(answer)
    done = log_in(cli)

    assert done.status == 0, done.stderr
    assert record_of(cli)["access_token"] == f"{ACCESS}-1"


@proves("RFC 6749", "10.14", "what a server says cannot control the terminal")
@pytest.mark.parametrize("command", ["login", "refresh"])
def test_what_a_provider_says_is_told_without_secrets_and_controls(
    member: Cli, provider: Provider, command: str
) -> None:
    spent = CODE if command == "login" else f"{REFRESH}-1"
    evil = f"\x1b]0;owned\x07\x1b[2J secret {SECRET}\r\x9b1A\u202eno\u2066 {spent}"
    answer = {"error": "invalid_client\x1b[31m", "error_description": evil}
    provider.answers.append(http(401, json.dumps(answer)))
    words = ["acme.yaml", "--fresh"] if command == "login" else ["refresh", "acme"]
    done = log_in(member, *words)

    assert done.status == 5
    assert "secret ***" in done.stderr
    assert all(c.isprintable() or c == "\n" for c in done.stderr + done.stdout)


@proves("RFC 6749", "4.1.2.1", "shows what the server says without control characters")
def test_an_error_from_the_authorization_page_is_told_without_controls(
    cli: Cli, provider: Provider
) -> None:
    write_recipe(cli, provider.url)
    environment = visitor(cli)
    script = VISIT.format(code=CODE).replace(
        f'"code": "{CODE}"',
        '"error": "invalid_scope", "error_description": "no \\x1b[2J such"',
    )
    (cli.folder / "visit").write_text(script)
    done = cli("acme.yaml", **environment)

    judged(done, 4, "E403", "invalid_scope", "no �[2J such")
    assert provider.asked() == []


# Inputs and the command line


def test_every_input_that_is_missing_is_named_with_its_variable(cli: Cli) -> None:
    write_recipe(cli, "https://{{ inputs.tenant }}.example", "save: acme")
    recipe = cli.folder / "acme.yaml"
    recipe.write_text(recipe.read_text().replace("inputs:\n", "inputs:\n  tenant: {}\n"))
    done = cli("acme.yaml")

    judged(done, 8, "E801", "'tenant'", "'client_secret'")
    assert "FLOWRUN_ACME__TENANT" in done.stderr
    assert "FLOWRUN_ACME__CLIENT_SECRET" in done.stderr
    assert "--set client_secret" not in done.stderr
    assert not (cli.folder / "tokens").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--set=client_secret=typed-openly"], "E216", "FLOWRUN_CLIENT_SECRET"),
        (["--set=client_idd=acme"], "E216", "Did you mean 'client_id'"),
        (["--set=client_id=Acme!"], "E215", "'Acme!' does not match [a-z_]+"),
        (["--set=client_id="], "E215", "client_id"),
        (["--set=client_id"], "E219", "INPUT=VALUE"),
        (["--profile=nobody"], "E217", "no profile 'nobody'"),
        (["--set=redirect_uri=http://acme.example/callback"], "E410", "acme.example/callback"),
    ],
)
def test_what_the_command_line_gets_wrong_is_told_before_anybody_is_asked(
    cli: Cli, provider: Provider, arguments: list[str], code: str, said: str
) -> None:
    cli.keep_secret("typed-openly", SECRET)
    write_recipe(cli, provider.url)
    done = log_in(cli, "acme.yaml", *arguments)

    judged(done, int(code[1]), code, said)
    assert "in your browser" not in done.stderr
    assert not cli.record("acme").exists()


def test_plain_http_to_a_public_host_is_refused(cli: Cli) -> None:
    write_recipe(cli, "http://acme.example")
    done = log_in(cli)

    judged(done, 2, "E214", "acme.example")
    assert "in your browser" not in done.stderr


DISCOVERING = """
steps:
  - id: discovery
    http:
      get: {provider}/metadata
      outputs: {{token_endpoint: response.json.token_endpoint}}
  - authorize: {{}}
  - capture: {{}}
  - token: {{post: "{{{{ steps.discovery.token_endpoint }}}}"}}
"""


@proves("RFC 9700", "4.4.2", "sends nothing to an endpoint that the recipe does not name")
def test_a_discovered_endpoint_elsewhere_gets_nothing_until_the_recipe_names_its_host(
    cli: Cli, provider: Provider
) -> None:
    with providing(good()) as elsewhere:
        # Another name for this machine, so another host.
        endpoint = elsewhere.url.replace("127.0.0.1", "localhost") + "/token"
        metadata = http(200, json.dumps({"token_endpoint": endpoint}))
        provider.answers[:] = [metadata, metadata]
        more = DISCOVERING.format(provider=provider.url)
        write_recipe(cli, provider.url, more)
        refused = log_in(cli)
        asked_before = len(elsewhere.raw.requests)
        line = re.search(r"hosts: \[.*\]", refused.stderr)
        assert line, refused.stderr
        write_recipe(cli, provider.url, f"{more}{line[0]}")
        allowed = log_in(cli)

    judged(refused, 2, "E213", "localhost")
    assert asked_before == 0
    assert allowed.status == 0, allowed.stderr


def test_a_busy_redirect_port_is_named_before_the_browser_opens(
    cli: Cli, provider: Provider
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        write_recipe(cli, provider.url, redirect_uri=f"http://127.0.0.1:{port}/callback")
        done = log_in(cli)

    judged(done, 4, "E406", str(port))
    assert "in your browser" not in done.stderr


def opened(cli: Cli) -> dict[str, str]:
    """A browser that only notes that it was opened."""
    return {**WITH_SECRET, "BROWSER": f"touch {cli.folder / 'opened'} %s"}


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        pytest.param(["acme.yaml"], {"BROWSER": ""}, id="no browser and no terminal"),
        pytest.param(["run", "acme.yaml", "--no-input"], {}, id="--no-input"),
    ],
)
def test_where_nobody_can_consent_nothing_is_opened(
    cli: Cli, provider: Provider, words: list[str], environment: dict[str, str]
) -> None:
    write_recipe(cli, provider.url)
    done = cli(*words, **opened(cli) | environment)

    judged(done, 8, "E802", "acme needs consent", "flowrun acme.yaml")
    assert not (cli.folder / "opened").exists()
    assert "/authorize" not in done.stderr


def test_a_browser_that_cannot_open_is_told_and_the_login_goes_on(
    cli: Cli, provider: Provider
) -> None:
    write_recipe(cli, provider.url)
    provider.answers.append(good())
    with running(cli, "acme.yaml", BROWSER="false") as process:
        url = process.until(r"http://\S+/authorize\?\S+")
        process.until("no browser could be opened")
        redirect(url)
        status = process.ends()

    assert status == 0, process.stderr
    assert record_of(cli)["access_token"] == f"{ACCESS}-1"


def test_a_person_is_needed_once_and_not_for_the_others(cli: Cli, provider: Provider) -> None:
    for name in ("a", "b", "c"):
        write_recipe(cli, provider.url, name=name)
    provider.answers[:] = [hang_up, good(2), http(400, '{"error": "invalid_grant"}')]
    secrets = {f"FLOWRUN_{name}__CLIENT_SECRET": SECRET for name in "ABC"}
    done = cli("run", "a.yaml", "b.yaml", "c.yaml", "--json", **visitor(cli) | secrets)
    answers = json.loads(done.stdout)

    assert done.status == 5, done.stderr
    assert [each["name"] for each in answers] == ["a.yaml", "b", "c.yaml"]
    assert [each.get("action") for each in answers] == [None, "obtained", None]
    assert [each["problems"][0]["code"] for each in answers[::2]] == ["E603", "E501"]
    assert record_of(cli, "b")["access_token"] == f"{ACCESS}-2"
    assert not cli.record("a").exists()
    assert not cli.record("c").exists()


def test_a_shared_variable_is_for_one_record_only(cli: Cli, provider: Provider) -> None:
    for name in ("a", "b"):
        write_recipe(cli, provider.url, name=name)
    done = log_in(cli, "a.yaml", "b.yaml")

    judged(done, 8, "E801", "FLOWRUN_A__CLIENT_SECRET", "FLOWRUN_B__CLIENT_SECRET")
    assert provider.asked() == []


# The store


def test_a_file_in_place_of_the_token_folder_is_told_before_anybody_is_asked(
    cli: Cli, provider: Provider
) -> None:
    write_recipe(cli, provider.url)
    (cli.folder / "tokens").write_text("mine")
    done = log_in(cli)

    judged(done, 7, "E701", "tokens", "Not a directory")
    assert "in your browser" not in done.stderr
    assert (cli.folder / "tokens").read_text() == "mine"


def limited(cli: Cli, size: int, *words: str) -> Done:
    """Run the command line where no file can become larger than *size*."""
    script = (
        "import resource, runpy, sys\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
        "runpy.run_module('flowrun', run_name='__main__')\n"
    )
    command = [sys.executable, "-B", "-c", script, *words]  # -B: no module is cached in part
    environment = clean(cli) | visitor(cli)
    ended = subprocess.run(
        command, cwd=cli.folder, env=environment, stdin=DEVNULL, capture_output=True, text=True
    )
    return Done(ended.returncode, ended.stdout, ended.stderr)


def test_a_full_disk_is_told_before_anybody_is_asked(cli: Cli, provider: Provider) -> None:
    write_recipe(cli, provider.url)
    done = limited(cli, 4096, "acme.yaml")

    judged(done, 7, "E701", "Free some space")
    assert "in your browser" not in done.stderr
    assert leftovers(cli) == []


def test_a_full_disk_keeps_the_token_unredeemed(member: Cli, provider: Provider) -> None:
    before = member.record("acme").read_bytes()
    done = limited(member, 2048, "refresh", "acme")

    judged(done, 7, "E701", "Free some space")
    assert provider.asked() == []
    assert member.record("acme").read_bytes() == before
    assert leftovers(member) == []


def test_a_record_that_git_tracks_is_refused_before_anybody_is_asked(
    cli: Cli, provider: Provider
) -> None:
    write_recipe(cli, provider.url)
    cli.record("acme").parent.mkdir(0o700)
    cli.record("acme").write_text("{}")
    for words in (["init", "-q"], ["add", "-f", "tokens/acme.json"]):
        subprocess.run(["git", *words], cwd=cli.folder, check=True, capture_output=True)
    cli.record("acme").unlink()
    done = log_in(cli)

    judged(done, 7, "E706", "git tracks", "git rm --cached")
    assert "in your browser" not in done.stderr


EVERY_COMMAND = [
    ["acme.yaml"],
    ["run", "acme.yaml", "--fresh"],
    ["token", "acme"],
    ["refresh", "acme"],
    ["verify", "acme"],
    ["revoke", "acme"],
    ["status"],
]


@pytest.mark.parametrize("words", EVERY_COMMAND, ids=" ".join)
def test_a_record_that_others_can_read_is_refused(
    member: Cli, provider: Provider, words: list[str]
) -> None:
    member.record("acme").chmod(0o644)
    done = log_in(member, *words)

    judged(done, 7, "E703", "chmod")
    assert provider.asked() == []


@pytest.mark.parametrize("words", EVERY_COMMAND, ids=" ".join)
@pytest.mark.parametrize("content", [b"", b'{"access_token": "fake-'])
def test_a_damaged_record_is_never_taken_for_none(
    member: Cli, provider: Provider, words: list[str], content: bytes
) -> None:
    member.record("acme").write_bytes(content)
    done = log_in(member, *words)

    judged(done, 7, "E702", "damaged", "Keep it")
    assert "in your browser" not in done.stderr
    assert provider.asked() == []
    assert member.record("acme").read_bytes() == content


def test_a_record_of_another_recipe_is_not_written_over(member: Cli, provider: Provider) -> None:
    before = member.record("acme").read_bytes()
    write_recipe(member, provider.url, "save: acme", name="other")
    done = log_in(member, "other.yaml")

    judged(done, 2, "E220", "acme", "flowrun forget acme")
    assert "in your browser" not in done.stderr
    assert member.record("acme").read_bytes() == before


@pytest.mark.parametrize("name", ["../acme", "a/b", "con", ".acme", "acme.", "a" * 101, "ä"])
def test_a_name_that_no_file_can_have_is_refused(cli: Cli, provider: Provider, name: str) -> None:
    write_recipe(cli, provider.url, "save: '{{ inputs.tenant }}'")
    recipe = cli.folder / "acme.yaml"
    recipe.write_text(recipe.read_text().replace("inputs:\n", "inputs:\n  tenant: {}\n"))
    done = log_in(cli, "acme.yaml", f"--set=tenant={name}")

    judged(done, 2, "E220", "a record cannot be called")
    assert "in your browser" not in done.stderr


def test_records_that_nobody_knows_are_told_with_those_that_there_are(member: Cli) -> None:
    for words in (["token", "acne"], ["refresh", "acne"], ["verify", "acne"], ["forget", "acne"]):
        judged(member(*words), 7, "E705", "'acne'", "acme")


# A token that lives and cannot be refreshed


def due_in(cli: Cli, seconds: float) -> None:
    """Make the token end in so many seconds, of an hour that it had."""
    ends = int(time.time() + seconds)
    change_record(cli, expires_at=ends, flowrun={**meta_of(cli), "issued_at": ends - 3600})


def with_tokens_shown(cli: Cli, *words: str) -> Done:
    """Run without looking for tokens in the output: they are what was asked for."""
    return Process(cli.folder)(*words, **WITH_SECRET)


@pytest.mark.parametrize("name", ["nothing", "500 with an error", "invalid_client", "HTML"])
def test_a_token_that_lives_is_printed_though_its_refresh_fails(
    member: Cli, provider: Provider, name: str
) -> None:
    due_in(member, 30)
    provider.answers.append(FAULTS[name].answer)
    done = with_tokens_shown(member, "token", "acme")

    assert done.status == 0, done.stderr
    assert done.stdout == f"{ACCESS}-1\n"
    assert f"error {FAULTS[name].code}" in done.stderr
    assert "still lives" in done.stderr


@pytest.mark.parametrize("name", ["nothing", "500 with an error", "invalid_client", "HTML"])
def test_a_token_that_has_ended_is_not_printed_when_its_refresh_fails(
    member: Cli, provider: Provider, name: str
) -> None:
    due_in(member, -1)
    provider.answers.append(FAULTS[name].answer)
    done = member("token", "acme", **WITH_SECRET)

    judged(done, FAULTS[name].status, FAULTS[name].code)
    assert done.stdout == ""


def test_a_token_that_lives_is_printed_though_the_disk_is_full(
    member: Cli, provider: Provider
) -> None:
    due_in(member, 30)
    done = limited(member, 2048, "token", "acme")

    assert (done.status, done.stdout) == (0, f"{ACCESS}-1\n"), done.stderr
    assert "error E701" in done.stderr
    assert provider.asked() == []


@pytest.mark.parametrize("option", ["--json", "--min-ttl=1m"])
def test_a_fresh_token_is_printed_without_the_secret_that_a_refresh_would_need(
    member: Cli, option: str
) -> None:
    done = Process(member.folder)("token", "acme", option)

    assert done.status == 0, done.stderr
    assert f"{ACCESS}-1" in done.stdout


def test_a_revocation_that_sends_nothing_is_not_called_one(member: Cli, provider: Provider) -> None:
    before = member.record("acme").read_bytes()
    done = member("revoke", "acme", **WITH_SECRET)

    judged(done, 2, "E219", "revoke", "Nothing was sent")
    assert done.stdout == ""
    assert provider.asked() == []
    assert member.record("acme").read_bytes() == before


def test_status_says_who_needs_a_person_and_so_does_its_exit_status(
    member: Cli, provider: Provider
) -> None:
    healthy = member("status")
    provider.answers.append(FAULTS["invalid_grant"].answer)
    member("refresh", "acme", **WITH_SECRET)
    ill, as_json = member("status"), member("status", "--json")
    (row,) = json.loads(as_json.stdout)

    assert (healthy.status, ill.status, as_json.status) == (0, 8, 8)
    assert "fresh" in healthy.stdout
    assert "needs a person" in ill.stdout
    assert row["name"] == "acme"
    assert row["last_error"]["code"] == "E501"


@pytest.mark.parametrize("words", [["status"], ["token", "acme"], ["token", "acme", "--json"]])
def test_a_reader_that_has_left_ends_it_quietly(member: Cli, words: list[str]) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "wb") as stdout:
        command = [sys.executable, "-m", "flowrun", *words]
        done = subprocess.run(
            command, cwd=member.folder, env=clean(member) | WITH_SECRET, stdout=stdout, stderr=PIPE
        )

    assert done.stderr == b""
    assert done.returncode == 141


# Ctrl-C


def clean(cli: Cli) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return kept | {"HOME": str(cli.folder), "NO_COLOR": "1"}


class Running:
    """A command that has begun, and what it says."""

    def __init__(self, process: Popen[bytes], screen: int) -> None:
        self.process, self.screen, self.stderr = process, screen, ""

    def until(self, pattern: str) -> str:
        """What it says that matches *pattern*, waited for."""
        return self._until(lambda: re.search(pattern, self.stderr))[0]

    def again(self, pattern: str) -> str:
        """The same, after all that it has said until now."""
        start = len(self.stderr)
        return self._until(lambda: re.search(pattern, self.stderr[start:]))[0]

    def _until(self, found: Callable[[], re.Match[str] | None]) -> re.Match[str]:
        end = time.monotonic() + TIMEOUT_S
        while not (match := found()):
            assert self._read(end), f"it ended, or was silent, with: {self.stderr}"
        return match

    def type(self, text: str) -> None:
        os.write(self.screen, text.encode())

    def ends(self) -> int:
        """Its exit status, when it has said all."""
        end = time.monotonic() + TIMEOUT_S
        while self._read(end):
            pass
        return self.process.wait(TIMEOUT_S)

    def _read(self, end: float) -> bool:
        if not select.select([self.screen], [], [], max(0, end - time.monotonic()))[0]:
            return False
        try:
            said = os.read(self.screen, 1 << 16)
        except OSError:  # a terminal that everybody has left
            return False
        self.stderr += said.decode(errors="replace").replace("\r\n", "\n")
        return bool(said)


@contextlib.contextmanager
def running(cli: Cli, *words: str, **environment: str) -> Iterator[Running]:
    """A command in the background, at a terminal of its own if the environment has a TERM."""
    terminal = "TERM" in environment
    ours, theirs = os.openpty() if terminal else os.pipe()

    def own_terminal() -> None:
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    process = Popen(
        [sys.executable, "-m", "flowrun", *words],
        cwd=cli.folder,
        env=clean(cli) | ({} if terminal else WITH_SECRET) | environment,
        stdin=theirs if terminal else DEVNULL,
        stdout=theirs if terminal else DEVNULL,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=own_terminal if terminal else None,
    )
    os.close(theirs)
    with process:
        try:
            yield Running(process, ours)
        finally:
            process.kill()
            os.close(ours)


def redirect(url: str, code: str = CODE) -> None:
    """Come back from the browser; nobody waits for the page."""
    asked = parse_qs(urlsplit(url).query)
    back = urlsplit(asked["redirect_uri"][0])
    with socket.create_connection((back.hostname or "", back.port or 80), 10) as connection:
        target = f"{back.path}?code={code}&state={asked['state'][0]}"
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {back.netloc}\r\n\r\n".encode())
        connection.recv(1)


def waited_for(happened: Callable[[], object]) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def stopped(process: Running) -> None:
    process.process.send_signal(signal.SIGINT)
    status = process.ends()
    assert status == 130, process.stderr
    assert "Traceback" not in process.stderr
    assert "error" not in process.stderr
    assert "stopped" in process.stderr


RUNS = [["acme.yaml"], ["run", "acme.yaml", "--fresh"]]


@pytest.mark.parametrize("words", RUNS, ids=" ".join)
def test_ctrl_c_at_the_browser_leaves_nothing(
    cli: Cli, provider: Provider, words: list[str]
) -> None:
    port = free_port()
    write_recipe(cli, provider.url, redirect_uri=f"http://127.0.0.1:{port}/callback")
    with running(cli, *words, BROWSER="true") as process:
        process.until(r"/authorize\?\S+")
        stopped(process)
        socket.create_server(("127.0.0.1", port)).close()

    assert not cli.record("acme").exists()
    assert leftovers(cli) == []
    assert provider.asked() == []


@pytest.mark.parametrize("words", RUNS, ids=" ".join)
def test_ctrl_c_while_the_token_endpoint_is_silent_leaves_nothing(
    cli: Cli, provider: Provider, words: list[str]
) -> None:
    port = free_port()
    write_recipe(cli, provider.url, redirect_uri=f"http://127.0.0.1:{port}/callback")
    provider.answers.append(silence)
    with running(cli, *words, **visitor(cli)) as process:
        waited_for(provider.asked)
        stopped(process)
        free = socket.socket()
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with free:
            free.bind(("127.0.0.1", port))

    assert not cli.record("acme").exists()
    assert leftovers(cli) == []


VERIFYING = """
verify:
  - http: {{get: "{provider}/me", bearer: "{{{{ saved.access_token }}}}"}}
"""


def test_ctrl_c_while_the_new_token_is_verified_keeps_it(cli: Cli, provider: Provider) -> None:
    write_recipe(cli, provider.url, VERIFYING.format(provider=provider.url))
    provider.answers[:] = [good(), silence]
    with running(cli, "acme.yaml", **visitor(cli)) as process:
        waited_for(lambda: len(provider.raw.requests) == 2)
        stopped(process)

    assert record_of(cli)["access_token"] == f"{ACCESS}-1"
    assert leftovers(cli) == []


STILL_LIVES = (0, f"{ACCESS}-1\n", "refresh outcome unknown")


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        pytest.param(good(2), (0, f"{ACCESS}-2\n", None), id="it had not arrived"),
        pytest.param(FAULTS["invalid_grant"].answer, STILL_LIVES, id="it had arrived"),
    ],
)
def test_ctrl_c_during_a_refresh_is_settled_by_the_next_command(
    member: Cli, provider: Provider, second: bytes, expected: tuple[int, str, str | None]
) -> None:
    before = member.record("acme").read_bytes()
    provider.answers[:] = [silence, second]
    with running(member, "refresh", "acme") as process:
        waited_for(provider.asked)
        stopped(process)
    assert journal(member).exists()
    assert member.record("acme").read_bytes() == before
    done = with_tokens_shown(member, "token", "acme")
    needs_person = meta_of(member).get("needs_person")

    assert [form["refresh_token"] for form in provider.asked()] == [f"{REFRESH}-1"] * 2
    assert (done.status, done.stdout, needs_person) == expected, done.stderr


# A person at a terminal

IN_A_TERMINAL = {"BROWSER": "true", "TERM": "dumb"}


def test_a_person_types_what_is_missing_and_the_secret_does_not_show(
    cli: Cli, provider: Provider
) -> None:
    write_recipe(cli, provider.url)
    provider.answers[:] = [good(1), good(2)]
    with running(cli, "acme.yaml", **IN_A_TERMINAL) as process:
        process.until("client_secret .*: ")
        process.type(f"{SECRET}\n")
        url = process.until(r"http://\S+/authorize\?\S+")
        process.until("paste the address")
        process.type("https://nowhere.example/\n")
        process.again("paste the address")
        asked = parse_qs(urlsplit(url).query)
        back = f"{asked['redirect_uri'][0]}?code={CODE}&state="
        process.type(f"{back}forged\n")
        process.again("paste the address")
        process.type(f"{back}{asked['state'][0]}\n")
        status = process.ends()
    refreshed = cli("refresh", "acme")

    assert status == 0, process.stderr
    assert "tokens/acme.json" in process.stderr
    assert SECRET not in process.stderr
    assert refreshed.status == 0, refreshed.stderr
    assert [form["client_secret"] for form in provider.asked()] == [SECRET, SECRET]


def test_a_typed_secret_is_not_for_another_client(cli: Cli, provider: Provider) -> None:
    write_recipe(cli, provider.url)
    provider.answers[:] = [good(1)]
    with running(cli, "acme.yaml", **IN_A_TERMINAL) as process:
        process.until("client_secret .*: ")
        process.type(f"{SECRET}\n")
        redirect(process.until(r"http://\S+/authorize\?\S+(?=\n)"))
        assert process.ends() == 0
    other = cli("acme.yaml", "--set=client_id=other_client", BROWSER="true")

    judged(other, 8, "E801", "'client_secret'")


def test_explain_says_what_was_typed_before(cli: Cli, provider: Provider) -> None:
    write_recipe(cli, provider.url)
    provider.answers[:] = [good(1)]
    with running(cli, "acme.yaml", **IN_A_TERMINAL) as process:
        process.until("client_secret .*: ")
        process.type(f"{SECRET}\n")
        redirect(process.until(r"http://\S+/authorize\?\S+(?=\n)"))
        assert process.ends() == 0
    cli.keep_secret(SECRET)
    mine = cli("explain", "acme.yaml")
    other = cli("explain", "acme.yaml", "--set=client_id=other_client")

    assert 'client_secret = "***"   <- typed before' in mine.stdout
    assert "<- missing: set FLOWRUN_ACME__CLIENT_SECRET" in other.stdout


def test_ctrl_c_at_a_question_ends_it(cli: Cli, provider: Provider) -> None:
    write_recipe(cli, provider.url)
    with running(cli, "acme.yaml", **IN_A_TERMINAL) as process:
        process.until("client_secret .*: ")
        process.type("\x03")
        status = process.ends()

    assert status == 130, process.stderr
    assert "Traceback" not in process.stderr


def test_ctrl_c_at_the_paste_ends_it(cli: Cli, provider: Provider) -> None:
    write_recipe(cli, provider.url)
    environment = {**IN_A_TERMINAL, **WITH_SECRET}
    with running(cli, "acme.yaml", **environment) as process:
        process.until("paste the address")
        process.type("\x03")
        status = process.ends()

    assert status == 130, process.stderr
    assert "Traceback" not in process.stderr
