"""HTTP messages as values: what a step wants sent, and what came back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

from .content import content_of
from .secret import JSON, Secret, Value

Pairs = Mapping[str, Value]
"""Names and values; null is not sent, a list is sent as several."""


class Verbatim(str):
    """A parameter's value that is sent as it is written, without percent-encoding."""

    __slots__ = ()


class Body(NamedTuple):
    """What a request carries, before it is encoded."""

    kind: Literal["form", "json", "text"]
    content: Value


class Proof:
    """What goes with a request to show that whoever sends it has a key (RFC 9449)."""

    def __init__(self, key: Callable[[], Mapping[str, JSON]], token: Value = None) -> None:
        self.key = key  # the private one as JWK, which is made when it is needed
        self.token = token  # the access token that is bound to it
        self.made: list[Value] = []  # what was sent so far
        self.again: Callable[[], Request] | None = None  # anew, where the client signs each one


class Certificate(NamedTuple):
    """What the client shows of itself when the connection is made (RFC 8705), as PEM."""

    certificate: Value
    key: Value


class Request(NamedTuple):
    """A request whose secrets are still sealed, so that it can be shown masked."""

    method: str
    url: str | Secret  # without what is in `query`
    query: Pairs = {}
    headers: Pairs = {}
    body: Body | None = None
    fragment: Pairs = {}  # only a browser is ever sent to one
    proof: Proof | None = None
    certificate: Certificate | None = None


def secrets_of(request: Request) -> list[Value]:
    """Every secret that *request* carries, and the words of each: a header's scheme is none."""
    content = request.body.content if request.body else None
    proofs = request.proof.made if request.proof else []
    shown = [*request.certificate] if request.certificate else []
    parts = (request.url, request.query, request.headers, content, proofs, shown)
    return [_secrets(part) for part in parts]


def _secrets(value: Value) -> Value:
    if isinstance(value, Secret):
        plain = value.reveal()
        return [plain, *plain.split()] if isinstance(plain, str) else plain
    if isinstance(value, Mapping):
        return [_secrets(item) for item in value.values()]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_secrets(item) for item in value]
    return None


class Response:
    """An answer; its body shows itself to nobody by accident."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.body)} bytes)"

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @cached_property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @cached_property
    def json(self) -> JSON:
        """The values in the body, whatever form they have; None when it holds none."""
        return content_of(self.body, self.content_type)

    @property
    def date(self) -> float | None:
        """When the server says that it answered, in seconds since 1970 (RFC 9110 section 6.6.1)."""
        return http_date(self.headers.get("date", ""))

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def http_date(text: str) -> float | None:
    """The point in time that *text* spells, in seconds since 1970 (RFC 9110 section 5.6.7)."""
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        stamp = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):  # Python 3.11 raises each of them
        return None
    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp()
