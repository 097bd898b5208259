"""The names under which a flow's records will be saved."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..beside import path_of
from ..document import Node, plain
from ..errors import FlowError, Problem
from ..fit import coerce
from ..flow import Also, Flow, Input
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


def also_files(reading: Reading) -> Iterator[Problem]:
    """E220 for paths where no file of `also` can be, E231 for two that share one."""
    flow = reading.flow
    lent, written = lending(flow.document), dict[str, tuple[str, Also]]()
    for profile in [each for each in [*flow.profiles, ""] if each not in lent]:
        for also in flow.also:
            try:
                path = path_of(also, _known(flow, profile))
            except FlowError as error:
                yield from (each for each in error.problems if each.code == "E220")
                continue
            first, other = written.setdefault(path.casefold(), (profile, also))
            if other is not also:
                message, hint = f"two files of `also` are {path!r}", "Give each a name of its own."
                yield Problem("E231", message, hint, place_of(also.file))
            elif profile and first != profile:
                yield _both_write(path, first, profile, also)


def _both_write(path: str, first: str, second: str, also: Also) -> Problem:
    message = f"the profiles {first!r} and {second!r} both write to {path!r}"
    hint = "Let `file` read what differs, as `save` does."
    return Problem("E231", message, hint, place_of(also.file))


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
