"""Several tokens in one record: each is refreshed on its own, and only when it is due."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from flowrun.current import make_current, renew
from flowrun.errors import ProviderError
from flowrun.job import Job
from flowrun.load import load_source
from flowrun.message import Response
from flowrun.passes import for_token, passes, yielded
from flowrun.place import Source
from flowrun.record import Record
from flowrun.secret import JSON
from flowrun.stores.files import FileStore
from flowrun.wire import Encoded
from servers.command import Cli
from servers.kinds import NOON, World, answer

BOT_AND_USER = """
flowrun: 1
name: chat
steps:
  - token: {post: "https://id.example/token", form: {grant_type: client_credentials}}
  - id: user
    token: {name: user, answer: steps.token.authed_user}
refresh:
  - token:
      post: "https://id.example/token"
      form: {grant_type: refresh_token, refresh_token: "{{ saved.refresh_token }}"}
  - id: user
    token:
      name: user
      post: "https://id.example/token"
      form:
        grant_type: refresh_token
        refresh_token: "{{ saved.flowrun.tokens.user.refresh_token }}"
save: {name: chat, keep: {team: steps.token.team}}
"""

DERIVED = """
flowrun: 1
name: pages
steps:
  - token: {post: "https://id.example/token", form: {grant_type: client_credentials}}
refresh:
  - token:
      post: "https://id.example/token"
      form: {grant_type: refresh_token, refresh_token: "{{ saved.refresh_token }}"}
  - id: page
    token: {name: page, get: "https://id.example/page", bearer: "{{ steps.token.access_token }}"}
save: pages
"""


class Chat:
    """Rotates two tokens apart; the bot's lives an hour and the user's a day."""

    def __init__(self) -> None:
        self.live = {"bot": 0, "user": 0}
        self.redeemed: list[str] = []
        self.refuse = ""

    def __call__(self, request: Encoded) -> Response:
        form = {k: v for k, (v,) in parse_qs((request.body or b"").decode()).items()}
        if form["grant_type"] == "client_credentials":
            return answer(200, team="T1", authed_user=self.issue("user"), **self.issue("bot"))
        who, _, number = form["refresh_token"].partition("-refresh-")
        self.redeemed.append(form["refresh_token"])
        if who == self.refuse or int(number) != self.live[who]:
            return answer(400, error="invalid_grant")
        self.live[who] += 1
        return answer(200, **self.issue(who))

    def issue(self, who: str) -> dict[str, JSON]:
        number, ends = self.live[who], {"bot": 3600, "user": 86_400}[who]
        return {
            "access_token": f"{who}-access-{number}",
            "refresh_token": f"{who}-refresh-{number}",
            "expires_in": ends,
        }


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    flow = load_source(Source("chat.yaml", BOT_AND_USER))
    return Job(flow, "chat", {}, FileStore(tmp_path / "tokens"))


def at(seconds: int, server: Callable[[Encoded], Response]) -> World:
    world = World(server)
    world.clock = NOON + seconds
    return world


def tokens_in(job: Job) -> tuple[object, object]:
    document = json.loads(Path(job.store.place("chat")).read_text("utf-8"))
    return document["access_token"], document["flowrun"]["tokens"]["user"]["access_token"]


def test_each_is_refreshed_when_it_is_due_and_the_other_left_alone(job: Job, chat: Chat) -> None:
    make_current(job, at(0, chat).services, again=False, consent=False)

    make_current(job, at(3600, chat).services, again=False, consent=False)
    after_an_hour = tokens_in(job)
    renew(job, at(86_400, chat).services)

    assert after_an_hour == ("bot-access-1", "user-access-0")
    assert tokens_in(job) == ("bot-access-2", "user-access-1")
    assert chat.redeemed == ["bot-refresh-0", "bot-refresh-1", "user-refresh-0"]


def test_what_the_other_one_has_is_kept(job: Job, chat: Chat) -> None:
    make_current(job, at(0, chat).services, again=False, consent=False)

    record = renew(job, at(0, chat).services, force=True)

    assert record.meta["keep"] == {"team": "T1"}
    assert record.version == 3
    assert tokens_in(job) == ("bot-access-1", "user-access-1")


def test_a_refused_one_leaves_the_records_own_alone(job: Job, chat: Chat) -> None:
    make_current(job, at(0, chat).services, again=False, consent=False)
    chat.refuse = "user"

    with pytest.raises(ProviderError, match="invalid_grant"):
        renew(job, at(86_400, chat).services)
    record = renew(job, at(2 * 86_400, chat).services)

    assert record.access_token == "bot-access-2"
    assert record.named("user").needs_person
    assert record.needs_person is None
    assert chat.redeemed.count("user-refresh-0") == 1


def test_a_token_that_is_made_from_another_comes_along_with_it() -> None:
    flow = load_source(Source("pages.yaml", DERIVED))

    assert passes(flow) == [""]
    assert yielded(flow, "") == {"", "page"}
    assert len(for_token(flow, "page").steps("refresh")) == 0


TOKENS: dict[str, JSON] = {"access_token": "fake-bot", "expires_at": 4_000_000_000}
USER: dict[str, JSON] = {
    "access_token": "fake-user",
    "expires_at": 4_000_000_000,
    "flowrun": {"issued_at": 1},
}


def test_the_command_line_gives_out_each_of_them(cli: Cli) -> None:
    store = FileStore(cli.folder / "tokens")
    store.write("chat", Record(TOKENS, {"version": 1, "grant": "g", "tokens": {"user": USER}}))

    own, users = cli("token", "chat"), cli("token", "chat", "--named", "user")
    nobodys, status = cli("token", "chat", "--named", "usr"), cli("status", "--json")

    assert (own.stdout, users.stdout) == ("fake-bot\n", "fake-user\n")
    assert (nobodys.status, nobodys.stdout) == (7, "")
    assert "Did you mean 'user'?" in nobodys.stderr
    assert json.loads(status.stdout)[0]["tokens"]["user"]["expires_at"] == 4_000_000_000
    assert "fake-user" not in status.stdout
