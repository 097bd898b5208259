"""What the templates of a flow read: every text is looked at once, for all checks together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from ..document import Map
from ..errors import FlowError, Problem
from ..flow import SECTIONS, Flow, Step
from ..place import Place
from ..plan import Planned, imagined, plan_step
from ..steps import KINDS
from ..taint import Unknown, texts
from ..template import Use, uses


class Part(NamedTuple):
    """One key of a step: what its templates read, and what they alone may read besides."""

    key: str
    uses: tuple[Use, ...]
    besides: str = ""


class Reading:
    """What the parts of *flow* read, and which of their texts cannot be read at all."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.broken: list[Problem] = []
        self.dollars = False  # whether ${ stands anywhere
        self.broken_words: set[str] = set()  # whatever they name, it is not unread
        self.vars = {name: self._read(value) for name, value in flow.vars.items()}
        self.save = self._read(flow.save)
        self.keep = self._read(flow.keep)
        self.also_files = self._read([also.file for also in flow.also])
        self.also_texts = self._read([also.text for also in flow.also])
        self.setup = self._read(flow.document.get("setup"))
        self.defaults = self._read(flow.document.get("defaults"))
        self.steps = {(step.section, step.id): tuple(self._parts(step)) for step in steps_of(flow)}

    def _parts(self, step: Step) -> Iterator[Part]:
        for key, value in step.options.items():
            yield Part(key, self._read(value), _besides(step.kind, key))
        for key, value in step.modifiers.items():
            yield Part(key, self._read(value), "response" if key == "poll" else "")

    def _read(self, node: object) -> tuple[Use, ...]:
        found: list[Use] = []
        for text in texts(node):
            self.dollars = self.dollars or "${" in text
            if "{" in text:
                try:
                    found += uses(text)
                except FlowError as error:
                    self.broken += error.problems
                    self.broken_words.update(re.findall(r"\w+", text))
        return tuple(found)

    def of(self, step: Step, *keys: str) -> list[Use]:
        """What *step* reads: all of it, or the options *keys*."""
        each = self.steps[step.section, step.id]
        return [use for part in each if not keys or part.key in keys for use in part.uses]

    def all(self) -> Iterator[Use]:
        """Every name that anything reads."""
        beside = self.keep, self.also_files, self.also_texts
        for group in (*self.vars.values(), self.save, *beside, self.setup, self.defaults):
            yield from group
        for step in steps_of(self.flow):
            yield from self.of(step)

    def through(self, use: Use) -> Iterator[Use]:
        """*use*, and all that is read with it when it names a var."""
        left, seen = [use], set[str]()
        while left:
            yield (each := left.pop())
            if each.path[0] == "vars":
                new = [name for name in each.path[1:2] or self.vars if name not in seen]
                seen.update(new)
                left += [inner for name in new for inner in self.vars.get(name, ())][::-1]

    @cached_property
    def rendered(self) -> tuple[Mapping[tuple[str, str], Planned], list[Problem]]:
        """Each step rendered with nothing known, and what is wrong with those that cannot be."""
        # What a base recipe leaves to others is as unknown as what is saved.
        unset = {
            name: f"{{{{ saved.{name} }}}}" for name, it in self.flow.vars.items() if it is None
        }
        flow = self.flow._replace(vars={**self.flow.vars, **unset})
        inputs = {name: Unknown(name, f"{{{name}}}") for name in flow.inputs}
        scope = imagined(flow, inputs)
        planned: dict[tuple[str, str], Planned] = {}
        problems: list[Problem] = []
        for step in steps_of(flow):
            try:
                if found := plan_step(step, scope):
                    planned[step.section, step.id] = found
            except FlowError as error:
                problems += error.problems
        return planned, problems


def steps_of(flow: Flow) -> Iterator[Step]:
    for section in SECTIONS:
        yield from flow.steps(section)


def _besides(kind: str, key: str) -> str:
    """What an option that waits may read when its time has come."""
    if key not in KINDS[kind].LATE:
        return ""
    if key == "headers":
        return "request"
    return "callback" if kind == "capture" else "response"


def key_place(mapping: object, key: str) -> Place | None:
    """Where *key* of a mapping that a file holds stands."""
    return mapping.keys_at.get(key) if isinstance(mapping, Map) else None


def names_in(uses: Iterable[Use], root: str) -> set[str]:
    """The names behind *root*; `*` when all of them are read."""
    return {use.path[1] if len(use.path) > 1 else "*" for use in uses if use.path[0] == root}
