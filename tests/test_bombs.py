"""What a hostile recipe or answer may try: it is refused, fast and in little memory."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from flowrun.errors import FlowError
from flowrun.filters import apply
from flowrun.secret import JSON

MOST_MEMORY = 1 << 30
MOST_CPU_S = 20
HEAD = "flowrun: 1\nname: acme\ninputs: {a: {default: x}}\n"
STEPS = 'steps:\n  - token: {post: "https://id.example/token", form: {a: "{{ inputs.a }}"}}\n'

JUDGE = """
import sys, time
from flowrun.errors import CODES, FlowrunError
from flowrun.template import Scope, render

TEXT = "x" * 60000
scope = Scope(
    {"inputs": {"a": "x", "none": None, "list": ["x"] * 90000, "text": TEXT, "deep": DEEP}},
    {"long": TEXT, "v90": "x"}
    | {f"v{n}": "{{ vars.v%d }}{{ vars.v%d }}" % (n + 1, n + 1) for n in range(90)}
    | {f"w{n}": ["{{ vars.w%d }}"] * 9 for n in range(90)}
    | {"w90": "x", "self": "{{ vars.self }}", "ping": "{{ vars.pong }}", "pong": "{{ vars.ping }}"},
)
for line in sys.stdin:
    expression = eval(line)
    begun = time.process_time()
    try:
        render("{{ %s }}" % expression, scope)
        said = "rendered"
    except FlowrunError as error:
        said = error.code if error.code in CODES else "an unknown code"
    print(said, time.process_time() - begun, flush=True)
""".replace("DEEP", "__import__('functools').reduce(lambda inner, _: [inner], range(5000), 'x')")

ESCAPES = [
    "''.__class__.__mro__[1].__subclasses__()",
    "''['__class__']['__mro__']",
    "inputs.a.__class__",
    "inputs.__init__.__globals__",
    "inputs.a.upper()",
    "inputs['a']['__cl' ~ 'ass__']",
    "inputs.a | attr('__class__')",
    "[] | map(attribute='__class__') | list",
    "cycler.__init__.__globals__.os.popen('id').read()",
    "lipsum.__globals__['os']",
    "joiner.__init__.__globals__",
    "namespace(a=1)",
    "self._TemplateReference__context",
    "self.__init__",
    "config.items()",
    "request.application.__globals__",
    "get_flashed_messages.__globals__",
    "url_for.__globals__",
    "range(3).__iter__",
    "dict(a=1)",
    "{}.__class__",
    "().__class__.__bases__[0]",
    "(1).__class__",
    "''.format(inputs)",
    "'{0.__class__}'.format(inputs)",
    "'%s' % inputs",
    "'{0.__class__}' | format(inputs)",
    "inputs | string | safe",
    "inputs.a is callable",
    "now.__globals__",
    "now('s').__class__",
    "random.__globals__",
    "uuid.__self__",
    "uuid()()",
    "caller()",
    "super()",
    "loop.cycle",
    "varargs",
    "True.__class__",
    "inputs[:]",
    "inputs.a[0:1]",
    "(inputs.a, 1)",
    "{'a': 1}",
    "{inputs.a}",
    "lambda: 1",
    "inputs.a if (inputs.a := 1)",
    "__import__('os')",
    "open('/etc/passwd')",
    "inputs.a }}{% set x = 1 %}{{ x",
    "inputs.a }}{% include '/etc/passwd' %}{{ 1",
    "inputs.a }}{# #}{{ 1",
    "\u200binputs.a",
    "inputs\uff0ea",
    "\uff49nputs.a",
    "inputs.\u212a",
]

BOMBS = [
    "9**9**8",
    "9**9**9**9",
    "'a' * 10**9",
    "'a' * 1000000000",
    "[1] * 10**9",
    "range(10**9)",
    "range(1000000000) | list",
    "1 << 99999999",
    "9" * 1999,
    "-" + "9" * 1990,
    "1e999",
    "1" + "_0" * 900,
    "0x" + "f" * 1900,
    "'" + "x" * 1_000_000 + "'",
    "inputs.a" + " ~ inputs.a" * 100_000,
    "(" * 500_000,
    "(" * 900 + "1" + ")" * 900,
    "[" * 900 + "]" * 900,
    "[" * 49 + "inputs.text" + "]" * 49 + " | json" * 40,
    "not " * 490 + "1",
    "- " * 900 + "1",
    "1 if " * 300 + "1",
    "a" + ".a" * 900,
    "inputs" + "[inputs" * 250 + "]" * 250,
    "inputs.a" + " | upper" * 200,
    "inputs.text ~ inputs.text",
    "'\"' | json | json | json | json | json | json | json | json | json | json | json | json"
    " | json | json | json | json | json | json",
    "inputs.text | split('x') | join(inputs.text)",
    "inputs.list | join(inputs.text)",
    "inputs.list | join(', ')",
    "[vars.long, vars.long, vars.long] | join(vars.long)",
    "inputs.text | urlencode | base64 | hex",
    "inputs.text | replace('x', inputs.text)",
    "inputs.text | replace('', inputs.text)",
    "inputs.text | base64 | base64",
    "inputs.text | hex",
    "inputs.text | regex('(x+x+)+y')",
    "inputs.text | regex('(x|x)*y')",
    "inputs.text | regex('x*x*x*x*x*x*y')",
    "inputs.text | regex('(?:(?:x?){50}){50}y')",
    "inputs.text | regex('x{9999999999}')",
    "inputs.text | regex(inputs.text)",
    "'" + "x" * 30 + "' | regex('(x+)+y')",
    "random(1000000000)",
    "inputs.list | json | split(',') | json | json",
    "inputs.deep | json",
    "inputs.deep == inputs.deep ~ ''",
    "vars.v0",
    "vars.w0",
    "[vars.w0, vars.w0] | json",
    "vars.self",
    "vars.ping",
    "''" + " ~ ''" * 350 + " ~ inputs.none",
    r"'\'" * 600,
    '"' * 1999,
    "'\"" * 900 + "'",
    "{{" * 900,
    r"\'" * 900,
    "inputs.a" + " == inputs.a" * 150,
    "inputs.a" + " < inputs.a" * 150,
    "inputs.a|default(" * 120 + "1" + ")" * 120,
]  # fmt: skip


def limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))


def limited(*command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """What a process of Python says that has little memory and time."""
    return subprocess.run(
        [sys.executable, *command],
        input=stdin,
        capture_output=True,
        text=True,
        preexec_fn=limits,
        check=False,
    )


def test_every_escape_and_every_bomb_is_refused_at_once() -> None:
    tried = [*ESCAPES, *BOMBS]
    done = limited("-c", JUDGE, stdin="".join(f"{each!a}\n" for each in tried))

    assert done.stderr == ""
    told = dict(
        zip(tried, (line.rpartition(" ") for line in done.stdout.splitlines()), strict=True)
    )
    refused = {"E208", "E209", "E210", "E222"}
    assert {each[:60]: said for each, (said, _, _) in told.items() if said not in refused} == {}
    assert {each[:60]: took for each, (_, _, took) in told.items() if float(took) > 1} == {}


def doubled(text: str, levels: int = 100) -> str:
    lines = [f"  v{n}: {text.replace('V', f'vars.v{n + 1}')}\n" for n in range(levels)]
    return f"{HEAD}vars:\n{''.join(lines)}  v{levels}: x\n"


def using(url: str) -> str:
    return f'steps:\n  - token: {{post: "{url}", form: {{a: "{{{{ inputs.a }}}}"}}}}\n'


def many(line: str, count: int) -> str:
    return "".join(line.replace("N", str(number)) for number in range(count))


RECIPES = {
    "vars that double": doubled('"{{ V }}{{ V }}"') + using("https://a.example/{{ vars.v0 }}"),
    "lists that double": doubled('["{{ V }}", "{{ V }}"]')
    + using("https://a.example/{{ vars.v0 }}"),
    "a chain": doubled('"{{ V }}"', 5000) + using("https://a.example/{{ vars.v0 }}"),
    "a chain in a form": doubled('"{{ V }}"', 5000)
    + 'steps:\n  - token: {post: "https://a.example/", form: {a: "{{ vars.v0 }}"}}\n',
    "one long text": HEAD + f'vars: {{b: "{"{{inputs.a}}" * 60_000}"}}\n' + STEPS,
    "many expressions": HEAD + "vars:\n" + many(f'  vN: "{"{{inputs.a}}" * 80}"\n', 900) + STEPS,
    "many vars": HEAD + "vars:\n" + many('  vN: "{{inputs.a}}{{inputs.a}}"\n', 6000) + STEPS,
    "quotes": HEAD + 'vars: {b: "{{' + r"\\'" * 300_000 + '"}\n' + STEPS,
    "braces": HEAD + 'vars: {b: "' + "{{" * 400_000 + '"}\n' + STEPS,
    "keys": HEAD + STEPS + many("kN: 1\n", 9000),
    "names that do not exist": "flowrun: 1\nname: acme\ninputs:\n"
    + many("  iN: {default: x}\n", 3000)
    + "values:\n"
    + many("  jN: x\n", 3000)
    + STEPS,
    "steps": HEAD
    + "steps:\n"
    + many('  - id: sN\n    token: {post: "https://a.example/{{inputs.a}}"}\n', 2000),
    "aliases": HEAD + STEPS + "x-a: &a [" + "x, " * 5000 + "x]\nx-b: [*a, *a, *a, *a]\n",
    "brackets": HEAD + STEPS + "x-a: " + "[" * 400_000 + "\n",
}


@pytest.mark.parametrize("name", RECIPES)
def test_a_hostile_recipe_is_judged_in_seconds(name: str, tmp_path: Path) -> None:
    (tmp_path / "hostile.yaml").write_text(RECIPES[name])

    done = limited("-m", "flowrun", "check", str(tmp_path / "hostile.yaml"))

    assert done.returncode == (0 if name == "steps" else 2), done.stderr[-2000:]


@pytest.mark.parametrize(
    ("name", "value", "arguments"),
    [
        ("join", ["x"] * 500_000, ["y" * (1 << 20)]),
        ("join", ["x" * (1 << 20)] * 3, [","]),
        ("base64", "x" * (1 << 20), []),
        ("json", ["\x01" * (1 << 20)], []),
    ],
)
def test_an_answer_cannot_make_a_text_without_end(
    name: str, value: JSON, arguments: list[JSON]
) -> None:
    with pytest.raises(FlowError, match="65536"):
        apply(name, value, arguments)
