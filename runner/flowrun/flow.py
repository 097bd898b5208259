"""What a flow says, as plain values. Nothing here reads, sends or writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .document import Map, Node
from .place import Place

SECTIONS = ("steps", "refresh", "verify", "revoke")

MODIFIERS = ("id", "title", "if", "retry", "poll")


class Input(NamedTuple):
    """Something that differs from one tenant to the next."""

    name: str
    place: Place
    type: str = "text"
    help: str = ""
    example: Node = None
    pattern: str = ""
    choices: tuple[str, ...] = ()
    default: Node = None
    default_at: Place | None = None
    secret: bool = False
    optional: bool = False
    source: Mapping[str, Node] = {}


class Step(NamedTuple):
    """One step, with the defaults of its kind already under its own options."""

    section: str
    id: str
    kind: str
    options: Map
    modifiers: Map
    place: Place
    used_at: Place | None = None  # where `use` stands, when this is another section's step


class Also(NamedTuple):
    """A file beside the record; what is in it says one of *format* and *text*."""

    file: str
    format: str = ""
    text: str = ""


class Flow(NamedTuple):
    """A whole recipe, everything it extends merged in."""

    name: str
    document: Map
    files: tuple[str, ...]  # the names of the files it is made of, its own first
    inputs: Mapping[str, Input]
    values: Mapping[str, Node]
    profiles: Mapping[str, Mapping[str, Node]]
    vars: Mapping[str, Node]
    hosts: tuple[str, ...]
    sections: Mapping[str, tuple[Step, ...]]
    save: str
    keep: Mapping[str, Node]
    also: tuple[Also, ...]
    sandbox: Mapping[str, Node]

    @property
    def title(self) -> str:
        return str(self.document.get("title") or self.name)

    @property
    def file(self) -> str:
        """What a person names on the command line to run this flow."""
        return self.files[0].removeprefix("flowrun:")

    @property
    def setup(self) -> str:
        return str(self.document.get("setup") or "")

    def steps(self, section: str) -> tuple[Step, ...]:
        return self.sections.get(section, ())

    @property
    def needs_person(self) -> bool:
        """Whether a new token takes somebody's consent or answer."""
        return any(
            step.kind in ("ask", "capture", "ciba", "device") for step in self.steps("steps")
        )

    @property
    def token(self) -> Step | None:
        """The step that yields the record: the last token step without a name."""
        plain = [s for s in self.steps("steps") if s.kind == "token" and not s.options.get("name")]
        return plain[-1] if plain else None


def digest(document: Mapping[str, object]) -> str:
    """A digest of all that the recipe says, whatever the spelling of its files."""
    import json
    from hashlib import sha256

    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return f"sha256:{sha256(text.encode()).hexdigest()}"
