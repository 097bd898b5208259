"""What a server has said before, as long as it is good; else what it says now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from ..errors import FlowrunError, ProviderError, StoreError, TransportError
from ..message import Response
from ..oauth.lifetime import MOST_S, lifetime_s
from ..secret import JSON
from ..services import Services

Document = Mapping[str, JSON]
Fetch = Callable[[], tuple[Document, Response]]
Judge = Callable[[Document], None]


class NotNow(ProviderError):
    """The server has trouble; what it has said before may be as good."""


def learned(services: Services, kind: str, key: str, fetch: Fetch, judge: Judge) -> Document:
    """
    The document of that *kind* and *key*, from the shelf or by *fetch*.

    Either is judged the same, so that nothing is believed because it was kept. What does not
    pass is not kept. When the server cannot say it now, what it said a day ago will do.
    """
    if (kept := _kept(services, kind, key, judge, late_s=0)) is not None:
        return kept
    try:
        document, response = fetch()
    except (NotNow, TransportError) as trouble:
        late = _kept(services, kind, key, judge, late_s=MOST_S)
        if late is None:
            raise
        services.tell(f"{trouble}; what it has said before is used")
        return late
    judge(document)
    if lifetime := lifetime_s(response.headers):
        with suppress(StoreError):  # it can be asked again
            services.shelf.put(kind, key, dict(document), until=services.now() + lifetime)
    return document


def _kept(
    services: Services, kind: str, key: str, judge: Judge, *, late_s: float
) -> Document | None:
    document = services.shelf.get(kind, key, late_s=late_s)
    if not isinstance(document, dict):
        return None
    try:
        judge(document)
    except FlowrunError:  # for another recipe it was good enough; or somebody has changed it
        return None
    return document
