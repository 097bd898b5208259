"""A SARIF 2.1.0 log, which code hosts show beside the lines that it is about."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from ..errors import CODES
from ..library import is_file
from ..place import Place
from ..secret import JSON
from ..version import __version__
from .checked import WEAKER, Checked
from .code import paragraph

DOWNGRADE = "downgrade"
"""The rule that a line breaks which is no error, but weaker than it could be."""


class _Finding(NamedTuple):
    rule: str
    level: str
    text: str
    place: Place | None
    file: str  # where there is no place: what was named, if that is a file


def log(found: Sequence[Checked]) -> JSON:
    """The log of one run over all flows."""
    findings = [finding for flow in found for finding in _findings(flow)]
    rules = list(dict.fromkeys(finding.rule for finding in findings))
    driver: JSON = {
        "name": "flowrun",
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    run: JSON = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, rules.index(finding.rule)) for finding in findings],
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }


def _findings(flow: Checked) -> Iterator[_Finding]:
    file = flow.name if is_file(flow.name) else ""
    for code, message, hint, place in flow.problems:
        yield _Finding(code, "error", f"{message}\n{hint}".strip(), place, file)
    for weaker in flow.downgrades:
        text = f"{weaker.message}: {WEAKER}"
        yield _Finding(DOWNGRADE, "note", text, weaker.place, file)


def _rule(rule: str) -> JSON:
    if rule == DOWNGRADE:
        return {"id": rule, "shortDescription": {"text": f"a line is {WEAKER}"}}
    about: dict[str, JSON] = {"text": paragraph(rule)}
    return {"id": rule, "shortDescription": {"text": CODES[rule]}, "help": about}


def _result(finding: _Finding, rule_index: int) -> JSON:
    place = finding.place
    result: dict[str, JSON] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": finding.level,
        "message": {"text": finding.text},
    }
    if place or finding.file:
        result["locations"] = [_location(place) if place else _whole(finding.file)]
    if links := list(place.extended() if place else ()):
        result["relatedLocations"] = [
            {**_location(link), "id": number, "message": {"text": "extended here"}}
            for number, link in enumerate(links)
        ]
    return result


def _whole(file: str) -> dict[str, JSON]:
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(file)}}}


def _location(place: Place) -> dict[str, JSON]:
    region: JSON = {
        "startLine": place.line,
        "startColumn": place.column,
        "endColumn": place.column + place.width,
    }
    artifact: JSON = {"uri": _uri(place.source.name)}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _uri(name: str) -> str:
    if name.startswith("flowrun:"):  # a shipped recipe, which is no file of theirs
        return quote(name, safe=":/")
    return Path(name).as_uri() if Path(name).is_absolute() else quote(os.fsencode(name))
