"""`flowrun keep` as a real process, and a provider whose refresh tokens rotate strictly."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from urllib.parse import parse_qsl

from flowrun.secret import JSON

from .command import TIMEOUT_S, Cli
from .pages import Asked, Page, Pages, serving_pages

RECIPE = """\
flowrun: 1
name: {name}
inputs: {{client_secret: {{secret: true, optional: {optional}}}}}
steps:
  - token:
      post: {url}/token/{name}
      form: {{grant_type: client_credentials}}
      expires: {expires}
refresh:
  - token:
      post: {url}/token/{name}
      form:
        grant_type: refresh_token
        refresh_token: "{{{{ saved.refresh_token }}}}"
        client_secret: "{{{{ inputs.client_secret }}}}"
      expires: {expires}
save: {name}
"""
LASTS = '{in: "{{ response.json.expires_in }}"}'
UNTIL = '{at: "{{ response.json.ends_at }}"}'
"""How an answer says when its token ends."""

ENDED = Page({"error": "invalid_grant", "error_description": "consent was withdrawn"}, 400)


class Provider:
    """A token endpoint for each record: a refresh token works once, and reuse ends the grant."""

    def __init__(self, pages: Pages) -> None:
        self.pages, self.url = pages, pages.url
        self.life_s: float = 3600
        self.more: dict[str, JSON] = {}  # in every answer
        self.ended = set[str]()
        self.refreshed = list[str]()  # the records, as they were
        self.moved = threading.Event()  # set at each refresh
        self.secrets = set[str]()
        self._good = dict[str, str]()
        self._lock = threading.Lock()

    def add(self, name: str) -> None:
        self.pages.at[f"/token/{name}"] = lambda asked: self.answer(name, asked)

    def answer(self, name: str, asked: Asked) -> Page:
        form = dict(parse_qsl(asked.body))
        with self._lock:
            if form["grant_type"] == "refresh_token":
                if name in self.ended or form["refresh_token"] != self._good[name]:
                    self.ended.add(name)
                    return ENDED
                self.refreshed.append(name)
                self.moved.set()
            return Page(self._issue(name))

    def _issue(self, name: str) -> JSON:
        number = len(self.secrets)
        access, refresh = f"fake-access-{name}-{number}", f"fake-refresh-{name}-{number}"
        self._good[name] = refresh
        self.secrets |= {access, refresh}
        answer: dict[str, JSON] = {"access_token": access, "refresh_token": refresh}
        return {**answer, "token_type": "Bearer", "expires_in": self.life_s, **self.more}


@contextlib.contextmanager
def provider() -> Iterator[Provider]:
    with serving_pages() as pages:
        yield Provider(pages)


def consent(
    cli: Cli, provider: Provider, *names: str, secret: str = "", expires: str = LASTS
) -> None:
    """Records with new tokens of *provider*, as if a person had consented."""
    for name in names:
        provider.add(name)
        provider.ended.discard(name)
        optional = "false" if secret else "true"
        known = {"url": provider.url, "expires": expires, "optional": optional}
        flow = RECIPE.format(name=name, **known)
        (cli.folder / f"{name}.yaml").write_text(flow, "utf-8")
    files = [f"./{name}.yaml" for name in names]
    given = {variable(name): secret for name in names if secret}
    done = cli("run", *files, "--fresh", **given)

    assert done.status == 0, done.stderr


def variable(name: str) -> str:
    """Where the client secret of the record *name* comes from."""
    return f"FLOWRUN_{name.upper()}__CLIENT_SECRET"


class Keep:
    """A running `flowrun keep --json`; its events are waited for, never slept for."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.events = list[dict[str, JSON]]()  # that were taken
        self.said = list[str]()  # on stderr
        self._coming: queue.SimpleQueue[dict[str, JSON] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=each) for each in (self._hear, self._listen)]
        for thread in self._threads:
            thread.start()

    def _hear(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._coming.put(json.loads(line))
        self._coming.put(None)

    def _listen(self) -> None:
        assert self.process.stderr
        self.said += self.process.stderr

    def until(self, event: str, name: str = "", times: int = 1) -> dict[str, JSON]:
        """The next event of that kind, or the last of so many."""
        found: dict[str, JSON] = {}
        while times:
            try:
                coming = self._coming.get(timeout=TIMEOUT_S)
            except queue.Empty:
                raise AssertionError(f"no {event} in time; {self.events}") from None
            assert coming is not None, f"it ended without {event}: {self.events} {self.said}"
            self.events.append(coming)
            if coming["event"] == event and (not name or coming.get("name") == name):
                found, times = coming, times - 1
        return found

    def told(self, event: str) -> list[dict[str, JSON]]:
        """The events of that kind that were taken so far."""
        return [each for each in self.events if each["event"] == event]

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        """The exit status; everything that was said is in `events` and `said` then."""
        status = self.process.wait(TIMEOUT_S)
        for thread in self._threads:
            thread.join()
        while not self._coming.empty():
            self.events += filter(None, [self._coming.get()])
        return status


@contextlib.contextmanager
def keeping(
    cli: Cli, *words: str, before: tuple[str, ...] = (), **environment: str
) -> Iterator[Keep]:
    """Run `flowrun keep WORDS --json`, behind the command *before*, and end it afterwards."""
    command = [*before, sys.executable, "-m", "flowrun", "keep", *words, "--json"]
    with subprocess.Popen(
        command,
        cwd=cli.folder,
        env=cli.environment() | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        keep = Keep(process)
        try:
            yield keep
        finally:
            if process.poll() is None:
                process.kill()
            keep.ended()


def access_token(cli: Cli, name: str) -> str:
    return str(json.loads(cli.record(name).read_text("utf-8"))["access_token"])


def notes_of(cli: Cli, state: str) -> list[str]:
    """The notes about a person in that state: `asking` or `asked`."""
    files = (cli.folder / "tokens" / ".flowrun").glob("*.asked-*")
    return [each.name for each in files if json.loads(each.read_text())["value"]["state"] == state]
