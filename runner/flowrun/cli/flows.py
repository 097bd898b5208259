"""Commands that are about flows."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import completion
from ..commands.report import REPORTERS
from ..errors import FlowError
from ..settings import Settings
from .app import app
from .options import FlowName, Flows, Json, NoInput, Profile, Sandbox, Set, Tokens, Verbose, given


@app.command()
def run(
    flows: Flows,
    set_: Set = None,
    profile: Profile = "",
    all_profiles: Annotated[
        bool, typer.Option("--all-profiles", help="Run every profile that no other one extends.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask for consent again, even with a good token.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Print the requests, masked, and send nothing.")
    ] = False,
    sandbox: Sandbox = False,
    no_input: NoInput = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Show the URL and open nothing.")
    ] = False,
    tokens: Tokens = None,
    json: Json = False,
    verbose: Verbose = False,
) -> int:
    """Bring tokens up to date, and print where they are. Asks for consent where only that helps."""
    settings = Settings(
        tokens=tokens, sandbox=sandbox, no_input=no_input, no_browser=no_browser,
        verbose=verbose, given=given(set_), profile=profile,
    )  # fmt: skip
    if dry_run:
        from ..commands import explain as dry

        return dry.dry_run(flows, settings)
    from ..commands import run as command

    return command.run(flows, settings, again=fresh, json=json, all_profiles=all_profiles)


@app.command()
def check(
    flows: Flows,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="|".join(REPORTERS),
            help="How to tell what was found.",
            autocompletion=lambda: [*REPORTERS],
        ),
    ] = "text",
    resolved: Annotated[
        bool,
        typer.Option("--resolved", help="Print the one flow named, with all that it extends."),
    ] = False,
    json: Json = False,
) -> int:
    """Say everything that is wrong with flows, whom they contact, and what they weaken."""
    if resolved:
        if len(flows) > 1 or json or format_ != "text":
            message, hint = "--resolved prints one flow, as YAML", "Leave the rest out."
            raise FlowError("E219", message, hint=hint)
        from ..commands.resolved import print_resolved

        return print_resolved(flows[0])
    from ..commands import check as command

    return command.check(flows, format="json" if json else format_)


@app.command()
def fmt(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Flow files of your own; - is stdin to stdout."),
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 2 unless all are formatted.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Write nothing; print what would change.")
    ] = False,
) -> int:
    """Format flow files, with their comments. Needs the extra `fmt`."""
    from ..commands import fmt as command

    return command.fmt(files, check=check, diff=diff)


@app.command()
def explain(
    flow: Annotated[
        str,
        typer.Argument(
            metavar="FLOW|CODE",
            help="A flow file, a shipped recipe, or the code of an error.",
            autocompletion=completion.flows_and_codes,
        ),
    ],
    set_: Set = None,
    profile: Profile = "",
    tokens: Tokens = None,
    json: Json = False,
) -> int:
    """
    Show where each value comes from, and every request with its values masked.

    `flowrun explain E209` says more about an error.
    """
    from ..commands.code import explain_code, is_code

    if is_code(flow):
        return explain_code(flow, json=json)
    settings = Settings(tokens=tokens, given=given(set_), profile=profile, no_input=True)
    from ..commands import explain as command

    return command.explain(flow, settings, json=json)


@app.command()
def trust(flow: FlowName) -> int:
    """
    Allow a flow to reach beyond its inputs and the token folder.

    It may then read the files, commands and variables that its inputs' `from` names, and write
    the files of `also` that are elsewhere.
    """
    from ..commands import others as command

    return command.trust(flow)


@app.command()
def sandbox(
    flow: FlowName,
    port: Annotated[
        int,
        typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes any free one."),
    ] = 0,
    set_: Set = None,
    profile: Profile = "",
) -> int:
    """Serve the provider that a recipe describes, on loopback, until Ctrl-C."""
    settings = Settings(sandbox=True, given=given(set_), profile=profile)
    from ..commands import others as command

    return command.sandbox(flow, settings, port=port)


@app.command()
def schema(
    path: Annotated[bool, typer.Option("--path", help="Print where the schema is.")] = False,
) -> int:
    """Print the JSON schema of flow files, for editors."""
    from ..commands import schema as command

    return command.schema(path=path)
