"""What a person sees: the talk on stderr, errors with their place, and questions."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

from .errors import FlowrunError, PersonNeeded, Problem
from .message import Request, Response, secrets_of
from .place import Place
from .secret import JSON, Redactor, Value, masked

GRAVITY = (0, 6, 4, 2, 8, 5, 7, 3)
"""Exit statuses from the slightest to the gravest."""


def gravest(statuses: Sequence[int]) -> int:
    return max(statuses, key=lambda status: GRAVITY.index(status), default=0)


SECRET_ENDINGS = ("token", "secret", "device_code", "auth_req_id")
"""Of names in an answer; what redeems a consent is a secret like the token."""


class Line(NamedTuple):
    """What is said, and whether it is an answer or talk."""

    text: str
    answer: bool

    def print(self) -> None:
        if self.answer:
            print(self.text, flush=True)
        elif sys.stderr:
            try:
                print(self.text, file=sys.stderr, flush=True)
            except OSError:  # talk comes between an answer and the disk, too: it must not fail
                sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - until we end


_HELD: ContextVar[list[Line] | None] = ContextVar("held", default=None)


class Console:
    """Everything that leaves for a person passes here, and its secrets stay behind."""

    def __init__(self, *, verbose: bool = False) -> None:
        self.redact = Redactor()
        self.verbose = verbose
        self._shown: list[str] = []  # the codes of errors

    def tell(self, text: str) -> None:
        """One line of talk."""
        self._say(text, answer=False)

    def _say(self, text: str, *, answer: bool) -> None:
        line, held = Line(printable(self.redact(text)), answer), _HELD.get()
        if held is None:
            line.print()
        else:
            held.append(line)

    @contextlib.contextmanager
    def holding(self) -> Iterator[list[Line]]:
        """Keep back what this thread says, so that nothing of others comes in between."""
        lines: list[Line] = []
        token = _HELD.set(lines)
        try:
            yield lines
        finally:
            _HELD.reset(token)

    def release(self, lines: Sequence[Line]) -> None:
        """Say what was held back."""
        for line in lines:
            line.print()

    def answer(self, text: str) -> None:
        """What was asked for, on stdout."""
        self._say(text, answer=True)

    def answer_as_it_is(self, text: str) -> None:
        """A text that is a file, or will be one, to the letter."""
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()

    def answer_json(self, value: Value) -> None:
        self.answer(json.dumps(masked(value), indent=2))

    def answer_rows(self, rows: Iterable[Mapping[str, JSON]]) -> None:
        """A list as JSON with a line for each row: there may be many."""
        lines = ",\n".join(map(json.dumps, rows))
        self.answer(f"[\n{lines}\n]" if lines else "[]")

    def show(self, error: FlowrunError) -> int:
        """Say what went wrong; the exit status that stands for it."""
        for problem in error.problems:
            self.tell(described(problem))
            self._shown.append(problem.code)
        return error.exit_status

    def conclude(self) -> None:
        """After all errors: where a person at a terminal can read more."""
        first, *others = dict.fromkeys(self._shown) or [""]
        if first and sys.stderr.isatty():
            more = f" (or {', '.join(others)})" if others else ""
            self.tell(f"flowrun explain {first}{more} says more")

    def trace(self, request: Request, response: Response | None) -> None:
        """A line for each exchange; what it carried is kept out of all that follows."""
        self.redact.add(secrets_of(request))
        if response is not None:
            self.redact.add(_secrets_in(response.json))
        if self.verbose:
            ended = f"{response.status}, {len(response.body)} bytes" if response else "no answer"
            self.tell(f"{request.method} {masked(request.url)} -> {ended}")


def _secrets_in(answer: JSON) -> list[JSON]:
    """What an answer holds under names that secrets have, however deep."""
    found: list[JSON] = []
    rest = [answer]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            named = {k.lower(): v for k, v in item.items() if isinstance(v, str)}
            if "oauth_callback_confirmed" in named:  # the token stands in the person's address
                named.pop("oauth_token", None)
            found += [v for k, v in named.items() if k.endswith(SECRET_ENDINGS)]
        rest += item.values() if isinstance(item, dict) else item if isinstance(item, list) else []
    return found


def described(problem: Problem) -> str:
    """A problem as text: where, what, the line with a caret, and what to do."""
    place = problem.place
    where = f"{place if place.source.shown else place.source.name}: " if place else ""
    lines = [f"{where}error {problem.code}: {problem.message}"]
    if problem.place and problem.place.source.shown and problem.place.source.text:
        lines.append(problem.place.excerpt())
    if problem.hint:
        lines.append(f"  {problem.hint}")
    lines += [f"  extended in {link}" for link in (place.extended() if place else ())]
    return "\n".join(lines)


def as_json(problem: Problem) -> dict[str, JSON]:
    place = problem.place
    found: dict[str, JSON] = {
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        "exit_status": int(problem.code[1]),
    }
    if place:
        found |= where(place)
    if links := [where(link) for link in (place.extended() if place else ())]:
        found["extended_in"] = [*links]
    return found


def where(place: Place) -> dict[str, JSON]:
    """A place for programs."""
    return {"file": place.source.name, "line": place.line, "column": place.column}


def printable(text: str) -> str:
    """*text* without what a provider could use to write elsewhere on the screen."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)


def person_is_here() -> bool:
    """Whether there is a terminal to ask and to be answered at."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def table_columns() -> int | None:
    """How wide a table may be on stdout; None where that is no terminal."""
    return os.get_terminal_size(sys.stdout.fileno()).columns or 80 if sys.stdout.isatty() else None


def browser_is_here() -> bool:
    """Whether a browser can be expected to open."""
    if os.environ.get("BROWSER") or sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


class Terminal:
    """A person at a terminal."""

    def ask(self, question: str, *, secret: bool = False, choices: Sequence[str] = ()) -> str:
        from getpass import getpass

        if choices:
            for number, choice in enumerate(choices, 1):
                print(printable(f"  {number}  {choice}"), file=sys.stderr)
        prompt = printable(f"{question}: ")
        try:
            answer = getpass(prompt, stream=sys.stderr) + "\n" if secret else _line(prompt)
        except EOFError:
            answer = ""
        if not answer:
            raise PersonNeeded("E801", f"nobody answered: {question}")
        answer = answer.strip()
        numbered = dict(zip(map(str, range(1, len(choices) + 1)), choices, strict=True))
        return numbered.get(answer, answer)

    def show_code(self, url: str) -> None:
        from .qr import drawn, plain_terminal

        columns = os.get_terminal_size(sys.stderr.fileno()).columns or 80
        if drawing := drawn(url, columns=columns, coloured=not plain_terminal(os.environ)):
            with contextlib.suppress(UnicodeEncodeError):
                print(drawing, file=sys.stderr, flush=True)


def _line(prompt: str) -> str:
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


class Nobody:
    """No person is here, or may be asked."""

    def ask(self, question: str, *, secret: bool = False, choices: Sequence[str] = ()) -> str:
        hint = "Run it in a terminal, without --no-input."
        raise PersonNeeded("E801", f"somebody has to answer: {question}", hint=hint)

    def show_code(self, url: str) -> None:
        """Nothing: a file or another program reads what is said."""
