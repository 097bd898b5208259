"""The step kinds. To add one: write a module, add a line here, add it to the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from .kind import StepKind

if TYPE_CHECKING:  # that each is a kind is for the type checker to say
    from . import (
        ask,
        authorize,
        capture,
        ciba,
        device,
        http,
        jwt,
        metadata,
        register,
        set,
        show,
        token,
    )

    KNOWN: dict[str, StepKind] = {
        "ask": ask,
        "authorize": authorize,
        "capture": capture,
        "ciba": ciba,
        "device": device,
        "http": http,
        "jwt": jwt,
        "metadata": metadata,
        "register": register,
        "set": set,
        "show": show,
        "token": token,
    }

NAMES = (
    *("ask", "authorize", "capture", "ciba", "device", "http"),
    *("jwt", "metadata", "register", "set", "show", "token"),
)


class Kinds(Mapping[str, StepKind]):
    """Every kind by its name, each loaded when a flow has a step of it."""

    def __getitem__(self, name: str) -> StepKind:
        if name not in NAMES:
            raise KeyError(name)
        module: StepKind = import_module(f".{name}", __name__)
        return module

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


KINDS = Kinds()
