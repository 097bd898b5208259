"""Tokens for those who know nothing of flowrun: each format makes a text of an `Exported`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import requests, variables
from .exported import Client, Exported, exported_from

__all__ = ["FORMATS", "Client", "Exported", "Format", "exported_from"]

Format = Callable[[Exported], str]

FORMATS: Mapping[str, Format] = {
    "curl": requests.curl,
    "dotenv": variables.dotenv,
    "env": variables.env,
    "header": requests.header,
    "json": requests.as_json,
}
