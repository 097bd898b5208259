"""Everything that is wrong with a flow, as far as that can be said before it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..document import Map
from ..errors import FlowError, Problem
from ..flow import Flow
from . import asked, identity, inputs, login, names, reach, records, secrets, steps, texts
from .reading import Reading, names_in

CHECKS: tuple[Callable[[Reading], Iterator[Problem]], ...] = (
    texts.unreadable,
    texts.partly_braced,
    texts.other_languages,
    names.unknown,
    names.circles,
    names.unread_vars,
    names.unread_inputs,
    reach.out_of_reach,
    inputs.variables,
    inputs.patterns,
    inputs.shown_secrets,
    inputs.unfit,
    asked.details,
    steps.needed,
    steps.published,
    steps.sent_once,
    steps.never,
    steps.hosts,
    login.verifier,
    login.redirect,
    login.untied,
    identity.unproven,
    identity.unbound,
    identity.nameless,
    records.save_names,
    records.also_files,
    secrets.saved_secrets,
    secrets.seen_secrets,
)


def check(flow: Flow) -> Reading:
    """
    Refuse *flow* when something in it cannot work; what its templates read.

    Raises:
        FlowError: all that was found, in the order of the files.
    """
    reading = Reading(flow)
    found = [problem for look in CHECKS for problem in look(reading)]
    told = {problem.place for problem in found}
    found += [problem for problem in steps.requests(reading) if problem.place not in told]
    if found:
        raise FlowError.of(inputs.masked(reading, found))
    return reading


def unset_vars(reading: Reading, *, base: bool = False) -> Iterator[Problem]:
    """Vars that nobody has set; a *base* leaves those of its own file to others."""
    flow, read = reading.flow, names_in(reading.all(), "vars")
    for name, value in flow.vars.items():
        at = flow.vars.keys_at[name] if isinstance(flow.vars, Map) else None
        left = base and at is not None and at.source.name == flow.files[0]
        if value is None and name in read and not left:
            place = flow.document.keys_at.get("extends") or flow.document.place
            hint = f"Add: vars: {{{name}: ...}}"
            yield Problem("E212", f"the var {name!r} must be set", hint, place)
