"""Texts that are no templates, or not those that were meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..build import EXPRESSIONS, LITERALS
from ..document import Map, Node
from ..errors import FlowError, Problem, located
from ..flow import Flow
from ..place import place_of
from ..taint import texts
from ..template import BRACES, whole
from .reading import Reading, steps_of


def unreadable(reading: Reading) -> Iterator[Problem]:
    """E208 to E210: texts that are no templates."""
    for problem in reading.broken:
        found = UNKNOWN.fullmatch(problem.message)
        meant = found and _meant(reading.flow, found[1])
        yield problem._replace(hint=f"Did you mean {meant}?") if meant else problem


UNKNOWN = re.compile(r"there is no name (\w+)")


def _meant(flow: Flow, word: str) -> str:
    """Where the name stands that is given without its root."""
    kinds = {step.id: step.kind for step in steps_of(flow)}
    if kinds.get(word) == "capture" or word == "code":
        return "callback.code"
    roots = {"inputs": flow.inputs, "vars": flow.vars, "steps": kinds, "response": ("json",)}
    return next((f"{root}.{word}" for root, names in roots.items() if word in names), "")


def other_languages(reading: Reading) -> Iterator[Problem]:
    """E210: what other tools fill in, and flowrun would send as it is."""
    if not reading.dollars:
        return
    # A person may have to be told of a shell's.
    steps = [step.options for step in steps_of(reading.flow) if step.kind not in ("ask", "show")]
    for text in texts([*steps, *reading.flow.vars.values()]):
        if "${" in text and (found := DOLLAR.search(BRACES.sub("", text))):
            name = found[1].lower()
            hint = f"Write {{{{ inputs.{name} }}}}, and name the input: inputs: {{{name}: {{}}}}"
            yield Problem("E210", f"nothing is put in for {found[0]}", hint, place_of(text))


DOLLAR = re.compile(r"\$\{(\w+)\}")


def partly_braced(reading: Reading) -> Iterator[Problem]:
    """E208: expressions that are not one."""
    for step in steps_of(reading.flow):
        groups = [step.modifiers] if step.kind == "set" else [step.modifiers, step.options]
        for node in (group[key] for group in groups for key in EXPRESSIONS if key in group):
            for text in _texts(node):
                try:
                    with located(place_of(text)):
                        whole(text)
                except FlowError as error:
                    yield from error.problems


def _texts(node: Node) -> Iterator[str]:
    """The expressions in *node*."""
    if isinstance(node, str) and node != "never":
        yield node
    elif isinstance(node, Map):
        for key, item in node.items():
            if key not in LITERALS:
                yield from _texts(item)
