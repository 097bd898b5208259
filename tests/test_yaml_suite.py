"""Every case of the YAML test suite: read as it says, or refused."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from flowrun.document import plain, read
from flowrun.errors import FlowError
from flowrun.place import Source
from flowrun.secret import JSON

pytestmark = [pytest.mark.rig, pytest.mark.node]

TAB = "refused: libyaml takes no tab where YAML 1.2 allows one for space"
EMPTY_KEY = "refused: libyaml takes no key that is not there"
COLON = "refused: libyaml takes no value that begins with a colon inside {} or []"
SPLIT = "refused: libyaml wants the colon in the line of its key"
ANCHOR = "refused: libyaml takes letters, digits, - and _ in the name of an anchor"
CUT = "refused: libyaml would cut it in two"
INDENT = "accepted: libyaml takes what is not indented inside quotes or []"
LAST_LINE = "misread: libyaml does not end the last line where the file does not"
COMMENT = "accepted: libyaml takes a comment without a space before it"

DEVIATIONS = {
    "2SXE": ANCHOR,
    "4ABK": EMPTY_KEY,
    "4MUZ/0": SPLIT,
    "4MUZ/1": SPLIT,
    "4MUZ/2": SPLIT,
    "58MP": COLON,
    "5MUD": SPLIT,
    "5T43 as a value": COLON,
    "652Z": CUT,
    "6BCT as a value": TAB,
    "6CA3 as a value": TAB,
    "6M2F": EMPTY_KEY,
    "96NN/0": TAB,
    "96NN/1": TAB,
    "9C9N": INDENT,
    "A2M4": TAB,
    "CFD4 as a value": EMPTY_KEY,
    "DBG4 as a value": COLON,
    "DK95/0": TAB,
    "DK95/1": INDENT,
    "DK95/3": TAB,
    "DK95/4": TAB,
    "FRK4": EMPTY_KEY,
    "HM87/0 as a value": COLON,
    "HM87/1 as a value": CUT,
    "JEF9/2 as a value": LAST_LINE,
    "K3WX": SPLIT,
    "L24T/1": LAST_LINE,
    "NHX8": EMPTY_KEY,
    "Q5MG": TAB,
    "QB6E": INDENT,
    "R4YG as a value": TAB,
    "S3PD": EMPTY_KEY,
    "S98Z": "accepted: libyaml takes blank lines that are indented more than what they begin",
    "SM9W/1": EMPTY_KEY,
    "SU5Z": COMMENT,
    "UKK6/0 as a value": EMPTY_KEY,
    "VJP3/1": SPLIT,
    "W5VH": ANCHOR,
    "X4QW": COMMENT,
    "Y2GN": CUT,
    "Y79Y/1": TAB,
    "Y79Y/10 as a value": TAB,
}
"""Where the parser, which knows YAML 1.1, and the suite, which is of YAML 1.2, disagree."""


class Case(NamedTuple):
    id: str
    text: str
    events: str
    invalid: bool


class Outside(Exception):
    """What YAML allows and a flow does not."""


def cases(path: Path) -> Iterator[Case]:
    for file in json.loads(path.read_text("utf-8")):
        several, tree = len(file["cases"]) > 1, ""
        for number, case in enumerate(file["cases"]):
            tree = case.get("tree", tree)  # the same as before when it is not given
            name = f"{file['id']}/{number}" if several else file["id"]
            yield Case(name, case["yaml"], tree, case.get("fail", False))


def as_a_value(case: Case) -> Case | None:
    """A document that is no mapping, as the value of a key; None where it cannot be one."""
    marked = re.search(r"^(---|\.\.\.|%)", case.text, re.MULTILINE)
    if case.invalid or marked or not re.search(r"\+DOC\n *(?!\+MAP)\S", case.events):
        return None
    text = textwrap.indent(case.text, " ", lambda _: True)
    events = case.events.replace("+DOC\n", "+DOC\n+MAP\n=VAL :key\n").replace("-DOC", "-MAP\n-DOC")
    return Case(f"{case.id} as a value", f"key:\n{text}", events, False)


def meant(text: str) -> JSON:
    """What flowrun takes a plain scalar for: what JSON says, if it would write it just so."""
    if not text:
        return None
    try:
        value: JSON = json.loads(text, parse_constant=str)
    except ValueError:
        return text
    return value if json.dumps(value) == text and not isinstance(value, dict | list) else text


EVENT = re.compile(
    r"(?P<event>[+=][A-Z]{3})(?: (?:\{\}|\[\]|---))?(?: &(?P<anchor>\S+))?(?: <(?P<tag>[^>]*)>)?"
    r"(?: (?P<style>[:\"'|>*])(?P<text>.*))?"
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "\\": "\\"}


class Expected:
    """The value that a tree of events stands for."""

    def __init__(self, events: str) -> None:
        self.lines = iter([line.lstrip(" ") for line in events.splitlines() if line.strip()])
        self.anchors: dict[str, JSON] = {}

    def document(self) -> JSON:
        """The mapping of the only document; raises Outside for anything else."""
        next(self.lines)  # +STR
        if next(self.lines) == "-STR":
            raise Outside
        root = self.node(next(self.lines))
        if [*self.lines] not in (["-DOC", "-STR"], ["-DOC ...", "-STR"]):
            raise Outside
        if not isinstance(root, dict):
            raise Outside
        return root

    def node(self, line: str) -> JSON:
        found = EVENT.fullmatch(line)
        assert found, line
        if found["tag"] not in (None, "!"):
            raise Outside
        value: JSON
        match found["event"]:
            case "=ALI":
                return self.anchors[found["text"]]
            case "+SEQ":
                value = [self.node(line) for line in iter(self.lines.__next__, "-SEQ")]
            case "+MAP":
                value = self.map()
            case _:
                text = re.sub(r"\\(.)", lambda escape: ESCAPES[escape[1]], found["text"])
                value = meant(text) if found["style"] == ":" else text
        if found["anchor"]:
            self.anchors[found["anchor"]] = value
        return value

    def map(self) -> JSON:
        value: dict[str, JSON] = {}
        for line in iter(self.lines.__next__, "-MAP"):
            # A key is a text, whatever it looks like.
            key = self.node(re.sub(r"^(=VAL.*?) :", r'\1 "', line))
            if not line.startswith("=VAL") or not isinstance(key, str) or key in value:
                raise Outside
            value[key] = self.node(next(self.lines))
        return value


def verdict(case: Case) -> str:
    """What is wrong with how *case* is read, or "loaded" or nothing when all is well."""
    try:
        expected = Outside if case.invalid else Expected(case.events).document()
    except Outside:
        expected = Outside
    try:
        document, problems = read(Source("flow.yaml", case.text))
    except FlowError as error:
        problems = list(error.problems)
        document = None
    assert {problem.code for problem in problems} <= {"E202", "E204", "E205"}
    if problems or document is None:
        return "" if expected is Outside else "refused"
    if expected is Outside:
        return "accepted"
    return "loaded" if plain(document) == expected else "misread"


def test_every_case_is_read_as_the_suite_says_or_is_refused(yaml_test_suite: Path) -> None:
    both = [(case, as_a_value(case)) for case in cases(yaml_test_suite)]
    verdicts = {case.id: verdict(case) for pair in both for case in pair if case}

    wrong = {name: said for name, said in verdicts.items() if said not in ("", "loaded")}
    assert wrong == {name: why.partition(":")[0] for name, why in DEVIATIONS.items()}
    assert [*verdicts.values()].count("loaded") >= 150
