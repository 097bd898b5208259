"""The profiles of a flow, each with the values of those that it extends under its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .document import Map
from .errors import FlowError, Problem
from .merge import put
from .near import did_you_mean
from .place import place_of


def profiles_of(document: Map) -> dict[str, Map]:
    """
    The profiles that *document* holds.

    Raises:
        FlowError: one extends what is not there (E217), or itself (E211).
    """
    written = _written(document)
    if problems := [*_input_called_extends(document), *_dead_ends(written)]:
        raise FlowError.of(problems)
    return {name: _whole(name, written) for name in written}


def lending(document: Map) -> set[str]:
    """The profiles that others extend."""
    return {base for profile in _written(document).values() if (base := _base(profile))}


def _written(document: Map) -> dict[str, Map]:
    profiles = document.get("profiles")
    found = profiles.items() if isinstance(profiles, Map) else ()
    return {name: profile for name, profile in found if isinstance(profile, Map)}


def _base(profile: Map) -> str:
    base = profile.get("extends")
    return base if isinstance(base, str) else ""


def _lineage(name: str, profiles: Mapping[str, Map]) -> list[str]:
    """*name*, what it extends, and so on, up to what is not there or comes again."""
    chain = [name]
    while chain[-1] in profiles and (base := _base(profiles[chain[-1]])):
        chain.append(base)
        if base in chain[:-1]:
            break
    return chain


def _whole(name: str, profiles: Mapping[str, Map]) -> Map:
    own = profiles[name]
    result = Map(own.place)
    for each in reversed(_lineage(name, profiles)):
        for key in profiles[each]:
            put(result, key, profiles[each][key], profiles[each])
    result.pop("extends", None)
    return result


def _dead_ends(profiles: Mapping[str, Map]) -> Iterator[Problem]:
    for name, profile in profiles.items():
        base, lineage = profile.get("extends"), _lineage(name, profiles)
        if _base(profile) and base not in profiles:
            hint = did_you_mean(str(base), profiles) or f"There are {', '.join(profiles)}."
            yield Problem("E217", f"there is no profile {base!r}", hint, place_of(base))
        elif lineage[-1] == name == min(lineage) and lineage[1:]:  # a circle is told once
            message = f"profiles extend each other in a circle: {' -> '.join(lineage)}"
            yield Problem("E211", message, "", place_of(base))


def _input_called_extends(document: Map) -> Iterator[Problem]:
    inputs = document.get("inputs")
    if isinstance(inputs, Map) and "extends" in inputs:
        message = "an input cannot be called 'extends': in a profile that names another profile"
        yield Problem("E216", message, "Call the input something else.", inputs.keys_at["extends"])
