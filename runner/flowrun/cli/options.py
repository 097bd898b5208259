"""What several commands take, and how a word of it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import completion
from ..errors import FlowError

Flows = Annotated[
    list[str],
    typer.Argument(
        metavar="FLOW...",
        help="Flow files, or shipped recipes.",
        autocompletion=completion.flows,
    ),
]


FlowName = Annotated[
    str,
    typer.Argument(
        metavar="FLOW",
        help="A flow file, or a shipped recipe.",
        autocompletion=completion.flows,
    ),
]
Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A record, or the flow that makes it.",
        autocompletion=completion.records,
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
NamesOrAll = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME...]",
        help="Records, or the flows that make them; all with --all.",
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
MinTtl = Annotated[
    str | None,
    typer.Option("--min-ttl", metavar="TIME", help="Refresh unless it lives this much longer."),
]
Named = Annotated[
    str,
    typer.Option(
        "--named",
        metavar="TOKEN",
        help="Another token that the record keeps.",
        autocompletion=completion.named,
    ),
]
Field = Annotated[
    str,
    typer.Option(
        "--field",
        metavar="FIELD",
        help="Another field of the answer, such as id_token.",
        autocompletion=completion.fields,
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

WriteBack = Annotated[
    str,
    typer.Option(
        "--write-back",
        metavar="CMD",
        help="Give each record that changes to this shell command, on stdin.",
    ),
]
Jobs = Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="So many at once.")]


def given(pairs: list[str] | None) -> dict[str, str]:
    for pair in pairs or []:
        if "=" not in pair:
            message, hint = (
                f"--set takes INPUT=VALUE, not {pair!r}",
                "For example --set scope=read.",
            )
            raise FlowError("E219", message, hint=hint)
    return dict(pair.split("=", 1) for pair in pairs or [])


def seconds(text: str | None) -> float | None:
    if not text:
        return None
    from ..steps.kind import UNITS_S, seconds_of

    if not (text.isdigit() or (text[:-1].isdigit() and text[-1] in UNITS_S)):
        raise FlowError("E219", f"{text!r} is no duration", hint="For example 90s, 10m, 2h or 1d.")
    return seconds_of(text, 0)
