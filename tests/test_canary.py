"""No secret leaves: not to the screen, not into an argument, not into a file that others read."""

from __future__ import annotations

import base64
import contextlib
import html
import json
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, quote, quote_plus

import pytest
from joserfc.jwk import RSAKey

from servers.command import Cli, Done
from servers.everything import Everything, serving_everything
from servers.pages import Asked, Page, serving_pages
from servers.raw import Raw, listening
from servers.rig import free_port
from servers.watched import PROC, Watched, holding
from servers.zendesk import CLIENTS, Served
from standards import proves

SECRET = str(CLIENTS["flowrun_test"])
WRONG = "fake-wrong-secret-of-nobody"


class WatchedZendesk(Watched):
    """The same, with the recipe for Zendesk."""

    def __init__(self, folder: Path, zendesk: Served, approve: str) -> None:
        finds = " ".join(f"{name}={value}" for name, value in zendesk.by_name.items())
        browser = f"env {finds} {approve}"
        super().__init__(folder, **zendesk.by_name, BROWSER=browser, FLOWRUN_CLIENT_SECRET=SECRET)
        self.zendesk = zendesk

    def flow(self, *words: str, **environment: str) -> Done:
        """Run the recipe."""
        redirect = f"--set=redirect_uri={self.zendesk.zendesk.redirect_uri}"
        inputs = ("--set=subdomain=acme", "--set=client_id=flowrun_test", redirect)
        return self.seen("run", "zendesk.yaml", *inputs, *words, **environment)

    def secrets(self) -> set[str]:
        """Everything secret that has passed between the command line and the server."""
        found = {SECRET, WRONG}
        for request in self.zendesk.zendesk.requests("POST", "/oauth/tokens"):
            assert isinstance(request.body, dict)
            names = ("code", "code_verifier", "refresh_token")
            found |= {str(request.body[name]) for name in names if name in request.body}
        for grant in self.zendesk.zendesk.grants:
            found |= {grant.access_token, grant.refresh_token}
        return found

    def states(self) -> set[str]:
        asked = self.zendesk.zendesk.requests("GET", "/oauth/authorizations/new")
        return {request.query["state"] for request in asked}


@pytest.fixture
def watched(tmp_path: Path, zendesk: Served, approve: str) -> WatchedZendesk:
    if not PROC.is_dir():
        pytest.skip("arguments of processes are read from /proc")
    return WatchedZendesk(tmp_path, zendesk, approve)


@proves("RFC 6749", "10.3", "shows no token, code or secret anywhere else")
def test_no_secret_of_a_whole_life_is_seen(watched: WatchedZendesk) -> None:
    statuses = {
        "run": watched.flow("-v").status,
        "again": watched.flow("--json", "--fresh").status,
        "explain": watched.seen(
            "explain", "zendesk", "--set=subdomain=acme", "--set=client_id=flowrun_test"
        ).status,
        "dry": watched.flow("-n").status,
        "status": watched.seen("status").status,
        "status --json": watched.seen("status", "--json").status,
        "status NAME": watched.seen("status", "zendesk-acme").status,
        "metrics": watched.seen("status", "--format", "prometheus").status,
        "verify": watched.seen("verify", "zendesk-acme", "-v").status,
        "verify --all": watched.seen("verify", "--all", "--json", "--jobs", "2").status,
        "refresh": watched.seen("refresh", "zendesk-acme", "-v").status,
        "wrong": watched.seen("refresh", "zendesk-acme", "-v", FLOWRUN_CLIENT_SECRET=WRONG).status,
    }
    printed = watched("token", "zendesk-acme").stdout
    secrets = watched.secrets()  # while the last grant is alive
    watched.zendesk.zendesk.grants.clear()
    statuses["refused"] = watched.seen("refresh", "zendesk-acme", "--json").status
    statuses["over"] = watched.seen("token", "zendesk-acme", "--min-ttl", "2d").status
    statuses["invalid"] = watched.seen("verify", "--all", "-v").status - 5
    statuses["denied"] = watched.seen("revoke", "zendesk-acme", "-v").status
    for words in ([], ["--json"], ["zendesk-acme"], ["--format", "prometheus"]):
        statuses[f"status {words}"] = watched.seen("status", *words).status - 8

    assert statuses == {
        **dict.fromkeys(statuses, 0), "wrong": 5, "refused": 5, "over": 8, "denied": 5,
    }  # fmt: skip
    assert len(secrets) >= 9  # two logins, a refresh, two client secrets
    output = "\n".join(watched.printed)
    assert [secret for secret in secrets if secret in output] == []
    assert [s for s in secrets if any(s in each for each in watched.arguments)] == []
    assert any("flowrun" in each for each in watched.arguments)
    assert printed.strip() in secrets
    tokens = watched.folder / "tokens"
    files = holding(watched.folder, secrets)
    assert files >= {tokens / "zendesk-acme.json"}
    assert {path for path in files if not path.is_relative_to(tokens)} == set()
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(tokens.stat().st_mode) == 0o700


def test_a_state_stands_in_the_url_alone(watched: WatchedZendesk) -> None:
    assert watched.flow("-v").status == 0
    (state,) = watched.states()
    lines = [line for text in watched.printed for line in text.splitlines() if state in line]

    assert all(line.startswith("https://acme.zendesk.com/oauth/") for line in lines)
    assert holding(watched.folder, {state}) <= {watched.folder / "tokens" / "zendesk-acme.json"}


ODD = "fake/secret+of= \"canary\" <&> 'é'"
"""Every spelling of it is another text."""

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": lambda value: quote(value, safe=""),
    "percent, some": quote,
    "plus": quote_plus,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64url": lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
    "hex": lambda value: value.encode().hex(),
    "html": html.escape,
    "json": lambda value: json.dumps(value)[1:-1],
    "python": lambda value: repr(value)[1:-1],
}

RECIPE = """\
flowrun: 1
name: echo
inputs:
  client_secret: {{secret: true}}
  password: {{secret: true}}
steps:
  - token:
      post: {url}/token
      client: {{id: canary, secret: "{{{{ inputs.client_secret }}}}", auth: {auth}}}
      form: {{grant_type: password, username: jane, password: "{{{{ inputs.password }}}}"}}
refresh:
  - token:
      post: {url}/token
      form: {{grant_type: refresh_token, refresh_token: "{{{{ saved.refresh_token }}}}"}}
save: echo
"""
PASSWORD = "fake-password-of-the-canary"
REFRESH = "fake/refresh+token/of+the==canary"
JSON_TYPE, HTML_TYPE = "application/json", "text/html; charset=utf-8"


def answer(status: str, kind: str, body: str) -> bytes:
    content = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def echo(raw: Callable[[], Raw], how: Callable[[str], str], kind: str) -> Callable[..., None]:
    """A token endpoint that refuses, and repeats what it was sent."""

    def behave(connection: socket.socket) -> None:
        head, _, body = raw().requests[-1][1].decode().partition("\r\n\r\n")
        sent = [value for _, value in parse_qsl(body)]
        sent += [line.split()[-1] for line in head.split("\r\n") if line.startswith("Authoriz")]
        said = f"you sent {' and '.join(map(how, [*sent, ODD]))}\x1b[2J"
        error = {"error": "invalid_request", "error_description": said}
        text = f"<html><h1>{said}</h1></html>" if kind == HTML_TYPE else json.dumps(error)
        connection.sendall(answer("400 Bad Request", kind, text))

    return behave


@contextlib.contextmanager
def echoing(how: Callable[[str], str], kind: str) -> Iterator[Raw]:
    held: list[Raw] = []
    with listening(echo(lambda: held[0], how, kind)) as raw:
        held.append(raw)
        yield raw


@pytest.mark.parametrize("auth", ["post", "basic"])
@pytest.mark.parametrize("kind", [JSON_TYPE, HTML_TYPE], ids=["json", "html"])
@pytest.mark.parametrize("how", SPELLINGS)
def test_what_a_provider_repeats_is_masked(cli: Cli, how: str, kind: str, auth: str) -> None:
    spell = SPELLINGS[how]
    with echoing(spell, kind) as raw:
        recipe = RECIPE.format(url=raw.url, auth=auth)
        (cli.folder / "echo.yaml").write_text(recipe, "utf-8")
        given = {"FLOWRUN_CLIENT_SECRET": ODD, "FLOWRUN_PASSWORD": PASSWORD, "BROWSER": "true"}
        done = cli("run", "./echo.yaml", "-v", **given)
        reported = cli("run", "./echo.yaml", "--json", **given)

    output = done.stdout + done.stderr + reported.stdout + reported.stderr
    assert (done.status, reported.status) == (5, 5), output
    assert len(raw.requests) == 2
    assert [each for each in (ODD, PASSWORD) if each in output or spell(each) in output] == []
    assert "\x1b" not in output


@pytest.mark.parametrize("how", SPELLINGS)
def test_a_refresh_token_that_is_repeated_is_masked(cli: Cli, how: str) -> None:
    token = {"access_token": "fake-access-of-the-canary", "refresh_token": REFRESH}
    with listening(answer("200 OK", JSON_TYPE, json.dumps(token))) as good:
        port = good.port
        recipe = RECIPE.format(url=good.url, auth="post")
        (cli.folder / "echo.yaml").write_text(recipe, "utf-8")
        given = {"FLOWRUN_CLIENT_SECRET": ODD, "FLOWRUN_PASSWORD": PASSWORD, "BROWSER": "true"}
        assert cli("./echo.yaml", **given).status == 0
    with echoing(SPELLINGS[how], JSON_TYPE) as raw:
        record = cli.record("echo")
        record.write_text(record.read_text().replace(f":{port}/", f":{raw.port}/"))
        done = cli("refresh", "echo", "-v", **given)
        told = cli("status", "--json")

    output = done.stdout + done.stderr + told.stdout + told.stderr
    assert done.status == 5, output
    assert [each for each in (REFRESH, SPELLINGS[how](REFRESH)) if each in output] == []
    assert SPELLINGS[how](REFRESH) not in json.dumps(json.loads(record.read_text())["flowrun"])


REGISTRATION = """\
flowrun: 1
name: registered
inputs:
  initial_access_token: {secret: true}
  software_statement: {secret: true}
steps:
  - metadata: {issuer: SITE}
  - register:
      post: "{{ steps.metadata.registration_endpoint }}"
      bearer: "{{ inputs.initial_access_token }}"
      json: {client_name: canary, software_statement: "{{ inputs.software_statement }}"}
  - token:
      post: "{{ steps.metadata.token_endpoint }}"
      client: &client
        id: "{{ steps.register.client_id }}"
        secret: "{{ steps.register.client_secret }}"
        auth: basic
      form: {grant_type: client_credentials}
verify:
  - use: steps.metadata
  - use: steps.register
  - http:
      post: "{{ steps.metadata.introspection_endpoint }}"
      client: *client
      form: {token: "{{ saved.access_token }}"}
      expect: response.json.active
revoke:
  - use: steps.metadata
  - use: steps.register
  - id: unregister
    register:
      delete: "{{ steps.register.registration_client_uri }}"
      bearer: "{{ steps.register.registration_access_token }}"
"""


@proves("RFC 7591", "5", "a client's secret and what manages it are shown to nobody")
def test_no_secret_of_a_registered_client_is_seen(cli: Cli) -> None:
    names = ("client_secret", "registration_access_token", "initial", "statement", "access_token")
    canaries = {name: f"fake/{name}+of=the canary" for name in names}
    given = {
        "FLOWRUN_INITIAL_ACCESS_TOKEN": canaries["initial"],
        "FLOWRUN_SOFTWARE_STATEMENT": canaries["statement"],
    }
    cli.keep_secret(*canaries.values())
    (recipe := cli.folder / "registered.yaml").touch()
    with serving_pages() as pages:
        recipe.write_text(REGISTRATION.replace("SITE", pages.url))
        endpoints = ("registration", "token", "introspection")
        found = {f"{name}_endpoint": f"{pages.url}/{name}" for name in endpoints}
        pages.at["/.well-known/openid-configuration"] = {"issuer": pages.url, **found}
        secrets = {name: canaries[name] for name in names[:2]}
        management = {"registration_client_uri": f"{pages.url}/clients/a"}
        pages.at["/registration"] = Page({"client_id": "a", **secrets, **management}, 201)
        pages.at["/token"] = {"access_token": canaries["access_token"], "token_type": "Bearer"}
        pages.at["/clients/a"] = lambda asked: echoed(asked)
        lives = [
            cli(recipe, "-v", **given),
            cli("explain", recipe, **given),
            cli(recipe, "-n", **given),
            cli("status", "--json"),
        ]
        pages.at["/introspection"] = lambda asked: echoed(asked)
        ends = [
            cli("verify", "registered", "-v", **given),
            cli(recipe, "--fresh", "-v", **given),
            cli("revoke", "registered", "-v", "--json", **given),
        ]

    assert [done.status for done in lives] == [5, 0, 0, 0]  # whose `verify` has nobody to ask
    assert [done.status for done in ends] == [5, 5, 5]
    holding_them = holding(cli.folder, set(canaries.values()))
    assert {path.name.partition("-")[0] for path in holding_them} == {
        "registered.client", "registered.json"
    }  # fmt: skip
    assert {stat.S_IMODE(path.stat().st_mode) for path in holding_them} == {0o600}


def echoed(asked: Asked) -> Page:
    said = f"you sent {asked.headers.get('Authorization')} and {asked.body}"
    return Page({"error": "server_error", "error_description": said}, 503)


# Every protection, and every grant that needs a secret of its own

PROTECTED = """\
flowrun: 1
name: protected
inputs:
  client_id: {{default: flowrun}}
  private_key: {{secret: true}}
  redirect_uri: {{default: "http://127.0.0.1:0/callback"}}
defaults:
  authorize: &proven
    client:
      id: "{{{{ inputs.client_id }}}}"
      auth: private_key_jwt
      key: "{{{{ inputs.private_key }}}}"
    dpop: on
  token: *proven
  http: *proven
steps:
  - authorize:
      url: {url}/authorize
      par: {url}/par
      {object}
      query:
        response_type: code
        client_id: "{{{{ inputs.client_id }}}}"
        redirect_uri: "{{{{ inputs.redirect_uri }}}}"
        scope: openid
  - capture: {{at: "{{{{ inputs.redirect_uri }}}}"}}
  - token:
      post: {url}/token
      form:
        grant_type: authorization_code
        code: "{{{{ callback.code }}}}"
        redirect_uri: "{{{{ inputs.redirect_uri }}}}"
        code_verifier: "{{{{ steps.authorize.code_verifier }}}}"
refresh:
  - token:
      post: {url}/token
      form: {{grant_type: refresh_token, refresh_token: "{{{{ saved.refresh_token }}}}"}}
verify:
  - http: {{get: "{url}/me", client: null, bearer: "{{{{ saved.access_token }}}}"}}
  - id: look
    http: {{post: "{url}/introspect", form: {{token: "{{{{ saved.access_token }}}}"}}}}
revoke:
  - http: {{post: "{url}/revoke", form: {{token: "{{{{ saved.refresh_token }}}}"}}}}
save: protected
"""


@pytest.fixture
def everything() -> Iterator[Everything]:
    if not PROC.is_dir():
        pytest.skip("arguments of processes are read from /proc")
    with serving_everything() as server:
        yield server


def consenting(folder: Path) -> dict[str, str]:
    """A browser that goes where the server leads it."""
    visit = folder / "visit"
    visit.write_text(f"#!{sys.executable}\n{VISIT}")
    visit.chmod(0o700)
    return {"BROWSER": f"{visit} %s"}


VISIT = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=20).close()"


def private_parts(key: str) -> set[str]:
    """What of a private key nobody may see, in its PEM and as a JWK has it."""
    lines = {line for line in key.splitlines() if "-----" not in line}
    jwk = RSAKey.import_key(key).as_dict(private=True)
    return lines | {str(jwk[name]) for name in ("d", "p", "q", "dp", "dq", "qi")}


@pytest.mark.parametrize("object", ["", 'request_object: {key: "{{ inputs.private_key }}"}'])
@proves("RFC 9449", "11.2", "keeps its private key in the token file, and nowhere else")
def test_no_secret_of_a_protected_login_is_seen(
    tmp_path: Path, everything: Everything, object: str
) -> None:
    key = RSAKey.generate_key(2048).as_pem(private=True).decode()
    watched = Watched(tmp_path, FLOWRUN_PRIVATE_KEY=key, **consenting(tmp_path))
    recipe = PROTECTED.format(url=everything.url, object=object)
    (tmp_path / "protected.yaml").write_text(recipe, "utf-8")
    lives = [
        watched.seen("run", "protected.yaml", "-v"),
        watched.seen("run", "protected.yaml", "--json", "--fresh"),
        watched.seen("run", "protected.yaml", "-n"),
        watched.seen("explain", "./protected.yaml"),
        watched.seen("check", "./protected.yaml", "--resolved"),
        watched.seen("status"),
        watched.seen("status", "--json"),
        watched.seen("status", "protected"),
        watched.seen("status", "--format", "prometheus"),
        watched.seen("verify", "protected", "-v"),
        watched.seen("refresh", "protected", "-v"),
    ]
    bound = json.loads((tmp_path / "tokens" / "protected.json").read_text())["flowrun"]["dpop"]
    everything.refuses = True
    refused = [
        watched.seen("refresh", "protected", "-v"),
        watched.seen("refresh", "protected", "--json"),
        watched.seen("verify", "protected", "-v"),
        watched.seen("revoke", "protected", "-v"),
        watched.seen("run", "protected.yaml", "-v", "--fresh"),
    ]
    held = everything.secrets() | private_parts(key) | {bound["d"]}

    assert {done.status for done in lives} == {0}, [done.stderr for done in lives]
    assert {done.status for done in refused} == {5}, [done.stderr for done in refused]
    assert len(everything.at("/par")) == 3
    assert len(held) > 40
    assert watched.leaks(held) == {}


REGISTERED = """\
steps:
  - register:
      post: {url}/register
      bearer: "{{{{ inputs.client_secret }}}}"
      json: {{client_name: canary, grant_types: [client_credentials]}}
  - token: &asked
      post: {url}/token
      client:
        id: "{{{{ steps.register.client_id }}}}"
        secret: "{{{{ steps.register.client_secret }}}}"
        auth: "{{{{ steps.register.auth }}}}"
      form: {{grant_type: client_credentials}}
refresh:
  - use: steps.register
  - token: *asked
revoke:
  - use: steps.register
  - id: unregister
    register:
      delete: "{{{{ steps.register.registration_client_uri }}}}"
      bearer: "{{{{ steps.register.registration_access_token }}}}"
"""
POLLED = """\
defaults:
  token: &client
    client: {{id: canary, secret: "{{{{ inputs.client_secret }}}}", auth: client_secret_jwt}}
  KIND: *client
steps:
  - KIND: {{post: "{url}/KIND", form: {{scope: openid, login_hint: jane}}}}
  - token:
      post: {url}/token
      form: {{grant_type: "GRANT", HANDLE: "{{{{ steps.KIND.HANDLE }}}}"}}
    poll: {{}}
refresh:
  - token:
      post: {url}/token
      form: {{grant_type: refresh_token, refresh_token: "{{{{ saved.refresh_token }}}}"}}
revoke:
  - http: {{post: "{url}/revoke", form: {{token: "{{{{ saved.refresh_token }}}}"}}}}
"""


def polled(kind: str, grant: str, handle: str) -> str:
    """A recipe that waits for a person elsewhere."""
    return POLLED.replace("KIND", kind).replace("GRANT", grant).replace("HANDLE", handle)


SIGNED = """\
extends: base/oauth1
values: {{consumer_key: canary, redirect_uri: "http://127.0.0.1:{port}/callback"}}
vars:
  request_token_url: {url}/temporary
  authorize_url: {url}/authorize
  access_token_url: {url}/lasting
  verify_url: {url}/me
  method: {method}
"""
HEAD = "flowrun: 1\nname: canary\nsave: canary\n"
INPUTS = "inputs: {{client_secret: {{secret: true}}}}\n"
OTHERS = {
    "registration": INPUTS + REGISTERED,
    "device": INPUTS
    + polled("device", "urn:ietf:params:oauth:grant-type:device_code", "device_code"),
    "ciba": INPUTS + polled("ciba", "urn:openid:params:grant-type:ciba", "auth_req_id"),
    "oauth1": SIGNED.replace("{method}", "HMAC-SHA256"),
    "oauth1 plaintext": SIGNED.replace("{method}", "PLAINTEXT"),
    "oauth1 rsa": SIGNED.replace("{method}", "RSA-SHA256"),
}


@pytest.mark.parametrize("grant", OTHERS)
def test_no_secret_of_another_grant_is_seen(
    tmp_path: Path, everything: Everything, grant: str
) -> None:
    key, port = RSAKey.generate_key(2048).as_pem(private=True).decode(), free_port()
    given = {f"FLOWRUN_{name}_SECRET": f"{SECRET}-0123456789" for name in ("CLIENT", "CONSUMER")}
    watched = Watched(tmp_path, FLOWRUN_PRIVATE_KEY=key, **given, **consenting(tmp_path))
    everything.callback = f"http://127.0.0.1:{port}/callback"
    recipe = HEAD + OTHERS[grant].format(url=everything.url, port=port)
    (tmp_path / "canary.yaml").write_text(recipe, "utf-8")
    lives = [
        watched.seen("run", "canary.yaml", "-v"),
        watched.seen("run", "canary.yaml", "-n"),
        watched.seen("explain", "./canary.yaml"),
        watched.seen("status", "--json"),
    ]
    everything.refuses = True
    words = ("verify",) if "oauth1" in grant else ("refresh", "revoke")
    refused = [watched.seen(word, "canary", "-v") for word in words]
    refused.append(watched.seen("run", "canary.yaml", "--json", "--fresh"))
    shown = set(everything.issued[:1]) if "oauth1" in grant else set()  # it is in the address
    held = everything.secrets() | private_parts(key) | {*given.values()}

    assert {done.status for done in lives} == {0}, [done.stderr for done in lives]
    assert refused[-1].status == 5, refused[-1].stderr
    assert watched.leaks(held - shown) == {}


def test_what_is_written_back_goes_to_stdin_alone(watched: WatchedZendesk) -> None:
    assert watched.flow().status == 0
    everything = "cat; env; cat /proc/$PPID/cmdline /proc/$$/cmdline"
    refresh = ("refresh", "zendesk-acme", "-v", "--write-back")

    done = watched.seen(*refresh, f"{everything}; sleep 0.1")
    refused = watched.seen(*refresh, f"{everything}; exit 1")

    assert (done.status, refused.status) == (0, 7), done.stderr
    assert "zendesk-acme, write-back:" in done.stderr
    assert watched.leaks(watched.secrets()) == {}


def test_what_stands_beside_a_record_is_as_private_as_it(watched: WatchedZendesk) -> None:
    text = "a={{ saved.access_token }} r={{ saved.refresh_token }} s={{ inputs.client_secret }}"
    files = f"[{{file: acme.env, format: dotenv}}, {{file: a/acme.txt, text: '{text}'}}]"
    name = "zendesk-{{ inputs.subdomain }}"
    (watched.folder / "zendesk.yaml").write_text(
        f"flowrun: 1\nextends: zendesk\nsave: {{name: '{name}', also: {files}}}\n"
    )
    beside = watched.folder / "tokens" / "acme.env"

    statuses = [watched.flow("-v").status, watched.seen("refresh", "zendesk-acme", "-v").status]
    statuses.append(watched.seen("explain", "zendesk.yaml", "--json").status)
    beside.chmod(0o644)
    statuses.append(watched.seen("refresh", "zendesk-acme", "-v", "--json").status)
    beside.chmod(0o600)

    assert statuses == [0, 0, 0, 7]
    assert SECRET in (watched.folder / "tokens" / "a" / "acme.txt").read_text()
    assert watched.leaks(watched.secrets()) == {}
