"""The device grant: a person is invited, and waited for as the server wants it (RFC 8628)."""

from __future__ import annotations

import json
import re
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import zxingcpp

from flowrun.errors import CallbackError, ProviderError, TransportError
from flowrun.message import Response
from flowrun.oauth.answer import Refusal
from flowrun.oauth.polling import backed_off, interval, next_wait
from flowrun.qr import drawn
from flowrun.secret import JSON, reveal
from flowrun.wire import Encoded
from servers.command import Cli
from servers.decoupled import at_a_screen, decoupled
from servers.kinds import NOON, World, answer, run_kind
from standards import proves

DEVICE = "{post: https://id.example/device, client: {id: acme}}"
TOKEN = "{post: https://id.example/token}"
INVITED: dict[str, JSON] = {
    "device_code": "fake-device-code",
    "user_code": "WDJB-MJHT",
    "verification_uri": "SELF/device",
    "verification_uri_complete": "SELF/device?user_code=WDJB-MJHT",
    "expires_in": 600,
    "interval": 1,
}
FLOW = """\
flowrun: 1
name: tv
steps:
  - device: {post: "URL/device", client: {id: acme}}
  - token:
      post: "URL/token"
      client: {id: acme}
      form:
        grant_type: urn:ietf:params:oauth:grant-type:device_code
        device_code: "{{ steps.device.device_code }}"
    poll: {}
"""
NOW = "    poll: {every: '{{ 0 }}'}"


class Device:
    """Answers with each error in turn, then with a token."""

    def __init__(self, *errors: str) -> None:
        self.errors = list(errors)

    def __call__(self, _: Encoded) -> Response:
        if self.errors:
            return answer(400, error=self.errors.pop(0))
        return answer(access_token="fake-access")


def invited(**fields: JSON) -> World:
    whole: dict[str, JSON] = {
        "device_code": "fake-dc",
        "user_code": "AB-CD",
        "verification_uri": "https://v.test/d",
        "expires_in": 600,
    }
    return World(lambda _: answer(**(whole | fields)))


@proves("RFC 8628", "3.1", "the device authorization request carries the client's id and scope")
def test_a_device_code_is_asked_for() -> None:
    world = invited()

    run_kind("device", "{post: https://id.example/d, client: {id: acme}, form: {scope: a}}", world)

    assert world.request.body == b"client_id=acme&scope=a"


@proves("RFC 8628", "3.3", "the user code and where to enter it are shown to the person")
@proves("RFC 8628", "3.2", "without an interval it is 5 seconds; the code's end is reckoned with")
def test_a_device_code_is_shown_and_handed_on() -> None:
    world = invited()

    made = run_kind("device", DEVICE, world)

    assert world.told == ["open https://v.test/d in any browser and enter the code AB-CD"]
    assert world.person.shown == ["https://v.test/d"]
    assert reveal(made["device_code"]) == "fake-dc"
    assert (reveal(made["interval"]), made["verification_uri_complete"]) == (5, None)
    assert made["expires_at"] == NOON + 600


@proves("RFC 8628", "3.3.1", "the complete address is offered, with the code to compare")
def test_an_address_that_holds_the_code_is_shown_beside_it() -> None:
    world = invited(verification_uri_complete="https://v.test/d?c=AB-CD")

    run_kind("device", DEVICE, world)

    assert world.told == [
        "open https://v.test/d in any browser and enter the code AB-CD",
        "or open https://v.test/d?c=AB-CD, which holds it; the code there must be the same",
    ]
    assert world.person.shown == ["https://v.test/d?c=AB-CD"]


@pytest.mark.parametrize(
    ("said", "waits_s"),
    [(7, 7), ("7", 7), (0, 0), (None, 5), (-1, 5), ("soon", 5), (True, 5), (False, 5), ([], 5)],
)
def test_an_interval_is_whole_seconds_or_five(said: JSON, waits_s: int) -> None:
    assert interval({"interval": said}) == waits_s


def test_only_an_address_is_drawn() -> None:
    world = invited(verification_uri="javascript:alert(1)")

    run_kind("device", DEVICE, world)

    assert world.person.shown == []


@pytest.mark.parametrize("name", ["device_code", "user_code", "verification_uri"])
def test_an_answer_that_nobody_can_follow_is_refused(name: str) -> None:
    with pytest.raises(ProviderError, match=f"answered 200, without {name}") as caught:
        run_kind("device", DEVICE, invited(**{name: None}))

    assert caught.value.code == "E507"


def test_the_name_that_a_draft_had_is_understood() -> None:
    world = invited(verification_uri=None, verification_url="https://v.test/old")

    run_kind("device", DEVICE, world)

    assert world.person.shown == ["https://v.test/old"]


def test_a_device_code_that_is_refused_is_told() -> None:
    world = World(lambda _: answer(400, error="unauthorized_client"))

    with pytest.raises(ProviderError, match="unauthorized_client"):
        run_kind("device", "{post: https://id.example/device}", world)


@pytest.mark.parametrize("times", [1, 2])
def test_a_pending_token_is_asked_for_again(times: int) -> None:
    world = World(Device(*["authorization_pending"] * times))

    made = run_kind("token", f"{TOKEN}\n{NOW}", world)

    assert reveal(made["access_token"]) == "fake-access"
    assert len(world.wire.sent) == times + 1


def test_a_pending_token_that_nobody_waits_for_says_how() -> None:
    with pytest.raises(ProviderError) as caught:
        run_kind("token", TOKEN, World(Device("authorization_pending")))

    assert "poll: {}" in caught.value.problems[0].hint


@proves("RFC 8628", "3.5", "slow_down adds 5 seconds to this and all that follow")
def test_slow_down_adds_five_seconds_each_time() -> None:
    slow = Refusal("slow_down", "")

    assert next_wait(5, slow, {}) == 10
    assert next_wait(10, slow, {}) == 15
    assert next_wait(10, slow, {"interval": 30}) == 30
    assert next_wait(15, Refusal("authorization_pending", ""), {}) == 15


@proves("RFC 8628", "3.5", "a connection time-out doubles the interval, each time")
def test_silence_doubles_the_wait() -> None:
    assert [backed_off(0), backed_off(5), backed_off(backed_off(5))] == [1, 10, 20]


@proves("RFC 8628", "3.5", "access_denied ends the polling, as the person's own answer")
@pytest.mark.parametrize(("error", "code"), [("access_denied", "E402"), ("expired_token", "E415")])
def test_the_persons_answer_ends_the_waiting(error: str, code: str) -> None:
    world = World(Device(error))

    with pytest.raises(CallbackError) as caught:
        run_kind("token", f"{TOKEN}\n{NOW}", world)

    assert (caught.value.code, len(world.wire.sent)) == (code, 1)


def test_other_refusals_end_it_too() -> None:
    world = World(Device("invalid_grant"))

    with pytest.raises(ProviderError, match="invalid_grant"):
        run_kind("token", f"{TOKEN}\n{NOW}", world)

    assert len(world.wire.sent) == 1


def test_a_provider_with_names_of_its_own_is_waited_for() -> None:
    left = [answer(400, oops="authorization_pending")]
    world = World(lambda _: left.pop() if left else answer(access_token="fake-access"))

    run_kind(
        "token",
        f"{{post: https://x.example/t, errors: {{code: response.json.oops}}}}\n{NOW}",
        world,
    )

    assert len(world.wire.sent) == 2


@proves("RFC 8628", "3.5", "the polling ends when the code does")
@pytest.mark.parametrize(
    ("poll", "invitation", "code"),
    [
        ("{}", {"interval": 9, "expires_at": NOON + 5}, "E415"),
        ("{timeout: 1h}", {"interval": 9, "expires_at": NOON + 5}, "E415"),
        ("{timeout: 5s}", {"interval": 9, "expires_at": NOON + 600}, "E401"),
        ("{timeout: 5s, every: 9s}", {"interval": 0}, "E401"),
    ],
)
def test_the_waiting_ends_with_the_code_or_as_the_recipe_says(
    poll: str, invitation: dict[str, JSON], code: str
) -> None:
    world = World(Device("authorization_pending"))

    with pytest.raises(CallbackError) as caught:
        run_kind("token", f"{TOKEN}\n    poll: {poll}", world, invitation=invitation)

    assert (caught.value.code, world.wire.sent) == (code, [])


def test_without_an_invitation_a_poll_ends_as_the_recipe_says() -> None:
    world = World(Device("slow_down"))

    with pytest.raises(ProviderError, match="has not come"):
        run_kind("token", f"{TOKEN}\n    poll: {{every: 1, timeout: 5}}", world)

    assert len(world.wire.sent) == 1


@pytest.mark.parametrize(("code", "asked"), [("E604", 1), ("E602", 2)])
def test_only_silence_that_may_pass_is_waited_past(code: str, asked: int) -> None:
    def silent(_: Encoded) -> Response:
        raise TransportError(code, "nothing", sent=False)

    world = World(silent)

    with pytest.raises(TransportError) as caught:
        run_kind("token", f"{TOKEN}\n    poll: {{every: '{{{{ 0 }}}}', timeout: 1}}", world)

    assert (caught.value.code, len(world.wire.sent)) == (code, asked)


@proves("RFC 8628", "3.4", "the token request carries the device code and its grant type")
def test_a_strict_server_is_asked_no_sooner_than_it_wants(cli: Cli) -> None:
    with decoupled(INVITED, "pending", "slow", "pending", "token", interval_s=1) as server:
        (cli.folder / "tv.yaml").write_text(FLOW.replace("URL", server.url), "utf-8")
        done = cli("tv.yaml", BROWSER="true")

    assert done.status == 0, done.stderr
    waits = [later.at - earlier.at for earlier, later in pairwise(server.polls)]
    assert [round(wait) for wait in waits] == [1, 6, 6]
    assert server.polls[0].form == {
        "client_id": "acme",
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": "fake-device-code",
    }
    assert "fake-device-code" not in done.stdout + done.stderr


def test_a_server_that_hangs_up_or_is_busy_is_asked_half_as_often(cli: Cli) -> None:
    with decoupled(INVITED, "silence", "busy", "token", interval_s=1) as server:
        (cli.folder / "tv.yaml").write_text(FLOW.replace("URL", server.url), "utf-8")
        done = cli("tv.yaml", BROWSER="true")

    assert done.status == 0, done.stderr
    waits = [later.at - earlier.at for earlier, later in pairwise(server.polls)]
    assert [round(wait) for wait in waits] == [2, 4]


@pytest.mark.parametrize(
    ("invitation", "says", "code"),
    [
        ({}, "expired", "E415"),
        ({}, "denied", "E402"),
        ({"expires_in": 2}, "pending", "E415"),
        ({}, "invalid_grant", "E501"),
    ],
)
def test_whatever_ends_it_nothing_is_stored(
    cli: Cli, invitation: dict[str, JSON], says: str, code: str
) -> None:
    with decoupled(INVITED | invitation, says, says, interval_s=1) as server:
        (cli.folder / "tv.yaml").write_text(FLOW.replace("URL", server.url), "utf-8")
        done = cli("tv.yaml", BROWSER="true")

    assert f"error {code}: " in done.stderr
    assert (done.status, cli.record("tv").exists()) == (int(code[1]), False)


def test_nothing_is_drawn_where_nobody_looks(cli: Cli) -> None:
    with decoupled(INVITED, "token", interval_s=1) as server:
        (cli.folder / "tv.yaml").write_text(FLOW.replace("URL", server.url), "utf-8")
        done = cli("tv.yaml", BROWSER="true", LC_ALL="C.UTF-8")

    assert not set(done.stderr) & set("█▀▄")
    assert f"or open {server.url}/device?user_code=WDJB-MJHT" in done.stderr


LIGHT = {"█": (255, 255), "▀": (255, 0), "▄": (0, 255), " ": (0, 0)}


def seen(screen: str) -> list[str]:
    """What a camera reads off *screen*."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", screen).splitlines()
    lines = [line for line in plain if len(line) > 20 and not set(line) - set(LIGHT)]
    rows = [
        bytes(LIGHT[c][half] for c in line for _ in range(4)) for line in lines for half in (0, 1)
    ]
    image = b"".join(row * 4 for row in rows)
    shape = (len(rows) * 4, len(rows[0])) if rows else (0, 0)
    return (
        [found.text for found in zxingcpp.read_barcodes(memoryview(image).cast("B", shape))]
        if rows
        else []
    )


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_phone_reads_the_address_off_the_screen(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with decoupled(INVITED, "token", interval_s=1) as server:
        (tmp_path / "tv.yaml").write_text(FLOW.replace("URL", server.url), "utf-8")
        screen = at_a_screen(tmp_path, 80, "tv.yaml", **environment)

    assert seen(screen) == [f"{server.url}/device?user_code=WDJB-MJHT"]
    assert ("\x1b[" in screen) == (not environment)
    assert json.loads((tmp_path / "tokens" / "tv.json").read_text())["access_token"]


def test_a_narrow_screen_shows_the_address_alone(tmp_path: Path) -> None:
    with decoupled(INVITED, "token", interval_s=1) as server:
        (tmp_path / "tv.yaml").write_text(FLOW.replace("URL", server.url), "utf-8")
        screen = at_a_screen(tmp_path, 30, "tv.yaml")

    assert "WDJB-MJHT" in screen
    assert not set(screen) & set("█▀▄")


def test_what_no_code_can_hold_is_not_drawn() -> None:
    assert drawn("https://v.test/" + "a" * 5000, columns=500, coloured=False) == ""


def test_without_the_library_there_is_the_address_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)

    assert drawn("https://v.test/d", columns=80, coloured=True) == ""
