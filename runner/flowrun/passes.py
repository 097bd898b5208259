"""What of `refresh` belongs to which token: each pass redeems one, so each can be journaled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .flow import Flow, Step
from .job import Job, readable
from .record import Record, due
from .refresh import Policy
from .secret import JSON
from .steps.kind import seconds_of
from .steps.token import redeems
from .template import reads


def name_of(step: Step) -> str:
    """The name of the token that a token step yields; "" for the record's own."""
    return str(step.options.get("name") or "")


def passes(flow: Flow) -> list[str]:
    """The tokens that `refresh` redeems something for, each once; "" when it redeems nothing."""
    heads = list(dict.fromkeys(map(name_of, _heads(flow))))
    return heads or [""] * bool(flow.steps("refresh"))


def for_token(flow: Flow, token: str) -> Flow:
    """*flow* with a `refresh` that is about *token* alone: without what redeems others."""
    left: set[str] = {step.id for step in _heads(flow) if name_of(step) != token}
    kept: list[Step] = []
    for step in flow.steps("refresh"):
        if step.id in left or left & _steps_read(step, flow):
            left.add(step.id)
        else:
            kept.append(step)
    return flow._replace(sections={**flow.sections, "refresh": tuple(kept)})


def yielded(flow: Flow, token: str) -> set[str]:
    """The names of the tokens that the pass for *token* yields."""
    return {name_of(step) for step in _tokens(for_token(flow, token))}


def refreshable(job: Job, record: Record, token: str = "") -> bool:
    """Whether the recipe says how to refresh *token*, and the record holds what that takes."""
    return holds(record, takes(job.flow, token))


Ways = Sequence[frozenset[tuple[str, ...]]]
"""What each way to refresh a token reads of the record; no way is no entry."""


def takes(flow: Flow, token: str) -> Ways:
    """
    What it takes to refresh *token* without a person.

    A recipe without `refresh` whose steps need nobody starts over instead.
    """
    steps = for_token(flow, token).steps("refresh")
    if not steps:
        others = [each for each in passes(flow) if each != token]
        makers = [each for each in others if token in yielded(flow, each)]
        over = () if flow.needs_person else (frozenset[tuple[str, ...]](),)
        return [*(way for each in makers for way in takes(flow, each)), *over]
    there, parts = {"scope"}, [step.options for step in steps]
    read = (tuple(path[1:]) for path in reads(parts, flow.vars) if path[0] == "saved")
    return [frozenset(path for path in read if not there & set(path))]


def holds(record: Record, ways: Ways) -> bool:
    """Whether *record* has all that one of *ways* takes."""
    saved = readable(record)
    return any(all(_found(saved, path) for path in needed) for needed in ways)


def _found(value: JSON, path: Sequence[str]) -> bool:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value is not None


def ended_tokens(
    record: Record, now: float, *, min_ttl_s: float | None = None, rejected: str = ""
) -> list[str]:
    """The tokens of *record* that are due by their time, or that a server has *rejected*."""
    parts = {name: record.named(name) for name in ["", *record.names]}
    return [
        name
        for name, part in parts.items()
        if due(part, now, min_ttl_s) or (rejected and part.fields.get("access_token") == rejected)
    ]


def due_tokens(
    job: Job,
    record: Record,
    now: float,
    min_ttl_s: float | None = None,
    *,
    rejected: str = "",
    all: bool = False,
) -> list[str]:
    """The tokens of *record* that a refresh is about now, or *all* that one can be about."""
    ends = ended_tokens(record, now, min_ttl_s=min_ttl_s, rejected=rejected)
    return [
        token
        for token in passes(job.flow)
        if (all or yielded(job.flow, token) & set(ends)) and _renewable(job, record, token)
    ]


def _renewable(job: Job, record: Record, token: str) -> bool:
    named = bool(token)  # the record's own is tried whatever is known, so that it is told
    part = record.named(token)
    lost = part.needs_person or part.released
    return not named or (refreshable(job, record, token) and not lost)


def policy_of(flow: Flow, token: str) -> Policy:
    """What the recipe says about a refresh token that was used; careful when it is silent."""
    tokens = [step for step in flow.steps("refresh") if step.kind == "token"]
    options: Mapping[str, object] = next(
        (step.options for step in reversed(tokens) if name_of(step) == token), {}
    )
    return Policy(
        rotates=options.get("rotates") is not False,
        grace_s=seconds_of(str(options.get("grace", "")), 0),
    )


def _tokens(flow: Flow) -> Iterator[Step]:
    return (step for step in flow.steps("refresh") if step.kind == "token")


def _heads(flow: Flow) -> list[Step]:
    return [step for step in _tokens(flow) if redeems(step, flow.vars)]


def _steps_read(step: Step, flow: Flow) -> set[str]:
    paths = reads([step.options, step.modifiers], flow.vars)
    return {path[1] for path in paths if path[0] == "steps" and len(path) > 1}
