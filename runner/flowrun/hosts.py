"""Which origins a flow may contact."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .errors import FlowError, located
from .place import place_of
from .scope import Undefined
from .secret import reveal
from .taint import Unknown
from .template import Scope, leaves
from .urls import Hole, checked, fill, origin

RUN = ("steps", "callback", "saved")
"""What only a run can tell."""


class HostRule:
    """The origins that stand in a recipe, and its `hosts`; raises `FlowError` E205, E214."""

    def __init__(self, origins: Iterable[str], patterns: Iterable[str]) -> None:
        self.origins = frozenset(origins)
        self._patterns = [_pattern(pattern) for pattern in patterns]

    def allows(self, url: str) -> bool:
        found = origin(url)
        return found in self.origins or any(each.fullmatch(found) for each in self._patterns)

    def check(self, *urls: str) -> None:
        """Raise `FlowError` E213, with the line that would allow them, unless all are allowed."""
        if refused := list(dict.fromkeys(origin(url) for url in urls if not self.allows(url))):
            hosts = [each.removeprefix("https://") for each in refused]
            entries = ", ".join(map(entry, refused))
            hint = f"If it is meant to, add to the flow:\n  hosts: [{entries}]"
            raise FlowError("E213", f"the flow may not contact {' and '.join(hosts)}", hint=hint)


def entry(found: str) -> str:
    """The origin *found* as an entry of `hosts`."""
    host = found.removeprefix("https://")
    return host if re.fullmatch(r"[a-z0-9.-]+", host) else f'"{found}"'


def _pattern(text: str) -> re.Pattern[str]:
    with located(place_of(text)):
        found = re.fullmatch(r"(https?://)?(\*\.)?([^/?#*]+)/?", text)
        if not found or (found[2] and "." not in found[3]):
            hint = "Write a host, or *.example.com: one label, and two that are written out."
            raise FlowError("E205", f"hosts cannot hold {str(text)!r}", hint=hint)
        label = "x." if found[2] else ""
        exact = re.escape(origin(checked(f"{found[1] or 'https://'}{label}{found[3]}")))
        return re.compile(exact.replace("//x", "//[a-z0-9-]+", 1) if label else exact)


def literal_origin(text: str, scope: Scope) -> str | None:
    """
    The origin of the URL *text* if only literals, inputs and vars of such decide it.

    None when a step, a callback, an answer or the record does: then only `hosts` can allow it.
    """
    unknown = {root: Unknown(root) for root in RUN}
    inputs = Scope({"inputs": scope.values.get("inputs", {}), **unknown}, scope.vars)
    parts: list[str | Hole] = []
    try:
        for part in leaves(text, inputs):
            if isinstance(part, Hole) and isinstance(part.value, Unknown):
                return None
            parts.append(part)
            so_far = "".join(part if isinstance(part, str) else "x" for part in parts)
            if isinstance(parts[0], Hole) or re.match("[a-z]+://[^/?#]*[/?#]", so_far):
                break
        if not any(reveal(it.value) if isinstance(it, Hole) else it for it in parts):
            return None  # there is no such endpoint
        with located(place_of(text)):
            return origin(str(reveal(fill(parts))))
    except Undefined:
        return None
