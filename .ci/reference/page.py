"""The page: every key with its lines of an example, and every table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from flowrun.errors import CODES, STATUSES
from flowrun.steps import KINDS

from . import tables
from .examples import example_of
from .keys import Key, keys_of_file, keys_of_kind, keys_of_step, kinds
from .markdown import link, table, yaml
from .recipes import recipes
from .words import about, facts

HEAD = """\
<!-- Made by .ci/make-reference; a change goes into the schema, the code or the examples. -->

# Reference

Every key, filter, function, command and code, made from the program itself.
[The language](recipe.md) explains how they work together.

An example shows only the lines that matter; the link below it leads to the whole file, which the sandbox can run.
A *text* may hold `{{ expressions }}`, an *expression* is one, with or without the braces, and a *duration* is a number of seconds, or a number with `s`, `m`, `h` or `d`.
`NAME` stands for a name that you choose.
What *waits for the answer* is rendered when there is one, and may read it.
"""


def page() -> str:
    return "\n".join([HEAD, *_contents(), *_body()]).rstrip() + "\n"


def _contents() -> Iterator[str]:
    yield f"- {link('The file', 'The file')}: {_links(keys_of_file())}"
    yield f"- {link('Steps', 'Steps')}: {_links(keys_of_step(), 'step.')}"
    for kind in kinds():
        whole, *options = keys_of_kind(kind)
        yield f"  - {_links([whole])}" + (f": {_links(options, f'{kind}.')}" if options else "")
    for heading in ("Filters", "Functions", "Shipped recipes", "Commands"):
        yield f"- {link(heading, heading)}"
    yield f"- {link('Exit statuses', 'Exit statuses')} and {link('codes', 'Codes')}"


def _links(keys: Iterable[Key], above: str = "") -> str:
    return ", ".join(link(f"`{key.name.removeprefix(above)}`", key.name) for key in keys)


def _body() -> Iterator[str]:
    yield from ("", "## The file", *_keys(keys_of_file()))
    yield from ("", "## Steps", "", "A step is exactly one kind, with its options below it.")
    yield from _keys(keys_of_step())
    for kind in kinds():
        whole, *options = keys_of_kind(kind)
        yield from (*_key(whole, _does(kind)), *_keys(options))
    yield from ("", "## Filters", "", *tables.filters_())
    yield from ("", "## Functions", "", *tables.functions())
    yield from ("", "## Shipped recipes", *recipes())
    yield from ("", "## Commands", *_commands())
    yield from ("", "## Exit statuses", "", *_statuses())
    yield from ("", "## Codes", "", *_codes())


def _keys(keys: Sequence[Key]) -> Iterator[str]:
    for key in keys:
        yield from _key(key)


def _key(key: Key, more: Sequence[str] = ()) -> Iterator[str]:
    """One key; what belongs to another stands one level below it."""
    yield from ("", f"{'####' if key.path[1:] else '###'} `{key.name}`", "")
    yield from (about(key) or f"See `{key.path[-1]}`.", *more, "", f"*{facts(key)}*", "")
    if example := example_of(key.name):
        yield from yaml(example.lines(key.name))
        yield from ("", f"[{example.about}](examples/{example.name})")


def _does(kind: str) -> list[str]:
    """What the module of a kind says of it."""
    return [(KINDS[kind].__doc__ or "").strip()] if kind in KINDS else []


def _commands() -> Iterator[str]:
    for name, command in tables.COMMANDS.items():
        words = [str(each.make_metavar()) for each in command.params if each.param_type_name == "argument"]
        yield from ("", f"### `flowrun {name}`", "", tables.said(command.help), "")
        yield from ("```console", " ".join(["$ flowrun", name, *words]), "```")
        yield from ("", *tables.options(name))


def _statuses() -> list[str]:
    return table(("status", "what it means"), ((str(n), text) for n, text in STATUSES.items()))


def _codes() -> list[str]:
    rows = ((link(code, code, "errors.md"), text) for code, text in CODES.items())
    return table(("code", "what it means"), rows)
