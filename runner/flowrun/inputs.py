"""Where each input's value comes from, and whether it fits."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from .document import plain, value_at
from .errors import FlowError, PersonNeeded, Problem
from .fit import coerce
from .flow import Flow, Input
from .near import did_you_mean
from .place import Place, place_of
from .secret import JSON, Secret, Value
from .services import Person
from .taint import Unknown
from .template import Scope, render

OWN_VARIABLES = ("notify", "tokens", "store", "store_key", "store_key_file", "trust")
"""`FLOWRUN_TOKENS` and its like are flowrun's own, so no input may be called so."""


class Origin(NamedTuple):
    """Where a value comes from, and where a file says it if one does."""

    words: str
    place: Place | None = None

    def __str__(self) -> str:
        return f"{self.words} ({self.place})" if self.place else self.words


TYPED_BEFORE = Origin("typed before")
INVENTED = Origin("invented")
NOT_SET = Origin("not set")


class Sources(NamedTuple):
    """Who may say what an input is. A sandbox invents what nobody says, and every secret."""

    given: Mapping[str, str] = {}  # --set
    environ: Mapping[str, str] = {}
    profile: str = ""
    typed: Callable[[str], Mapping[str, JSON]] = lambda _: {}  # before, for the record of that name
    person: Person | None = None
    alone: bool = True  # the command is about exactly one record
    elsewhere: Callable[[Flow, Input], JSON] = lambda _, __: None  # the input's `from`
    invent: Callable[[Input], JSON] | None = None
    lenient: bool = False  # what is missing is not known, and no error
    needed: Container[str] | None = None  # the secrets worth looking for; None: all
    idle: Container[str] = ()  # inputs of no use to this recipe; they are null
    record: Mapping[str, JSON] = {}  # the inputs of a record that exists


class Resolved(NamedTuple):
    """Every input's value, secrets sealed, and the name of the record that they lead to."""

    name: str
    values: Mapping[str, Value]
    origins: Mapping[str, Origin]
    typed: Mapping[str, JSON]  # by a person, just now


def resolve(flow: Flow, sources: Sources) -> Resolved:
    """
    Find a value for every input of *flow*.

    Raises:
        FlowError: a value does not fit (E215), or is given for no input (E216, E217).
        PersonNeeded: inputs are missing and nobody is here to be asked (E801), all at once.
    """
    _refuse_strangers(flow, sources)
    search = _Search(flow, sources)
    name = record_name(flow, search.scope(), sources.profile)
    search.record = "" if "<" in name else name  # what is not known cannot be looked up
    for item in flow.inputs.values():
        if item.name in sources.idle:
            search.values[item.name] = None
        elif not item.secret or sources.needed is None or item.name in sources.needed:
            search.find(item)
    if search.missing:
        raise PersonNeeded.of(search.missing)
    values = {item: search.values[item] for item in flow.inputs if item in search.values}
    return Resolved(name, values, search.origins, search.typed)


def record_name(flow: Flow, scope: Scope, profile: str = "") -> str:
    """The name that `save` gives the record; the recipe's own (and profile's) when it is silent."""
    if not flow.save:
        return f"{flow.name}-{profile}" if profile else flow.name
    name = render(flow.save, scope)
    if isinstance(name, Secret):
        raise FlowError("E220", "`save` would show a secret", place=place_of(flow.save))
    return str(name)


_IN_VARIABLES = {"-": "_", "_": "_u", ".": "_d", "@": "_a", "+": "_p"}


def variable(name: str, record: str = "") -> str:
    """
    The environment variable that gives input *name*, for *record* alone when named.

    No two records share one, so that no tenant gets the secret of another.
    """
    prefix = "".join(map(_in_variable, record)) + "__" if record else ""
    return f"FLOWRUN_{prefix}{name.upper()}"


def _in_variable(character: str) -> str:
    # What stands for an odd character is the only thing that is not in capitals.
    if character.isascii() and character.isalnum():
        return f"c{character}" if character.isupper() else character.upper()
    return _IN_VARIABLES.get(character, f"_x{ord(character)}")


def _refuse_strangers(flow: Flow, sources: Sources) -> None:
    if sources.profile and sources.profile not in flow.profiles:
        hint = did_you_mean(sources.profile, flow.profiles) or _there_are("profiles", flow.profiles)
        raise FlowError("E217", f"{flow.name} has no profile {sources.profile!r}", hint=hint)
    for name in sources.given:
        if name not in flow.inputs:
            hint = did_you_mean(name, flow.inputs) or f"Inputs: {', '.join(flow.inputs)}."
            raise FlowError("E216", f"{flow.name} has no input {name!r}", hint=hint)
        if flow.inputs[name].secret:
            hint = f"Give it as {variable(name)} in the environment, or when you are asked."
            raise FlowError(
                "E216", f"{name!r} is secret, and --set is for everybody to see", hint=hint
            )


def _there_are(what: str, names: Iterable[str]) -> str:
    known = ", ".join(names)
    return f"Its {what}: {known}." if known else f"It has no {what}."


class _Search:
    """Looks for values, each once; the record's name is known after some of them."""

    def __init__(self, flow: Flow, sources: Sources) -> None:
        self.flow, self.sources = flow, sources
        self.record = ""
        self.values: dict[str, Value] = {}
        self.origins: dict[str, Origin] = {}
        self.typed: dict[str, JSON] = {}
        self.missing: list[Problem] = []

    def scope(self) -> Scope:
        """What `save` may read: it is rendered before the record's own sources are known."""
        from .template import uses

        needed = {use.path[1] for use in uses(self.flow.save) if use.path[:1] == ("inputs",)}
        for name in sorted(needed & set(self.flow.inputs)):
            self.find(self.flow.inputs[name])
        self.missing.clear()  # they are found again, with the others
        unknown = {name: Unknown(f"inputs.{name}") for name in needed - set(self.values)}
        return Scope({"inputs": {**unknown, **self.values}}, self.flow.vars)

    def find(self, item: Input) -> None:
        if item.name in self.values:
            return
        for origin, raw in self.candidates(item):
            value = raw if isinstance(raw, Unknown) else coerce(item, raw)
            shown = value is None or isinstance(value, Unknown) or not item.secret
            self.values[item.name] = value if shown else Secret(value)
            self.origins[item.name] = origin
            return
        self.missing.append(self.problem(item))

    def candidates(self, item: Input) -> Iterator[tuple[Origin, JSON]]:
        invent = self.sources.invent
        yield from self.told(item)
        if not (invent and item.secret):
            yield from self.around(item)
        if item.default is not None:
            yield Origin("default", item.default_at), plain(item.default)
        if item.optional and not (invent and item.secret):
            if self.sources.person is None:
                yield NOT_SET, None
        elif invent:
            yield INVENTED, invent(item)
        yield from self.answer(item)
        if self.sources.lenient:
            words = f"missing: set {variable(item.name, self.record)}"
            yield Origin(words), Unknown(f"inputs.{item.name}")

    def told(self, item: Input) -> Iterator[tuple[Origin, JSON]]:
        """What the command, the record and the files say."""
        if item.name in self.sources.record:
            yield Origin("the record"), self.sources.record[item.name]
        if item.name in self.sources.given:
            yield Origin("--set"), self.sources.given[item.name]
        own = variable(item.name, self.record)
        if self.record and own in self.sources.environ and not self.sources.invent:
            yield Origin(f"environment {own}"), self.sources.environ[own]
        profile = self.flow.profiles.get(self.sources.profile, {})
        for words, values in (
            (f"profile {self.sources.profile}", profile),
            ("values", self.flow.values),
        ):
            if item.name in values:
                yield Origin(words, value_at(values, item.name)), plain(values[item.name])

    def around(self, item: Input) -> Iterator[tuple[Origin, JSON]]:
        """What the machine says: other programs, the environment, and what was typed before."""
        if self.sources.invent:
            return
        if item.source:
            yield from self.elsewhere(item)
        shared = variable(item.name)
        if self.sources.alone and shared in self.sources.environ:
            yield Origin(f"environment {shared}"), self.sources.environ[shared]
        if self.record and item.name in (before := self.sources.typed(self.record)):
            yield TYPED_BEFORE, before[item.name]

    def elsewhere(self, item: Input) -> Iterator[tuple[Origin, JSON]]:
        [(how, what)] = item.source.items()
        words = " ".join(["from", how, *map(str, what if isinstance(what, list) else [what])])
        try:
            value = self.sources.elsewhere(self.flow, item)
        except FlowError:
            if not self.sources.lenient:
                raise
            origin = Origin(f"{words}, once the flow is trusted", place_of(item.source))
            yield origin, Unknown(f"inputs.{item.name}")
            return
        if value is not None:
            yield Origin(words, place_of(item.source)), value

    def answer(self, item: Input) -> Iterator[tuple[Origin, JSON]]:
        if self.sources.person is None:
            return
        question = f"{item.name} ({item.help})" if item.help else item.name
        if item.optional:
            question += " [may stay empty]"
        while True:
            answer = self.sources.person.ask(question, secret=item.secret, choices=item.choices)
            if not answer and item.optional:
                yield NOT_SET, None
                return
            try:
                coerce(item, answer)
            except FlowError as error:
                question = f"{error}; {item.name}"
                continue
            self.typed[item.name] = answer
            yield Origin("typed"), answer
            return

    def problem(self, item: Input) -> Problem:
        name = variable(item.name, self.record)
        about = f" ({item.help})" if item.help else ""
        hint = f"Set {name} in the environment, or run it in a terminal."
        if not item.secret:
            hint = f"Give --set {item.name}=..., set {name}, or run it in a terminal."
        return Problem("E801", f"the input {item.name!r} has no value{about}", hint, item.place)
