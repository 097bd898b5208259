"""
Texts with <words> in them, as the provider's side of a quirk is written.

`<new:code>` is minted where it is answered, and learnt where it is asked for; from then on `<code>`
is that value. `<%code>` is it percent-encoded, `<now+60>` and `<now-ms>` are the time, `<any>` is
whatever there is, and `<verifier>` is the one whose challenge was learnt (RFC 7636). A map whose
first key begins with $ is reckoned: see `reckoned`.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from urllib.parse import quote

from servers.quirky.reckoned import RECKONED, challenge_of

Memory = dict[str, str]
WORD = re.compile(r"<(new:|%)?([a-z][\w-]*?)(?:\+(\d+))?>")
LATE_S = 120
"""How far a time may be off on a machine that has much to do."""


def filled(value: object, memory: Memory) -> object:
    """*value* as it is answered, with every word in it replaced."""
    if isinstance(value, Mapping):
        if is_reckoned(value):
            return reckoned(value, memory)
        return {name: filled(item, memory) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, memory) for item in value]
    return text_of(value, memory) if isinstance(value, str) else value


def text_of(text: str, memory: Memory) -> str | int:
    """*text* with its words replaced; a time alone stays a number."""
    alone = WORD.fullmatch(text)
    if alone and alone[2] in TIMES:
        return TIMES[alone[2]]() + int(alone[3] or 0)
    return WORD.sub(lambda found: _said(found, memory), text)


def _said(found: re.Match[str], memory: Memory) -> str:
    sort, name, more = found.groups()
    if sort == "new:":
        memory[name] = f"fake-{name.replace('_', '-')}-{secrets.token_hex(16)}"
    if name in TIMES:
        return str(TIMES[name]() + int(more or 0))
    if name not in memory:
        return found[0]  # an element, or what has not been said yet
    return quote(memory[name], safe="") if sort == "%" else memory[name]


def is_reckoned(value: Mapping[str, object]) -> bool:
    return next(iter(value), "") in RECKONED


def reckoned(value: Mapping[str, object], memory: Memory) -> str:
    given = {name.removeprefix("$"): filled(item, memory) for name, item in value.items()}
    return RECKONED[next(iter(value))](given)


def fits(wanted: str, got: str, memory: Memory) -> bool:
    """Whether *got* is what *wanted* says; what is new in it is learnt."""
    ends = [found.end() for found in WORD.finditer(wanted)]
    starts = [found.start() for found in WORD.finditer(wanted)]
    literals = [wanted[a:b] for a, b in zip([0, *ends], [*starts, len(wanted)], strict=True)]
    words = [_pattern(found, memory) for found in WORD.finditer(wanted)]
    pattern = re.escape(literals[0])
    for word, literal in zip(words, literals[1:], strict=True):
        pattern += f"({word}){re.escape(literal)}"
    met = re.fullmatch(pattern, got, re.DOTALL)
    if not met:
        return False
    found = list(zip(WORD.finditer(wanted), met.groups(), strict=True))
    if not all(_holds(word, text, memory) for word, text in found):
        return False
    memory |= {word[2]: text for word, text in found if word[1] == "new:"}
    return True


def _pattern(found: re.Match[str], memory: Memory) -> str:
    sort, name, _ = found.groups()
    if sort == "new:" or name in CHECKS:
        return ".+?"
    if name in TIMES:
        return "[0-9]+"
    known = memory.get(name)
    if known is None:
        return r"(?!)"  # nobody has said it yet
    return re.escape(quote(known, safe="") if sort == "%" else known)


def _holds(found: re.Match[str], text: str, memory: Memory) -> bool:
    sort, name, more = found.groups()
    if sort == "new:":
        return True
    if name in TIMES:
        late = LATE_S * (1000 if name == "now-ms" else 1)
        return abs(int(text) - TIMES[name]() - int(more or 0)) <= late
    return CHECKS[name](text, memory) if name in CHECKS else True


TIMES: Mapping[str, Callable[[], int]] = {
    "now": lambda: int(time.time()),
    "now-ms": lambda: int(time.time() * 1000),
}
CHECKS: Mapping[str, Callable[[str, Memory], bool]] = {
    "any": lambda text, _: bool(text),
    "uuid": lambda text, _: bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)),
    "verifier": lambda text, memory: (
        43 <= len(text) <= 128 and challenge_of(text) == memory.get("challenge")
    ),
}
