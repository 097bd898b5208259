"""The command line: parses words, calls a command, and nothing else."""

from __future__ import annotations

from ..library import COMMANDS
from . import exports, flows, keeping, records, stores
from .app import app

__all__ = ["app", "command_line", "exports", "flows", "keeping", "records", "stores"]

ORDER = (
    "run", "check", "explain", "fmt", "schema", "trust", "sandbox",
    "token", "status", "refresh", "keep", "verify", "revoke", "forget",
    "export", "exec", "move", "key",
)  # fmt: skip
"""The commands as `flowrun --help` lists them: about flows, about records, and for others."""

app.registered_commands.sort(
    key=lambda each: ORDER.index(each.name or getattr(each.callback, "__name__", ""))
)


def command_line(words: list[str]) -> None:
    """Run the command that *words* say, or `run` for a flow that they begin with, and exit."""
    first = next((word for word in words if not word.startswith("-")), None)
    if first is not None and first not in COMMANDS:
        words = ["run", *words]
    try:
        app(args=words, prog_name="flowrun")
    except SystemExit as status:
        # Typer makes statuses of its own of Ctrl-C and of a reader that left; `ending` tells them.
        cause: BaseException | None = status
        while cause and not isinstance(cause, (KeyboardInterrupt, BrokenPipeError)):
            cause = cause.__context__
        raise (cause or status) from None
