"""Commands that are about where records are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import FlowError
from ..settings import Settings
from ..stores.vaults import KINDS
from .app import app
from .options import Json, Names, Sandbox, Tokens


@app.command()
def move(
    names: Names,
    store: Annotated[
        str,
        typer.Option(
            "--store",
            metavar="|".join(KINDS),
            help="How to keep them from now on.",
            autocompletion=lambda: [*KINDS],
        ),
    ] = "",
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="The folder to move them to.")
    ] = None,
    sandbox: Sandbox = False,
    tokens: Tokens = None,
    json: Json = False,
) -> int:
    """Move records to another store, with what lies beside them."""
    if not store and to is None:
        hint = f"Say --store {'|'.join(KINDS)}, or --to DIR, or both."
        raise FlowError("E219", "move where?", hint=hint)
    settings = Settings(tokens=tokens, sandbox=sandbox, no_input=True)
    from ..commands import move as command

    return command.move(names, settings, kind=store, to=to, json=json)


@app.command()
def key(
    make: Annotated[
        bool, typer.Option("--make", help="Make one, in the keyring or in a new file.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="The file for a new key.")
    ] = None,
    json: Json = False,
) -> int:
    """Show whom records are encrypted to, and where the key is. Needs the extra `age`."""
    if file and not make:
        raise FlowError("E219", "--file is for a new key", hint="Say --make, too.")
    from ..commands import key as command

    return command.key(make=make, file=file, json=json)
