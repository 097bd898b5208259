"""Secrets on their way to where they would be seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..errors import Problem
from ..flow import Step
from ..steps.kind import is_hidden
from ..template import Use
from .reading import Reading, steps_of

SEEN = {
    "authorize": ("url", "query", "fragment"),
    "capture": ("at", "issuer", "timeout"),
    "ask": ("text",),
    "show": ("text",),
}
"""Options that a person, a browser or its history keep."""
TOKENS = ("access_token", "refresh_token", "id_token")


def saved_secrets(reading: Reading) -> Iterator[Problem]:
    """E220: secrets in the name of a record or of a file, or kept in a record for all to read."""
    shown = *reading.save, *reading.keep, *reading.also_files
    for name, use in secret_inputs(reading, shown):
        message = f"`save` would show the secret {name!r}"
        yield Problem("E220", message, "Make it from inputs that are none.", use.place(1))


def seen_secrets(reading: Reading) -> Iterator[Problem]:
    """E222: secrets where they would be shown."""
    for step in steps_of(reading.flow):
        if step.kind not in SEEN:
            continue
        what, hint = f"`{step.kind}`", ""
        if step.kind == "authorize":
            what = "the authorization URL"
            hint = "A browser keeps it in its history; what is secret goes into the token request."
        keys = SEEN[step.kind]
        planned = reading.rendered[0].get((step.section, step.id))
        hidden = planned and (planned.before or is_hidden(planned.options))
        if step.kind == "authorize" and hidden:  # what is handed in, or closed, no browser keeps
            keys = ("url", "fragment")
        for name, use in secret_inputs(reading, reading.of(step, *keys), step):
            yield Problem("E222", f"{what} would show the secret {name!r}", hint, use.place(1))


def url_secrets(reading: Reading, step: Step, keys: Iterable[str]) -> Iterator[tuple[str, Use]]:
    """Secret inputs, and tokens, in options that end up in a URL, which servers write down."""
    uses = reading.of(step, *keys)
    yield from secret_inputs(reading, uses, step)
    for use in uses:
        if use.path[0] in ("saved", "steps") and use.path[-1] in TOKENS:
            yield ".".join(use.path), use


def secret_inputs(
    reading: Reading, uses: Iterable[Use], step: Step | None = None
) -> Iterator[tuple[str, Use]]:
    """The secret inputs that *uses* read, through vars and steps `set`, too, and who of *uses*."""
    for use in uses:
        for inner in reading.through(use):
            root, name, key = (*inner.path, "", "")[:3]
            item = reading.flow.inputs.get(name)
            if root == "inputs" and item and item.secret:
                yield name, use
            elif root == "steps" and step:
                for earlier in _sets(reading, step, name):
                    values = reading.of(earlier, key) if key else reading.of(earlier)
                    yield from ((each, use) for each, _ in secret_inputs(reading, values, earlier))


def _sets(reading: Reading, step: Step, name: str) -> Iterator[Step]:
    """The step `set` called *name* before *step*."""
    for each in reading.flow.steps(step.section):
        if each.id == step.id:
            return
        if each.kind == "set" and each.id == name:
            yield each
