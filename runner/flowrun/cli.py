"""The command line: parses words, calls a command, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import __version__, completion
from .commands.report import REPORTERS
from .errors import FlowError
from .library import COMMANDS
from .settings import Settings


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

Flows = Annotated[
    list[str],
    typer.Argument(
        metavar="FLOW...",
        help="Flow files, or shipped recipes.",
        autocompletion=completion.flows,
    ),
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"flowrun {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
]
FlowName = Annotated[
    str,
    typer.Argument(
        metavar="FLOW",
        help="A flow file, or a shipped recipe.",
        autocompletion=completion.flows,
    ),
]
Names = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME...",
        help="Records, or the flows that make them.",
        autocompletion=completion.records,
    ),
]
SomeNames = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME...]",
        help="Records; all when none is named.",
        autocompletion=completion.records,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="INPUT=VALUE", help="Give an input a value (never a secret)."),
]
Profile = Annotated[
    str,
    typer.Option(
        "--profile",
        "-p",
        metavar="NAME",
        help="Take the inputs from this profile of the flow.",
        autocompletion=completion.profiles,
    ),
]
Tokens = Annotated[
    Path | None,
    typer.Option(
        "--tokens", metavar="DIR", help="Where records are; else $FLOWRUN_TOKENS, else tokens/."
    ),
]
Sandbox = Annotated[
    bool,
    typer.Option(
        "--sandbox", help="Use the embedded provider, and its own records; nothing real is touched."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Tell every request, masked, on stderr.")
]
NoInput = Annotated[
    bool,
    typer.Option("--no-input", help="Never ask anybody; exit with 8 where a person is needed."),
]


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


def _given(pairs: list[str] | None) -> dict[str, str]:
    for pair in pairs or []:
        if "=" not in pair:
            message, hint = (
                f"--set takes INPUT=VALUE, not {pair!r}",
                "For example --set scope=read.",
            )
            raise FlowError("E219", message, hint=hint)
    return dict(pair.split("=", 1) for pair in pairs or [])


def _seconds(text: str | None) -> float | None:
    if not text:
        return None
    from .steps.kind import UNITS_S, seconds_of

    if not (text.isdigit() or (text[:-1].isdigit() and text[-1] in UNITS_S)):
        raise FlowError("E219", f"{text!r} is no duration", hint="For example 90s, 10m, 2h or 1d.")
    return seconds_of(text, 0)


@app.callback()
def flowrun(version: Version = False) -> None:
    """What every command shares: nothing but the version."""


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
        verbose=verbose, given=_given(set_), profile=profile,
    )  # fmt: skip
    if dry_run:
        from .commands import explain as dry

        return dry.dry_run(flows, settings)
    from .commands import run as command

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
        from .commands.resolved import print_resolved

        return print_resolved(flows[0])
    from .commands import check as command

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
    from .commands import fmt as command

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
    from .commands.code import explain_code, is_code

    if is_code(flow):
        return explain_code(flow, json=json)
    settings = Settings(tokens=tokens, given=_given(set_), profile=profile, no_input=True)
    from .commands import explain as command

    return command.explain(flow, settings, json=json)


@app.command()
def token(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A record, or the flow that makes it.",
            autocompletion=completion.records,
        ),
    ],
    min_ttl: Annotated[
        str | None,
        typer.Option("--min-ttl", metavar="TIME", help="Refresh unless it lives this much longer."),
    ] = None,
    named: Annotated[
        str,
        typer.Option("--named", metavar="TOKEN", help="Another token that the record keeps."),
    ] = "",
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
        given=_given(set_),
        profile=profile,
        verbose=verbose,
        no_input=True,
    )
    from .commands import token as command

    return command.token(name, settings, named=named, min_ttl_s=_seconds(min_ttl), json=json)


@app.command()
def status(
    names: SomeNames = None, sandbox: Sandbox = False, tokens: Tokens = None, json: Json = False
) -> int:
    """Say how long each token lives. Exit status 8 when something needs a person."""
    from .commands import status as command

    return command.status(names or [], Settings(tokens=tokens, sandbox=sandbox), json=json)


@app.command()
def refresh(
    names: SomeNames = None,
    all_: Annotated[bool, typer.Option("--all", help="All records.")] = False,
    due: Annotated[bool, typer.Option("--due", help="Only those that are due.")] = False,
    within: Annotated[
        str | None,
        typer.Option("--within", metavar="TIME", help="Only those that end within this time."),
    ] = None,
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
    settings = Settings(tokens=tokens, sandbox=sandbox, verbose=verbose, no_input=True)
    from .commands import refresh as command

    return command.refresh(
        names or [], settings, due_only=due or bool(within), within_s=_seconds(within), json=json
    )


@app.command()
def verify(
    names: Names,
    sandbox: Sandbox = False,
    tokens: Tokens = None,
    json: Json = False,
    verbose: Verbose = False,
) -> int:
    """Ask the provider whether the tokens work."""
    from .commands import records as command

    return command.verify(
        names, Settings(tokens=tokens, sandbox=sandbox, verbose=verbose, no_input=True), json=json
    )


@app.command()
def revoke(
    names: Names,
    sandbox: Sandbox = False,
    tokens: Tokens = None,
    json: Json = False,
    verbose: Verbose = False,
) -> int:
    """End the grants at the provider. The records stay, and say so."""
    from .commands import records as command

    return command.revoke(
        names, Settings(tokens=tokens, sandbox=sandbox, verbose=verbose, no_input=True), json=json
    )


@app.command()
def forget(names: Names, sandbox: Sandbox = False, tokens: Tokens = None) -> int:
    """Remove records here. The grants at the provider live on."""
    from .commands import records as command

    return command.forget(names, Settings(tokens=tokens, sandbox=sandbox))


@app.command()
def trust(flow: FlowName) -> int:
    """Allow a flow to read the files, commands and variables that its inputs' `from` names."""
    from .commands import others as command

    return command.trust(flow)


@app.command()
def sandbox(
    flow: FlowName,
    port: Annotated[int, typer.Option("--port", help="0 takes any free one.")] = 0,
    set_: Set = None,
    profile: Profile = "",
) -> int:
    """Serve the provider that a recipe describes, on loopback, until Ctrl-C."""
    settings = Settings(sandbox=True, given=_given(set_), profile=profile)
    from .commands import others as command

    return command.sandbox(flow, settings, port=port)


@app.command()
def schema(
    path: Annotated[bool, typer.Option("--path", help="Print where the schema is.")] = False,
) -> int:
    """Print the JSON schema of flow files, for editors."""
    from .commands import schema as command

    return command.schema(path=path)
