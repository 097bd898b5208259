"""A grant that is handed over: it leaves whole, and nothing here uses it until a new consent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

import flowrun
from flowrun.secret import JSON
from flowrun.stores.files import FileStore
from servers.command import RECIPES, Cli
from servers.pages import serving_pages
from servers.rig import Rig

NAME = "zendesk-acme"
WORDS = ("export", NAME, "--sandbox", "--hand-over")
HANDED = "was handed over as webmethods"


@pytest.fixture
def owner(cli: Cli) -> Cli:
    """A folder with a record of the sandbox, whose refresh tokens rotate."""
    done = cli("run", "zendesk", "--sandbox")
    assert done.status == 0, done.stderr
    return cli


@pytest.fixture
def handed(owner: Cli) -> Cli:
    """The same, once webMethods has it; from here on no output holds a token of it."""
    done = owner(*WORDS, "--format", "webmethods", "-o", "sheet.txt")
    assert done.status == 0, done.stderr
    owner.keep_secret(*tokens_of(owner))
    return owner


def path(cli: Cli) -> Path:
    return cli.folder / "tokens" / "sandbox" / f"{NAME}.json"


def record_of(cli: Cli) -> Any:
    return json.loads(path(cli).read_text())


def released(cli: Cli) -> Any:
    return record_of(cli)["flowrun"].get("released")


def tokens_of(cli: Cli) -> set[str]:
    return {record_of(cli)[name] for name in ("access_token", "refresh_token")}


@pytest.mark.parametrize("form", ["json", "env", "dotenv", "k8s-secret", "webmethods"])
def test_a_refresh_token_leaves_and_the_record_says_so(owner: Cli, form: str) -> None:
    done = owner(*WORDS, "--format", form)

    assert done.status == 0, done.stderr
    assert all(token in done.stdout for token in tokens_of(owner))
    assert not any(token in done.stderr for token in tokens_of(owner))
    assert "the refresh token was handed over" in done.stderr
    assert "To take it back with a new consent: flowrun run zendesk" in done.stderr
    assert released(owner)["as"] == form


def test_a_template_has_the_client_too(owner: Cli) -> None:
    text = "{{ refresh_token }} {{ client.id }} {{ client.secret }} {{ client.refresh_url }}"
    (owner.folder / "it.j2").write_text(text)

    done = owner(*WORDS, "--template", "it.j2")

    assert done.stdout.split() == [
        record_of(owner)["refresh_token"],
        "flowrun_acme",
        "sandbox-secret-client_secret",
        "https://acme.zendesk.com/oauth/tokens",
    ]
    assert released(owner)["as"] == "template"


@pytest.mark.parametrize("words", [["token"], ["token", "--min-ttl", "90d"], ["refresh"]])
def test_who_asks_for_it_is_told_who_has_it(handed: Cli, words: list[str]) -> None:
    before = path(handed).read_bytes()

    done = handed(*words, NAME, "--sandbox")

    assert done.status == 8
    assert f"error E803: the token of {NAME} {HANDED}" in done.stderr
    assert "flowrun run zendesk" in done.stderr
    assert path(handed).read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [["export", NAME, "--json"], ["exec", NAME, "--", "env"], ["export", NAME, "-f", "curl"]],
)
def test_it_leaves_no_more_by_itself(handed: Cli, words: list[str]) -> None:
    done = handed(*words[:2], "--sandbox", *words[2:])

    assert (done.status, done.stdout) == (8, "")
    assert "E803" in done.stderr


def test_it_is_handed_over_to_one_alone(handed: Cli) -> None:
    before = path(handed).read_bytes()

    done = handed(*WORDS, "--json")

    assert (done.status, done.stdout) == (8, "")
    assert f"error E803: the token of {NAME} {HANDED}" in done.stderr
    assert path(handed).read_bytes() == before


def test_a_refresh_of_all_leaves_it_to_its_owner(handed: Cli) -> None:
    done = handed("refresh", "--all", "--sandbox", "--json")
    (answer,) = json.loads(done.stdout)

    assert done.status == 0, done.stderr
    assert answer["action"] == "released"
    assert answer["released"] == released(handed)


def test_a_python_program_is_told_too(handed: Cli) -> None:
    tokens = handed.folder / "tokens"

    with pytest.raises(flowrun.PersonNeeded, match=HANDED) as caught:
        flowrun.token(NAME, tokens=tokens, sandbox=True)

    assert caught.value.code == "E803"


def test_a_new_consent_takes_it_back(handed: Cli) -> None:
    before = tokens_of(handed)
    done = handed("run", "zendesk", "--sandbox")

    assert done.status == 0, done.stderr
    assert f"the token {HANDED}, so consent is asked for again" in done.stderr
    assert released(handed) is None
    assert not tokens_of(handed) & before
    assert handed("refresh", NAME, "--sandbox").status == 0


# What goes wrong while it leaves


def test_it_can_be_handed_over_again_when_nobody_got_it(owner: Cli) -> None:
    read, write = os.pipe()
    os.close(read)  # whoever was to read it has left
    command = [sys.executable, "-m", "flowrun", *WORDS, "--json"]
    ended = subprocess.run(command, cwd=owner.folder, env=owner.environment(), stdout=write)
    os.close(write)
    first = released(owner)

    done = owner(*WORDS, "--json")

    assert ended.returncode == 141
    assert done.status == 0, done.stderr
    assert "was handed over as json before" in done.stderr
    assert json.loads(done.stdout)["refresh_token"] == record_of(owner)["refresh_token"]
    assert released(owner) == first


def test_nobody_has_it_before_the_record_says_so(owner: Cli) -> None:
    script = (
        "import resource, runpy\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))\n"
        "runpy.run_module('flowrun', run_name='__main__')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-B", "-c", script, *WORDS, "--json"],
        cwd=owner.folder,
        env=owner.environment(),
        capture_output=True,
        text=True,
    )

    assert (ended.returncode, ended.stdout) == (7, "")
    assert "E701" in ended.stderr  # as on a full disk
    assert released(owner) is None


def test_of_two_who_want_it_at_once_one_gets_it(owner: Cli) -> None:
    forms = ("json", "env", "dotenv", "k8s-secret")
    command = [sys.executable, "-m", "flowrun", *WORDS, "--format"]
    both = [
        subprocess.Popen(
            [*command, form],
            cwd=owner.folder,
            env=owner.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for form in forms
    ]
    said = {form: each.communicate(timeout=60)[0] for form, each in zip(forms, both, strict=True)}
    winner = released(owner)["as"]

    assert sorted(each.returncode for each in both) == [0, 8, 8, 8]
    assert [form for form in forms if said[form]] == [winner]
    assert record_of(owner)["refresh_token"] in said[winner]


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        pytest.param(["--format", "header"], 2, "E236", id="no place for it"),
        pytest.param(["--format", "git", "--host", "h", "get"], 2, "E219", id="nor with git"),
        pytest.param(["--template", "broken.j2"], 2, "E237", id="a template that is wrong"),
        pytest.param(["--json", "--field", "nothing"], 2, "E235", id="a field that is not there"),
        pytest.param(["--json", "-o", "open.json"], 7, "E703", id="a file that others read"),
        pytest.param(["--json", "--named", "other"], 7, "E705", id="a token that is not there"),
    ],
)
def test_what_cannot_leave_stays_ours(owner: Cli, words: list[str], status: int, code: str) -> None:
    (owner.folder / "broken.j2").write_text("{{ nothing }}")
    (owner.folder / "open.json").write_text("")
    (owner.folder / "open.json").chmod(0o644)
    owner.keep_secret(*tokens_of(owner))

    done = owner(*WORDS, *words)

    assert (done.status, done.stdout) == (status, "")
    assert code in done.stderr
    assert released(owner) is None
    assert owner("refresh", NAME, "--sandbox").status == 0


RECIPE = """
flowrun: 1
name: acme
steps:
  - token: {{post: "{0}/token", form: {{grant_type: client_credentials}}}}
refresh:
  - token:
      post: "{0}/token"
      form: {{grant_type: refresh_token, refresh_token: "{{{{ saved.refresh_token }}}}"}}
save: acme
"""


def test_a_grant_whose_refresh_is_not_settled_stays_ours(cli: Cli) -> None:
    with serving_pages() as pages:
        (cli.folder / "acme.yaml").write_text(RECIPE.format(pages.url))
        both: dict[str, JSON] = {"access_token": "fake-access", "refresh_token": "fake-refresh"}
        pages.at["/token"] = {**both, "expires_in": 3600}
        assert cli("acme.yaml").status == 0
    store = FileStore(cli.folder / "tokens")
    record = store.read("acme")
    assert record is not None
    store.begin("acme", record, at=0)  # by a process that was killed; and the provider is away now
    cli.keep_secret("fake-access", "fake-refresh")

    done = cli("export", "acme", "--json", "--hand-over")

    assert done.status == 7
    assert "E712: acme has a refresh that is not settled" in done.stderr
    assert (after := store.read("acme")) is not None
    assert (after.fields, after.released) == (record.fields, None)


def test_a_record_without_a_refresh_token_has_nothing_to_hand_over(owner: Cli) -> None:
    record = record_of(owner)
    del record["refresh_token"]
    path(owner).write_text(json.dumps(record))

    done = owner(*WORDS, "--json")

    assert (done.status, done.stdout) == (2, "")
    assert "E235: zendesk-acme has no refresh token to hand over" in done.stderr


def test_a_grant_that_is_over_is_not_handed_over(owner: Cli) -> None:
    record = record_of(owner)
    record["flowrun"]["needs_person"] = "the grant was revoked"
    path(owner).write_text(json.dumps(record))

    done = owner(*WORDS, "--json")

    assert (done.status, done.stdout) == (8, "")
    assert "E802" in done.stderr


def test_a_grant_that_is_bound_to_a_key_is_not_handed_over(owner: Cli) -> None:
    record = record_of(owner)
    record["token_type"] = "DPoP"
    path(owner).write_text(json.dumps(record))

    done = owner(*WORDS, "--json")

    assert (done.status, done.stdout) == (2, "")
    assert "E236" in done.stderr
    assert released(owner) is None


# At a server whose refresh tokens rotate, and whose grants end when one is used twice

SECRET = "rig-secret-0123456789-0123456789-0123456789"


def form_of(sheet: str) -> dict[str, str]:
    return dict(re.findall(r"^  (\S.*?)  +(\S.*)$", sheet, re.MULTILINE))


def refreshed_by(form: dict[str, str]) -> tuple[int, dict[str, str]]:
    """What webMethods does with a sheet: the answer to the form that it sends."""
    sent = {
        "grant_type": "refresh_token",
        "refresh_token": form["Refresh Token"],
        "client_id": form["Consumer ID"],
        "client_secret": form["Consumer Secret"],
    }
    try:
        with urlopen(form["Refresh URL"], urlencode(sent).encode(), timeout=20) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.rig
def test_who_gets_a_grant_refreshes_it_and_nobody_else_does(
    cli: Cli, oidc_provider: Rig, approve: str
) -> None:
    settings = [f"--set={name}={value}" for name, value in oidc_provider.settings.items()]
    settings += ["--set=client_id=rig-post"]
    person = {"BROWSER": approve, "FLOWRUN_CLIENT_SECRET": SECRET}
    flow: tuple[str | Path, ...] = (RECIPES / "provider.yaml", *settings)
    assert cli(*flow, **person).status == 0
    sheet = cli("export", "provider", "-f", "webmethods", "--hand-over", **person)
    form = form_of(sheet.stdout)

    status, answer = refreshed_by(form)
    assert status == 200, answer
    again = form | {"Refresh Token": answer["refresh_token"]}
    assert cli("refresh", "provider", **person).status == 8
    status, answer = refreshed_by(again)
    assert status == 200, answer
    assert cli(*flow, **person).status == 0
    assert cli("refresh", "provider", **person).status == 0
