"""The edges as a flow may use them: its hosts only, or the sandbox alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cache

from .clock import Clock
from .hosts import HostRule
from .message import Request, Response
from .secret import Secret, reveal
from .services import Browser, Http, Judge, Listener, Services

Route = Callable[[str], str]
"""Where a URL leads; raises when it may lead nowhere."""


def guarded(services: Services, rule: HostRule) -> Services:
    """*services* that refuse every host that *rule* does not allow."""

    def allowed(url: str) -> str:
        rule.check(url)
        return url

    http, browser = RoutedHttp(services.http, allowed), RoutedBrowser(services.browser, allowed)
    return services._replace(http=http, browser=browser, permit=rule.check)


class RoutedHttp:
    def __init__(self, http: Http, route: Route) -> None:
        self._http, self._route = http, route

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        url = self._route(str(reveal(request.url)))
        sealed = Secret(url) if isinstance(request.url, Secret) else url
        return self._http.send(request._replace(url=sealed), redeems=redeems)


class ProvingHttp:
    """An `Http` that sends proofs, too; what makes them is loaded by the first that is due."""

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._prover = cache(lambda: _prover(http, clock))

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        http = self._prover() if request.proof else self._http
        return http.send(request, redeems=redeems)


def _prover(http: Http, clock: Clock) -> Http:
    from .proofs import Prover

    return Prover(http, clock)


class LateBrowser:
    """A browser that is loaded by the first flow that has a login."""

    def __init__(self, make: Callable[[], Browser]) -> None:
        self._make = cache(make)

    def listen(self, redirect_uri: str) -> AbstractContextManager[Listener]:
        return self._make().listen(redirect_uri)

    def fetch(
        self,
        url: str,
        listener: Listener,
        judge: Judge,
        *,
        timeout_s: float,
        mode: str = "query",
    ) -> Mapping[str, str]:
        return self._make().fetch(url, listener, judge, timeout_s=timeout_s, mode=mode)


class RoutedBrowser:
    def __init__(self, browser: Browser, route: Route) -> None:
        self._browser, self._route = browser, route

    def listen(self, redirect_uri: str) -> AbstractContextManager[Listener]:
        return self._browser.listen(redirect_uri)

    def fetch(
        self,
        url: str,
        listener: Listener,
        judge: Judge,
        *,
        timeout_s: float,
        mode: str = "query",
    ) -> Mapping[str, str]:
        routed = self._route(url) if url else url
        return self._browser.fetch(routed, listener, judge, timeout_s=timeout_s, mode=mode)
