"""Commands that give tokens to others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ..errors import FlowError
from ..exports import FORMATS
from ..settings import Settings
from .app import app
from .options import (
    Field,
    Json,
    MinTtl,
    Name,
    Named,
    Profile,
    Sandbox,
    Set,
    Tokens,
    Verbose,
    given,
    seconds,
)

GIT = "git"
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s/@:\[\]]+)(:\d+)?")
"""What git calls a host: with its port, if it has one, and without a scheme or a path."""

Var = Annotated[
    str,
    typer.Option(
        "--var", metavar="NAME", help="The variable that holds it; else the field in capitals."
    ),
]


Operation = Annotated[
    str, typer.Argument(metavar="[OPERATION]", help="What git wants; it says so itself.")
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar="|".join(sorted([*FORMATS, GIT])),
        help="The form that it leaves in.",
        autocompletion=lambda: sorted([*FORMATS, GIT]),
    ),
]
Template = Annotated[
    Path | None, typer.Option("--template", metavar="FILE", help="A Jinja template, instead.")
]
Host = Annotated[
    str, typer.Option("--host", metavar="HOST", help="With git: the one host to answer for.")
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a private file.")
]
HandOver = Annotated[
    bool,
    typer.Option("--hand-over", help="With the refresh token, which flowrun then uses no more."),
]


@app.command()
def export(
    name: Name,
    operation: Operation = "",
    format_: Format = "",
    template: Template = None,
    field: Field = "access_token",
    named: Named = "",
    var: Var = "",
    host: Host = "",
    min_ttl: MinTtl = None,
    output: Output = None,
    hand_over: HandOver = False,
    set_: Set = None,
    profile: Profile = "",
    sandbox: Sandbox = False,
    tokens: Tokens = None,
    json: Json = False,
    verbose: Verbose = False,
) -> int:
    """Print a token, refreshed first if it is due, in the form that others take."""
    settings = _settings(tokens, sandbox=sandbox, verbose=verbose, set_=set_, profile=profile)
    from ..leaving import Asked

    asked = Asked(field=field, named=named, var=var, min_ttl_s=seconds(min_ttl))
    others = {"--template": template, "--output": output, "--hand-over": hand_over, "--json": json}
    if format_ == GIT:
        _refuse_together(GIT, others)
        _refuse_url(host)
        from ..commands.credential import answer_git

        return answer_git(name, settings, asked, host=host, operation=operation)
    _refuse_together("this format", {"--host": host, operation: operation})
    _refuse_together("--template", {"--format": template and format_, "--json": template and json})
    from ..commands import export as command

    form = "json" if json else format_
    return command.export(
        name, settings, asked, form=form, template=template, output=output, handed=hand_over
    )


def _settings(
    tokens: Path | None, *, sandbox: bool, verbose: bool, set_: list[str] | None, profile: str
) -> Settings:
    return Settings(
        tokens=tokens,
        sandbox=sandbox,
        verbose=verbose,
        no_input=True,
        given=given(set_),
        profile=profile,
    )


def _refuse_together(with_: str, options: Mapping[str, object]) -> None:
    if wrong := [option for option, value in options.items() if value]:
        message = f"{wrong[0]} does not go with {with_}"
        raise FlowError("E219", message, hint="Leave one of the two out.")


def _refuse_url(host: str) -> None:
    """Refuse what git never asks for; it may hold a password, and is not shown."""
    if host and not HOST.fullmatch(host):
        hint = "For example gitlab.example, or gitlab.example:8443."
        raise FlowError("E219", "--host takes a host, and no URL or path", hint=hint)


@app.command(name="exec")
def exec_(
    name: Name,
    command: Annotated[
        list[str],
        typer.Argument(metavar="-- COMMAND...", help="A program and its arguments."),
    ],
    var: Var = "",
    field: Field = "access_token",
    named: Named = "",
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--also",
            metavar="NAME:VAR",
            help="The access token of another record, in that variable.",
        ),
    ] = None,
    min_ttl: MinTtl = None,
    set_: Set = None,
    profile: Profile = "",
    sandbox: Sandbox = False,
    tokens: Tokens = None,
    verbose: Verbose = False,
) -> int:
    """Run a command with a token in its environment, refreshed first if it is due."""
    settings = _settings(tokens, sandbox=sandbox, verbose=verbose, set_=set_, profile=profile)
    from ..commands.exec import Wanted, exec_command
    from ..leaving import Asked

    ttl_s = seconds(min_ttl)
    first = Wanted(name, Asked(field=field, named=named, var=var, min_ttl_s=ttl_s))
    others = [
        Wanted(other, Asked(var=variable, min_ttl_s=ttl_s))
        for other, variable in map(_record_and_variable, also or [])
    ]
    return exec_command(command, settings, [first, *others])


def _record_and_variable(text: str) -> tuple[str, str]:
    name, _, variable = text.rpartition(":")
    if not (name and variable):
        hint = "For example --also billing:BILLING_TOKEN."
        raise FlowError("E219", f"--also takes NAME:VAR, not {text!r}", hint=hint)
    return name, variable
