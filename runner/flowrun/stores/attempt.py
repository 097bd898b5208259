"""
The journal of one try to redeem a refresh token: a file of fixed size.

    0      the state, one letter, so that changing it tears nothing
    1      the header, written once
    4096   the answer: status, content type, whether it is whole, its date, when to ask again,
           up to 64 KiB of body

Header and answer have their lengths and a digest in front, so that a torn write shows. The answer
is sealed by the vault that keeps the record; the header holds no secret, and so can be read always.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from flowrun.message import Response

from . import private
from .interface import Redemption
from .vault import PLAIN, Vault

STATES = {b"s": "sent", b"p": "probed", b"u": "unknown"}
ANSWER_AT, BODY_ROOM = 4096, 64 << 10
SIZE = ANSWER_AT + 4096 + BODY_ROOM  # beside the body: what is said of it, and the seal


class Attempt(NamedTuple):
    """What the journal said when it was read; a method changes the file alone."""

    path: Path
    state: str
    id: str = ""  # none: the header is torn, so nothing was sent
    of: Redemption = ()  # see `redemption`
    at: float = 0  # when the first try was made
    answer: Response | None = None
    whole: bool = False  # all of the answer is there
    vault: Vault = PLAIN

    @property
    def token(self) -> str:
        """The name of the token that is redeemed; "" is the record's own."""
        return str(self.of[3]) if len(self.of) > 4 else ""

    def _answered(self, about: bytes, body: bytes) -> Attempt:
        said = json.loads(about)
        status, kind, whole, date, wait = [*said, "", ""][:5]  # an older flowrun has kept fewer
        headers = {"content-type": kind, "date": date or _date(self.at), "retry-after": wait}
        return self._replace(answer=Response(status, headers, body), whole=whole)

    def mark(self, state: str) -> None:
        _overwrite(self.path, 0, state[:1].encode())

    def again(self, state: str) -> Attempt:
        """One more POST; "probed" promises the disk that none follows it."""
        self.vault.prove()  # its answer must be kept, too
        _overwrite(self.path, ANSWER_AT, bytes(64))  # what is there did not answer that one
        self.mark(state)
        return self._replace(state=state, answer=None, whole=False)

    def keep(self, answer: Response, *, whole: bool = True) -> None:
        """Put *answer* on the disk, or what has come of it or finds room."""
        body = answer.body[:BODY_ROOM]
        # By these it is judged, however late.
        headers = [answer.headers.get(name, "")[:40] for name in ("date", "retry-after")]
        whole = whole and body == answer.body
        about = [answer.status, answer.content_type[:200], whole, *headers]
        content = self.vault.seal(self.path.name, sealed(json.dumps(about).encode(), body))
        _overwrite(self.path, ANSWER_AT, sealed(b"", content))

    def undo(self) -> None:
        """The POST used nothing up; what became of the one before it is as unknown as ever."""
        if self.state == "sent":
            self.discard()
        else:
            self.again("unknown")

    def discard(self) -> None:
        private.remove(self.path)


def create(path: Path, of: Redemption, *, at: float, vault: Vault = PLAIN) -> Attempt:
    """A new journal, on the disk with all its room before anything is sent."""
    vault.prove()
    attempt = Attempt(path, "sent", os.urandom(8).hex(), of, at, vault=vault)
    header = sealed(json.dumps([attempt.id, of, at, vault.kind]).encode())
    content = (b"s" + header).ljust(SIZE, b"\0")
    private.write(path, content, new=True, part=private.part_of(path))
    return attempt


def read(path: Path, vaults: Callable[[str], Vault] = lambda _: PLAIN) -> Attempt | None:
    """The journal at *path*, its answer opened by one of *vaults*."""
    content = private.read(path)
    if content is None:
        return None
    attempt = Attempt(path, STATES.get(content[:1], "probed"))  # which allows least
    header, answer = unsealed(content[1:ANSWER_AT]), unsealed(content[ANSWER_AT:])
    if header is None:
        return attempt
    name, of, at, *kind = json.loads(header[0])
    vault = vaults(kind[0] if kind else PLAIN.kind)
    attempt = attempt._replace(id=name, of=tuple(of), at=at, vault=vault)
    if answer is not None and not answer[0]:
        answer = unsealed(vault.open(path.name, answer[1]))
    return attempt if answer is None else attempt._answered(*answer)


def _date(at: float) -> str:
    from email.utils import formatdate

    return formatdate(at, usegmt=True)


def sealed(head: bytes, body: bytes = b"") -> bytes:
    rest = b"%d %d\n" % (len(head), len(body)) + head + body
    return hashlib.sha256(rest).hexdigest().encode() + rest


def unsealed(content: bytes) -> tuple[bytes, bytes] | None:
    """What `sealed` was given; None when anything of it is missing or changed."""
    lengths, _, rest = content[64:].partition(b"\n")
    try:
        head, body = map(int, lengths.split())
    except ValueError:
        return None
    parts = rest[:head], rest[head : head + body]
    return parts if content.startswith(sealed(*parts)) else None


def _overwrite(path: Path, offset: int, content: bytes) -> None:
    with private.told("write", path), path.open("r+b") as file:
        file.seek(offset)
        file.write(content)
        file.flush()
        private.flush(file.fileno(), content_only=True)
