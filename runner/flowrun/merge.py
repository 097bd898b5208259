"""How a file changes the recipe that it extends."""

from __future__ import annotations

from .document import Items, Map, Node
from .errors import FlowError
from .flow import MODIFIERS, SECTIONS

METHODS = ("get", "post", "put", "patch", "delete")
SOURCES = (*METHODS, "answer")
"""What a step has its answer from: one of these."""


def merge(base: Map, change: Map) -> Map:
    """*base* with *change* laid over it: maps deeply, lists replaced, null deletes."""
    result = copy(base)
    for key, value in change.items():
        old = result.get(key)
        if value is None:
            result.pop(key, None)
            continue
        if isinstance(old, Map) and isinstance(value, Map):
            value = merge(old, value)
        put(result, key, value, change)
    return result


def extend(base: Map, child: Map) -> Map:
    """The recipe *base* as the file *child* changes it."""
    result = merge(base, child)
    result.place = child.place
    _keep_unset(result, child)
    for key in SECTIONS:
        old, new = base.get(key), child.get(key)
        if isinstance(old, Items) and isinstance(new, Items):
            put(result, key, _merge_steps(old, new), child)
    return result


def _keep_unset(result: Map, child: Map) -> None:
    """A null var is deleted by nobody: it must be set by the file that extends this one."""
    variables, new = result.get("vars"), child.get("vars")
    if isinstance(variables, Map) and isinstance(new, Map):
        for name in [name for name, value in new.items() if value is None]:
            put(variables, name, None, new)


def copy(node: Map) -> Map:
    """A shallow copy that may be changed."""
    result = Map(node.place)
    result.update(node)
    result.keys_at, result.values_at = dict(node.keys_at), dict(node.values_at)
    return result


def put(target: Map, key: str, value: Node, origin: Map) -> None:
    target[key] = value
    target.keys_at[key] = origin.keys_at[key]
    target.values_at.pop(key, None)
    if key in origin.values_at:
        target.values_at[key] = origin.values_at[key]


def kind_of(step: Map) -> str:
    return next((key for key in step if key not in MODIFIERS), "")


def id_of(step: Map) -> str:
    """What others call the step: its `id`, or else its kind, or what it uses."""
    if step.get("id"):
        return str(step["id"])
    kind = kind_of(step)
    return str(step["use"]).partition(".")[2] if kind == "use" else kind


def by_id(steps: Items) -> dict[str, Map]:
    """The steps by id. Raises FlowError E204 when two share one."""
    found: dict[str, Map] = {}
    for step in steps:
        assert isinstance(step, Map)
        if (name := id_of(step)) in found:
            message, hint = f"two steps are called {name!r}", "Give one of them an id."
            raise FlowError("E204", message, hint=hint, place=step.place)
        found[name] = step
    return found


def _merge_steps(base: Items, change: Items) -> Items:
    old, new = by_id(base), by_id(change)
    order, waiting = list(old), list[str]()
    for name in new:
        if name in old:
            at = order.index(name)
            order[at:at] = waiting
            waiting = []
        else:
            waiting.append(name)
    result = Items(change.place)
    for name in [*order, *waiting]:
        step = _merge_step(old.get(name), new.get(name))
        if step is not None:
            result.append(step)
            result.items_at.append(step.place)
    return result


def _merge_step(old: Map | None, new: Map | None) -> Map | None:
    if old is None or new is None:
        return new or old
    kind = kind_of(new)
    if new[kind] is None:
        return None
    return merge(_without_method(old, new, kind), new) if kind_of(old) == kind else new


def _without_method(old: Map, new: Map, kind: str) -> Map:
    """*old* without its method where *new* brings one, or the answer itself."""
    options, change = old.get(kind), new.get(kind)
    if not isinstance(options, Map) or not isinstance(change, Map):
        return old
    if not any(source in change for source in SOURCES):
        return old
    kept, step = copy(options), copy(old)
    for source in SOURCES:
        kept.pop(source, None)
    step[kind] = kept
    return step
