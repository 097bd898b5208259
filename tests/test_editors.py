"""The schema in the hands of others: an editor's language server, ajv and check-jsonschema."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from flowrun import _verdict
from flowrun.document import parse, plain
from flowrun.errors import FlowError
from flowrun.place import Source
from flowrun.steps import KINDS
from servers.command import TESTS
from servers.editor import Editor, editing

pytestmark = [pytest.mark.rig, pytest.mark.node]

ROOT = TESTS.parent
SCHEMA = ROOT / "schemas" / "flow.schema.json"
SHIPPED = sorted((ROOT / "flows").rglob("*.yaml"))
GOOD = sorted((TESTS / "flows" / "good").rglob("*.yaml"))


def misshapen() -> Iterator[Path]:
    """The bad files that are YAML, and that the schema refuses."""
    for path in sorted((TESTS / "flows" / "bad").glob("*.yaml")):
        try:
            _verdict.validate(parse(Source(path.name, path.read_text("utf-8"))))
        except (FlowError, UnicodeDecodeError):
            continue
        except _verdict.Refused:
            yield path


OTHERWISE = {
    "merge-key": {"check-jsonschema", "editor"},  # `<<` merges maps for those who know YAML 1.1
    "newcomer-comma": {"editor"},  # which leaves a key alone that has no colon yet
    "newcomer-no-space": {"editor"},
}
"""Who takes a bad file all the same, and why."""

BAD = list(misshapen())
RIGHT = [*SHIPPED, *GOOD]


def test_there_is_enough_to_judge() -> None:
    assert len(BAD) > 50
    assert len(RIGHT) > 50


@pytest.fixture(scope="module")
def by_ajv(editors: Path) -> Mapping[str, Sequence[str]]:
    """What ajv says, of documents as flowrun reads them."""
    files = [*RIGHT, *BAD]
    documents = {str(path): plain(parse(Source("", path.read_text("utf-8")))) for path in files}
    command = ["node", str(TESTS / "rigs" / "editors" / "judge.mjs"), str(editors), str(SCHEMA)]
    done = subprocess.run(
        command, input=json.dumps(documents), capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    said: Mapping[str, Sequence[str]] = json.loads(done.stdout)
    return said


@pytest.fixture(scope="module")
def by_check_jsonschema(editors: Path) -> Mapping[str, Sequence[str]]:
    """What check-jsonschema says, of files as it reads them."""
    command: list[str | Path]
    command = [editors / "venv" / "bin" / "check-jsonschema", "--schemafile", SCHEMA, "-o", "json"]
    done = subprocess.run([*command, *RIGHT, *BAD], capture_output=True, text=True, check=False)
    said: dict[str, list[str]] = {str(path): [] for path in [*RIGHT, *BAD]}
    told = json.loads(done.stdout)
    for problem in [*told["errors"], *told["parse_errors"]]:
        said[problem["filename"]].append(str(problem.get("message")))
    return said


@pytest.fixture(scope="module")
def editor(editors: Path) -> Iterator[Editor]:
    server = editors / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    with editing(["node", str(server)], SCHEMA) as open_editor:
        yield open_editor


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_everybody_takes_a_file_that_is_right(
    path: Path,
    by_ajv: Mapping[str, Sequence[str]],
    by_check_jsonschema: Mapping[str, Sequence[str]],
    editor: Editor,
) -> None:
    said = by_ajv[str(path)], by_check_jsonschema[str(path)], editor.problems(path)

    assert said == ([], [], [])


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_file_of_another_shape_is_refused(
    path: Path,
    by_ajv: Mapping[str, Sequence[str]],
    by_check_jsonschema: Mapping[str, Sequence[str]],
    editor: Editor,
) -> None:
    said = {
        "ajv": by_ajv[str(path)],
        "check-jsonschema": by_check_jsonschema[str(path)],
        "editor": editor.problems(path),
    }

    assert {name for name, told in said.items() if not told} == OTHERWISE.get(path.stem, set())


STEP = "flowrun: 1\nsteps:\n  - "
TOKEN = f"{STEP}token:\n      "


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("|", {"recipe", "tenant", "flowrun", "extends", "values", "inputs", "steps"}),
        ("flowrun: 1\n|", {"extends", "profiles", "refresh", "sandbox"}),
        ("flowrun: 1\nextends: |", {"zendesk", "base/authorization-code"}),
        ("flowrun: 1\ninputs:\n  a:\n    |", {"help", "secret", "pattern", "from", "type"}),
        ("flowrun: 1\ninputs:\n  a:\n    type: |", {"text", "integer", "list", "host", "url"}),
        ("flowrun: 1\ninputs:\n  a: {type: |}", {"text", "integer", "list", "host", "url"}),
        ("flowrun: 1\ninputs:\n  a:\n    from:\n      |", {"env", "file", "keyring", "command"}),
        (f"{STEP}|", {"use", "if", "token (code)", "token (refresh)", *KINDS}),
        (f"{STEP}authorize:\n      |", {"url", "query", "pkce", "state", "fragment", "order"}),
        (f"{STEP}authorize:\n      pkce: |", {"S256", "plain", '"off"'}),
        (f"{STEP}authorize:\n      query_in: |", {"query", "fragment"}),
        (f"{STEP}capture:\n      |", {"at", "timeout", "issuer"}),
        (f"{STEP}jwt:\n      alg: |", {"RS256", "ES256", "EdDSA"}),
        (f"{TOKEN}|", {"post", "client", "answer", "expires", "errors", "rotates", "grace"}),
        (f"{TOKEN}as: |", {"form", "json", "query"}),
        (f"{TOKEN}client:\n        |", {"id", "secret", "auth"}),
        (f"{TOKEN}client:\n        auth: |", {"post", "basic", "basic-raw", "none"}),
        (f"{TOKEN}expires:\n        |", {"in", "at", "unit", "format"}),
        (f"{TOKEN}expires:\n        unit: |", {"ms", "s", "m", "h", "d"}),
        ("flowrun: 1\ndefaults:\n  token:\n    |", {"post", "client", "errors"}),
    ],
)
def test_an_editor_completes(text: str, offered: set[str], editor: Editor, tmp_path: Path) -> None:
    completed = editor.completed(tmp_path / "flow.yaml", text)

    assert offered <= set(completed)


@pytest.mark.parametrize(
    "text", ["|", "flowrun: 1\n|", f"{STEP}|", f"{TOKEN}|", f"{TOKEN}form: |", f"{STEP}jwt: |"]
)
def test_what_is_completed_is_yaml(text: str, editor: Editor, tmp_path: Path) -> None:
    """Above all, no braces without quotes."""
    items = editor.at("textDocument/completion", tmp_path / "flow.yaml", text)["items"]
    before = text.partition("|")[0]

    assert items
    for item in items:
        parse(Source("flow.yaml", before + filled(item["textEdit"]["newText"], before)))


def filled(snippet: str, before: str) -> str:
    """*snippet* as an editor puts it behind *before*: what it proposes stands for itself."""
    text = re.sub(r"\$\{\d+:((?:\\.|[^\\}])*)\}", r"\1", snippet)
    text = re.sub(r"\$\{?\d+\}?", "x", text).replace("\\}", "}").replace("\\$", "$")
    indent = re.match(r" *(?:- )?", before.rpartition("\n")[2])
    return text.replace("\n", "\n" + " " * len(indent[0] if indent else ""))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("flow|run: 1", "major version"),
        ("flowrun: 1\nval|ues: {}", "inputs of the recipe that this file extends"),
        ("flowrun: 1\nprofiles:\n  e|u: {}", "profile that it extends"),
        ("flowrun: 1\ninputs:\n  a: {sec|ret: true}", "asked for without echo"),
        ("flowrun: 1\ninputs:\n  a: {from: {key|ring: a/b}}", "SERVICE/USER"),
        (f"{STEP}to|ken: {{}}", "answer holds a token"),
        (f"{STEP}authorize: {{pk|ce: S256}}", "RFC 7636"),
        (f"{STEP}http: {{head|ers: {{}}}}", "rendered last"),
        (f"{TOKEN}cl|ient: {{id: a}}", "RFC 6749 section 2.3"),
        (f"{TOKEN}client: {{id: a, au|th: basic}}", "RFC 6749 section 2.3.1"),
        (f"{TOKEN}expires: {{in: 1, un|it: ms}}", "counted in"),
        (f"{TOKEN}rot|ates: false", "stays good after use"),
        (f"{STEP}use: verify.a\n    i|f: vars.a", "left out unless this holds"),
    ],
)
def test_an_editor_explains(text: str, shown: str, editor: Editor, tmp_path: Path) -> None:
    hover = editor.hovered(tmp_path / "flow.yaml", text)

    assert shown in hover
    assert "####" in hover


def test_a_file_names_its_schema_itself(editor: Editor, tmp_path: Path) -> None:
    """The first line of a recipe, with a path from its own folder."""
    (tmp_path / "my.schema.json").write_text('{"properties": {"flowrun": {"const": 2}}}', "utf-8")
    flow = tmp_path / "flow.yaml"
    flow.write_text("# yaml-language-server: $schema=./my.schema.json\nflowrun: 1\n", "utf-8")

    assert editor.problems(flow) == ["Value must be 2."]
