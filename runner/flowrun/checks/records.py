"""The names under which a flow's records will be saved."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..document import Node, plain
from ..errors import FlowError, Problem
from ..fit import coerce
from ..flow import Flow, Input
from ..inputs import record_name
from ..place import Place, place_of
from ..profiles import lending
from ..record import NAME, NAMES
from ..secret import Value
from ..taint import Unknown
from ..template import Scope
from .reading import Reading, key_place


def save_names(reading: Reading) -> Iterator[Problem]:
    """E220 for names that cannot be those of files, E231 for profiles that share one."""
    flow = reading.flow
    saved: dict[str, str] = {}
    lent = lending(flow.document)  # which others extend, and nobody runs beside them
    for profile in [*flow.profiles, ""]:
        place = key_place(flow.document.get("profiles"), profile) or place_of(flow.save)
        try:
            name = record_name(flow, _known(flow, profile), profile)
        except FlowError as error:
            yield from (each for each in error.problems if each.code == "E222")
            continue
        if not NAME.fullmatch(re.sub("<[^<>]*>", "x", name)):
            yield Problem("E220", f"a record cannot be called {str(name)!r}", NAMES, place)
        elif profile and profile not in lent and not isinstance(name, Unknown):
            first = saved.setdefault(name.casefold(), profile)
            if first != profile:
                yield _shared(flow, first, profile, place)


def _shared(flow: Flow, first: str, second: str, place: Place | None) -> Problem:
    names = [str(record_name(flow, _known(flow, each), each)) for each in (first, second)]
    as_one = f"{names[0]!r}" if names[0] == names[1] else "names that differ in capitals alone"
    one, other = (flow.profiles[each] for each in (first, second))
    apart = [name for name in one if name in other and one[name] != other[name]]
    name = f"{flow.name}-{{{{ inputs.{apart[0]} }}}}" if apart else ""
    hint = f"Let `save` tell them apart: save: {name}" if name else "Let `save` read what differs."
    message = f"the profiles {first!r} and {second!r} are saved as {as_one}"
    return Problem("E231", message, hint, place)


def _known(flow: Flow, profile: str) -> Scope:
    """The inputs as far as the files tell."""
    values = {**flow.values, **flow.profiles.get(profile, {})}
    given = {
        name: _value(item, values.get(name, item.default)) for name, item in flow.inputs.items()
    }
    return Scope({"inputs": given}, flow.vars)


def _value(item: Input, value: Node) -> Value:
    if value is None or item.secret:
        return Unknown(f"inputs.{item.name}")
    try:
        return coerce(item, plain(value))
    except FlowError:
        return Unknown(f"inputs.{item.name}")
