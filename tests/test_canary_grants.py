"""No secret of the grants beside the authorization code is seen, whatever is asked and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowrun.errors import FlowrunError
from flowrun.jose import new_key
from flowrun.secret import JSON, Secret
from servers.command import Cli
from servers.decoupled import decoupled
from servers.kinds import World, answer, run_kind

CANARIES = {
    "client": "canary-secret-of-the-client",
    "hint": "canary-login-hint-token",
    "device": "canary-device-code",
    "request": "canary-auth-req-id",
    "subject": "canary-subject-token",
    "actor": "canary-actor-token",
    "token": "fake-access-token",
}
INVITED: dict[str, JSON] = {
    "device_code": CANARIES["device"],
    "auth_req_id": CANARIES["request"],
    "user_code": "WDJB-MJHT",
    "verification_uri": "SELF/device",
    "expires_in": 600,
    "interval": 1,
}
CLIENT = '{id: acme, secret: "{{ inputs.client }}", auth: AUTH}'
RECIPES = {
    "device": f"""\
flowrun: 1
name: canary
inputs: {{client: {{secret: true}}}}
steps:
  - device: {{post: "URL/device", client: {CLIENT}}}
  - token:
      post: URL/token
      client: {CLIENT}
      form: {{grant_type: x, device_code: "{{{{ steps.device.device_code }}}}"}}
    poll: {{}}
""",
    "ciba": f"""\
flowrun: 1
name: canary
inputs: {{client: {{secret: true}}, hint: {{secret: true}}}}
steps:
  - ciba:
      post: URL/bc
      client: {CLIENT}
      form: {{scope: openid, login_hint_token: "{{{{ inputs.hint }}}}", binding_message: W4SCT}}
  - token:
      post: URL/token
      client: {CLIENT}
      form: {{grant_type: x, auth_req_id: "{{{{ steps.ciba.auth_req_id }}}}"}}
    poll: {{}}
""",
    "exchange": """\
flowrun: 1
extends: base/token-exchange
name: canary
inputs: {actor: {secret: true}}
vars: {token_url: "URL/token", client_auth: AUTH, actor_token: "{{ inputs.actor }}"}
values: {client_id: acme}
""",
}
SECRETS = {
    "FLOWRUN_CLIENT": CANARIES["client"],
    "FLOWRUN_CLIENT_SECRET": CANARIES["client"],
    "FLOWRUN_HINT": CANARIES["hint"],
    "FLOWRUN_SUBJECT_TOKEN": CANARIES["subject"],
    "FLOWRUN_ACTOR": CANARIES["actor"],
}


def holding(folder: Path, secret: str) -> set[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.name for path in files if secret.encode() in path.read_bytes()}


@pytest.mark.parametrize("auth", ["post", "basic"])
@pytest.mark.parametrize("grant", RECIPES)
def test_nothing_secret_is_said_or_written_down(cli: Cli, grant: str, auth: str) -> None:
    cli.keep_secret(*CANARIES.values())
    with decoupled(INVITED, "token", "denied", interval_s=1) as server:
        text = RECIPES[grant].replace("URL", server.url).replace("AUTH", auth)
        (cli.folder / "canary.yaml").write_text(text, "utf-8")
        ran = cli("canary.yaml", "-v", "--json", BROWSER="true", **SECRETS)
        looked = cli("explain", "canary.yaml", **SECRETS), cli("canary.yaml", "-n", **SECRETS)
        server.says = ["denied"]
        refused = cli("canary.yaml", "-v", "--fresh", BROWSER="true", **SECRETS)

    assert ran.status == 0, ran.stderr
    assert [each.status for each in looked] == [0, 0]
    assert refused.status in (4, 5)
    kept = {name for name, secret in CANARIES.items() if holding(cli.folder, secret)}
    assert kept == {"token"}
    assert holding(cli.folder, CANARIES["token"]) == {"canary.json"}


CONSUMER = "consumer_key: k, consumer_secret: '{{ inputs.s }}'"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("token", "form: {device_code: '{{ inputs.s }}'}"),
        ("ciba", "form: {id_token_hint: '{{ inputs.s }}'}"),
        ("device", "form: {hint: '{{ inputs.s }}'}"),
        ("http", "oauth1: {consumer_key: k, consumer_secret: '{{ inputs.s }}', method: PLAINTEXT}"),
        (
            "token",
            "oauth1: {consumer_key: k, consumer_secret: '{{ inputs.s }}', method: PLAINTEXT}",
        ),
    ],
)
def test_what_a_server_repeats_of_a_secret_is_not_said(kind: str, options: str) -> None:
    secret, step = CANARIES["device"], f"{{post: 'https://x.test/a', {options}}}"
    echo = World(lambda _: answer(400, error="nope", error_description=f"no {secret} here"))

    with pytest.raises(FlowrunError) as caught:
        run_kind(kind, step, echo, inputs={"s": Secret(secret)})

    assert secret not in str(caught.value)


@pytest.mark.parametrize("method", ["HMAC-SHA256", "RSA-SHA256", "PLAINTEXT"])
def test_no_secret_of_oauth_1_is_seen(cli: Cli, method: str) -> None:
    key = new_key("RS256")
    parts = [str(part) for part in json.loads(key).values() if len(str(part)) > 20]
    cli.keep_secret(CANARIES["client"], *parts)
    (cli.folder / "canary.yaml").write_text(
        "flowrun: 1\nextends: base/oauth1\nname: canary\nvars:\n"
        "  request_token_url: https://x.test/r\n  authorize_url: https://x.test/a\n"
        "  access_token_url: https://x.test/t\n  verify_url: https://x.test/me\n"
        f"  method: {method}\nvalues: {{consumer_key: acme}}\n"
    )
    environment = {"FLOWRUN_CONSUMER_SECRET": CANARIES["client"], "FLOWRUN_PRIVATE_KEY": key}

    ran = cli("canary.yaml", "-v", "--json", "--sandbox", **environment)
    record = json.loads((cli.folder / "tokens" / "sandbox" / "canary.json").read_text())
    cli.keep_secret(record["access_token"], record["oauth_token_secret"])
    cli("verify", "canary", "-v", "--sandbox", **environment)
    cli("status", "--json", "--sandbox")

    assert ran.status == 0, ran.stderr
    assert record["oauth_token_secret"] not in ran.stdout + ran.stderr
    assert record["access_token"] not in ran.stdout + ran.stderr
    assert holding(cli.folder, record["oauth_token_secret"]) == {"canary.json"}
    assert holding(cli.folder, CANARIES["client"]) == set()
    assert [name for part in parts for name in holding(cli.folder, part)] == []
