"""The one way to write a flow file down, with nothing changed of what it says."""

from __future__ import annotations

import json

from .document import Map, parse, plain
from .errors import FlowError, FlowrunError
from .layout import laid_out
from .load import refuse_other_language
from .order import Shape
from .place import Source
from .scan import read
from .syntax import Syntax


def formatted(source: Source) -> str:
    """
    The text of *source*, formatted; it says the same, by the reader that runs flows.

    Raises:
        FlowError: it cannot be read, or is no flow.
        FlowrunError: what came out would say something else (E300).
    """
    source = source._replace(text=source.text.removeprefix("\ufeff"))
    document = _flow(source)
    try:
        syntax = read(source)
        shape = Shape.of_flows(fixed=syntax.anchored)
        text = laid_out(syntax, shape)
        same = _says(Source("", text), document, syntax, shape)
    except RecursionError:
        raise FlowError("E202", f"{source.name} is nested too deeply") from None
    if not same:
        message = f"{source.name} would say something else when formatted, so it stays as it is"
        raise FlowrunError("E300", message, hint="Please report it, with the file if you may.")
    return text


def _flow(source: Source) -> Map:
    document = parse(source)
    refuse_other_language(document)
    if "flowrun" not in document:
        hint = "Write `flowrun: 1` first."
        raise FlowError(
            "E207", "a flow file needs a key 'flowrun'", hint=hint, place=document.place
        )
    return document


def _says(source: Source, document: Map, syntax: Syntax, shape: Shape) -> bool:
    """Whether *source* means what *document* does, and holds each comment of *syntax*."""
    try:
        found, again = plain(parse(source)), read(source)
    except FlowError:
        return False
    # As texts, since to Python 1 is True.
    meant = json.dumps(shape.rearranged(plain(document)))
    return json.dumps(found) == meant and sorted(again.comments) == sorted(syntax.comments)
