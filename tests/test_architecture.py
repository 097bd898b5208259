"""The house rules: who imports whom, who may reveal or print, and how large anything is."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import flowrun
from flowrun.cli import app
from flowrun.errors import CODES
from flowrun.exports import FORMATS
from flowrun.jose import new_key
from flowrun.library import COMMANDS, shipped
from flowrun.record import Record
from flowrun.schema import schema_text
from flowrun.secret import JSON
from flowrun.steps import KINDS
from flowrun.stores.files import FileStore
from servers.raw import listening

ROOT = Path(flowrun.__path__[0])

LAYERS = {
    "ground": "_verdict content errors freshness inherited message near place scalar secret "
    "settings spans version",
    "language": "beside build clock document.* exports.* expression filters fit flow formatting "
    "hosts inputs jose.* keys layout library literals load merge notation oauth.* oauth1 operators "
    "order patterns possession profiles record remedies scan schema scope services simple spelling "
    "syntax taint template tree trust urls wire",
    "edges": "capture.* certified guard http journal proofs proxy refresh sandbox.* stores.* "
    "transport",
    "steps": "steps.*",
    "engine": "also checks.* current endpoints engine job likeness login passes plan publishing "
    "rehearsal review",
    "session": "console facts keep.* leaving living naming qr session standing successor "
    "write_back",
    "commands": "commands.*",
    "entry": "__main__ cli.* completion ending programs.* quick",
}
"""From the bottom to the top; a module imports from its own layer and from those below."""

OWNERS = {
    "anyio": {"programs"},
    "cryptography": {"capture", "jose", "stores"},
    "httpcore": {"proxy"},
    "httpx": {"programs", "proxy"},  # a program brings its own client of it, and flowrun has one
    "jeepney": {"keep"},
    "jinja2": {"exports", "tree"},
    "joserfc": {"jose"},
    "keyring": {"keys"},
    "jsonschema": {"schema"},
    "oauthlib": {"oauth1", "sandbox"},
    "pyrage": {"stores"},
    "platformdirs": {"trust"},
    "ruamel": {"scan"},
    "segno": {"qr"},
    "typer": {"cli"},
    "yaml": {"document"},
}
"""Who knows each library of others, by module or by folder."""

MAY_REVEAL = """
    also beside certified endpoints guard hosts job likeness login message oauth.client
    operators plan programs.presenting programs.quiet proofs rehearsal scope secret session
    steps.ask steps.clients steps.exchange steps.expiry steps.http steps.identity
    steps.invitation steps.jwt steps.kind
    steps.parameters steps.polling steps.register steps.request_object steps.token steps.verified
    successor taint template tree urls wire
"""
"""Where `reveal` is called: where a value leaves for the wire or the store, or is reckoned with."""

MAY_PRINT = {"console", "ending", "quick"}
MAX_MODULE_LINES = 260
MAX_FUNCTION_LINES = 40
LONGER_MODULES = {"errors": 290, "filters": 290}
"""A list of codes, or of filters, has no parts."""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


SOURCES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in SOURCES.items()}
OWN = [name for name in SOURCES if name != "__init__"]
WRITTEN = [name for name in OWN if name != "_verdict"]  # which .ci/compile-schema makes


def imported(name: str) -> Iterator[str]:
    """What the module *name* imports, inside functions too; own modules without `flowrun.`."""
    package = name.split(".") if SOURCES[name].name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            module = module.removeprefix("flowrun").removeprefix(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}" if module else alias.name
                yield inner if inner in SOURCES else module


IMPORTS = {name: sorted({each for each in imported(name) if each}) for name in OWN}


def layer_of(name: str) -> int:
    folder = name.partition(".")[0] + ".*"
    found = [
        number
        for number, names in enumerate(LAYERS.values())
        if name in names.split() or folder in names.split()
    ]
    assert found, f"{name} has no place in LAYERS"
    return found[0]


@pytest.mark.parametrize("name", OWN)
def test_imports_go_down(name: str) -> None:
    up = [each for each in IMPORTS[name] if each in OWN and layer_of(each) > layer_of(name)]

    assert up == []


def test_nothing_imports_in_a_circle() -> None:
    circle = {name: set(IMPORTS[name]) - {name} for name in OWN}
    while ends := [name for name, needs in circle.items() if not needs & circle.keys()]:
        circle = {name: needs for name, needs in circle.items() if name not in ends}
    while begins := set(circle) - {each for needs in circle.values() for each in needs}:
        circle = {name: needs for name, needs in circle.items() if name not in begins}

    assert sorted(circle) == []


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_has_its_owners(library: str) -> None:
    users = {name for name, each in IMPORTS.items() if library in {i.split(".")[0] for i in each}}
    owners = {name.partition(".")[0] for name in users}

    assert owners == OWNERS[library]


def test_every_library_is_known_here() -> None:
    roots = {each.partition(".")[0] for names in IMPORTS.values() for each in names}
    own = {name.partition(".")[0] for name in SOURCES}
    foreign = roots - own - set(sys.stdlib_module_names)

    assert foreign == set(OWNERS)


def calls(name: str, called: str) -> bool:
    """Whether the module *name* calls a function or a method *called* so."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name) and function.id == called:
                return True
            if isinstance(function, ast.Attribute) and function.attr == called:
                return True
    return False


def test_secrets_are_revealed_in_few_places() -> None:
    assert {name for name in OWN if calls(name, "reveal")} == set(MAY_REVEAL.split())


def test_only_who_speaks_prints() -> None:
    assert {name for name in OWN if calls(name, "print")} <= MAY_PRINT


@pytest.mark.parametrize("name", WRITTEN)
def test_a_module_is_small(name: str) -> None:
    lines = len(SOURCES[name].read_text("utf-8").splitlines())

    assert lines <= LONGER_MODULES.get(name, MAX_MODULE_LINES)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_function_is_small(name: str) -> None:
    functions = [
        node
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = [
        node.name
        for node in functions
        if (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES
    ]

    assert long == []


def test_step_kinds_are_those_of_the_schema() -> None:
    step = json.loads(schema_text())["definitions"]["step"]
    kinds = {required for each in step["oneOf"] for required in each["required"]} - {"use"}

    assert kinds == set(KINDS)
    assert list(KINDS) == sorted(KINDS)
    assert {name.removeprefix("steps.") for name in OWN if name.startswith("steps.")} >= kinds


def test_every_command_is_known_before_typer_is() -> None:
    commands = {
        each.name or each.callback.__name__ for each in app.registered_commands if each.callback
    }

    assert commands == set(COMMANDS)
    assert list(COMMANDS) == sorted(COMMANDS)


def test_no_shipped_recipe_is_named_like_a_command() -> None:
    assert not {name.rpartition("/")[2] for name in shipped()} & set(COMMANDS)


def test_every_code_is_known_and_used() -> None:
    used: set[str] = set()
    for name in OWN:
        text = re.sub(r"# noqa.*", "", SOURCES[name].read_text("utf-8"))
        if name == "errors":
            text = text.partition("\n}\n")[2]  # what follows the table
        used |= set(re.findall(r"\bE\d{3}\b", text))

    assert used == set(CODES)
    assert list(CODES) == sorted(CODES)


OBSERVED = """
import sys
sys.argv = ["flowrun", *sys.argv[1:]]
from flowrun.__main__ import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def modules_of(folder: Path, *words: str, bare: bool = False, **environment: str) -> set[str]:
    """The modules that a command has loaded when it ends; *bare* leaves the site's out."""
    path = "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
    command = [sys.executable, "-S", "-E", "-c", path + OBSERVED, str(ROOT.parent)]
    command = command if bare else [sys.executable, "-c", OBSERVED]
    done = subprocess.run(
        [*command, *words],
        cwd=folder,
        env={"HOME": str(folder), "BROWSER": "true", "PATH": "/nowhere", **environment},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


def test_a_cached_token_takes_hardly_a_module(tmp_path: Path) -> None:
    fields: dict[str, JSON] = {"access_token": "fake-access", "expires_at": time.time() + 86_400}
    FileStore(tmp_path / "tokens").write("acme", Record(fields, {"version": 1, "grant": "g"}))
    loaded = modules_of(tmp_path, "token", "acme", bare=True)

    assert "flowrun.quick" in loaded
    assert not loaded & {"contextlib", "json", "pathlib", "re", "typer", "typing", "yaml"}


SLOW = {"asyncio", "http.server", "httpx", "importlib.resources", "jinja2", "jsonschema"}
SLOW |= {"joserfc", "oauthlib", "platformdirs", "typer"}


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "webmethods"])
def test_a_token_that_leaves_takes_none_of_the_slow_libraries(tmp_path: Path, format: str) -> None:
    fields: dict[str, JSON] = {"access_token": "fake-access", "expires_at": time.time() + 86_400}
    FileStore(tmp_path / "tokens").write("acme", Record(fields, {"version": 1, "grant": "g"}))
    loaded = modules_of(tmp_path, "export", "acme", "--format", format)

    assert "flowrun.exports" in loaded
    assert not loaded & (SLOW - {"typer"} | {"yaml", "http.client", "ssl"})


QUICK = """\
flowrun: 1
name: quick
{more}
steps:
  - token:
      post: {url}/token
      form: {{grant_type: client_credentials}}
      {options}
save: quick
"""


def modules_of_a_flow(
    folder: Path, kind: str, *, more: str = "", options: str = "", **environment: str
) -> set[str]:
    """What a flow loads that asks for a token with *options*."""
    fields = {"access_token": "fake-access", "token_type": kind, "expires_in": 3600}
    body = json.dumps(fields).encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
    with listening(answer % (len(body), body)) as server:
        recipe = QUICK.format(url=server.url, more=more, options=options)
        (folder / "quick.yaml").write_text(recipe, "utf-8")
        return modules_of(folder, "./quick.yaml", bare=False, **environment)


def test_a_flow_takes_none_of_the_slow_libraries(tmp_path: Path) -> None:
    loaded = modules_of_a_flow(tmp_path, "Bearer")

    assert "flowrun.http" in loaded
    assert not loaded & {*SLOW, "cryptography"}
    assert not loaded & {"flowrun.jose", "flowrun.oauth.dpop", "flowrun.proofs"}


def test_a_flow_that_signs_takes_only_what_signs(tmp_path: Path) -> None:
    key = new_key("RS256")
    more = "inputs: {key: {secret: true}}"
    client = "{id: quick, auth: private_key_jwt, key: '{{ inputs.key }}'}"
    options = f"client: {client}\n      dpop: on"
    loaded = modules_of_a_flow(tmp_path, "DPoP", more=more, options=options, FLOWRUN_KEY=key)

    assert "flowrun.proofs" in loaded
    assert not loaded & {*SLOW, "cryptography.x509", "cryptography.hazmat.primitives.serialization"}


def test_a_check_without_options_takes_no_command_line(tmp_path: Path) -> None:
    loaded = modules_of(tmp_path, "check", "zendesk")

    assert not loaded & {"http.client", "httpx", "jsonschema", "typer"}
