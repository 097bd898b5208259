"""Ask a person, who answers in words or picks one of several."""

from __future__ import annotations

from ..errors import ProviderError
from ..message import Request
from ..secret import Secret, reveal
from ..services import Outputs, Services
from .kind import Options

URLS = frozenset[str]()
LATE = frozenset[str]()


def run(options: Options, services: Services) -> Outputs:
    choices = reveal(options.get("choices", []))
    words = [str(choice) for choice in choices] if isinstance(choices, list) else []
    if "choices" in options and not words:
        raise ProviderError("E507", "there is nothing to choose from", place=options.step.place)
    secret = options.get("secret") is True
    if len(words) == 1:
        answer = words[0]
    else:
        answer = services.person.ask(options.plain("text"), secret=secret, choices=words)
        while words and answer not in words:
            answer = services.person.ask("one of these, please", choices=words)
    return {"answer": Secret(answer) if secret else answer}


def preview(options: Options) -> Request | None:
    return None
