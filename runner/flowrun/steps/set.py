"""Compute values once, for later steps."""

from __future__ import annotations

from ..document import Map
from ..message import Request
from ..services import Outputs, Services
from .kind import Options

URLS = frozenset[str]()
LATE = frozenset[str]()


def run(options: Options, services: Services) -> Outputs:
    return {name: options.get(name) for name in options.step.options}


def preview(options: Options) -> Request | None:
    return None


def hands_on(options: Map) -> frozenset[str] | None:
    return frozenset(options)
