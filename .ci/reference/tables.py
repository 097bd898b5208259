"""Tables that stand in the reference, and between two marks in other pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import typer

from flowrun import filters, scope
from flowrun.cli import app
from flowrun.errors import CODES, STATUSES

from .examples import example_of, examples
from .keys import MODIFIERS, Key, keys_of_file, keys_of_kind, keys_of_step, kinds
from .markdown import code, link, table, yaml
from .plans import plans
from .recipes import bases
from .standards import standards
from .words import about, either

PAGE = "reference.md"
REQUESTS = ("ciba", "device", "token")
"""Kinds that take the request of `http`."""
COMMANDS: Mapping[str, typer.core.TyperCommand] = getattr(
    typer.main.get_command(app), "commands", {}
)


def keys(found: Sequence[Key], above: str = "", *, word: str = "key") -> list[str]:
    """A row for each key, with a link to what the reference says about it."""
    rows = (
        (link(code(key.name.removeprefix(above)), key.name, PAGE), said(about(key)))
        for key in found
    )
    return table((word, "what it says"), rows)


def below(prefix: str) -> list[str]:
    return keys([key for key in keys_of_file() if key.name.startswith(prefix)], prefix)


def file() -> list[str]:
    return keys([key for key in keys_of_file() if not key.path[1:]])


def step() -> list[str]:
    return keys(keys_of_step(), f"{MODIFIERS}.")


def kind(name: str) -> list[str]:
    """The options of a kind; of a kind of request those that `http` has otherwise or not at all."""
    base = keys_of_kind("http") if name in REQUESTS else []
    taken = {(key.path[1:], about(key)) for key in base}
    own = [key for key in keys_of_kind(name)[1:] if (key.path[1:], about(key)) not in taken]
    return keys(own, f"{name}.", word="option")


def filters_() -> list[str]:
    rows = (
        (code(name), _kinds(each.takes), _with(each), filters.ABOUT[name], _shown(f"| {name}"))
        for name, each in filters.FILTERS.items()
    )
    return table(("filter", "on", "with", "gives", "as in"), rows)


def calls() -> list[str]:
    """The filters, each as an example calls it."""
    rows = ((code(_call(name)), filters.ABOUT[name]) for name in filters.FILTERS)
    return table(("filter", "what it gives"), rows)


def _call(name: str) -> str:
    example = example_of(f"| {name}")
    call = rf"\|\s*({name}(?:\((?:[^()']|'[^']*')*\))?)"
    found = re.search(call, "\n".join(example.lines(f"| {name}")) if example else "")
    return found[1] if found else name


def _with(item: filters.Filter) -> str:
    """The arguments of a filter, in words."""
    least, most = min(item.counts), max(item.counts)
    needed = [_kinds(kinds) for kinds in item.arguments[:least]]
    if most > least + 1:
        return f"{needed[-1]}, or up to {most}"
    more = [f"perhaps {_kinds(kinds)}" for kinds in item.arguments[least:]]
    return "; ".join([*needed, *more])


def _kinds(kinds: Sequence[str]) -> str:
    return either(list(kinds)) if kinds else "anything"


def functions() -> list[str]:
    rows = ((code(name), scope.ABOUT[name], _shown(f"{name}()")) for name in scope.FUNCTIONS)
    return table(("function", "gives", "as in"), rows)


def _shown(name: str) -> str:
    """The last line of the example that shows *name*, as a link to the whole."""
    example = example_of(name)
    line = example.lines(name)[-1].strip() if example else ""
    return f"[{code(line)}](examples/{example.name})" if example else ""


def options(command: str) -> list[str]:
    return table(("option", "what it does"), _options(COMMANDS[command]))


def has_options(command: str) -> bool:
    return any(_options(COMMANDS[command]))


def _options(command: typer.core.TyperCommand) -> Iterator[tuple[str, str]]:
    for option in command.params:
        names = sorted((name for name in option.opts if name.startswith("-")), key=len)
        if names:
            names[-1] += "" if getattr(option, "is_flag", False) else f" {_metavar(option)}"
            yield ", ".join(map(code, reversed(names))), said(getattr(option, "help", ""))


def _metavar(option: object) -> str:
    kind = getattr(option, "type", None)
    return getattr(option, "metavar", None) or str(getattr(kind, "name", "VALUE")).upper()


def statuses() -> list[str]:
    of = {int(code[1]): f"E{code[1]}.." for code in CODES}
    rows = ((str(number), text, of.get(number, "")) for number, text in STATUSES.items())
    return table(("status", "what it means", "codes"), rows)


def codes() -> list[str]:
    rows = ((link(code, code, "errors.md"), text) for code, text in CODES.items())
    return table(("code", "what it means"), rows)


def said(text: str | None) -> str:
    """A text of the command line in one line."""
    return " ".join((text or "").split()).replace("|", "\\|")


def whole(name: str) -> list[str]:
    """The example *name*, as it is."""
    return next(yaml(each.text.splitlines()) for each in examples() if each.name == name)


BLOCKS: dict[str, Callable[[], list[str]]] = {
    "the file": file,
    "inputs": lambda: below("inputs.NAME."),
    "save.also": lambda: below("save.also."),
    "a step": step,
    "filters": calls,
    "functions": functions,
    "base recipes": bases,
    "exit statuses": statuses,
    "openid plans": plans,
    "standards": standards,
}
"""What may stand between two marks; a kind of step and a command too, by their names."""


def block(name: str) -> list[str]:
    """The table that *name* asks for."""
    if name in BLOCKS:
        return BLOCKS[name]()
    if name.endswith(".yaml"):
        return whole(name.removeprefix("examples/"))
    return kind(name) if name in kinds() else options(name.removeprefix("flowrun "))
