"""A token in a text of any kind, as a Jinja template says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

from flowrun.errors import FlowError
from flowrun.filters import FILTERS, apply
from flowrun.near import did_you_mean
from flowrun.place import Place, Source
from flowrun.secret import JSON

from .exported import Exported

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

UNKNOWN = re.compile(r"'(\w+)' is undefined")


def rendered(exported: Exported, source: Source) -> str:
    """
    The text that the template *source* makes of *exported*.

    It reads the names of `names_for`. Undefined ones are errors, nothing is escaped, and the
    template is sandboxed: it reads no file and calls nothing that changes anything.

    Raises:
        FlowError: the template cannot be read or rendered (E237), with its line.
    """
    from jinja2 import TemplateSyntaxError

    names, environment = names_for(exported), _environment()
    try:
        code = environment.compile(source.text, source.name, source.name)
        made = environment.template_class.from_code(environment, code, environment.globals)
        text = made.render(names)
        text.encode()  # a field may hold what is no character
        return text
    except TemplateSyntaxError as error:
        raise _failed(source, error.lineno, str(error.message)) from None
    except Exception as error:
        line, why = _line_in(source, error.__traceback__), _why(error)
        name = found[1] if (found := UNKNOWN.fullmatch(why)) else ""
        raise _failed(source, line, why, name, names) from None


def _why(error: Exception) -> str:
    """What went wrong, without what a library's message may show of the values."""
    from jinja2 import TemplateError, TemplateNotFound

    if isinstance(error, TemplateNotFound):
        return f"it is one file, and cannot read {error.name}"
    if isinstance(error, (FlowError, TemplateError)):
        return str(error)
    return f"{type(error).__name__} while it was rendered"


def names_for(exported: Exported) -> dict[str, JSON | Mapping[str, JSON]]:
    """What a template may read: the provider's fields, and what flowrun knows of them."""
    client = exported.client
    known: dict[str, JSON | Mapping[str, JSON]] = {
        "name": exported.name,
        "token": exported.token,
        "token_type": exported.type,
        "expires_at": exported.expires_at,
        "scope": exported.scope,
        "inputs": exported.inputs,
        "keep": exported.keep,
    }
    theirs: dict[str, JSON] = client._asdict() if client else {}
    return {**exported.fields, **known, **({"client": theirs} if client else {})}


def _environment() -> SandboxedEnvironment:
    from jinja2 import DictLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # What it makes is no HTML, so nothing is escaped.
    environment = ImmutableSandboxedEnvironment(
        autoescape=False,
        loader=DictLoader({}),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    for name in FILTERS:
        environment.filters.setdefault(name, partial(_filtered, name))
    return environment


def _filtered(name: str, value: JSON, *arguments: JSON) -> JSON:
    return apply(name, value, list(arguments))


def _line_in(source: Source, traceback: TracebackType | None) -> int:
    """The line of the template at which it went wrong, the innermost; 1 when nobody knows."""
    line = 1
    while traceback:
        if traceback.tb_frame.f_code.co_filename == source.name:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _failed(
    source: Source, line: int, why: str, name: str = "", known: Mapping[str, object] | None = None
) -> FlowError:
    there = [*(known or {})]
    hint = (did_you_mean(name, there) or f"There are {', '.join(there)}.") if name else ""
    text = source.line(line)
    column = text.find(name) + 1 if name and name in text else len(text) - len(text.lstrip()) + 1
    place = Place(source, line, column, len(name) or 1)
    return FlowError("E237", f"the template cannot be rendered: {why}", hint=hint, place=place)
