"""What is said while it goes on: a line for each event, for people or for programs."""

from __future__ import annotations

import json
import time

from ..console import Console
from ..secret import JSON
from .outlook import Reason


class Voice:
    """Lines of talk on stderr, or, for programs, one JSON object a line on stdout."""

    def __init__(self, console: Console, *, as_json: bool) -> None:
        self._console, self._as_json = console, as_json

    def say(self, event: str, text: str, *, name: str = "", **facts: JSON) -> None:
        """
        Tell *event*, in one line.

        Args:
            event: what has happened, in a word for programs.
            text: the same for people.
            name: the record that it is about.
            facts: what programs read besides.
        """
        text = " ".join(text.split())
        if not self._as_json:
            self._console.tell(f"{name}: {text}" if name else text)
            return
        about: dict[str, JSON] = {"name": name} if name else {}
        line = {"at": int(time.time()), "event": event, **about, "message": text, **facts}
        self._console.answer(json.dumps(line))

    def trouble(self, event: str, name: str, reason: Reason, more: str = "") -> None:
        """Tell that something went wrong."""
        parts = [f"error {reason.code}: {reason.message}", reason.hint, more]
        text = "; ".join(part.strip().rstrip(".") for part in parts if part)
        self.say(event, text, name=name, code=reason.code)
