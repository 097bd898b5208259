"""One command's world: where records are, who is here, and how requests travel."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .clock import Clock
from .console import Console, Nobody, Terminal, browser_is_here, person_is_here
from .errors import StoreError
from .flow import SECTIONS, Flow, Input
from .guard import LateBrowser, ProvingHttp, RoutedBrowser, RoutedHttp
from .inputs import INVENTED, TYPED_BEFORE, Resolved, Sources, resolve
from .job import (
    Job,
    addressee,
    flow_of,
    inputs_of,
    plan_of,
    public_inputs,
    typed_before,
)
from .plan import idle_inputs, inputs_read, shown_inputs, signing_inputs
from .record import Record
from .secret import JSON, Secret, reveal
from .services import Browser, Person, Services
from .settings import Settings
from .stores.opening import open_store
from .taint import Unknown


class Session:
    """The world as one command sees it."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self.settings, self.console = settings, console
        folder = settings.tokens or Path(os.environ.get("FLOWRUN_TOKENS") or "tokens")
        self.folder = folder / "sandbox" if settings.sandbox else folder
        self.store = open_store(self.folder, os.environ)

    @property
    def asks(self) -> bool:
        """Whether somebody may be asked, and is here to answer."""
        return not self.settings.no_input and person_is_here()

    @property
    def consent(self) -> bool:
        """Whether somebody can be asked for consent; a sandbox gives its own."""
        if self.settings.no_input or self.settings.sandbox:
            return self.settings.sandbox
        return self.settings.no_browser or browser_is_here() or person_is_here()

    @property
    def plays(self) -> bool:
        """Whether a person consents in the sandbox; it needs no browser where there is none."""
        return self.asks and browser_is_here() and not self.settings.no_browser

    def person(self) -> Person:
        return Terminal() if self.asks else Nobody()

    def explained(self, flow: Flow) -> Resolved:
        """The inputs of *flow* as far as they are known, for somebody who only looks."""
        return self._resolve(flow, lenient=True)

    def _resolve(
        self,
        flow: Flow,
        *,
        ask: bool = False,
        lenient: bool = False,
        record: Mapping[str, JSON] | None = None,
        sections: Sequence[str] = SECTIONS,
    ) -> Resolved:
        from .trust import elsewhere

        def from_elsewhere(flow: Flow, item: Input) -> JSON:
            return elsewhere(os.environ, flow, item, record)

        settings = self.settings
        sources = Sources(
            given=settings.given,
            environ=os.environ,
            profile=settings.profile,
            typed=lambda name: typed_before(self.store, name),
            person=Terminal() if ask and self.asks and not settings.sandbox else None,
            alone=settings.alone,
            elsewhere=from_elsewhere,
            invent=_inventor(flow) if settings.sandbox else None,
            idle=idle_inputs(flow),
            record=record or {},
            lenient=lenient,
            needed=None if settings.sandbox or lenient else inputs_read(flow, sections),
        )
        resolved = self._addressed(flow, resolve(flow, sources), sources)
        self.console.redact.add(
            [v.reveal() for v in resolved.values.values() if isinstance(v, Secret)]
        )
        return resolved

    def job(self, flow: Flow, *, ask: bool = False) -> Job:
        """The job that *flow* and the command line describe."""
        resolved = self._resolve(flow, ask=ask)
        self._say_invented(resolved)
        return self._job(flow, resolved)

    def vouch(self, job: Job) -> None:
        """Trust the record of *job*, if its flow is trusted."""
        from .trust import vouch

        if not self.settings.sandbox:
            vouch(os.environ, job.flow, plan=plan_of(job.flow), inputs=public_inputs(job))

    def record(self, name: str) -> Record:
        """The record *name*, whose tokens nobody is shown by accident."""
        record = self.store.read(name)
        if record is None:
            known = ", ".join(self.store.names()) or "none"
            hint = f"Records in {self.store.where}: {known}. A flow file makes one: flowrun FLOW"
            raise StoreError("E705", f"there is no record {name!r}", hint=hint)
        if record.meta.get("sandbox") and not self.settings.sandbox:
            hint = "Say --sandbox; what it holds is for nobody else."
            raise StoreError("E705", f"{name} is a record of the sandbox", hint=hint)
        self.console.redact.add(record.secrets)
        return record

    def job_of(self, name: str, sections: Sequence[str] | None = None) -> tuple[Job, Record]:
        """
        The job that the record *name* describes, without its recipe's file.

        Of the secrets, only those that *sections* read are looked for, or that renewing it takes.
        """
        record = self.record(name)
        flow = flow_of(name, record)
        wanted = _renewing(flow) if sections is None else sections
        resolved = self._resolve(flow, record=inputs_of(record), sections=wanted)
        profile = str(record.meta.get("profile", ""))
        return self._job(flow, resolved)._replace(name=name, profile=profile), record

    def _job(self, flow: Flow, resolved: Resolved) -> Job:
        self.store.place(resolved.name)  # refuses a name that no file can have
        settings = self.settings
        return Job(
            flow=flow,
            name=resolved.name,
            inputs=resolved.values,
            store=self.store,
            profile=settings.profile,
            sandbox=settings.sandbox,
            typed=resolved.typed,
        )

    @contextmanager
    def services(self, job: Job) -> Iterator[Services]:
        """The edges, as *job* may use them; in a sandbox they all lead there."""
        from .http import Direct, http_from_environment

        client = Direct if self.settings.sandbox else http_from_environment
        tell, clock = self.console.tell, Clock(tell=self.console.tell)
        with ExitStack() as stack:
            http = stack.enter_context(client(self.console.trace, clock=clock))
            shelf = job.store.shelf(job.name, clock)
            world = http, LateBrowser(self._browser), self.person(), clock, tell
            plain = Services(*world, shelf, clock.ahead)
            used = self._sandboxed(stack, job, plain) if self.settings.sandbox else plain
            yield used._replace(http=ProvingHttp(used.http, clock))

    def _sandboxed(self, stack: ExitStack, job: Job, services: Services) -> Services:
        from .rehearsal import Terminated, open_sandbox

        tell = self.console.tell if self.settings.verbose else _say_nothing
        sandbox = stack.enter_context(open_sandbox(job, self.folder, tell, person=self.plays))
        http = RoutedHttp(Terminated(services.http), sandbox.route)
        browser: Browser = services.browser
        if not self.plays:
            from .rehearsal import ConsentingBrowser

            browser = ConsentingBrowser(services.http)
        return services._replace(http=http, browser=RoutedBrowser(browser, sandbox.route))

    def _browser(self) -> Browser:
        import sys

        from .capture import PersonsBrowser

        terminal = sys.stdin if self.asks else None
        opens = not self.settings.no_browser
        console = self.console
        return PersonsBrowser(
            tell=console.tell, open_browser=opens, terminal=terminal, redact=console.redact
        )

    def _addressed(self, flow: Flow, resolved: Resolved, sources: Sources) -> Resolved:
        """*resolved* without what was typed for another client or another token endpoint."""
        if TYPED_BEFORE not in resolved.origins.values():
            return resolved
        if self.store.typed(resolved.name).get("for") == addressee(flow, resolved.values):
            return resolved
        return resolve(flow, sources._replace(typed=lambda _: {}))

    def _say_invented(self, resolved: Resolved) -> None:
        invented = [name for name, origin in resolved.origins.items() if origin == INVENTED]
        if invented:
            self.console.tell(f"sandbox: invented values for {', '.join(invented)}")


def _renewing(flow: Flow) -> Sequence[str]:
    """What brings a new token; a recipe without `refresh` starts over."""
    return ("refresh",) if flow.steps("refresh") else SECTIONS


def _say_nothing(_: str) -> None:
    return


def _inventor(flow: Flow) -> Callable[[Input], JSON]:
    """Whoever makes up what the inputs of *flow* need in a sandbox; a key must be a real one."""
    from .sandbox.invented import invent

    unknown = {name: Unknown(f"inputs.{name}") for name in flow.inputs}
    keys, shown = signing_inputs(flow, unknown), shown_inputs(flow, unknown)
    made: dict[str, str] = {}

    def invented(item: Input) -> JSON:
        if item.name in shown:
            from .capture.certificate import self_signed

            made.update({} if made else self_signed()._asdict())
            return made[shown[item.name]]
        if item.name in keys:
            from .jose import new_key

            return new_key(keys[item.name])
        return invent(
            item.name,
            type=item.type,
            pattern=item.pattern or None,
            choices=item.choices,
            example=reveal(item.example),
            secret=item.secret,
        )

    return invented
