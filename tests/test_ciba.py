"""CIBA in its poll mode: a person is asked on a device that the provider knows."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from flowrun.errors import FlowError, ProviderError
from flowrun.message import Response
from flowrun.secret import JSON, Secret, reveal
from flowrun.wire import Encoded
from servers.command import Cli, Done
from servers.decoupled import decoupled
from servers.kinds import NOON, World, answer, run_kind
from servers.rig import CACHE, Rig
from standards import proves

POST = "post: https://id.example/bc"
SECRET = "rig-secret-0123456789-0123456789-0123456789"
INVITED: dict[str, JSON] = {"auth_req_id": "fake-auth-req-id", "expires_in": 600, "interval": 1}
FLOW = """\
flowrun: 1
extends: base/ciba
name: phone
vars: {ciba_url: "URL/bc", token_url: "URL/token"}
values: {client_id: acme, login_hint: alice, binding_message: W4SCT}
"""


def invited(**fields: JSON) -> World:
    whole: dict[str, JSON] = {"auth_req_id": "fake-id", "expires_in": 600}
    return World(lambda _: answer(**(whole | fields)))


@proves("CIBA", "7.1", "the request is a form with scope, one hint and a binding message")
@proves("CIBA", "7.3", "without an interval it is 5 seconds; expires_in ends the request")
def test_a_person_is_asked_by_one_hint() -> None:
    world = invited()
    form = "form: {scope: openid, login_hint: alice, binding_message: W4SCT}"

    made = run_kind("ciba", f"{{{POST}, {form}}}", world)

    assert world.request.body == b"scope=openid&login_hint=alice&binding_message=W4SCT"
    assert (made["interval"], made["expires_at"]) == (Secret(5), NOON + 600)
    assert reveal(made["auth_req_id"]) == "fake-id"


@proves("CIBA", "7.1", "the binding message is shown here, so that the person can compare")
@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("login_hint: alice", "https://id.example asks for consent on the person's device"),
        (
            "login_hint: alice, binding_message: W4SCT",
            "https://id.example asks for consent on the person's device, which must show W4SCT",
        ),
    ],
)
def test_what_the_device_shows_is_told(form: str, told: str) -> None:
    world = invited()

    run_kind("ciba", f"{{{POST}, form: {{scope: openid, {form}}}}}", world)

    assert world.told == [told]


@proves("CIBA", "7.1", "a request with no hint, or with several, is not sent")
@pytest.mark.parametrize(
    ("form", "how"),
    [
        ("scope: openid", "not at all"),
        ("login_hint: a, id_token_hint: b", "by login_hint and id_token_hint"),
        ("login_hint: a, login_hint_token: '{{ inputs.t }}'", "by login_hint and login_hint_token"),
    ],
)
def test_a_person_who_is_named_twice_or_never_is_not_asked(form: str, how: str) -> None:
    world = invited()

    with pytest.raises(FlowError, match=f"names the person {how}") as caught:
        run_kind("ciba", f"{{{POST}, form: {{{form}}}}}", world, inputs={"t": Secret("fake-token")})

    assert (caught.value.code, world.wire.sent) == ("E205", [])


def test_a_signed_request_may_hold_the_hint() -> None:
    world = invited()

    run_kind("ciba", f"{{{POST}, form: {{request: a.b.c}}}}", world)

    assert world.request.body == b"request=a.b.c"


@proves("CIBA", "13", "a refused request is told with what to do about it")
@pytest.mark.parametrize(
    ("error", "hint"),
    [("unknown_user_id", "knows nobody"), ("invalid_binding_message", "another binding_message")],
)
def test_a_request_that_is_refused_is_told(error: str, hint: str) -> None:
    world = World(lambda _: answer(400, error=error))

    with pytest.raises(ProviderError, match=error) as caught:
        run_kind("ciba", f"{{{POST}, form: {{login_hint: alice}}}}", world)

    assert (caught.value.code, hint in caught.value.problems[0].hint) == ("E503", True)


def test_an_answer_without_an_id_cannot_be_waited_for() -> None:
    with pytest.raises(ProviderError, match="without auth_req_id"):
        run_kind("ciba", f"{{{POST}, form: {{login_hint: alice}}}}", invited(auth_req_id=None))


def test_a_failed_transaction_ends_the_waiting() -> None:
    def failed(_: Encoded) -> Response:
        return answer(400, error="transaction_failed")

    with pytest.raises(ProviderError, match="transaction_failed") as caught:
        run_kind("token", "{post: https://id.example/t}\n    poll: {every: 1}", World(failed))

    assert "try again later" in caught.value.problems[0].hint


@proves("CIBA", "10.1", "the token request carries auth_req_id and its grant type")
@proves("CIBA", "11", "slow_down adds 5 seconds to this and all that follow")
def test_a_strict_server_is_asked_no_sooner_than_it_wants(cli: Cli) -> None:
    cli.keep_secret("fake-auth-req-id", SECRET)
    with decoupled(INVITED, "pending", "slow", "token", interval_s=1) as server:
        (cli.folder / "phone.yaml").write_text(FLOW.replace("URL", server.url), "utf-8")
        done = cli("phone.yaml", BROWSER="true", FLOWRUN_CLIENT_SECRET=SECRET)

    assert done.status == 0, done.stderr
    assert [round(b.at - a.at) for a, b in pairwise(server.polls)] == [1, 6]
    assert server.asked == [{"scope": "openid", "login_hint": "alice", "binding_message": "W4SCT"}]
    assert server.polls[0].form == {
        "grant_type": "urn:openid:params:grant-type:ciba",
        "auth_req_id": "fake-auth-req-id",
    }


def asked(
    cli: Cli, issuer: str, who: str = "alice", *, hint: str = "login_hint", **form: str
) -> Done:
    """Run a recipe of a few lines for a person at the real server; a token is a secret."""
    url = {"ciba_url": f"{issuer}/backchannel", "token_url": f"{issuer}/token", "hint": hint}
    secret = hint != "login_hint"
    known: dict[str, JSON] = {"client_id": "rig-ciba", "binding_message": "W4SCT"}
    recipe: dict[str, JSON] = {
        "flowrun": 1,
        "extends": "base/ciba",
        "name": "phone",
        "inputs": {"login_hint": {"secret": secret}},
        "vars": {**url},
        "values": known if secret else {**known, "login_hint": who},
        "steps": [{"ciba": {"form": {**form}}}],
    }
    (cli.folder / "phone.yaml").write_text(json.dumps(recipe))
    named = {"FLOWRUN_LOGIN_HINT": who} if secret else {}
    return cli("phone.yaml", BROWSER="true", FLOWRUN_CLIENT_SECRET=SECRET, **named)


def record_of(cli: Cli) -> dict[str, JSON]:
    record: dict[str, JSON] = json.loads(cli.record("phone").read_text())
    return record


@pytest.mark.rig
@proves("CIBA", "10.1.1", "the consent of a person elsewhere brings tokens, which can be refreshed")
def test_who_allows_it_on_their_telephone_is_logged_in(cli: Cli, oidc_provider: Rig) -> None:
    cli.keep_secret(SECRET)
    done = asked(cli, oidc_provider.issuer)

    assert done.status == 0, done.stderr
    assert "must show W4SCT" in done.stderr
    token = record_of(cli)
    assert token["id_token"]
    refreshed = cli("refresh", "phone", FLOWRUN_CLIENT_SECRET=SECRET)
    assert refreshed.status == 0, refreshed.stderr
    assert record_of(cli)["access_token"] != token["access_token"]


@pytest.mark.rig
@proves("CIBA", "7.1", "the client may sign for itself")
def test_a_client_may_prove_itself_with_its_key(cli: Cli, oidc_provider: Rig) -> None:
    issuer = oidc_provider.issuer
    (cli.folder / "phone.yaml").write_text(
        "flowrun: 1\nextends: base/ciba\nname: phone\n"
        f"vars: {{ciba_url: {issuer}/backchannel, token_url: {issuer}/token,"
        f" client_auth: private_key_jwt, client_key_id: client-es256, client_audience: {issuer}}}\n"
        "values: {client_id: rig-ciba-key, login_hint: alice}\n"
    )
    key = CACHE / "oidc-provider" / "keys" / "client-es256.pem"

    done = cli("phone.yaml", BROWSER="true", FLOWRUN_PRIVATE_KEY=key.read_text())

    assert done.status == 0, done.stderr


@pytest.mark.rig
@proves("CIBA", "7.1", "login_hint_token and id_token_hint name the person, too")
def test_a_person_is_named_by_tokens(cli: Cli, oidc_provider: Rig) -> None:
    cli.keep_secret("token-of-alice")
    by_token = asked(cli, oidc_provider.issuer, "token-of-alice", hint="login_hint_token")
    assert by_token.status == 0, by_token.stderr

    id_token = str(record_of(cli)["id_token"])
    cli.keep_secret(id_token)
    assert cli("forget", "phone").status == 0
    by_login = asked(cli, oidc_provider.issuer, id_token, hint="id_token_hint")

    assert by_login.status == 0, by_login.stderr
    assert id_token not in cli.record("phone").read_text()


@pytest.mark.rig
@proves("CIBA", "11", "a refusal, an end and an unknown person each end it, and nothing is stored")
@pytest.mark.parametrize(
    ("who", "code"),
    [("denying", "E402"), ("broken", "E503"), ("nobody", "E503"), ("sleeping", "E415")],
)
def test_whatever_ends_it_nothing_is_stored(
    cli: Cli, oidc_provider: Rig, who: str, code: str
) -> None:
    done = asked(cli, oidc_provider.issuer, who, requested_expiry="7")

    assert f"error {code}: " in done.stderr
    assert (done.status, cli.record("phone").exists()) == (int(code[1]), False)
