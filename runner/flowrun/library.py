"""Where flow files are: the ones that flowrun ships, and a person's own."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from .errors import FlowError
from .near import did_you_mean
from .place import Place, Source

# Not importlib.resources: importing it takes a tenth of a whole run.
_SHIPPED = Path(import_module("flowrun.flows").__path__[0])


COMMANDS = (
    "check", "exec", "explain", "export", "fmt", "forget", "keep", "key", "move", "refresh",
    "revoke", "run", "sandbox", "schema", "status", "token", "trust", "verify",
)  # fmt: skip
"""The sub-commands; every other first word is a flow."""


def shipped() -> list[str]:
    """The names of the recipes that flowrun ships, `base/...` among them."""
    found = [*_SHIPPED.glob("*.yaml"), *_SHIPPED.glob("base/*.yaml")]
    return sorted(str(path.relative_to(_SHIPPED).with_suffix("")) for path in found)


def documentation(page: str) -> str:
    """A page of the documentation that is shipped."""
    folder = Path(import_module("flowrun.docs").__path__[0])
    return (folder / f"{page}.md").read_text("utf-8")


def is_file(flow: str) -> bool:
    """A word with a slash or `.yaml` is a file; a bare word is a shipped recipe or a record."""
    return "/" in flow or flow.endswith((".yaml", ".yml"))


def find(flow: str) -> tuple[Source, bool]:
    """
    The flow file that *flow* names on the command line, and whether it is a shipped one.

    `zendesk.yaml` where no such file lies is the shipped recipe of that name.
    """
    if is_file(flow):
        path, name = Path(flow), flow.removesuffix(".yaml")
        if path.exists() or flow.startswith((".", "/")) or name not in shipped():
            return _read(path, flow), False
        return _shipped(name), True
    if flow in shipped():
        return _shipped(flow), True
    raise FlowError("E201", f"no recipe called {flow!r} is shipped", hint=_instead(flow))


def _instead(word: str) -> str:
    if Path(f"{word}.yaml").exists():
        return f"The file of that name is ./{word}.yaml."
    near = did_you_mean(word, [*shipped(), *COMMANDS])
    return near or "`flowrun check ./FILE.yaml` takes a file of your own."


def find_base(name: str, child: Source, place: Place | None) -> Source:
    """What `extends: NAME` in *child* leads to: a path beside it, or a shipped recipe."""
    if name.startswith(("./", "../", "/")):
        return _read(Path(child.name).parent / name, name, place)
    if name in shipped():
        return _shipped(name)._replace(extended_at=place)
    beside = f"A file beside this one is written ./{name}."
    if (stem := Path(name).stem) in shipped() and name != stem:
        hint = f"The shipped recipe is called {stem!r}. {beside}"
    else:
        hint = did_you_mean(name, shipped()) or beside
    raise FlowError("E211", f"no recipe called {name!r} is shipped", hint=hint, place=place)


def _shipped(name: str) -> Source:
    text = (_SHIPPED / f"{name}.yaml").read_text("utf-8")
    return Source(f"flowrun:{name}", text)


def _read(path: Path, shown: str, place: Place | None = None) -> Source:
    code = "E211" if place else "E201"
    try:
        text = path.read_text("utf-8").removeprefix("\ufeff")  # a mark that would be a column
        return Source(str(path), text, extended_at=place)
    except FileNotFoundError:
        hint = did_you_mean(path.stem, shipped())
        raise FlowError(code, f"there is no file {shown}", hint=hint, place=place) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise FlowError(code, f"cannot read {shown}: {reason}", place=place) from None
