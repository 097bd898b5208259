"""The page: every key with its lines of an example, and every table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from . import tables
from .examples import example_of, examples
from .keys import Key, keys_of_file, keys_of_kind, keys_of_step, kinds
from .markdown import link, table, yaml
from .recipes import recipes
from .words import about, facts, handed_on

HEAD = """\
<!-- Made by .ci/make-reference; a change goes into the schema, the code or the examples. -->

# Reference

Every key, filter, function, command and code, made from the program itself.
[The language](recipe.md) explains how they work together.

An example shows only the lines that matter.
The link below it leads to the whole file, which the sandbox can run.
A *text* may hold `{{ expressions }}`; an *expression* is one, with or without the braces.
A *duration* is a number of seconds, or a number with `s`, `m`, `h` or `d`.
`NAME` stands for a name that you choose.
What *waits for what comes back* is rendered then, and may read it.
"""


def page() -> str:
    return "\n".join([HEAD, *_contents(), *_body()]).rstrip() + "\n"


def _contents() -> Iterator[str]:
    yield f"- {link('The file', 'The file')}: {_links(keys_of_file())}"
    yield f"- {link('A step', 'A step')}: {_links(keys_of_step(), 'step.')}"
    for kind in kinds():
        whole, *options = keys_of_kind(kind)
        yield f"  - {_links([whole])}" + (f": {_links(options, f'{kind}.')}" if options else "")
    for heading in (*TABLES, "Shipped recipes", "Commands", "Examples"):
        yield f"- {link(heading, heading)}"


def _links(keys: Iterable[Key], above: str = "") -> str:
    return ", ".join(link(f"`{key.name.removeprefix(above)}`", key.name) for key in keys)


def _body() -> Iterator[str]:
    yield from ("", "## The file", *_keys(keys_of_file()))
    yield from ("", "## A step", "", "A step is exactly one kind, with its options below it.")
    yield from _keys(keys_of_step())
    for kind in kinds():
        whole, *options = keys_of_kind(kind)
        yield from (*_key(whole, handed_on(kind)), *_keys(options))
    for heading, rows in TABLES.items():
        yield from ("", f"## {heading}", "", *rows())
    yield from ("", "## Shipped recipes", *recipes())
    yield from ("", "## Commands", *_commands())
    yield from ("", "## Examples", "", *_examples())


def _keys(keys: Sequence[Key]) -> Iterator[str]:
    for key in keys:
        yield from _key(key)


def _key(key: Key, more: str = "") -> Iterator[str]:
    """One key; what belongs to another stands one level below it."""
    yield from ("", f"{'####' if key.path[1:] else '###'} `{key.name}`", "")
    yield from (*filter(None, (about(key), more)), *([""] if about(key) else []))
    yield from (f"*{facts(key)}*", "")
    if example := example_of(key.name):
        yield from (
            *yaml(example.lines(key.name)),
            "",
            f"[{example.name}](examples/{example.name})",
        )


def _commands() -> Iterator[str]:
    for name, command in tables.COMMANDS.items():
        arguments = (each for each in command.params if each.param_type_name == "argument")
        words = [str(getattr(each, "metavar", "")) for each in arguments]
        yield from ("", f"### `flowrun {name}`", "", tables.said(command.help), "")
        yield from ("```console", " ".join(["$ flowrun", name, *words]), "```")
        yield from ("", *tables.options(name)) if tables.has_options(name) else ()


def _examples() -> list[str]:
    rows = ((f"[{each.name}](examples/{each.name})", each.about) for each in examples())
    return table(("file", "what it shows"), rows)


TABLES: dict[str, Callable[[], list[str]]] = {
    "Filters": tables.filters_,
    "Functions": tables.functions,
    "Exit statuses": tables.statuses,
    "Codes": tables.codes,
}
