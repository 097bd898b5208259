"""A record's token with each request of httpx or requests."""

from __future__ import annotations

import copy
import os
from collections.abc import AsyncGenerator, Callable, Generator, MutableMapping
from functools import partial
from typing import Any, Protocol, TypeVar

import httpx

from ..clock import Clock
from ..proofs import Proofs
from .access import Access, Held
from .presenting import Asked, Next, Presentation, require_encrypted


class Prepared(Protocol):
    """What requests hands to its `auth`: a `PreparedRequest`."""

    @property
    def method(self) -> str | None: ...

    @property
    def url(self) -> str | None: ...

    @property
    def headers(self) -> MutableMapping[str, Any]: ...

    @property
    def body(self) -> object: ...

    def register_hook(self, event: str, hook: Callable[..., Any]) -> object: ...


Request = TypeVar("Request", bound=Prepared)


class Auth(httpx.Auth):
    """
    Sends the token of a record with each request of httpx, sync and async, or of requests.

    >>> import flowrun, httpx
    >>> api = httpx.Client(auth=flowrun.Auth("zendesk-acme"))
    >>> api.get("https://acme.zendesk.com/api/v2/oauth/tokens/current.json").status_code
    200

    The record is read for each request, so what another process has refreshed is used at once. A
    token that is due is refreshed before the request is sent, by one thread of one process, while
    the others wait. A token that is bound to a key (DPoP) goes with a proof for each request.

    An answer of 401 has the token refreshed, and the request is sent once more, unless its body can
    be read only once. If only a person can help then, the answer is what the caller gets, and the
    reason is logged by the logger `flowrun`.

    One object serves all threads, tasks and clients; it can be pickled.
    """

    def __init__(
        self,
        name: str,
        *,
        tokens: str | os.PathLike[str] | None = None,
        named: str = "",
        min_ttl: float | None = None,
        allow_http: bool = False,
        sandbox: bool = False,
    ) -> None:
        """
        Present the token of the record *name*.

        What the requests raise is what `flowrun.token` raises, and `FlowError` (E214) for a URL
        without encryption (RFC 6750 section 5.3). After an answer of 401, trouble that may pass is
        raised, too: no answer from the provider, a store that is busy.

        Args:
            name: the record, as `flowrun status` lists it; or the file of its flow.
            tokens: the folder where the records are; else `FLOWRUN_TOKENS`, else `tokens`.
            named: which of the tokens that the record keeps beside its own; "" is its own.
            min_ttl: for how many seconds it must live at least, if not for the usual margin.
            allow_http: send the token without encryption also to other machines than this one.
            sandbox: the record is one that `--sandbox` has made.
        """
        self._access = Access(name, tokens=tokens, named=named, min_ttl=min_ttl, sandbox=sandbox)
        self._allow_http = allow_http
        self._proofs = Proofs(Clock())

    def __repr__(self) -> str:
        return f"Auth({self._access.name!r})"

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """What httpx runs for a request of a `Client`."""
        access = self._to(str(request.url))
        shown = Presentation(access.held(), self._proofs)
        while True:
            response = yield _dressed(request, shown)
            request, follows = response.request, _follows(response, shown)
            if follows == "renew":
                follows = shown.go_on_with(access.instead_of(shown.held))
            if follows == "done" or not _is_repeatable(request):
                return

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """What httpx runs for a request of an `AsyncClient`; a refresh waits in a thread."""
        from .aside import aside

        access = self._to(str(request.url))
        shown = Presentation(await _held(access), self._proofs)
        while True:
            response = yield _dressed(request, shown)
            request, follows = response.request, _follows(response, shown)
            if follows == "renew":
                instead = partial(access.instead_of, shown.held)
                follows = shown.go_on_with(await aside(access.place, instead))
            if follows == "done" or not _is_repeatable(request):
                return

    def __call__(self, request: Request) -> Request:
        """What requests runs when it prepares a request."""
        url, start = request.url or "", _position(request.body)
        shown = Presentation(self._to(url).held(), self._proofs)
        request.headers.update(shown.headers(request.method or "", url))
        request.register_hook("response", partial(self._heard, shown, start))
        return request

    def _to(self, url: str) -> Access:
        if not self._allow_http:
            require_encrypted(url)
        return self._access

    def _heard(
        self, prepared: Presentation, start: int | None, response: Any, **sending: Any
    ) -> Any:
        """
        What requests runs for each answer: that answer, or the one to what was sent once more.

        Its types are not known here, since flowrun does not depend on requests.
        """
        request, shown = response.request, copy.copy(prepared)  # which can be sent again
        try:
            while self._is_repeated(response, shown) and _rewound(request.body, start):
                response = _sent_again(response, shown, sending)
        except BaseException:
            response.close()  # else its connection would be lost
            raise
        if response.is_redirect:
            request.headers.pop("DPoP", None)  # it proves nothing where this leads
        return response

    def _is_repeated(self, response: Any, shown: Presentation) -> bool:
        follows = shown.follows(_asked(response.request), response.status_code, response.headers)
        if follows == "renew":
            follows = shown.go_on_with(self._access.instead_of(shown.held))
        return follows == "repeat"


async def _held(access: Access) -> Held:
    from .aside import aside

    if held := access.at_hand():
        return held
    return await aside(access.place, access.held)


class _Proven(httpx.Headers):
    """The headers of one request with its proof, which no redirect copies: it is for one URL."""

    def __init__(self, headers: httpx.Headers, proof: str) -> None:
        super().__init__(headers)
        self._proof = proof

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        return [*super().raw, (b"DPoP", self._proof.encode())]

    def __getitem__(self, key: str) -> str:
        return self._proof if key.lower() == "dpop" else super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        return (isinstance(key, str) and key.lower() == "dpop") or super().__contains__(key)


def _dressed(request: httpx.Request, shown: Presentation) -> httpx.Request:
    made = shown.headers(request.method, str(request.url))
    request.headers["Authorization"] = made["Authorization"]
    if "DPoP" in made:
        request.headers = _Proven(request.headers, made["DPoP"])
    return request


def _follows(response: httpx.Response, shown: Presentation) -> Next:
    return shown.follows(_asked(response.request), response.status_code, response.headers)


def _asked(request: Any) -> Asked:
    headers = request.headers
    shown = str(headers.get("Authorization", ""))
    return Asked(str(request.method), str(request.url), shown, proven="DPoP" in headers)


def _is_repeatable(request: httpx.Request) -> bool:
    """Whether the body can be read once more: bytes can, and the parts of a form mostly."""
    if isinstance(request.stream, httpx.ByteStream):
        return True
    fields = getattr(request.stream, "fields", None)  # of a form in parts
    files = [getattr(field, "file", b"") for field in fields or ()]
    return fields is not None and all(
        isinstance(file, str | bytes) or (hasattr(file, "seekable") and file.seekable())
        for file in files
    )


def _position(body: object) -> int | None:
    """Where *body* begins, if it is a file that can be read again from there."""
    try:
        return body.tell() if hasattr(body, "tell") and hasattr(body, "seek") else None
    except OSError:  # a pipe
        return None


def _rewound(body: object, start: int | None) -> bool:
    """Whether *body* can be sent once more, and is ready for it."""
    if body is None or isinstance(body, str | bytes):
        return True
    if start is None or not hasattr(body, "seek"):
        return False
    body.seek(start)
    return True


def _sent_again(response: Any, shown: Presentation, sending: dict[str, Any]) -> Any:
    """The answer to the same request with another token or proof, over the same connection."""
    _ = response.content  # what was left unread would cost the connection
    response.close()
    request = response.request.copy()
    request.prepare_cookies(response.cookies)
    request.headers.update(shown.headers(request.method, request.url))
    again = response.connection.send(request, **sending)
    again.history.append(response)
    again.request = request
    return again
