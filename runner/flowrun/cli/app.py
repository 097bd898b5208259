"""The program that typer runs; the other modules add commands to it."""

from __future__ import annotations

from typing import Annotated

import typer

from ..version import __version__


def _end(status: int, **_: object) -> None:
    raise typer.Exit(status)


app = typer.Typer(
    result_callback=_end,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turn a YAML recipe into an OAuth token file, and keep it fresh.\n\n"
    "`flowrun FLOW` is short for `flowrun run FLOW`. FLOW is a file (with a slash, or ending in "
    ".yaml) or the name of a shipped recipe. NAME is a record, as `flowrun status` lists them.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"flowrun {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
]


@app.callback()
def flowrun(version: Version = False) -> None:
    """What every command shares: nothing but the version."""
