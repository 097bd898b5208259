"""From one merged document to a `Flow`."""

from __future__ import annotations

from collections.abc import Iterator

from .document import Items, Map, Node, value_at
from .errors import FlowError, Problem
from .flow import MODIFIERS, SECTIONS, Also, Flow, Input, Step
from .merge import by_id, copy, id_of, kind_of, merge, put
from .near import did_you_mean
from .place import Place, Source, place_of
from .profiles import profiles_of
from .template import in_braces


def build(document: Map, *, files: tuple[str, ...]) -> Flow:
    """
    The flow that a whole *document* (everything merged) says.

    Raises:
        FlowError: a key is missing, a step is there twice, or `use` leads nowhere.
    """
    _needs(document)
    save = document.get("save")
    named = save if isinstance(save, Map) else Map(document.place)
    return Flow(
        name=str(document["name"]),
        document=document,
        files=files,
        inputs={name: _input(document, name) for name in _map(document, "inputs")},
        values=_map(document, "values"),
        profiles=profiles_of(document),
        vars=_map(document, "vars"),
        hosts=tuple(_text(host) for host in _as_items(document.get("hosts"))),
        sections=_sections(document),
        save=_text(named.get("name", save)),
        keep=_as_map(_in_braces(_map(named, "keep"), "keep")),
        also=tuple(map(_also, _as_items(named.get("also")))),
        sandbox=_map(document, "sandbox"),
    )


def _needs(document: Map) -> None:
    missing = [key for key in ("name", "steps") if not document.get(key)]
    if missing:
        hint = "Or let the file extend a recipe: `extends: NAME`."
        places = [document.keys_at.get(key) or document.place for key in missing]
        named = zip(missing, places, strict=True)
        raise FlowError.of(
            [Problem("E207", f"a recipe needs a key {key!r}", hint, at) for key, at in named]
        )


def _as_map(node: Node) -> Map:
    return node if isinstance(node, Map) else Map(Place(Source("", ""), 1, 1))


def _text(node: Node) -> str:
    """*node* as it is, since `str()` would lose its place."""
    return node if isinstance(node, str) else ""


def _as_items(node: Node) -> list[Node]:
    return node if isinstance(node, Items) else []


def _map(document: Map, key: str) -> Map:
    return _as_map(document.get(key))


def _also(node: Node) -> Also:
    given = _as_map(node)
    return Also(**{key: _text(given.get(key)) for key in Also._fields})


def _input(document: Map, name: str) -> Input:
    inputs = _map(document, "inputs")
    given = _as_map(inputs[name])
    return Input(
        name=name,
        place=inputs.keys_at[name],
        type=str(given.get("type") or "text"),
        help=str(given.get("help") or ""),
        example=given.get("example"),
        pattern=_text(given.get("pattern")),
        choices=tuple(str(choice) for choice in _as_items(given.get("choices"))),
        default=given.get("default"),
        default_at=value_at(given, "default"),
        secret=given.get("secret") is True,
        optional=given.get("optional") is True,
        source=_as_map(given.get("from")),
    )


def _sections(document: Map) -> dict[str, tuple[Step, ...]]:
    """The steps of every section, or all that is wrong with them at once."""
    steps: dict[str, list[Step]] = {name: [] for name in SECTIONS}
    problems: list[Problem] = []
    for section, written in _written(document):
        try:
            steps[section].append(_step(section, laid(document, written)))
        except FlowError as error:
            problems += error.problems
    if problems:
        raise FlowError.of(problems)
    return {section: tuple(each) for section, each in steps.items()}


def _written(document: Map) -> Iterator[tuple[str, Map]]:
    for section in SECTIONS:
        if isinstance(steps := document.get(section), Items):
            for step in by_id(steps).values():
                yield section, step


def laid(document: Map, step: Map) -> Map:
    """*step*, or the one that it uses, over the defaults of its kind."""
    step = _used(document, step)
    kind = kind_of(step)
    start, own = _map(document, "defaults").get(kind), step[kind]
    if not isinstance(start, Map):
        return step
    result = copy(step)
    result[kind] = merge(start, own if isinstance(own, Map) else Map(step.place))
    return result


def _step(section: str, step: Map) -> Step:
    kind = kind_of(step)
    options = step[kind]
    if not isinstance(options, Map):  # `show: text`, or a kind without options
        options = Map(step.place)
        options.keys_at = {"text": step.keys_at[kind]}
        options.update({} if step[kind] is None else {"text": step[kind]})
    modifiers = copy(step)
    for key in list(modifiers):
        if key not in MODIFIERS:
            del modifiers[key]
    place, used_at = step.keys_at[kind], step.keys_at.get("use")
    options = options if kind == "set" else _braced(options)  # whose keys are anybody's
    return Step(section, id_of(step), kind, options, _braced(modifiers), place, used_at)


EXPRESSIONS = (
    *("answer", "errors", "expect", "expires", "if"),
    *("outputs", "poll", "refresh_expires", "until", "unwrap"),
)
"""Keys that hold expressions, in which the braces may be left out."""

LITERALS = ("ends", "every", "format", "hints", "timeout", "unit")
"""What stands among them and is none."""


def _braced(options: Map) -> Map:
    """*options* with every expression in braces, so that inside there is one spelling."""
    result = copy(options)
    for key in EXPRESSIONS:
        if key in result:
            result[key] = _in_braces(result[key], key)
    return result


def _in_braces(node: Node, key: str) -> Node:
    if isinstance(node, Map):
        result = copy(node)
        for name, item in node.items():
            if name not in LITERALS:
                result[name] = _in_braces(item, name)
        return result
    if not isinstance(node, str) or "{{" in node or (key == "expires" and node == "never"):
        return node
    return in_braces(node)


def _used(document: Map, step: Map) -> Map:
    """*step*, or the step of another section that it uses."""
    if kind_of(step) != "use":
        return step
    section, _, name = str(step["use"]).partition(".")
    steps = document.get(section)
    known = by_id(steps) if isinstance(steps, Items) else {}
    if name not in known or kind_of(known[name]) == "use":
        what = f"has no step {name!r}" if name not in known else f"has {name!r} from elsewhere"
        hint = did_you_mean(name, known) if name not in known else "Use the step that it uses."
        raise FlowError("E209", f"{section} {what}", hint=hint, place=place_of(step["use"]))
    result = copy(known[name])
    result.keys_at["use"] = place_of(step["use"]) or step.keys_at["use"]
    result.update({"id": name})
    result.keys_at.setdefault("id", step.keys_at["use"])
    for key in step:
        if key != "use":  # what stands beside `use` is about this run of the step
            put(result, key, step[key], step)
    return result
