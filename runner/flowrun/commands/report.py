"""How `flowrun check` tells what it found: to people, to programs, and to code hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..console import Console, as_json
from ..place import Place
from ..secret import JSON
from .checked import WEAKER, Checked

Reporter = Callable[[Iterable[Checked], Console], None]


def _text(found: Iterable[Checked], console: Console) -> None:
    for flow in found:
        if flow.error:
            console.show(flow.error)
            continue
        contacts = f"; contacts {', '.join(flow.hosts)}" if flow.hosts else ""
        console.answer(f"{flow.name}: ok{contacts}")
        for weaker in flow.downgrades:
            console.answer(f"{weaker.place}: {weaker.message}: {WEAKER}")


def _json(found: Iterable[Checked], console: Console) -> None:
    console.answer_json([_object(flow) for flow in found])


def _object(flow: Checked) -> JSON:
    if flow.error:
        return {"name": flow.name, "problems": [as_json(problem) for problem in flow.problems]}
    weaker: list[JSON] = [f"{each.place}: {each.message}" for each in flow.downgrades]
    return {"name": flow.name, "hosts": [*flow.hosts], "downgrades": weaker, "problems": []}


def _github(found: Iterable[Checked], console: Console) -> None:
    """Workflow commands, which GitHub shows beside the lines of a change."""
    for flow in found:
        for line in _workflow_commands(flow):
            console.answer(line)


def _workflow_commands(flow: Checked) -> Iterator[str]:
    for code, message, hint, place in flow.problems:
        links = [f"extended in {link}" for link in (place.extended() if place else ())]
        text = "\n".join([message, *([hint] if hint else ()), *links])
        yield _workflow_command("error", place, title=code, text=text)
    for weaker in flow.downgrades:
        text = f"{weaker.message}: {WEAKER}"
        yield _workflow_command("notice", weaker.place, title="downgrade", text=text)


_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({":": "%3A", ",": "%2C"})


def _workflow_command(level: str, place: Place | None, *, title: str, text: str) -> str:
    said: dict[str, object] = {"title": title}
    if place:
        end = place.column + place.width
        at = {"file": place.source.name, "line": place.line, "col": place.column, "endColumn": end}
        said = {**at, **said}
    properties = (f"{name}={str(value).translate(_PROPERTY)}" for name, value in said.items())
    return f"::{level} {','.join(properties)}::{text.translate(_DATA)}"


def _sarif(found: Iterable[Checked], console: Console) -> None:
    from .sarif import log

    console.answer_json(log(list(found)))


REPORTERS: Mapping[str, Reporter] = {
    "text": _text,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
}
