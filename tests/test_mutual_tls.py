"""Clients that show a certificate when they connect (RFC 8705)."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from flowrun.capture.certificate import self_signed
from flowrun.errors import FlowError, TransportError
from flowrun.http import Direct, http_from_environment
from flowrun.message import Body, Certificate, Request
from flowrun.secret import Secret, Value
from flowrun.steps import KINDS
from flowrun.steps.exchange import request_of
from flowrun.steps.kind import Options
from flowrun.template import Scope
from flowrun.wire import as_curl
from servers.command import Cli
from servers.kinds import run_kind, step_of
from servers.proxy import proxy
from servers.rig import CACHE, Rig, free_port, rig
from standards import proves

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
CLIENT = "client.example.test"


class Pair(NamedTuple):
    certificate: str
    key: str

    @property
    def shown(self) -> Certificate:
        return Certificate(self.certificate, Secret(self.key))

    @property
    def secret(self) -> list[str]:
        return self.key.splitlines()[1:-1]


def issued(authority: trustme.CA, name: str = CLIENT) -> Pair:
    leaf = authority.issue_cert(name)
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    return Pair(chain.decode(), leaf.private_key_pem.bytes().decode())


class Server:
    """A server that remembers which certificate each of its connections has shown."""

    def __init__(self, folder: Path, version: ssl.TLSVersion, mode: ssl.VerifyMode) -> None:
        self.authority, self.clients = trustme.CA(), trustme.CA()
        self.ca = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(self.ca))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("localhost").configure_cert(context)
        self.clients.configure_trust(context)
        context.minimum_version = context.maximum_version = version
        context.verify_mode = mode
        self.context, self.seen, self.patience_s = context, list[str](), 0.0
        self.answer = OK
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.listener.getsockname()[1]}/"

    def run(self) -> None:
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            plain.settimeout(10)
            with self.context.wrap_socket(
                plain, server_side=True, do_handshake_on_connect=False
            ) as connection:
                self._serve(connection)

    def _serve(self, connection: ssl.SSLSocket) -> None:
        try:
            connection.do_handshake()
            self._answer(connection)
        except OSError:
            time.sleep(self.patience_s)  # to hang up at once can take the alert along

    def _answer(self, connection: ssl.SSLSocket) -> None:
        shown = connection.getpeercert() or {}
        names = re.findall(r"'DNS', '([^']+)'", str(shown.get("subjectAltName")))
        while connection.recv(65_536):
            self.seen.append("".join(names))
            connection.sendall(self.answer)


@contextmanager
def serving(
    folder: Path,
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    mode: ssl.VerifyMode = ssl.CERT_REQUIRED,
) -> Iterator[Server]:
    server = Server(folder, version, mode)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(params=["direct", "proxied"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "direct":
        yield
        return
    with proxy() as url:
        monkeypatch.setenv("https_proxy", url)
        yield


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


# What is shown


@proves("RFC 8705", "2", "the certificate is shown in the handshake")
@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
def test_a_certificate_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: ssl.TLSVersion
) -> None:
    with serving(tmp_path, version) as server, http_from_environment() as http:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.ca))
        shown = issued(server.clients).shown
        response = http.send(Request("GET", server.url, certificate=shown))

    assert (response.status, server.seen) == (200, [CLIENT])


@pytest.mark.usefixtures("way")
def test_no_connection_is_shared_by_two_who_show_different_things(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, mode=ssl.CERT_OPTIONAL) as server, http_from_environment() as http:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.ca))
        one, two = (
            issued(server.clients, "one.test").shown,
            issued(server.clients, "two.test").shown,
        )
        for shown in (one, None, two):
            http.send(Request("GET", server.url, certificate=shown))
            http.close()

    assert server.seen == ["one.test", "", "two.test"]


def test_a_kept_connection_is_used_again_by_the_same_one_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, mode=ssl.CERT_OPTIONAL) as server, Direct(timeout_s=3) as http:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.ca))
        shown = issued(server.clients).shown
        for _ in range(2):
            http.send(Request("GET", server.url, certificate=shown))
        with pytest.raises(TransportError):  # the server takes one connection at a time
            http.send(Request("GET", server.url))

    assert server.seen == [CLIENT, CLIENT]


def test_no_file_holds_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "memfd_create"):
        pytest.skip("this system has no files in memory; a private one is gone at once")
    monkeypatch.setenv("TMPDIR", "/nowhere")
    with serving(tmp_path) as server, Direct() as http:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.ca))
        http.send(Request("GET", server.url, certificate=issued(server.clients).shown))

    assert server.seen == [CLIENT]


# What is refused


@proves(
    "RFC 8705", "2", "a server that wants a certificate, and gets none or another, is told apart"
)
@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("stranger", [None, "of another"])
def test_a_server_that_refuses_the_certificate_has_read_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stranger: str | None
) -> None:
    shown = issued(trustme.CA()).shown if stranger else None
    with serving(tmp_path) as server, http_from_environment(timeout_s=5) as http:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.ca))
        server.patience_s = 0.3
        with pytest.raises(TransportError) as caught:
            http.send(Request("POST", server.url, certificate=shown), redeems=True)

    (problem,) = caught.value.problems
    assert (problem.code, caught.value.sent) == ("E605", False)
    wants = "does not know who has signed" if stranger else "wants a certificate of the client"
    assert wants in problem.message
    assert ("auth: tls" in problem.hint) == (stranger is None)
    assert server.seen == []


def test_a_server_that_hangs_up_at_once_is_heard_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = issued(trustme.CA()).shown
    with serving(tmp_path) as server, Direct(timeout_s=5) as http:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.ca))
        with pytest.raises(TransportError) as caught:
            http.send(Request("POST", server.url, certificate=shown), redeems=True)

    assert (caught.value.code, caught.value.sent) == ("E605", False)


ENCRYPTED = """\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIIBvTBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQI
-----END ENCRYPTED PRIVATE KEY-----"""


@pytest.mark.parametrize(
    ("flaw", "said"),
    [
        ("another key", "the key is that of another certificate"),
        ("no key", "no certificate and key in PEM"),
        ("no certificate", "no certificate and key in PEM"),
        ("encrypted", "cannot be used"),
    ],
)
def test_what_cannot_be_shown_is_told_without_the_key(flaw: str, said: str) -> None:
    pair, other = issued(trustme.CA()), issued(trustme.CA())
    flawed = {
        "another key": Pair(pair.certificate, other.key),
        "no key": Pair(pair.certificate, "fake-key"),
        "no certificate": Pair("fake-certificate", pair.key),
        "encrypted": Pair(pair.certificate, ENCRYPTED),
    }[flaw]
    with Direct() as http, pytest.raises(TransportError) as caught:
        http.send(Request("GET", "https://localhost:1/", certificate=flawed.shown))

    assert (caught.value.code, caught.value.sent) == ("E605", False)
    assert said in str(caught.value)
    assert flawed.key.splitlines()[-1] not in repr(caught.value.problems)
    assert caught.value.__cause__ is None


# What a step says


@proves("RFC 8705", "2", "client_id goes along, and no other proof")
def test_a_client_names_itself_and_shows_its_certificate() -> None:
    shown = "certificate: '{{ inputs.c }}', key: '{{ inputs.k }}'"
    client = f"{{id: app, secret: unused, auth: tls, {shown}}}"
    said = f"{{post: 'https://id.example.com/token', client: {client}, form: {{a: b}}}}"
    inputs: dict[str, Value] = {"c": "PEM", "k": Secret("fake-key")}
    options = Options(step_of("token", said), KINDS["token"], Scope({"inputs": inputs}))
    request = request_of(options)

    assert request.certificate == Certificate("PEM", Secret("fake-key"))
    assert request.body == Body("form", {"client_id": "app", "a": "b"})


def test_curl_shows_no_key() -> None:
    shown = as_curl(Request("GET", "https://a.example/", certificate=issued(trustme.CA()).shown))

    assert "--cert certificate.pem" in shown
    assert "--key '***'" in shown


def test_half_a_certificate_is_told() -> None:
    options = "{get: 'https://a.example/', certificate: {certificate: '{{ inputs.c }}'}}"
    with pytest.raises(FlowError, match="'certificate' needs a key 'key'") as caught:
        run_kind("http", options, inputs={"c": "PEM"})

    assert caught.value.code == "E207"


# The whole program

SANDBOXED = """
flowrun: 1
extends: base/client-credentials
name: shown
vars: {token_url: "https://id.example.com/token", client_auth: tls}
verify:
  - http:
      get: https://api.example.com/me
      bearer: "{{ saved.access_token }}"
      certificate: {certificate: "{{ inputs.certificate }}", key: "{{ inputs.private_key }}"}
"""


def test_the_sandbox_takes_a_certificate(cli: Cli) -> None:
    flow = cli.folder / "shown.yaml"
    flow.write_text(SANDBOXED)
    done = [cli(flow, "--sandbox"), cli("verify", "shown", "--sandbox")]

    assert [each.status for each in done] == [0, 0], done


GRANTED = b"""HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 70\r\n\r\n\
{"access_token": "fake-access", "refresh_token": "fake-refresh-token"}"""
REFRESHED = """
flowrun: 1
extends: base/refresh-token
name: kept
vars: {token_url: "%s", client_auth: tls}
values: {client_id: app}
"""


def test_a_refresh_that_is_not_let_in_costs_nothing(cli: Cli, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.answer, flow = GRANTED, cli.folder / "kept.yaml"
        flow.write_text(REFRESHED % f"{server.url}token")
        pairs = issued(server.clients), issued(trustme.CA())
        mine, theirs = (
            {
                "SSL_CERT_FILE": str(server.ca),
                "FLOWRUN_CERTIFICATE": pair.certificate,
                "FLOWRUN_PRIVATE_KEY": pair.key,
                "FLOWRUN_REFRESH_TOKEN": "fake-refresh-token-before",
            }
            for pair in pairs
        )
        cli.keep_secret(*pairs[0].secret, *pairs[1].secret, "fake-access", "fake-refresh")
        done = [cli(flow, "-v", **mine)]
        before = json.loads(cli.record("kept").read_text())
        done.append(cli("refresh", "kept", "-v", **theirs))
        after = json.loads(cli.record("kept").read_text())
        done.append(cli("refresh", "kept", "-v", **mine))

    assert [each.status for each in done] == [0, 6, 0], done
    assert "E605" in done[1].stderr
    assert after["refresh_token"] == before["refresh_token"]
    assert {*server.seen} == {CLIENT}
    held = [path for path in cli.folder.rglob("*") if path.is_file() and path != flow]
    texts = [path.read_text(errors="replace") for path in held]
    assert not [line for line in (*pairs[0].secret, *pairs[1].secret) for t in texts if line in t]


# A server of others


class Shown(NamedTuple):
    rig: Rig
    origin: str
    ca: Path
    clients: trustme.CA
    own: Pair


@pytest.fixture(scope="session")
def tls_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder, authority, own = tmp_path_factory.mktemp("tls"), trustme.CA(), Pair(*self_signed())
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(
        str(folder / "server.pem")
    )
    (folder / "self.pem").write_text(own.certificate)
    port = free_port()
    environment = {"RIG_TLS_DIR": str(folder), "RIG_TLS_PORT": str(port)}
    with rig("oidc-provider", needs=("node", "npm"), **environment) as url:
        origin = f"https://localhost:{port}"
        yield Shown(Rig(url, {}), origin, folder / "ca.pem", authority, own)


def thumbprint(pair: Pair) -> str:
    der = ssl.PEM_cert_to_DER_cert(
        pair.certificate.partition("-----END")[0] + "-----END CERTIFICATE-----"
    )
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")


def environment_of(tls: Shown, pair: Pair) -> dict[str, str]:
    shown = {"FLOWRUN_CERTIFICATE": pair.certificate, "FLOWRUN_PRIVATE_KEY": pair.key}
    return {"SSL_CERT_FILE": str(tls.ca), **shown}


SERVICE = """
flowrun: 1
extends: base/client-credentials
name: service
vars: {token_url: "%(origin)s/token", client_auth: tls}
values: {client_id: %(client)s, scope: ['api:read']}
steps:
  - token: {params: {resource: "urn:rig:api:jwt"}}
"""


@pytest.mark.rig
@proves(
    "RFC 8705", "2.1", "oidc-provider knows the client by the name that an authority has signed"
)
@proves("RFC 8705", "3.1", "the token is bound to the certificate: x5t#S256 in its cnf")
def test_a_signed_certificate_gets_a_bound_token(cli: Cli, tls_rig: Shown) -> None:
    flow, pair = cli.folder / "service.yaml", issued(tls_rig.clients)
    flow.write_text(SERVICE % {"origin": tls_rig.origin, "client": "rig-service-tls"})
    cli.keep_secret(*pair.secret)
    done = cli(flow, "-v", **environment_of(tls_rig, pair))

    assert done.status == 0, done.stderr
    token = json.loads(cli.record("service").read_text())["access_token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["cnf"] == {"x5t#S256": thumbprint(pair)}
    assert "private_key" not in done.stderr


@pytest.mark.rig
@proves("RFC 8705", "2.1", "a certificate with another name, or of another authority, is refused")
@pytest.mark.parametrize("stranger", ["another name", "another authority"])
def test_a_stranger_is_refused(cli: Cli, tls_rig: Shown, stranger: str) -> None:
    flow = cli.folder / "service.yaml"
    flow.write_text(SERVICE % {"origin": tls_rig.origin, "client": "rig-service-tls"})
    named = issued(tls_rig.clients, "else.example.test")
    pair = named if stranger == "another name" else issued(trustme.CA())
    done = cli(flow, **environment_of(tls_rig, pair))

    assert (done.status, "E502" in done.stderr) == (5, True), done.stderr
    assert "certificate is registered" in done.stderr
    assert not cli.record("service").exists()


LOGIN = """
flowrun: 1
extends: base/openid
name: login
inputs:
  redirect_uri: {default: "http://127.0.0.1:0/callback"}
hosts: ["%(origin)s"]
vars: {issuer: "%(issuer)s", client_auth: tls}
values: {client_id: %(client)s, scope: [openid, profile]}
verify:
  - http:
      certificate: {certificate: "{{ inputs.certificate }}", key: "{{ inputs.private_key }}"}
"""


@pytest.mark.rig
@proves("RFC 8705", "5", "with a certificate the endpoints are those of mtls_endpoint_aliases")
@proves("RFC 8705", "2.2", "oidc-provider knows a certificate that has signed itself")
@proves("RFC 8705", "3", "the API takes the token with its certificate alone")
@pytest.mark.parametrize(
    "client",
    [pytest.param("rig-tls", id="oidcc-client-test-mtls-endpoint-aliases"), "rig-tls-self"],
)
def test_a_login_lives_with_a_certificate(
    cli: Cli, tls_rig: Shown, approve: str, client: str
) -> None:
    flow = cli.folder / "login.yaml"
    issuer = {"origin": tls_rig.origin, "issuer": tls_rig.rig.issuer, "client": client}
    flow.write_text(LOGIN % issuer)
    pair = tls_rig.own if client == "rig-tls-self" else issued(tls_rig.clients)
    cli.keep_secret(*pair.secret)
    environment = environment_of(tls_rig, pair)
    login = cli(flow, "-v", BROWSER=approve, **environment)
    done = [login, *(cli(word, "login", **environment) for word in ("refresh", "verify", "revoke"))]

    assert [each.status for each in done] == [0, 0, 0, 0], done
    assert f"POST {tls_rig.origin}/token -> 200" in login.stderr


@pytest.mark.rig
@proves("RFC 8705", "3", "a token that is bound to another certificate is of no use")
def test_a_thief_without_the_key_has_nothing(cli: Cli, tls_rig: Shown, approve: str) -> None:
    flow = cli.folder / "login.yaml"
    issuer = {"origin": tls_rig.origin, "issuer": tls_rig.rig.issuer, "client": "rig-tls"}
    flow.write_text(LOGIN % issuer)
    mine, theirs = issued(tls_rig.clients), issued(tls_rig.clients)
    assert cli(flow, BROWSER=approve, **environment_of(tls_rig, mine)).status == 0
    done = cli("verify", "login", **environment_of(tls_rig, theirs))

    assert done.status == 5, done.stderr
    assert "E509" in done.stderr


@pytest.mark.rig
def test_a_client_that_signs_can_have_its_token_bound(cli: Cli, tls_rig: Shown) -> None:
    flow, pair = cli.folder / "service.yaml", issued(tls_rig.clients)
    text = SERVICE % {"origin": tls_rig.origin, "client": "rig-service-key-bound"}
    shown = 'certificate: {certificate: "{{ inputs.shown }}", key: "{{ inputs.shown_key }}"}'
    text = text.replace("client_auth: tls", "client_auth: private_key_jwt").replace(
        "  - token: {", f"  - token: {{{shown}, "
    )
    flow.write_text(text + "inputs: {shown: {}, shown_key: {secret: true}}\n")
    key = (CACHE / "oidc-provider" / "keys" / "client-es256.pem").read_text()
    environment = {"FLOWRUN_SHOWN": pair.certificate, "FLOWRUN_SHOWN_KEY": pair.key}
    done = cli(flow, SSL_CERT_FILE=str(tls_rig.ca), FLOWRUN_PRIVATE_KEY=key, **environment)

    assert done.status == 0, done.stderr
    token = json.loads(cli.record("service").read_text())["access_token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["cnf"] == {"x5t#S256": thumbprint(pair)}
