"""`flowrun export` and `token --field`, as they are typed."""

from __future__ import annotations

import base64
import json
import re
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowrun.record import Record
from flowrun.secret import JSON
from flowrun.stores.files import FileStore
from servers.command import Cli
from servers.pages import Pages, serving_pages

LATER = int(time.time()) + 86_400
NAMED: JSON = {"access_token": "fake-other", "expires_at": LATER, "flowrun": {}}


def save(cli: Cli, fields: dict[str, JSON] | None = None, **meta: JSON) -> None:
    known: dict[str, JSON] = {
        "access_token": "fake-access",
        "refresh_token": "fake-refresh",
        "expires_at": LATER,
        "instance_url": "https://acme.example",
        **(fields or {}),
    }
    about: dict[str, JSON] = {"version": 1, "grant": "g", "tokens": {"other": NAMED}, **meta}
    FileStore(cli.folder / "tokens").write("acme", Record(known, about))
    cli.keep_secret("fake-refresh")


def test_a_token_leaves_in_the_form_that_is_asked_for(cli: Cli) -> None:
    save(cli)

    assert cli("export", "acme", "--format", "header") == (
        0, "Authorization: Bearer fake-access\n", "",
    )  # fmt: skip
    assert cli("export", "acme", "-f", "env", "--var", "T").stdout == "export T=fake-access\n"
    assert json.loads(cli("export", "acme", "--json").stdout)["access_token"] == "fake-access"


def test_another_token_or_field_may_be_meant(cli: Cli) -> None:
    save(cli)

    assert "fake-other" in cli("export", "acme", "--named", "other", "-f", "header").stdout
    done = cli("export", "acme", "--field", "instance_url", "-f", "dotenv")
    assert done.stdout == "INSTANCE_URL=https://acme.example\n"
    assert cli("token", "acme", "--field", "instance_url").stdout == "https://acme.example\n"
    found = json.loads(cli("token", "acme", "--field", "instance_url", "--json").stdout)
    assert (found["instance_url"], found["expires_at"]) == ("https://acme.example", LATER)


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        pytest.param([], 2, "E219: which format?", id="none"),
        pytest.param(["-f", "jsn"], 2, "Did you mean 'json'?", id="a slip"),
        pytest.param(["-f", "gti"], 2, "Did you mean 'git'?", id="a slip of git"),
        pytest.param(["-f", "json", "--template", "x"], 2, "does not go with", id="two forms"),
        pytest.param(["-f", "json", "--host", "x"], 2, "--host does not go with", id="no git"),
        pytest.param(["-f", "json", "get"], 2, "get does not go with", id="no git either"),
        pytest.param(["-f", "git", "-o", "x"], 2, "--output does not go with git", id="git"),
        pytest.param(["-f", "env", "--var", "a-b"], 2, "cannot be called 'a-b'", id="no variable"),
        pytest.param(["--template", "nowhere.j2"], 2, "E237: cannot read nowhere", id="no file"),
        pytest.param(["--json", "--field", "id_tokn"], 2, "E235", id="no field"),
        pytest.param(["--json", "--field", "refresh_token"], 2, "--hand-over", id="the other one"),
        pytest.param(["--json", "--named", "othr"], 7, "Did you mean 'other'?", id="no token"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_printed(
    cli: Cli, words: list[str], status: int, says: str
) -> None:
    save(cli)
    cli.keep_secret("fake-access")

    done = cli("export", "acme", *words)

    assert (done.status, done.stdout) == (status, "")
    assert says in done.stderr


@pytest.mark.parametrize("words", [["-f", "header"], ["-f", "env"], ["-f", "kubectl"]])
def test_a_token_that_is_bound_to_a_key_is_refused_where_it_would_go_alone(
    cli: Cli, words: list[str]
) -> None:
    save(cli, {"token_type": "DPoP"})
    cli.keep_secret("fake-access")

    done = cli("export", "acme", *words)

    assert (done.status, done.stdout) == (2, "")
    assert "E236: the token of acme is bound to a key" in done.stderr


def test_json_says_that_a_token_is_bound(cli: Cli) -> None:
    save(cli, {"token_type": "DPoP"})

    assert json.loads(cli("export", "acme", "--json").stdout)["token_type"] == "DPoP"


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_kubectl_is_answered_as_it_asks(cli: Cli, version: str) -> None:
    save(cli)
    asked = {"apiVersion": f"client.authentication.k8s.io/{version}", "kind": "ExecCredential"}

    done = cli("export", "acme", "-f", "kubectl", KUBERNETES_EXEC_INFO=json.dumps(asked))
    refused = cli("export", "acme", "-f", "kubectl", KUBERNETES_EXEC_INFO="{}")

    assert json.loads(done.stdout)["apiVersion"] == asked["apiVersion"]
    assert (refused.status, refused.stdout) == (2, "")


# Into a file


def test_a_file_is_private_and_replaced_whole(cli: Cli) -> None:
    save(cli)
    path = cli.folder / "acme.env"

    for token in ("fake-access", "fake-later"):
        save(cli, {"access_token": token})
        done = cli("export", "acme", "-f", "dotenv", "-o", "acme.env")

        assert done == (0, "", "")
        assert path.read_text() == f"ACCESS_TOKEN={token}\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in cli.folder.iterdir()] == ["tokens", "acme.env"]


def opened(path: Path) -> None:
    path.write_text("mine")
    path.chmod(0o644)


def linked(path: Path) -> None:
    target = path.with_name("elsewhere")
    target.write_text("mine")
    target.chmod(0o600)
    path.symlink_to(target)


def tracked(path: Path) -> None:
    path.write_text("mine")
    for words in (["init", "-q"], ["add", path.name]):
        subprocess.run(["git", *words], cwd=path.parent, check=True)
    path.unlink()


@pytest.mark.parametrize(("spoil", "code"), [(opened, "E703"), (linked, "E703"), (tracked, "E706")])
def test_a_file_that_others_would_see_is_refused(cli: Cli, spoil: Any, code: str) -> None:
    save(cli)
    cli.keep_secret("fake-access")
    spoil(cli.folder / "acme.env")

    done = cli("export", "acme", "-f", "dotenv", "-o", "acme.env")

    assert done.status == 7
    assert code in done.stderr
    assert "fake" not in "".join(
        path.read_text() for path in cli.folder.iterdir() if path.is_file()
    )


def test_a_folder_that_is_not_there_is_told(cli: Cli) -> None:
    save(cli)

    done = cli("export", "acme", "-f", "dotenv", "-o", "nowhere/acme.env")

    assert (done.status, "E701" in done.stderr) == (7, True)
    assert "Choose another file with --output" in done.stderr


# Templates


def test_a_template_is_rendered(cli: Cli) -> None:
    save(cli, inputs={"subdomain": "acme"})
    (cli.folder / "npmrc.j2").write_text(
        "//{{ inputs.subdomain }}.example/:_authToken={{ token }}\n"
    )

    done = cli("export", "acme", "--template", "npmrc.j2")

    assert done == (0, "//acme.example/:_authToken=fake-access\n", "")


def test_what_is_wrong_with_a_template_is_told_with_its_place(cli: Cli) -> None:
    save(cli)
    cli.keep_secret("fake-access")
    (cli.folder / "it.j2").write_text("first\n{{ tokn }}\n{{ {}[token] }}\n")

    done = cli("export", "acme", "--template", "it.j2")

    assert (done.status, done.stdout) == (2, "")
    assert "it.j2:2:4: error E237: the template cannot be rendered: 'tokn' is undef" in done.stderr
    assert "    2 | {{ tokn }}\n      |    ^^^^\n" in done.stderr


def test_a_template_that_shows_the_token_in_its_error_does_not(cli: Cli) -> None:
    save(cli)
    cli.keep_secret("fake-access")
    (cli.folder / "it.j2").write_text("{{ {}[token] }}")

    done = cli("export", "acme", "--template", "it.j2")

    assert (done.status, "E237" in done.stderr) == (2, True)
    assert "***" in done.stderr


# Renewed first

RECIPE = """
flowrun: 1
name: acme
steps:
  - token: {{post: "{0}/token", form: {{grant_type: client_credentials}}, id_token: off}}
save: acme
"""


@pytest.fixture
def pages(cli: Cli) -> Iterator[Pages]:
    with serving_pages() as pages:
        (cli.folder / "acme.yaml").write_text(RECIPE.format(pages.url))
        yield pages


def id_token(exp: int) -> str:
    parts: list[JSON] = [{"alg": "none"}, {"exp": exp}]
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([*(part.rstrip("=") for part in coded), "c2ln"])


def issue(pages: Pages, number: int, **more: JSON) -> None:
    token: dict[str, JSON] = {"access_token": f"fake-access-{number}", "expires_in": 3600}
    pages.at["/token"] = {**token, **more}


def test_a_token_that_is_due_is_refreshed_first(cli: Cli, pages: Pages) -> None:
    issue(pages, 1)
    assert cli("acme.yaml").status == 0
    issue(pages, 2)

    for name in ("acme", "acme.yaml"):
        done = cli("export", name, "-f", "header", "--min-ttl", "2h")

        assert done.stdout == "Authorization: Bearer fake-access-2\n", done.stderr
    assert cli("export", "acme", "-f", "k8s-secret").stdout.count('  name: "acme"\n') == 1
    assert pages.lines == ["POST /token"] * 3


def test_an_id_token_that_has_ended_is_renewed_though_the_access_token_lives(
    cli: Cli, pages: Pages
) -> None:
    ended, lives = id_token(int(time.time()) - 5), id_token(LATER)
    issue(pages, 1, id_token=ended)
    assert cli("acme.yaml").status == 0
    issue(pages, 2, id_token=lives)
    words = ("export", "acme", "-f", "kubectl", "--field", "id_token")

    assert cli("token", "acme").stdout == "fake-access-1\n"
    found = json.loads(cli(*words).stdout)
    assert found["status"]["token"] == lives
    assert found["status"]["expirationTimestamp"].startswith("20")
    assert json.loads(cli(*words).stdout) == found
    assert pages.lines == ["POST /token"] * 2


def test_an_id_token_that_a_refresh_does_not_bring_is_told(cli: Cli, pages: Pages) -> None:
    issue(pages, 1, id_token=id_token(int(time.time()) - 5))
    assert cli("acme.yaml").status == 0
    issue(pages, 2)

    done = cli("token", "acme", "--field", "id_token")

    assert (done.status, done.stdout) == (2, "")
    assert "E235: the field 'id_token' of acme is not there" in done.stderr


# webMethods


def test_a_sheet_for_webmethods_says_why_it_lacks_the_refresh_token(cli: Cli) -> None:
    assert cli("run", "zendesk", "--sandbox").status == 0
    cli.keep_secret("sandbox-refresh", "sandbox-secret")

    done = cli("export", "zendesk-acme", "--sandbox", "-f", "webmethods")

    assert done.status == 0, done.stderr
    assert "Refresh URL           https://acme.zendesk.com/oauth/tokens\n" in done.stdout
    assert "Server URL            https://acme.zendesk.com\n" in done.stdout
    assert "if two use it, each ends the other's grant" in done.stderr


def test_a_sheet_has_no_secret_of_the_client_in_the_sandbox_either(cli: Cli) -> None:
    assert cli("run", "generic-oidc", "--sandbox").status == 0

    done = cli("export", "generic-oidc", "--sandbox", "-f", "webmethods")

    assert done.status == 0, done.stderr
    assert "sandbox-secret" not in done.stdout
    assert re.search("Refresh URL +https://id.example.com/.+", done.stdout)  # from its metadata


def test_a_sheet_says_what_it_could_not_learn(cli: Cli) -> None:
    with serving_pages() as pages:
        (cli.folder / "acme.yaml").write_text(DISCOVERED.format(pages.url))
        token: dict[str, JSON] = {"access_token": "fake-access", "expires_in": 3600}
        pages.at["/token"] = {**token, "refresh_token": "fake-refresh"}
        metadata: dict[str, JSON] = {"issuer": pages.url, "token_endpoint": f"{pages.url}/token"}
        pages.at["/.well-known/oauth-authorization-server"] = {**metadata}
        assert cli("acme.yaml").status == 0
        learned = cli("export", "acme", "-f", "webmethods")
        for kept in (cli.folder / "tokens" / ".flowrun" / ".shelf").iterdir():
            kept.unlink()
    lost = cli("export", "acme", "-f", "webmethods")

    assert f"Refresh URL           {pages.url}/token" in learned.stdout
    assert "Refresh URL           (not known to the recipe)" in lost.stdout
    assert (lost.status, "E601" in lost.stderr) == (0, True)


DISCOVERED = """
flowrun: 1
name: acme
steps:
  - metadata: {{issuer: "{0}", kind: oauth}}
  - token: {{post: "{{{{ steps.metadata.token_endpoint }}}}", form: {{grant_type: password}}}}
refresh:
  - use: steps.metadata
  - token:
      post: "{{{{ steps.metadata.token_endpoint }}}}"
      form: {{refresh_token: "{{{{ saved.refresh_token }}}}"}}
save: acme
"""
PLAIN = """
flowrun: 1
name: plain
steps:
  - token: {post: "https://id.example/token", form: {grant_type: client_credentials}}
save: plain
"""
IN_THE_URL = """
flowrun: 1
name: plain
inputs: {tenant: {default: acme}, client_secret: {secret: true}}
steps:
  - token: {post: "https://id.example/token", form: {grant_type: client_credentials}}
refresh:
  - token:
      post: https://{{ inputs.tenant }}.example/again
      query: {refresh_token: "{{ saved.refresh_token }}", secret: "{{ inputs.client_secret }}"}
save: plain
"""


@pytest.mark.parametrize(
    ("recipe", "url", "how"),
    [
        pytest.param(PLAIN, "(not known to the recipe)", "Body", id="without refresh"),
        pytest.param(IN_THE_URL, "https://acme.example/again", "URL", id="in the URL"),
    ],
)
def test_a_sheet_says_what_the_recipe_says(cli: Cli, recipe: str, url: str, how: str) -> None:
    (cli.folder / "plain.yaml").write_text(recipe)
    assert cli("run", "plain.yaml", "--sandbox").status == 0

    done = cli("export", "plain.yaml", "--sandbox", "-f", "webmethods")

    assert (done.status, done.stderr) == (0, "")
    assert f"Refresh URL           {url}\n" in done.stdout
    assert f"Refresh URL Request   {how} Query String\n" in done.stdout
    assert "Refresh Token         (there is none)\n" in done.stdout
