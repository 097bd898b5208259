"""What a flow reaches beyond its own inputs, once a person has said so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from flowrun.errors import FlowError, StoreError
from flowrun.flow import Flow, digest
from flowrun.inputs import Sources, resolve
from flowrun.load import load
from flowrun.secret import Secret
from flowrun.trust import elsewhere, is_trusted, trust
from servers.command import Cli
from servers.raw import listening

SECRET = "fake-secret-of-acme"
TOKEN_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n"
    b'{"access_token":"fake-access"}'
)
BASE = """\
flowrun: 1
name: acme
inputs: {key: {secret: true, from: FROM}}
steps:
  - token: {post: "https://id.example/token"}
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def flow(folder: Path, source: str) -> Flow:
    (folder / "base.yaml").write_text(BASE.replace("FROM", source))
    (folder / "acme.yaml").write_text("flowrun: 1\nextends: ./base.yaml\ntitle: Acme\n")
    return load(str(folder / "acme.yaml"))


def key_of(flow: Flow, **environ: str) -> object:
    found = resolve(flow, Sources(elsewhere=lambda f, item: elsewhere(environ, f, item)))
    return found.values["key"]


def command(code: str) -> str:
    return f'{{command: ["{sys.executable}", -c, "{code}"]}}'


@pytest.mark.parametrize(
    "source",
    ["{env: ACME_KEY}", "{file: key.txt}", "{command: [touch, ran.txt]}"],
    ids=["env", "file", "command"],
)
def test_nothing_is_reached_before_a_person_trusts_the_flow(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key.txt").write_text(SECRET)

    with pytest.raises(FlowError, match="the flow is not trusted") as caught:
        key_of(flow(tmp_path, source), ACME_KEY=SECRET)

    problem = caught.value.problems[0]
    assert problem.code == "E221"
    assert problem.hint == f"Read it, then: flowrun trust {tmp_path / 'acme.yaml'}"
    assert str(problem.place) == f"{tmp_path / 'base.yaml'}:3:10"
    assert not (tmp_path / "ran.txt").exists()


def test_a_trusted_flow_reads_a_variable(tmp_path: Path) -> None:
    trusted = flow(tmp_path, "{env: ACME_KEY}")
    trust(trusted)

    assert key_of(trusted, ACME_KEY=SECRET) == Secret(SECRET)


def test_a_trusted_flow_reads_a_file_without_its_last_line_end(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text(f" {SECRET} \n")
    trusted = flow(tmp_path, f"{{file: {tmp_path / 'key.txt'}}}")
    trust(trusted)

    assert key_of(trusted) == Secret(f" {SECRET} ")


def test_a_trusted_flow_reads_what_a_command_prints(tmp_path: Path) -> None:
    trusted = flow(tmp_path, command("import os; print(os.environ['ACME'])"))
    trust(trusted)

    assert key_of(trusted, ACME=SECRET) == Secret(SECRET)


def test_a_command_does_not_see_the_variables_of_flowrun(tmp_path: Path) -> None:
    trusted = flow(tmp_path, command("import os; print(sorted(os.environ))"))
    trust(trusted)

    names = key_of(trusted, FLOWRUN_OTHER=SECRET, ACME="x")

    assert isinstance(names, Secret)
    assert "ACME" in str(names.reveal())
    assert "FLOWRUN" not in str(names.reveal())


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{file: /nowhere/at-all.txt}", "No such file"),
        ("{command: [flowrun-has-no-such-command]}", "failed (FileNotFoundError)"),
        (command("print('fake-secret' + '-of-acme'); raise SystemExit(1)"), "(CalledProcessError)"),
    ],
    ids=["file", "no command", "a command that fails"],
)
def test_what_gives_no_value_is_told_without_it(source: str, message: str, tmp_path: Path) -> None:
    trusted = flow(tmp_path, source)
    trust(trusted)

    with pytest.raises(FlowError) as caught:
        key_of(trusted)

    assert caught.value.code == "E215"
    assert message in str(caught.value)
    assert SECRET not in repr(caught.value.problems)


def test_a_variable_of_another_record_needs_trust_too(tmp_path: Path) -> None:
    with pytest.raises(FlowError) as caught:
        key_of(flow(tmp_path, "{env: FLOWRUN_OTHER}"), FLOWRUN_OTHER=SECRET)

    assert caught.value.code == "E221"


def test_trust_ends_when_an_inherited_file_changes(tmp_path: Path) -> None:
    trust(flow(tmp_path, "{env: ACME_KEY}"))

    assert is_trusted(flow(tmp_path, "{env: ACME_KEY}"), {})
    assert not is_trusted(flow(tmp_path, "{env: OTHER_KEY}"), {})


CHAIN = {
    "base.yaml": """\
flowrun: 1
name: acme
inputs: {key: {secret: true, from: {env: ACME_KEY}}, site: {default: eu}}
vars: {id: id}
steps:
  - token: {post: "https://{{ inputs.site }}.{{ vars.id }}.example/token", form: {a: b}}
""",
    "middle.yaml": "flowrun: 1\nextends: ./base.yaml\ntitle: Acme\nhosts: [api.example.com]\n",
    "acme.yaml": "flowrun: 1\nextends: ./middle.yaml\nvalues: {site: us}\nsave: acme\n",
    "over.yaml": "flowrun: 1\nextends: ./acme.yaml\n",
}


def chain(
    folder: Path, name: str = "acme.yaml", *, change: Mapping[str, tuple[str, str]] = {}
) -> Flow:
    for file, text in CHAIN.items():
        old, new = change.get(file.removesuffix(".yaml"), ("", ""))
        assert old in text
        (folder / file).write_text(text.replace(old, new) if old else text)
    return load(str(folder / name))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("base", "ACME_KEY", "OTHER_KEY"),
        ("base", "{env: ACME_KEY}", "{command: [env]}"),
        ("base", "{default: eu}", "{default: eu, optional: true}"),
        ("base", "{id: id}", "{id: evil}"),
        ("base", "token: {post", "token: {put"),
        ("base", ".example/token", ".example/token2"),
        ("base", "{a: b}", "{a: c}"),
        ("base", "{a: b}", '{a: "{{ inputs.key }}"}'),
        ("base", "secret: true", "secret: true, help: x"),
        ("middle", "title: Acme", "title: Evil"),
        ("middle", "api.example.com", "evil.example.com"),
        ("middle", "hosts:", "x-hosts:"),
        ("acme", "site: us", "site: evil"),
        ("acme", "save: acme", "save: other"),
        ("acme", "save: acme", "profiles: {evil: {site: evil}}"),
    ],
)
def test_trust_ends_with_any_value_of_the_chain(
    file: str, old: str, new: str, tmp_path: Path
) -> None:
    trust(chain(tmp_path))

    assert is_trusted(chain(tmp_path), {})
    assert not is_trusted(chain(tmp_path, change={file: (old, new)}), {})


@pytest.mark.parametrize("name", ["base.yaml", "middle.yaml", "over.yaml"])
def test_trust_in_a_file_is_none_in_what_it_extends_or_what_extends_it(
    name: str, tmp_path: Path
) -> None:
    trust(chain(tmp_path))

    with pytest.raises(FlowError) as caught:
        key_of(chain(tmp_path, name), ACME_KEY=SECRET)

    assert caught.value.code == "E221"


@pytest.mark.parametrize("file", ["base", "middle", "acme"])
def test_a_comment_changes_no_trust(file: str, tmp_path: Path) -> None:
    trust(chain(tmp_path))

    assert is_trusted(
        chain(tmp_path, change={file: ("flowrun: 1\n", "# more\n\nflowrun: 1\n")}), {}
    )


def test_trust_goes_on_when_only_the_spelling_changes(tmp_path: Path) -> None:
    trust(flow(tmp_path, "{env: ACME_KEY}"))

    assert is_trusted(flow(tmp_path, '{"env":   "ACME_KEY"}'), {})


def test_a_pipeline_trusts_by_digest(tmp_path: Path) -> None:
    trusted = flow(tmp_path, "{env: ACME_KEY}")
    own = digest(trusted.document)

    assert is_trusted(trusted, {"FLOWRUN_TRUST": f"sha256:0 {own}"})
    assert not is_trusted(trusted, {"FLOWRUN_TRUST": own[:-1]})


def test_a_folder_that_cannot_be_written_is_told_with_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    trusted = flow(tmp_path, "{env: ACME_KEY}")

    with pytest.raises(StoreError) as caught:
        trust(trusted)

    assert caught.value.code == "E701"
    assert f"FLOWRUN_TRUST={digest(trusted.document)}" in caught.value.problems[0].hint


def test_trust_is_kept_once_and_in_private(tmp_path: Path, state: Path) -> None:
    trusted = flow(tmp_path, "{env: ACME_KEY}")

    own = [trust(trusted), trust(trusted)]

    file = state / "flowrun" / "trusted"
    assert own[0] == own[1] == digest(trusted.document)
    assert file.read_text() == f"{own[0]}\n"
    assert file.parent.stat().st_mode & 0o077 == 0


KEPT = "import keyring; keyring.set_password('flowrun', 'acme', 'fake-secret-of-acme')"


def test_a_trusted_flow_reads_the_keyring(tmp_path: Path, cli: Cli) -> None:
    """The plain-text back end is a real one; the system's own wants a desktop."""
    backend = {"PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring"}
    subprocess.run([sys.executable, "-c", KEPT], env={"HOME": str(tmp_path), **backend}, check=True)
    cli.keep_secret(SECRET)
    with listening(TOKEN_ANSWER) as server:
        recipe = BASE.replace("FROM", "{keyring: flowrun/acme}").replace(
            'post: "https://id.example/token"',
            f'post: "{server.url}/token", form: {{key: "{{{{ inputs.key }}}}"}}',
        )
        (tmp_path / "acme.yaml").write_text(recipe)
        before = cli("acme.yaml", **backend)
        trusted = cli("trust", "acme.yaml", **backend)
        after = cli("acme.yaml", **backend)

    assert (before.status, trusted.status, after.status) == (2, 0, 0), after.stderr
    assert "comes from keyring flowrun/acme" in before.stderr
    assert SECRET.encode() in server.requests[0][1]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("backend", "code"),
    [("keyring.backends.fail.Keyring", "E215"), ("keyring.backends.null.Keyring", "E801")],
    ids=["does not answer", "knows nothing"],
)
def test_a_keyring_that_gives_nothing_is_told(
    backend: str, code: str, tmp_path: Path, cli: Cli
) -> None:
    (tmp_path / "acme.yaml").write_text(
        BASE.replace("FROM", "{keyring: flowrun/acme}").replace(
            'token"}', 'token", form: {key: "{{ inputs.key }}"}}'
        )
    )
    cli("trust", "acme.yaml")

    done = cli("acme.yaml", PYTHON_KEYRING_BACKEND=backend)

    assert f"error {code}: " in done.stderr
    assert "key" in done.stderr
