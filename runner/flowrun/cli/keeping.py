"""The command that stays."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import completion
from ..errors import FlowError
from ..settings import Settings
from .app import app
from .options import NamesOrAll, Tokens, Verbose, seconds

Notify = Annotated[
    list[str] | None,
    typer.Option(
        "--notify",
        metavar="WAY",
        help="How a person is asked: desktop, command:CMD or https://...; also $FLOWRUN_NOTIFY.",
        autocompletion=completion.ways,
    ),
]
Warn = Annotated[
    str,
    typer.Option(
        "--warn", metavar="TIME", help="Ask so long before a grant ends that no refresh renews."
    ),
]
Jobs = Annotated[
    int,
    typer.Option("--jobs", metavar="N", min=1, max=100, help="How many refreshes at once."),
]
Lines = Annotated[bool, typer.Option("--json", help="Print each event as JSON, one a line.")]


@app.command()
def keep(
    names: NamesOrAll = None,
    all_: Annotated[
        bool, typer.Option("--all", help="All records, also those that come later.")
    ] = False,
    notify: Notify = None,
    warn: Warn = "3d",
    jobs: Jobs = 8,
    tokens: Tokens = None,
    json: Lines = False,
    verbose: Verbose = False,
) -> int:
    """Stay and refresh records in time, until SIGTERM or Ctrl-C. Never opens a browser."""
    if bool(names) == all_:
        raise FlowError("E219", "which records?", hint="Name them, or say --all.")
    settings = Settings(tokens=tokens, verbose=verbose, no_input=True)
    from ..commands import keep as command

    return command.keep(
        names or [], settings, notify=notify or [], jobs=jobs, warn_s=seconds(warn) or 0, json=json
    )
