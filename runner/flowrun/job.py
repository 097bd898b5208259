"""A recipe, its values and the record that they make: what a command works on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from .document import Map, plain
from .engine import State, named_tokens, run_section, token_of
from .errors import FlowError, ProviderError
from .flow import Flow, digest
from .guard import guarded
from .load import load_plan
from .merge import copy
from .oauth.expiry import REFRESH_LIFETIMES
from .plan import DETAILED, consent_of, host_rule
from .possession import Possession
from .record import Record, record_from
from .scope import Undefined
from .secret import JSON, Secret, Value, reveal, seal
from .services import Services
from .stores.interface import Store
from .template import Scope, evaluate

NOT_KEPT = ("profiles", "values", "setup", "docs", "extends")
"""What a record does not need of its recipe to refresh, verify and revoke without it."""


TIMED = ("access_token", "expires_at", "expires_in", "id_token", *REFRESH_LIFETIMES)
"""Fields of an answer that say nothing any more once there is another."""


SPENT = ("access_token", "code", "id_token", "state")
"""Parameters of a redirect that have done their work."""

READABLE = ("callback", "clients", "identity", "keep", "tokens")
"""What templates may read of the part of a record that is flowrun's."""


class Job(NamedTuple):
    """One record's work."""

    flow: Flow
    name: str
    inputs: Mapping[str, Value]
    store: Store
    profile: str = ""
    sandbox: bool = False
    typed: Mapping[str, JSON] = {}  # inputs that a person has typed just now

    def services(self, services: Services) -> Services:
        """*services* as this recipe may use them."""
        return guarded(services, host_rule(self.flow, self.inputs))


def addressee(flow: Flow, inputs: Mapping[str, Value]) -> dict[str, JSON]:
    """Whom a secret that was typed is meant for: a client, and everybody its recipe talks to."""
    reach: list[JSON] = [*sorted(host_rule(flow, inputs).origins), *map(str, flow.hosts)]
    return {"client_id": consent_of(flow, inputs)["client_id"], "origins": reach}


def typed_before(store: Store, name: str) -> Mapping[str, JSON]:
    """The inputs that a person has typed for the record *name* before."""
    values = store.typed(name).get("values")
    return values if isinstance(values, dict) else {}


def plan_of(flow: Flow) -> Map:
    """The part of a recipe that its records carry."""
    kept = copy(flow.document)
    for key in [*kept]:
        if key in NOT_KEPT or key.startswith("x-"):
            del kept[key]
    return kept


def flow_of(name: str, record: Record) -> Flow:
    """The recipe that the record *name* carries."""
    plan = record.meta.get("plan")
    if not isinstance(plan, dict):
        hint = "Run its flow once; then the record knows how it is refreshed."
        raise FlowError("E220", f"the record {name} does not know its recipe", hint=hint)
    text, file = json.dumps(plan, indent=1), str(record.meta.get("file", ""))
    return load_plan(name, text, file=file)


def inputs_of(record: Record) -> dict[str, JSON]:
    """The inputs, secret ones apart, that the record was made with."""
    inputs = record.meta.get("inputs")
    return inputs if isinstance(inputs, dict) else {}


def public_inputs(job: Job) -> dict[str, JSON]:
    """The inputs of *job* that are no secret."""
    return {k: reveal(v) for k, v in job.inputs.items() if not isinstance(v, Secret)}


def known_about(job: Job) -> dict[str, JSON]:
    """What a record says of the recipe and the values that made it."""
    plan = plan_of(job.flow)
    return {
        "recipe": job.flow.name,
        "profile": job.profile,
        "file": job.flow.file,
        "inputs": public_inputs(job),
        "digest": digest(plan),
        "plan": plain(plan),
        **({"sandbox": True} if job.sandbox else {}),
    }


def state_of(job: Job, record: Record) -> State:
    """Where `refresh`, `verify` and `revoke` start from."""
    saved, callback = seal(readable(record)), seal(record.meta.get("callback"))
    assert isinstance(saved, Mapping)
    return State(
        job.inputs,
        saved=saved,
        callback=callback if isinstance(callback, Mapping) else None,
        possession=Possession(record.meta.get("dpop")),
    )


def readable(record: Record) -> dict[str, JSON]:
    """What templates may read of *record*, where it stands in the token file."""
    known = {key: record.meta[key] for key in READABLE if key in record.meta}
    return {**record.fields, "flowrun": known}


def run_on_record(job: Job, section: str, record: Record, services: Services) -> State:
    """Run `verify` or `revoke` for *record*; raises FlowError when the recipe has none."""
    if not job.flow.steps(section):
        hint = f"Add a section `{section}` to the recipe."
        raise FlowError("E219", f"{job.flow.name} does not say how to {section}", hint=hint)
    return run_section(job.flow, section, state_of(job, record), job.services(services))


def new_record(job: Job, state: State) -> Record:
    """The record of a new grant, from what the recipe's `steps` have made."""
    record = _record(job, "steps", state, {})
    for name, token in named_tokens(job.flow, "steps", state).items():
        record = record.with_named(name, record_from(reveal(token)))
    return record.knowing(
        version=1,
        grant=os.urandom(8).hex(),
        obtained_at=record.meta["issued_at"],
        consent=consent_of(job.flow, job.inputs),
        callback=_kept(state.callback or {}),
        **registered_for(job, state),
        **bound_to(state),
    )


def registered_for(job: Job, state: State) -> dict[str, JSON]:
    """The clients that the steps have had registered, by the step; what they are is kept aside."""
    steps = [step for step in job.flow.steps("steps") if step.kind == "register"]
    found = {step.id: reveal(state.steps.get(step.id, {}).get("client_id")) for step in steps}
    return {"clients": {k: v for k, v in found.items() if v}} if any(found.values()) else {}


def _kept(callback: Mapping[str, Value]) -> dict[str, JSON]:
    """What came with the code; that is used, a token is kept where tokens are."""
    return {k: reveal(value) for k, value in callback.items() if k not in SPENT}


def bound_to(state: State) -> dict[str, JSON]:
    """The key that the steps have bound tokens to, as a record keeps it; nothing where none has."""
    key = state.possession.kept if state.possession else None
    return {"dpop": key} if key else {}


def renewed(job: Job, old: Record, state: State) -> Record:
    """*old*, with the tokens that the recipe's `refresh` has brought."""
    new, named = old, named_tokens(job.flow, "refresh", state)
    if token_of(job.flow, "refresh", state) is not None or not named:
        before = old.meta.get("keep")
        made = _record(job, "refresh", state, before if isinstance(before, dict) else {})
        new = _over(old, made)
    for name, token in named.items():
        new = new.with_named(name, _over(old.named(name), record_from(reveal(token))))
    return new.knowing(**bound_to(state))


def _over(old: Record, new: Record) -> Record:
    """*new*, with what only the answers before it have said."""
    kept = {key: value for key, value in old.fields.items() if key not in TIMED}
    meta = {**old.meta, **new.meta, "refreshed_at": new.meta["issued_at"]}
    if new.refresh_token not in (None, old.refresh_token) and not new.refresh_expires_at:
        meta.pop("refresh_expires_at", None)  # which was that of another one
    return Record({**kept, **new.fields}, meta)


def _record(job: Job, section: str, state: State, before: Mapping[str, JSON]) -> Record:
    token = token_of(job.flow, section, state)
    if token is None:
        raise FlowError("E207", f"no token step without a name has run in `{section}`")
    kept = _keep(job, state.scope(job.flow).with_(saved=token), before)
    record = record_from(reveal(token))
    return record.knowing(**known_about(job), **({"keep": kept} if kept else {}))


def _keep(job: Job, scope: Scope, before: Mapping[str, JSON]) -> dict[str, JSON]:
    """The values that `save` keeps; one that is not there now stays what it was *before*."""
    kept = dict(before)
    for name, text in job.flow.keep.items():
        assert isinstance(text, (str, bool, int, float))
        with suppress(Undefined):  # no token is lost for want of what goes with it
            kept[name] = reveal(evaluate(text, scope))
    return kept


def consent_needed(job: Job, record: Record) -> str:
    """Why the consent that *record* stands for is not the one asked for now; or nothing."""
    for part in map(record.named, ("", *record.names)):
        if part.released:
            return f"the token was {part.released}"
    before, now = record.meta.get("consent"), consent_of(job.flow, job.inputs)
    if not isinstance(before, dict):
        return ""
    for key, what in (("client_id", "the client"), ("origin", "the provider")):
        if before.get(key) != now[key]:
            return f"{what} is another one"
    for key in DETAILED:
        if now.get(key) not in (None, before.get(key)):
            return f"the {key.replace('_', ' ')} asked for changed"
    had, asked = before.get("scope"), now["scope"]
    assert isinstance(asked, list)
    more = [str(each) for each in asked if isinstance(had, list) and each not in had]
    return f"the scope asks for more: {' '.join(more)}" if more else ""


def refuse_foreign(name: str, record: Record, recipe: str, profile: str) -> None:
    """Refuse a record that another recipe or profile has made."""
    owner = (record.meta.get("recipe"), record.meta.get("profile", ""))
    if owner != (recipe, profile):
        made = f"{owner[0]}, profile {owner[1]}" if owner[1] else f"{owner[0]}"
        hint = f"Let `save` tell them apart, or: flowrun forget {name}"
        raise FlowError("E220", f"the record {name} belongs to {made}", hint=hint)


def is_refusal(error: ProviderError) -> bool:
    """Whether the token itself was refused, so that only a new one can help."""
    return error.outcome == "ended" or error.code == "E507"
