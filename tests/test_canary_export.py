"""A token leaves where it was sent and nowhere else; what was not to leave, nowhere at all."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowrun.exports import FORMATS, HANDED_OVER
from servers.command import Done
from servers.everything import Everything, serving_everything
from servers.watched import PROC, Watched, holding

SECRET = "canary-secret-of-the-client-0123456789"
RECIPE = """\
flowrun: 1
name: canary
inputs: {{client_secret: {{secret: true}}}}
defaults:
  token:
    client: {{id: canary, secret: "{{{{ inputs.client_secret }}}}", auth: post}}
steps:
  - token: {{post: "{url}/token", form: {{grant_type: client_credentials}}}}
refresh:
  - token:
      post: {url}/token
      form: {{grant_type: refresh_token, refresh_token: "{{{{ saved.refresh_token }}}}"}}
save: canary
"""
TEMPLATES = {
    "good.j2": "{{ access_token }}\n",
    "slip.j2": "{{ access_token }}{{ acces_token }}",
    "index.j2": "{{ {}[access_token] }}",
    "division.j2": "{{ access_token / 2 }}",
    "missing.j2": "{{ refresh_token }}",
    "client.j2": "{{ client.secret }}",
}

WRONG = [name for name in TEMPLATES if name != "good.j2"]


@pytest.fixture
def server() -> Iterator[Everything]:
    if not PROC.is_dir():
        pytest.skip("arguments of processes are read from /proc")
    with serving_everything() as server:
        yield server


@pytest.fixture
def watched(tmp_path: Path, server: Everything) -> Watched:
    """A folder with a record, whose secrets are `held(server)`."""
    watched = Watched(tmp_path, FLOWRUN_CLIENT_SECRET=SECRET)
    (tmp_path / "canary.yaml").write_text(RECIPE.format(url=server.url), "utf-8")
    for name, text in TEMPLATES.items():
        (tmp_path / name).write_text(text, "utf-8")
    assert watched.seen("run", "canary.yaml", "-v").status == 0
    return watched


def held(server: Everything) -> set[str]:
    return {SECRET, *server.issued}


def access(watched: Watched) -> str:
    record = json.loads((watched.folder / "tokens" / "canary.json").read_text())
    return str(record["access_token"])


def test_a_token_leaves_on_stdout_and_what_goes_with_it_stays(
    watched: Watched, server: Everything
) -> None:
    ways: list[tuple[str, ...]] = [
        *(("export", "canary", "-v", "--format", name) for name in FORMATS),
        ("export", "canary", "-v", "--template", "good.j2"),
        ("export", "canary", "--format", "header", "--min-ttl", "2h", "-v"),
        ("exec", "canary", "-v", "--", "printenv", "ACCESS_TOKEN"),
        ("exec", "canary", "--min-ttl", "2h", "-v", "--", "printenv", "ACCESS_TOKEN"),
    ]
    for words in ways:
        done = watched(*words)
        kept = held(server) - {access(watched)}

        assert done.status == 0, done.stderr
        assert access(watched) in done.stdout
        assert [secret for secret in kept if secret in done.stdout] == []
        watched.printed.append(done.stderr)

    assert len(server.issued) == 6  # two of these have refreshed
    assert watched.leaks(held(server)) == {}


def test_what_fails_shows_no_token(watched: Watched, server: Everything) -> None:
    ways: list[tuple[str, ...]] = [
        *(
            ("export", "canary", "-v", "--template", name)
            for name in TEMPLATES
            if name != "good.j2"
        ),
        ("export", "canary", "--format", "jsno"),
        ("export", "canary", "--json", "--field", "refresh_token"),
        ("export", "canary", "--json", "--field", "nothing"),
        ("export", "canary", "--format", "header", "--hand-over"),
        ("export", "canary", "--format", "kubectl", "-o", "nowhere/x"),
        ("exec", "canary", "-v", "--", "nowhere-to-be-found"),
        ("exec", "canary", "--var", "1", "--", "env"),
    ]
    done = [watched.seen(*words) for words in ways]
    server.refuses = True
    refused = watched.seen("export", "canary", "-v", "--json", "--min-ttl", "2h")

    assert [each.status for each in done if not each.status] == []
    assert (refused.status, "E502" in refused.stderr) == (0, True)  # the old token still lives
    assert access(watched) in watched.printed.pop(-2)
    assert watched.leaks(held(server)) == {}


def test_a_command_inherits_the_token_and_no_secret(watched: Watched, server: Everything) -> None:
    done = watched("exec", "canary", "-v", "--", "env")

    assert [s for s in held(server) - {access(watched)} if s in done.stdout] == []
    assert watched.leaks(held(server)) == {}


@pytest.mark.parametrize("name", ["dotenv", "k8s-secret", "webmethods"])
def test_a_file_is_open_to_nobody(watched: Watched, server: Everything, name: str) -> None:
    done = watched.seen("export", "canary", "-v", "--format", name, "--output", "out")
    out = watched.folder / "out"

    assert done.status == 0, done.stderr
    assert holding(watched.folder, {access(watched)}) - {out} == {
        watched.folder / "tokens" / "canary.json"
    }
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    out.unlink()
    assert watched.leaks(held(server)) == {}


@pytest.mark.parametrize("name", HANDED_OVER)
def test_a_grant_that_is_handed_over_leaves_on_stdout_alone(
    watched: Watched, server: Everything, name: str
) -> None:
    done = watched("export", "canary", "-v", "--format", name, "--hand-over")
    told = [done, *after(watched)]
    watched.printed += [each.stderr for each in told] + [each.stdout for each in told[1:]]

    assert all(token in done.stdout for token in server.issued)
    assert (SECRET in done.stdout) == (name == "webmethods")
    assert {each.status for each in told[1:]} <= {0, 8}
    assert watched.leaks(held(server)) == {}


def after(watched: Watched) -> list[Done]:
    """What the commands say of a grant that is another's."""
    return [
        watched("token", "canary"),
        watched("refresh", "canary", "-v"),
        watched("refresh", "--all", "--json"),
        watched("status", "--json"),
        watched("export", "canary", "--json"),
        watched("exec", "canary", "--", "env"),
    ]
