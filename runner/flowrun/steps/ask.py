"""Ask a person, who answers in words or picks one of several."""

from __future__ import annotations

from collections.abc import Mapping

from ..document import Map
from ..errors import ProviderError
from ..message import Request
from ..secret import JSON, Secret, reveal
from ..services import Outputs, Services
from .kind import Options

URLS = frozenset[str]()
LATE = frozenset[str]()


def run(options: Options, services: Services) -> Outputs:
    offered = _offered(options)
    if "choices" in options and not offered:
        raise ProviderError("E507", "there is nothing to choose from", place=options.step.place)
    secret = options.get("secret") is True
    labels = list(offered)
    if len(labels) == 1:
        answer = labels[0]
    else:
        answer = services.person.ask(options.plain("text"), secret=secret, choices=labels)
        while labels and answer not in labels:
            answer = services.person.ask("one of these, please", choices=labels)
    value = offered.get(answer, answer)
    return {"answer": Secret(value) if secret else value, "label": answer if labels else None}


def preview(options: Options) -> Request | None:
    return None


def hands_on(options: Map) -> frozenset[str] | None:
    return frozenset({"answer", "label"})


def _offered(options: Options) -> dict[str, JSON]:
    """What each choice hands on, by what a person sees of it; names that repeat are numbered."""
    choices = reveal(options.get("choices", []))
    offered: dict[str, JSON] = {}
    for choice in choices if isinstance(choices, list) else []:
        label, value = _part(choice, options, "label"), _part(choice, options, "value")
        shown, count = str(label), 1
        while shown in offered:
            count += 1
            shown = f"{label} ({count})"
        offered[shown] = value
    return offered


def _part(choice: JSON, options: Options, key: str) -> JSON:
    if not isinstance(choice, Mapping):
        return choice
    part = choice.get(options.plain(key))
    if part is None:
        message = f"a choice has no {options.plain(key) or 'key that `' + key + '` names'}"
        raise ProviderError("E507", message, place=options.step.place)
    return part
