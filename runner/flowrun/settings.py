"""What the command line says; apart, since help and errors of usage need no more than this."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Settings(NamedTuple):
    """What the command line and the environment say about the world."""

    tokens: Path | None = None
    sandbox: bool = False
    no_input: bool = False
    no_browser: bool = False
    verbose: bool = False
    given: Mapping[str, str] = {}  # --set
    profile: str = ""
    alone: bool = True  # the command is about one record
