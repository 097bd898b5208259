"""What each command does; the command line only parses, and this only prints."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .console import Console, as_json, gravest
from .errors import FlowError, FlowrunError, PersonNeeded, ProviderError, TransportError
from .library import is_file
from .secret import JSON, Value, masked
from .session import Session, Settings

if TYPE_CHECKING:
    from .flow import Flow
    from .job import Job
    from .record import Record

Act = Callable[[str], JSON]


def each(names: Sequence[str], act: Act, console: Console, *, as_json_list: bool = False) -> int:
    """Do *act* for every name, whatever happens to the others; the gravest exit status."""
    statuses, answers = [0], list[JSON]()
    for name in names:
        try:
            answers.append(act(name))
        except FlowrunError as error:
            statuses.append(error.exit_status if as_json_list else console.show(error))
            if as_json_list:
                problems: list[JSON] = [as_json(problem) for problem in error.problems]
                answers.append({"name": name, "problems": problems})
    if as_json_list:
        console.answer_json(answers)
    return gravest(statuses)


def load(flow: str, console: Console, *, base: bool = False) -> Flow:
    """
    The flow that a person named, checked; a shipped one that stood in for a file is told.

    A *base* recipe, which nobody runs, may leave vars for others to set.
    """
    from .check import check, unset_vars
    from .library import find
    from .load import load_source

    source, shipped = find(flow)
    if shipped and flow.endswith(".yaml"):
        console.tell(f"{flow} is not here; using the recipe that flowrun ships")
    loaded = load_source(source)
    check(loaded)
    may_be_unset = base and "extends" not in loaded.document
    if not may_be_unset and (unset := list(unset_vars(loaded))):
        raise FlowError.of(unset)
    return loaded


def run(
    flows: Sequence[str],
    settings: Settings,
    *,
    again: bool = False,
    json: bool = False,
    all_profiles: bool = False,
) -> int:
    """Bring the token of each flow up to date; prints where its record is."""
    console = Console(verbose=settings.verbose)

    def act(name: str) -> JSON:
        flow, _, profile = name.partition("\0")
        one = settings._replace(profile=profile or settings.profile, alone=len(names) == 1)
        return _run_one(flow, one, console, again=again, quiet=json)

    names = list(flows)
    if all_profiles:
        names = [f"{f}\0{p}" for f in flows for p in load(f, console).profiles or [""]]
    return each(names, act, console, as_json_list=json)


def _run_one(name: str, settings: Settings, console: Console, *, again: bool, quiet: bool) -> JSON:
    from .current import make_current

    session = Session(settings, console)
    flow = load(name, console)
    job = session.job(flow, ask=True)
    with session.services(job) as services:
        current = make_current(job, services, again=again, consent=session.consent)
    path = str(session.store.path(job.name))
    console.tell(f"{job.name}: {current.action}{_until(current.record)}")
    if not quiet:
        console.answer(path)
    return {"name": job.name, "path": path, "action": current.action, **_facts(current.record)}


def dry_run(flows: Sequence[str], settings: Settings) -> int:
    """Print the requests that a run would send, masked, as curl."""
    console = Console()

    def act(name: str) -> JSON:
        flow = load(name, console)
        for line in _requests(flow, Session(settings, console).explained(flow).values, ("steps",)):
            console.answer(line)
        return None

    return each(flows, act, console)


def _requests(flow: Flow, inputs: Mapping[str, Value], sections: Sequence[str]) -> Iterator[str]:
    from .plan import plan
    from .wire import as_curl

    for section in sections:
        for planned in plan(flow, section, inputs):
            title = planned.step.modifiers.get("title") or planned.step.kind
            yield f"# {section}.{planned.step.id}: {title}"
            if planned.request and planned.step.kind == "authorize":
                from .urls import with_query

                yield f"# open {masked(with_query(planned.request.url, planned.request.query))}\n"
            elif planned.request:
                yield as_curl(planned.request) + "\n"


def check(flows: Sequence[str], *, json: bool = False) -> int:
    """Say everything that is wrong with each flow, and what it weakens."""
    from .check import downgrades, hosts

    console = Console()

    def act(name: str) -> JSON:
        flow = load(name, console, base=True)
        weaker = [f"{d.place}: {d.message}" if d.place else d.message for d in downgrades(flow)]
        if not json:
            console.answer(f"{name}: ok; contacts {', '.join(hosts(flow))}")
            for line in weaker:
                console.answer(f"{line}  (weaker than flowrun's way)")
        found: dict[str, JSON] = {
            "name": name,
            "hosts": list(hosts(flow)),
            "downgrades": list(weaker),
            "problems": [],
        }
        return found

    return each(flows, act, console, as_json_list=json)


def explain(flow_name: str, settings: Settings, *, json: bool = False) -> int:
    """Show each input's value with its origin, and each request with its values masked."""
    from .flow import SECTIONS

    console = Console()

    def act(name: str) -> JSON:
        flow = load(name, console)
        found = Session(settings, console).explained(flow)
        inputs: dict[str, JSON] = {
            item: {
                "value": masked(found.values[item]),
                "origin": found.origins[item],
                "help": flow.inputs[item].help,
            }
            for item in flow.inputs
        }
        lines = list(_requests(flow, found.values, SECTIONS))
        if not json:
            console.answer(f"{flow.title} ({' <- '.join(flow.files)}), saved as {found.name}\n")
            for item, value in inputs.items():
                assert isinstance(value, dict)
                console.answer(f"{item:>16} = {value['value']}   ({value['origin']})")
            console.answer("\n" + "\n".join(lines))
        return {
            "name": found.name,
            "files": list(flow.files),
            "inputs": inputs,
            "requests": list(lines),
        }

    return each([flow_name], act, console, as_json_list=json)


def token(
    name: str, settings: Settings, *, min_ttl_s: float | None = None, json: bool = False
) -> int:
    """Print the access token, refreshed first if it is due."""
    console = Console(verbose=settings.verbose)

    def act(name: str) -> JSON:
        session = Session(settings, console)
        job, record = _job(name, session, console)
        record = _living(job, record, session, min_ttl_s)
        # The one line of flowrun that shows a secret: it is what was asked for.
        print_secret = {"access_token": record.access_token, **_facts(record)} if json else None
        _print_token(record.access_token, print_secret)
        return None

    return each([name], act, console)


def _print_token(access_token: str, facts: dict[str, JSON] | None) -> None:
    import json
    import sys

    sys.stdout.write((json.dumps(facts, indent=2) if facts else access_token) + "\n")


def _job(name: str, session: Session, console: Console) -> tuple[Job, Record]:
    """The job of a record, named itself or by the flow that makes it."""
    from .errors import StoreError

    if not is_file(name):
        return session.job_of(name)
    job = session.job(load(name, console))
    record = session.store.read(job.name)
    if record is None:
        raise StoreError(
            "E705", f"there is no record {job.name!r}", hint=f"Make it: flowrun {name}"
        )
    return job, record


def _living(job: Job, record: Record, session: Session, min_ttl_s: float | None) -> Record:
    """A record whose token lives; when refreshing fails and the old one does, that one."""
    from .current import renew
    from .job import refreshable
    from .record import due

    with session.services(job) as services:
        now = services.now()
        pending = session.store.attempt(job.name) is not None
        if record.needs_person or not (pending or due(record, now, min_ttl_s)):
            if record.needs_person:
                raise PersonNeeded(
                    "E802", f"{job.name} needs a person: {record.needs_person}", hint=_again(record)
                )
            return record
        if not pending and not refreshable(job, record):
            if record.expires_at is not None and record.expires_at <= now:
                raise PersonNeeded(
                    "E802",
                    f"the token of {job.name} has ended and cannot be refreshed",
                    hint=_again(record),
                )
            return record
        try:
            return renew(job, services, min_ttl_s=min_ttl_s)
        except (ProviderError, TransportError) as error:
            latest = session.store.read(job.name) or record
            if latest.expires_at is None or latest.expires_at <= now:
                raise
            session.console.show(error)
            session.console.tell(f"{job.name}: the token still lives{_until(latest)}")
            return latest


def _again(record: Record) -> str:
    return f"Consent again: flowrun {record.meta.get('file', 'FLOW')}"


def refresh(
    names: Sequence[str],
    settings: Settings,
    *,
    due_only: bool,
    within_s: float | None,
    json: bool = False,
) -> int:
    """Refresh the records named (or all), due or not unless only the due ones are wanted."""
    from .current import renew
    from .job import refreshable
    from .record import due

    console = Console(verbose=settings.verbose)

    def act(name: str) -> JSON:
        session = Session(settings._replace(alone=len(wanted) == 1), console)
        job, record = _job(name, session, console)
        with session.services(job) as services:
            soon = due(record, services.now(), within_s)
            if due_only and not soon and session.store.attempt(job.name) is None:
                return {"name": job.name, "action": "fresh", **_facts(record)}
            if not refreshable(job, record):
                raise PersonNeeded("E802", f"{job.name} cannot be refreshed", hint=_again(record))
            new = renew(job, services, force=not due_only, min_ttl_s=within_s)
        console.tell(f"{job.name}: refreshed{_until(new)}")
        return {"name": job.name, "action": "refreshed", **_facts(new)}

    wanted = list(names) or Session(settings, console).store.names()
    return each(wanted, act, console, as_json_list=json)


def verify(names: Sequence[str], settings: Settings, *, json: bool = False) -> int:
    """Ask the provider whether each token works."""
    return _on_records(names, settings, "verify", "valid", json=json)


def revoke(names: Sequence[str], settings: Settings, *, json: bool = False) -> int:
    """End each grant at the provider; the record stays, and says so."""
    return _on_records(names, settings, "revoke", "revoked", json=json)


def _on_records(
    names: Sequence[str], settings: Settings, section: str, said: str, *, json: bool
) -> int:
    from .job import run_on_record

    console = Console(verbose=settings.verbose)

    def act(name: str) -> JSON:
        session = Session(settings._replace(alone=len(names) == 1), console)
        job, record = _job(name, session, console)
        with session.services(job) as services:
            lock = (
                session.store.locked(job.name) if section == "revoke" else contextlib.nullcontext()
            )
            with lock:
                run_on_record(job, section, record, services)
                if section == "revoke":
                    session.store.write(
                        job.name, record.knowing(needs_person="the grant was revoked")
                    )
        if not json:
            console.answer(f"{job.name}: {said}")
        return {"name": job.name, "result": said}

    return each(names, act, console, as_json_list=json)


def forget(names: Sequence[str], settings: Settings) -> int:
    """Remove each record here; the grant at the provider lives on."""
    console = Console()

    def act(name: str) -> JSON:
        store = Session(settings, console).store
        if store.read(name) is None:
            from .errors import StoreError

            known = ", ".join(store.names()) or "none"
            raise StoreError("E705", f"there is no record {name!r}", hint=f"Records: {known}.")
        with store.locked(name):
            store.delete(name)
        console.tell(f"{name}: forgotten here; the provider may still know it")
        return None

    return each(names, act, console)


def status(names: Sequence[str], settings: Settings, *, json: bool = False) -> int:
    """Say how long each token lives, and what needs a person; 8 when something does."""
    import time

    console = Console()
    session = Session(settings, console)
    rows: list[dict[str, JSON]] = []
    statuses = [0]

    def act(name: str) -> JSON:
        from .errors import StoreError

        record = session.store.read(name)
        if record is None:
            raise StoreError(
                "E705", f"there is no record {name!r}", hint="`flowrun status` lists them."
            )
        state = _state(record, time.time(), pending=session.store.attempt(name) is not None)
        rows.append({"name": name, "state": state, **_facts(record)})
        if state in ("needs a person", "ended"):
            statuses.append(8)
        return None

    wanted = list(names) or session.store.names()
    statuses.append(each(wanted, act, console))
    if json:
        console.answer_json(list(rows))
    else:
        _table(rows, console)
    return gravest(statuses)


def _state(record: Record, now: float, *, pending: bool) -> str:
    if record.needs_person:
        return "needs a person"
    if pending:
        return "refresh pending"
    if record.expires_at is None:
        return "unknown expiry"
    if record.expires_at > now:
        return "fresh"
    return "due" if record.refresh_token else "ended"


def _facts(record: Record) -> dict[str, JSON]:
    """What may be told of a record."""
    meta = record.meta
    issued, lasts = meta.get("issued_at"), record.fields.get("refresh_token_expires_in")
    numbers = isinstance(issued, int) and isinstance(lasts, int)
    return {
        "recipe": meta.get("recipe"),
        "expires_at": record.fields.get("expires_at"),
        "refresh_expires_at": int(str(issued)) + int(str(lasts)) if numbers else None,
        "scope": record.fields.get("scope"),
        "refreshed_at": meta.get("refreshed_at"),
        "needs_person": record.needs_person,
        "last_error": meta.get("last_error"),
    }


def _when(value: JSON) -> str:
    from datetime import UTC, datetime

    if not isinstance(value, int):
        return "-"
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _until(record: Record) -> str:
    at = record.fields.get("expires_at")
    return f" until {_when(at)}" if isinstance(at, int) else ""


def _table(rows: Sequence[Mapping[str, JSON]], console: Console) -> None:
    columns = ("name", "state", "expires_at", "refresh_expires_at", "refreshed_at")
    heads = ("NAME", "STATE", "ACCESS UNTIL", "REFRESH UNTIL", "LAST REFRESH")
    cells = [[_when(row[c]) if c.endswith("_at") else str(row[c]) for c in columns] for row in rows]
    widths = [max(len(line[i]) for line in [heads, *cells]) for i in range(len(columns))]
    for line in [list(heads), *cells]:
        console.answer(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def trust(flow_name: str) -> int:
    """Allow a flow, with all that it extends, to read what it names elsewhere."""
    from .trust import trust as remember

    console = Console()

    def act(name: str) -> JSON:
        flow = load(name, console)
        for item in flow.inputs.values():
            for how, what in item.source.items():
                console.tell(f"{item.name} comes from {how}: {what}")
        console.answer(remember(flow))
        return None

    return each([flow_name], act, console)


def sandbox(flow_name: str, settings: Settings, *, port: int) -> int:
    """Serve the provider that a recipe describes, until Ctrl-C."""
    from .rehearsal import open_sandbox

    console = Console()

    def act(name: str) -> JSON:
        session = Session(settings._replace(sandbox=True), console)
        job = session.job(load(name, console))
        with open_sandbox(job, console.tell, person=True, port=port) as served:
            console.answer(served.origin)
            served.wait()
        return None

    return each([flow_name], act, console)
