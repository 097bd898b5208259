"""Commands that are about records."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import FlowError
from ..settings import Settings
from .app import app
from .options import (
    Field,
    Jobs,
    Json,
    MinTtl,
    Name,
    Named,
    Names,
    NamesOrAll,
    Profile,
    Sandbox,
    Set,
    SomeNames,
    Tokens,
    Verbose,
    WriteBack,
    given,
    seconds,
)

STATUS_FORMATS = ("text", "json", "prometheus")


@app.command()
def token(
    name: Name,
    min_ttl: MinTtl = None,
    named: Named = "",
    field: Field = "access_token",
    set_: Set = None,
    profile: Profile = "",
    sandbox: Sandbox = False,
    tokens: Tokens = None,
    json: Json = False,
    verbose: Verbose = False,
) -> int:
    """Print the access token, refreshed first if it is due."""
    settings = Settings(
        tokens=tokens,
        sandbox=sandbox,
        given=given(set_),
        profile=profile,
        verbose=verbose,
        no_input=True,
    )
    from ..commands import token as command

    return command.token(
        name, settings, named=named, field=field, min_ttl_s=seconds(min_ttl), json=json
    )


@app.command()
def status(
    names: SomeNames = None,
    warn: Annotated[
        str | None,
        typer.Option("--warn", metavar="TIME", help="Count what ends for good within this time."),
    ] = None,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(STATUS_FORMATS),
            help="How to tell it; prometheus is its text format.",
            autocompletion=lambda: [*STATUS_FORMATS],
        ),
    ] = "text",
    sandbox: Sandbox = False,
    tokens: Tokens = None,
    json: Json = False,
) -> int:
    """Say how long each token lives. Exit status 8 when something needs a person."""
    from ..commands import status as command

    settings, form = Settings(tokens=tokens, sandbox=sandbox), "json" if json else format_
    return command.status(names or [], settings, format=form, warn_s=seconds(warn))


@app.command()
def refresh(
    names: NamesOrAll = None,
    all_: Annotated[bool, typer.Option("--all", help="All records.")] = False,
    due: Annotated[bool, typer.Option("--due", help="Only those that are due.")] = False,
    within: Annotated[
        str | None,
        typer.Option("--within", metavar="TIME", help="Only those that end within this time."),
    ] = None,
    write_back: WriteBack = "",
    jobs: Jobs = 1,
    sandbox: Sandbox = False,
    tokens: Tokens = None,
    json: Json = False,
    verbose: Verbose = False,
) -> int:
    """Refresh the records named, or with --all, --due or --within all that there are."""
    if not (names or all_ or due or within):
        raise FlowError(
            "E219", "which records?", hint="Name them, or say --all, --due or --within 10m."
        )
    if write_back and sandbox:
        message, hint = "the sandbox writes nothing back", "Leave --sandbox or --write-back out."
        raise FlowError("E219", message, hint=hint)
    settings = Settings(tokens=tokens, sandbox=sandbox, verbose=verbose, no_input=True)
    from ..commands import refresh as command

    only, within_s = due or bool(within), seconds(within)
    return command.refresh(
        *(names or [], settings),
        due_only=only, within_s=within_s, write_back=write_back, jobs=jobs, json=json,
    )  # fmt: skip


@app.command()
def verify(
    names: NamesOrAll = None,
    all_: Annotated[bool, typer.Option("--all", help="All records.")] = False,
    jobs: Jobs = 1,
    sandbox: Sandbox = False,
    tokens: Tokens = None,
    json: Json = False,
    verbose: Verbose = False,
) -> int:
    """Ask the provider whether the tokens work."""
    if bool(names) is all_:
        raise FlowError("E219", "which records?", hint="Name them, or say --all.")
    settings = Settings(tokens=tokens, sandbox=sandbox, verbose=verbose, no_input=True)
    from ..commands import verify as command

    return command.verify(names or [], settings, jobs=jobs, json=json)


@app.command()
def revoke(
    names: Names,
    sandbox: Sandbox = False,
    tokens: Tokens = None,
    json: Json = False,
    verbose: Verbose = False,
) -> int:
    """End the grants at the provider. The records stay, and say so."""
    from ..commands import records as command

    return command.revoke(
        names, Settings(tokens=tokens, sandbox=sandbox, verbose=verbose, no_input=True), json=json
    )


@app.command()
def forget(names: Names, sandbox: Sandbox = False, tokens: Tokens = None) -> int:
    """Remove records here. The grants at the provider live on."""
    from ..commands import records as command

    return command.forget(names, Settings(tokens=tokens, sandbox=sandbox))
