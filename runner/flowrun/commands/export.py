"""`flowrun export`: a token in the form that somebody else takes."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..console import Console
from ..errors import FlowError, StoreError
from ..exports import FORMATS, HANDED_OVER, Exported, Format
from ..exports.kubernetes import asked_version, kubectl
from ..leaving import Asked, hand_over, leaving
from ..naming import name_of
from ..near import did_you_mean
from ..place import Source
from ..secret import JSON
from ..session import Session
from ..settings import Settings
from ..stores import private
from .each import each

OWNERS = (
    "A refresh token that rotates has one owner: if two use it, each ends the other's grant, and a "
    "person has to consent again."
)

KEPT = (
    f"{OWNERS} So it is left out, and webMethods cannot refresh with what is here. With "
    "--hand-over it is webMethods', and flowrun uses it no more."
)


def export(
    name: str,
    settings: Settings,
    asked: Asked,
    *,
    form: str,
    template: Path | None,
    output: Path | None = None,
    handed: bool = False,
) -> int:
    """
    Print the token of the record *name*, or write it to *output*, in that *form* or as *template*
    says.

    With *handed*, its refresh token leaves, too, and nothing here uses it any more.
    """
    console = Console(verbose=settings.verbose)
    write = _written(form, template, handed=handed)
    asked = asked._replace(client=form == "webmethods" or bool(template and handed))

    def act(given: str) -> JSON:
        session = Session(settings, console)
        name = name_of(given, session)
        if output:
            _refuse_open(output)
        if handed:
            text = hand_over(name, session, asked, form=form or "template", write=write)
            note = _handed(name, session)
        else:
            exported = leaving(name, session, asked)
            text = write(exported)
            note = KEPT if form == "webmethods" and exported.withheld else ""
        _deliver(text, output, console)
        if note:
            console.tell(note)
        return None

    return each([name], act, console, json=False)


def _written(form: str, template: Path | None, *, handed: bool) -> Format:
    """What makes the text; raises `FlowError` where nothing does, or no refresh token fits in."""
    if template:
        return _templated(template)
    if form not in FORMATS:
        what = f"there is no format {form!r}" if form else "which format?"
        known = f"There are {', '.join(FORMATS)} and git, and --template FILE."
        raise FlowError("E219", what, hint=did_you_mean(form, [*FORMATS, "git"]) or known)
    if handed and form not in HANDED_OVER:
        hint = f"These have: {', '.join(HANDED_OVER)}, and --template FILE."
        raise FlowError("E236", f"{form} has no place for a refresh token", hint=hint)
    if form == "kubectl":
        version = asked_version(os.environ.get("KUBERNETES_EXEC_INFO", ""))
        return partial(kubectl, version=version)
    return FORMATS[form]


def _templated(path: Path) -> Callable[[Exported], str]:
    from ..exports.template import rendered

    try:
        source = Source(str(path), path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise FlowError("E237", f"cannot read {path}: {reason}") from None
    return partial(rendered, source=source)


def _refuse_open(output: Path) -> None:
    """Refuse a file that others could read, before a token is refreshed or handed over for it."""
    if private.read(output) is None:
        private.refuse_tracked(output)


def _deliver(text: str, output: Path | None, console: Console) -> None:
    if output is None:
        console.answer_as_it_is(text)
        return
    try:
        private.write(output, text.encode())
    except StoreError as error:
        hint = "Choose another file with --output, or make its folder."
        raise StoreError(error.code, str(error), hint=hint) from None


def _handed(name: str, session: Session) -> str:
    return (
        f"{name}: the refresh token was handed over, and is not used here any more. {OWNERS} "
        f"To take it back with a new consent: flowrun run {session.record(name).meta.get('file')}"
    )
