"""Tokens for those who know nothing of flowrun: each format makes a text of an `Exported`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import kubernetes, requests, variables, webmethods
from .exported import Client, Exported, ends_at, exported_from, refuse_bound

__all__ = [
    "FORMATS",
    "HANDED_OVER",
    "Client",
    "Exported",
    "Format",
    "ends_at",
    "exported_from",
    "refuse_bound",
]

HANDED_OVER = ("dotenv", "env", "json", "k8s-secret", "webmethods")
"""The formats that have a place for a refresh token."""

Format = Callable[[Exported], str]

FORMATS: Mapping[str, Format] = {
    "curl": requests.curl,
    "dotenv": variables.dotenv,
    "env": variables.env,
    "header": requests.header,
    "json": requests.as_json,
    "k8s-secret": kubernetes.k8s_secret,
    "kubectl": kubernetes.kubectl,
    "webmethods": webmethods.webmethods,
}
