"""What the sandbox sends back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..secret import JSON


class Reply(NamedTuple):
    """What goes back: a page, JSON, a form or nothing."""

    status: int
    content: JSON = None
    location: str = ""
    page: str = ""
    headers: Mapping[str, str] = {}
    form: str = ""
