"""What a request asks for beside a scope: details, claims and resources."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from flowrun.message import Response
from flowrun.secret import Secret
from flowrun.wire import Encoded
from servers.command import Cli
from servers.kinds import World, answer, run_kind
from servers.rig import Rig
from standards import proves

DETAILS = '[{type: payment, amount: "1.50", to: null}, {type: account, actions: [list]}]'
SENT = [{"type": "payment", "amount": "1.50"}, {"type": "account", "actions": ["list"]}]


def url_of(query: str) -> dict[str, list[str]]:
    made = run_kind("authorize", f"{{url: 'https://id.example.com/a', query: {query}}}")
    return parse_qs(urlsplit(str(made["url"])).query, strict_parsing=True)


def granted(_: Encoded) -> Response:
    return answer(access_token="fake-token", authorization_details=[{"type": "account"}])


def form_of(world: World) -> dict[str, list[str]]:
    return parse_qs((world.request.body or b"").decode(), strict_parsing=True)


@proves("RFC 9396", "2", "authorization_details is JSON, what is not set left out")
def test_details_are_sent_as_json() -> None:
    (sent,) = url_of(f"{{authorization_details: {DETAILS}}}")["authorization_details"]

    assert json.loads(sent) == SENT


@proves("RFC 9396", "6", "a token request may ask for details, too")
def test_a_token_request_may_ask_for_details() -> None:
    world = World(granted)
    form = f"{{grant_type: client_credentials, authorization_details: {DETAILS}}}"
    run_kind("token", f"{{post: 'https://id.example.com/token', form: {form}}}", world)

    assert json.loads(form_of(world)["authorization_details"][0]) == SENT


def test_a_json_body_takes_details_as_they_are() -> None:
    world = World(granted)
    params = f"{{grant_type: client_credentials, authorization_details: {DETAILS}}}"
    run_kind(
        "token", f"{{post: 'https://id.example.com/token', as: json, params: {params}}}", world
    )

    assert json.loads(world.request.body or b"")["authorization_details"] == SENT


@proves("OpenID Connect Core", "5.5", "claims is JSON, and null asks for a claim as it comes")
def test_claims_are_sent_as_json_and_null_is_a_wish() -> None:
    (sent,) = url_of("{claims: {userinfo: {email: null}, id_token: {acr: {value: high}}}}")[
        "claims"
    ]

    assert json.loads(sent) == {"userinfo": {"email": None}, "id_token": {"acr": {"value": "high"}}}


def test_a_secret_in_a_map_keeps_the_map_secret() -> None:
    world = World(granted)
    details = "[{type: a, pin: '{{ inputs.pin }}'}]"
    form = f"{{grant_type: client_credentials, authorization_details: {details}}}"
    options = f"{{post: 'https://id.example.com/token', form: {form}}}"
    run_kind("token", options, world, inputs={"pin": Secret("fake-pin-of-alice")})

    assert "fake-pin-of-alice" in form_of(world)["authorization_details"][0]


@proves("RFC 8707", "2", "resource goes into the request, several as several parameters")
def test_several_resources_are_several_parameters() -> None:
    sent = url_of("{resource: ['https://a.example/', 'https://b.example/']}")

    assert sent["resource"] == ["https://a.example/", "https://b.example/"]


def test_the_dry_run_shows_what_is_asked_for(cli: Cli) -> None:
    flow = cli.folder / "details.yaml"
    flow.write_text(RECIPE % ("http://127.0.0.1:1", "{type: account, id: '{{ inputs.account }}'}"))
    done = cli(flow, "-n", "--set=client_id=app", "--set=account=7")

    assert done.status == 0, done.stderr
    assert "authorization_details=%5B%7B%22type%22%3A%22account%22" in done.stdout


# A server of others

RECIPE = """
flowrun: 1
extends: base/authorization-code
name: details
inputs:
  account: {default: main}
  redirect_uri: {default: "http://127.0.0.1:0/callback"}
vars: {authorize_url: "%s/auth", token_url: "{{ vars.site }}/token", client_auth: none, site: http://127.0.0.1:1}
steps:
  - authorize: {query: {authorization_details: [%s], claims: {userinfo: {name: null}}}}
"""


def at_rig(cli: Cli, rig: Rig, query: str, token: str) -> Path:
    path = cli.folder / "details.yaml"
    head = RECIPE.partition("vars:")[0].replace("  account: {default: main}\n", "")
    vars = {"authorize_url": f"{rig.issuer}/auth", "token_url": f"{rig.issuer}/token"}
    steps = f"steps:\n  - authorize: {{query: {query}}}\n  - token: {{params: {token}}}\n"
    refresh = "refresh:\n  - token: {params: {resource: 'https://files.example.test/'}}\n"
    values = "values: {client_id: rig-public, scope: ['api:read', 'api:write']}\n"
    said = json.dumps({**vars, "client_auth": "none"})
    path.write_text(f"{head}vars: {said}\n{steps}{refresh * ('resource' in token)}{values}")
    return path


@pytest.mark.rig
@proves("RFC 9396", "7", "what oidc-provider grants in detail is kept in the record")
def test_oidc_provider_grants_details_which_are_kept(
    cli: Cli, oidc_provider: Rig, approve: str
) -> None:
    asked = f"{{authorization_details: {DETAILS}, resource: 'urn:rig:api'}}"
    flow = at_rig(cli, oidc_provider, asked, "{}")
    done = [cli(flow, BROWSER=approve), cli("refresh", "details")]
    assert [each.status for each in done] == [0, 0], done[0].stderr

    kept = json.loads(cli.record("details").read_text())["authorization_details"]
    assert [detail["type"] for detail in kept] == ["payment", "account"]
    assert kept[0]["identifier"] == "rig-0"


@pytest.mark.rig
def test_other_details_are_consented_to_anew(cli: Cli, oidc_provider: Rig, approve: str) -> None:
    asked = "{authorization_details: [{type: account, id: '%s'}], resource: 'urn:rig:api'}"
    done = [
        cli(at_rig(cli, oidc_provider, asked % account, "{}"), BROWSER=approve)
        for account in ("1", "1", "2")
    ]

    assert [each.status for each in done] == [0, 0, 0], done
    assert [each.stderr.splitlines()[-1].split()[1] for each in done] == [
        "obtained",
        "fresh",
        "obtained",
    ]
    assert "the authorization details asked for changed" in done[2].stderr


@pytest.mark.rig
@proves("RFC 9396", "5", "details that oidc-provider refuses end the login, with its words")
def test_oidc_provider_refuses_details(cli: Cli, oidc_provider: Rig, approve: str) -> None:
    flow = at_rig(cli, oidc_provider, "{authorization_details: [{type: payment}]}", "{}")
    done = cli(flow, BROWSER=approve)

    assert (done.status, "a payment has an amount" in done.stderr) == (4, True), done.stderr
    assert not cli.record("details").exists()


@pytest.mark.rig
@proves("RFC 8707", "2.2", "one resource of several at the token endpoint, another at a refresh")
def test_oidc_provider_gives_a_token_for_each_resource(
    cli: Cli, oidc_provider: Rig, approve: str
) -> None:
    asked = "{resource: ['urn:rig:api:jwt', 'https://files.example.test/']}"
    flow = at_rig(cli, oidc_provider, asked, "{resource: urn:rig:api:jwt}")
    done = [cli(flow, BROWSER=approve)]
    first = json.loads(cli.record("details").read_text())["access_token"]
    done.append(cli("refresh", "details"))
    second = json.loads(cli.record("details").read_text())["access_token"]

    assert [each.status for each in done] == [0, 0], done
    assert (first.count("."), second.count(".")) == (2, 0)
