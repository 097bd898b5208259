"""The edges as a flow may use them: its hosts only, or the sandbox alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from .hosts import HostRule
from .message import Request, Response
from .secret import reveal
from .services import Browser, Http, Judge, Listener, Services


def guarded(services: Services, rule: HostRule) -> Services:
    """*services* that refuse every host that *rule* does not allow."""
    http, browser = GuardedHttp(services.http, rule), GuardedBrowser(services.browser, rule)
    return services._replace(http=http, browser=browser)


class GuardedHttp:
    def __init__(self, http: Http, rule: HostRule) -> None:
        self._http, self._rule = http, rule

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        self._rule.check(str(reveal(request.url)))
        return self._http.send(request, redeems=redeems)


class GuardedBrowser:
    def __init__(self, browser: Browser, rule: HostRule) -> None:
        self._browser, self._rule = browser, rule

    def listen(self, redirect_uri: str) -> AbstractContextManager[Listener]:
        return self._browser.listen(redirect_uri)

    def fetch(
        self, url: str, listener: Listener, judge: Judge, *, timeout_s: float
    ) -> Mapping[str, str]:
        self._rule.check(url)
        return self._browser.fetch(url, listener, judge, timeout_s=timeout_s)


class RoutedHttp:
    """Sends what is meant for a provider to the sandbox in its place."""

    def __init__(self, http: Http, route: Callable[[str], str]) -> None:
        self._http, self._route = http, route

    def send(self, request: Request, *, redeems: bool = False) -> Response:
        url = self._route(str(reveal(request.url)))
        return self._http.send(request._replace(url=url), redeems=redeems)


class RoutedBrowser:
    """Opens the sandbox in place of a provider."""

    def __init__(self, browser: Browser, route: Callable[[str], str]) -> None:
        self._browser, self._route = browser, route

    def listen(self, redirect_uri: str) -> AbstractContextManager[Listener]:
        return self._browser.listen(redirect_uri)

    def fetch(
        self, url: str, listener: Listener, judge: Judge, *, timeout_s: float
    ) -> Mapping[str, str]:
        return self._browser.fetch(self._route(url), listener, judge, timeout_s=timeout_s)
