"""The step kinds. To add one: write a module, add a line here, add it to the schema."""

from __future__ import annotations

from . import ask, authorize, capture, device, http, jwt, set, show, token
from .kind import StepKind

KINDS: dict[str, StepKind] = {
    "ask": ask,
    "authorize": authorize,
    "capture": capture,
    "device": device,
    "http": http,
    "jwt": jwt,
    "set": set,
    "show": show,
    "token": token,
}
