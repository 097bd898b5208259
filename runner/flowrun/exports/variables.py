"""A token as a variable of an environment: lines for a shell, and for a `.env` file."""

from __future__ import annotations

import re

from flowrun.errors import FlowError

from .exported import Exported, refuse_bound

PLAIN = re.compile(r"[A-Za-z0-9._~+/=:@%,-]+")
QUOTABLE = re.compile(r"[^\x00-\x1f\x7f'\\$`]+")
"""What stands for itself between single quotes, whoever reads the file."""


def env(exported: Exported) -> str:
    """Lines for `eval` in a POSIX shell."""
    refuse_bound(exported)
    from shlex import quote

    lines = [f"export {name}={quote(value)}" for name, value in exported.variables.items()]
    return "\n".join(lines) + "\n"


def dotenv(exported: Exported) -> str:
    """Lines of a `.env` file, which programs read by different rules; they agree on these."""
    refuse_bound(exported)
    lines = [f"{name}={_quoted(name, value)}" for name, value in exported.variables.items()]
    return "\n".join(lines) + "\n"


def _quoted(name: str, value: str) -> str:
    if PLAIN.fullmatch(value):  # without quotes, since `docker run --env-file` keeps them
        return value
    if QUOTABLE.fullmatch(value):
        return f"'{value}'"
    message = f"{name} has characters that each reader of a .env file takes differently"
    raise FlowError("E236", message, hint="Take another format: --format env or json.")
