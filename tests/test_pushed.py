"""Requests that are handed in before anybody is asked (RFC 9126)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from flowrun.errors import FlowError, ProviderError
from flowrun.message import Response
from flowrun.secret import JSON, Secret, Value, reveal
from flowrun.services import Outputs
from flowrun.wire import Encoded
from servers.command import Cli
from servers.keys import key_for, pem, read
from servers.kinds import NOON, World, answer, run_kind
from servers.raw import listening
from servers.rig import Rig
from standards import proves

URI = "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c"
PAR = "https://id.example.com/par"
RIG_SECRET = "rig-secret-0123456789-0123456789-0123456789"
REFUSED = {"error": "invalid_request", "error_description": "The redirect_uri is not valid"}


def accepted(_: Encoded) -> Response:
    return answer(201, request_uri=URI, expires_in=60)


def authorized(world: World, more: str = "", /, **inputs: Value) -> Outputs:
    query = "{response_type: code, client_id: app, redirect_uri: 'http://127.0.0.1/cb'}"
    options = f"{{url: 'https://id.example.com/authorize', par: '{PAR}', query: {query}{more}}}"
    return run_kind("authorize", options, world, inputs=inputs)


def form_of(world: World) -> dict[str, str]:
    assert (world.request.method, world.request.url) == ("POST", PAR)
    return dict(parse_qsl((world.request.body or b"").decode(), strict_parsing=True))


# What is sent


@proves("RFC 9126", "2.1", "every parameter is handed in as a form, and the client's credentials")
@proves("RFC 9126", "4", "the browser carries client_id and request_uri, and nothing else")
def test_everything_is_handed_in_and_the_browser_carries_the_name() -> None:
    world = World(accepted)
    made = authorized(
        world, ", client: {id: app, secret: '{{ inputs.s }}'}", s=Secret("fake-secret")
    )
    url, form = str(made["url"]), form_of(world)

    assert dict(parse_qsl(urlsplit(url).query)) == {"client_id": "app", "request_uri": URI}
    assert form.pop("state") == reveal(made["state"])
    assert len(form.pop("code_challenge")) == 43
    assert form == {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": "http://127.0.0.1/cb",
        "code_challenge_method": "S256",
        "client_secret": "fake-secret",
    }


def test_later_steps_read_what_was_handed_in() -> None:
    made = authorized(World(accepted))

    assert (made["redirect_uri"], made["response_type"]) == ("http://127.0.0.1/cb", "code")
    assert made["request_ends_at"] == NOON + 60


@proves("RFC 9126", "2", "a client may sign for it, for the endpoint's own URL")
def test_a_client_that_signs_signs_for_the_endpoint() -> None:
    world, key = World(accepted), key_for("ES256")
    authorized(
        world,
        ", client: {id: app, auth: private_key_jwt, key: '{{ inputs.k }}'}",
        k=Secret(pem(key)),
    )
    _, claims = read(form_of(world)["client_assertion"], key, "ES256")

    assert claims["aud"] == PAR


def test_what_is_secret_may_be_handed_in() -> None:
    world, hint = World(accepted), Secret("fake-token-of-alice")
    more = ", query: {client_id: app, id_token_hint: '{{ inputs.hint }}'}"
    options = f"{{url: 'https://id.example.com/authorize', par: '{PAR}'{more}}}"
    made = run_kind("authorize", options, world, inputs={"hint": hint})

    assert form_of(world)["id_token_hint"] == "fake-token-of-alice"
    assert "fake-token" not in str(made["url"])


def test_renamed_parameters_are_handed_in_renamed() -> None:
    world = World(accepted)
    made = authorized(world, ", names: {client_id: app_key, request_uri: ticket}")

    assert form_of(world)["app_key"] == "app"
    assert dict(parse_qsl(urlsplit(str(made["url"])).query)) == {"app_key": "app", "ticket": URI}


# What is refused


@proves("RFC 9126", "2.3", "an error is told with the provider's words, and nobody is asked")
@pytest.mark.parametrize(
    ("status", "fields", "said"),
    [
        (400, REFUSED, "invalid_request (The redirect_uri is not valid)"),
        (401, {"error": "invalid_client"}, "invalid_client"),
        (413, {}, "answered 413, and without a request_uri"),
        (429, {"error": "slow_down"}, "slow_down"),
        (201, {"expires_in": 60}, "answered 201, and without a request_uri"),
        (201, {"request_uri": "urn:a b"}, "answered 201, and without a request_uri"),
        (201, {"request_uri": ["urn:a"]}, "answered 201, and without a request_uri"),
        (302, {"request_uri": "urn:a"}, "answered 302, and without a request_uri"),
    ],
)
def test_a_refusal_is_told(status: int, fields: Mapping[str, JSON], said: str) -> None:
    with pytest.raises(ProviderError) as caught:
        authorized(World(lambda _: answer(status, **fields)))

    assert caught.value.code == "E517"
    assert said in str(caught.value)


def test_what_the_provider_repeats_of_a_secret_is_not_told() -> None:
    world = World(
        lambda _: answer(401, error="invalid_client", error_description="no: fake-secret-of-app")
    )
    with pytest.raises(ProviderError) as caught:
        authorized(
            world, ", client: {id: app, secret: '{{ inputs.s }}'}", s=Secret("fake-secret-of-app")
        )

    assert "fake-secret-of-app" not in str(caught.value)


@proves("RFC 9126", "2.2", "a request that has ended is not opened any more")
def test_a_request_that_has_ended_is_not_opened() -> None:
    world = World(accepted, params={})
    made = authorized(world)
    world.clock += 61
    with pytest.raises(ProviderError, match="has ended before anybody was asked") as caught:
        run_kind("capture", "{at: 'http://127.0.0.1:8484/'}", world, authorization=made)

    assert (caught.value.code, world.window.opened) == ("E517", [])


def test_how_long_the_address_is_good_for_is_told() -> None:
    world = World(accepted, params={"code": "c", "state": "?"})
    made = authorized(world, ", state: off")
    run_kind("capture", "{at: 'http://127.0.0.1:8484/'}", world, authorization=made)

    assert world.told == ["the address of the login works for 60 s"]


def test_without_handing_in_a_secret_is_not_put_into_the_address() -> None:
    options = "{url: 'https://id.example.com/a', query: {login_hint: '{{ inputs.s }}'}}"
    with pytest.raises(FlowError, match="would show a secret"):
        run_kind("authorize", options, inputs={"s": Secret("fake-secret")})


# The whole program

RECIPE = """
flowrun: 1
extends: base/authorization-code
name: handed-in
inputs: {redirect_uri: {default: "http://127.0.0.1:0/callback"}}
vars:
  authorize_url: %(origin)s/authorize
  token_url: %(origin)s/token
  par_url: %(origin)s/par
"""


def recipe(cli: Cli, origin: str = "https://id.example.com") -> Path:
    path = cli.folder / "handed-in.yaml"
    path.write_text(RECIPE % {"origin": origin})
    return path


def test_the_dry_run_shows_both_requests(cli: Cli) -> None:
    done = cli(recipe(cli), "-n", "--set=client_id=app", FLOWRUN_CLIENT_SECRET="fake-secret-of-app")

    assert done.status == 0, done.stderr
    assert "curl https://id.example.com/par" in done.stdout
    assert "--data-urlencode 'client_secret=***'" in done.stdout
    assert (
        "# open https://id.example.com/authorize?client_id=app&request_uri=<request_uri>"
        in done.stdout
    )


def test_the_sandbox_takes_what_is_handed_in_and_nothing_else(cli: Cli) -> None:
    done = cli(recipe(cli), "--sandbox", "-v")

    assert done.status == 0, done.stderr
    assert "/par -> 201" in done.stderr
    assert cli("refresh", "handed-in", "--sandbox").status == 0


def test_a_refusal_opens_nothing_and_stores_nothing(cli: Cli) -> None:
    body = json.dumps(REFUSED).encode()
    head = (
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    with listening(head % len(body) + body) as server:
        flow, opened = recipe(cli, server.url), cli.folder / "opened"
        secret = {"FLOWRUN_CLIENT_SECRET": "fake-secret-of-app"}
        done = cli(flow, "--set=client_id=app", BROWSER=f"touch {opened}", **secret)

    assert (done.status, "E517" in done.stderr) == (5, True), done.stderr
    assert "The redirect_uri is not valid" in done.stderr
    assert not opened.exists()
    assert not cli.record("handed-in").exists()


@pytest.mark.rig
@proves(
    "RFC 9126",
    "5",
    "works with a client that has to hand in (require_pushed_authorization_requests)",
)
@pytest.mark.parametrize(("client", "auth"), [("rig-par", "none"), ("rig-par-basic", "basic")])
def test_oidc_provider_takes_a_request(
    cli: Cli, oidc_provider: Rig, approve: str, client: str, auth: str
) -> None:
    done = cli(
        at_rig(cli, oidc_provider, client, auth), BROWSER=approve, FLOWRUN_CLIENT_SECRET=RIG_SECRET
    )

    assert done.status == 0, done.stderr
    assert json.loads(cli.record("handed-in").read_text())["scope"] == "api:read"


@pytest.mark.rig
def test_oidc_provider_refuses_a_wrong_secret_before_anybody_is_asked(
    cli: Cli, oidc_provider: Rig
) -> None:
    flow, opened = at_rig(cli, oidc_provider, "rig-par-basic", "basic"), cli.folder / "opened"
    cli.keep_secret("fake-secret-that-is-wrong")
    done = cli(flow, BROWSER=f"touch {opened}", FLOWRUN_CLIENT_SECRET="fake-secret-that-is-wrong")

    assert (done.status, "E517" in done.stderr) == (5, True), done.stderr
    assert not opened.exists()


def at_rig(cli: Cli, rig: Rig, client: str, auth: str, **more: str) -> Path:
    path = cli.folder / "handed-in.yaml"
    origin = {"authorize_url": f"{rig.issuer}/auth", "token_url": f"{rig.issuer}/token"}
    vars = {**origin, "par_url": f"{rig.issuer}/request", "client_auth": auth, **more}
    head = RECIPE.partition("vars:")[0]
    values = f"values: {{client_id: {client}, scope: ['api:read']}}"
    path.write_text(f"{head}vars: {json.dumps(vars)}\n{values}\n")
    return path
