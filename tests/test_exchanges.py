"""Grants without a person: a password, assertions and tokens that are traded for tokens."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator, Mapping

import pytest

from flowrun.secret import JSON
from servers.command import TESTS, Cli, Done
from servers.decoupled import Decoupled, decoupled
from servers.rig import CACHE, Rig, free_port, rig
from standards import proves

SECRET = "rig-secret-0123456789-0123456789-0123456789"
TYPE = "urn:ietf:params:oauth:token-type:"


def run(cli: Cli, base: str, recipe: dict[str, JSON], **environment: str) -> Done:
    """Run a recipe that extends *base*; what the environment holds stays a secret."""
    whole: dict[str, JSON] = {"flowrun": 1, "extends": f"base/{base}", "name": "traded", **recipe}
    (cli.folder / "traded.yaml").write_text(json.dumps(whole))
    cli.keep_secret(*environment.values())
    return cli("traded.yaml", "--fresh", **{f"FLOWRUN_{k}": v for k, v in environment.items()})


def record_of(cli: Cli) -> dict[str, JSON]:
    record: dict[str, JSON] = json.loads(cli.record("traded").read_text())
    return record


def refused(cli: Cli, done: Done, code: str, told: str) -> bool:
    """Whether it ended with *code*, said why, and stored nothing."""
    assert f"error {code}: " in done.stderr, done.stderr
    assert told in done.stderr
    return (done.status, cli.record("traded").exists()) == (5, False)


# The password grant


@pytest.mark.rig
@proves("RFC 6749", "4.3", "trades a password for a token at django-oauth-toolkit, and renews it")
def test_a_password_is_traded_for_a_token(cli: Cli, django_oauth_toolkit: Rig) -> None:
    done = run(cli, "password", password(django_oauth_toolkit), **secrets())

    assert done.status == 0, done.stderr
    before = record_of(cli)
    again = {f"FLOWRUN_{name}": value for name, value in secrets().items()}
    assert cli("refresh", "traded", **again).status == 0
    assert record_of(cli)["access_token"] != before["access_token"]
    assert "wonderland-42" not in cli.record("traded").read_text()


@pytest.mark.rig
@proves("RFC 6749", "4.3", "tells a wrong password as a grant that is refused")
@pytest.mark.parametrize(("wrong", "code"), [("PASSWORD", "E501"), ("CLIENT_SECRET", "E502")])
def test_a_wrong_password_or_secret_is_told(
    cli: Cli, django_oauth_toolkit: Rig, wrong: str, code: str
) -> None:
    environment = secrets() | {wrong: "fake-and-wrong-word"}

    done = run(cli, "password", password(django_oauth_toolkit), **environment)

    assert refused(cli, done, code, "")


def secrets() -> dict[str, str]:
    return {"PASSWORD": "wonderland-42", "CLIENT_SECRET": SECRET}


def password(server: Rig) -> dict[str, JSON]:
    return {
        "vars": {"token_url": server.settings["token_url"], "client_auth": "basic"},
        "values": {"client_id": "rig-password", "username": "alice", "scope": ["api:read"]},
    }


# Assertions


@pytest.fixture(scope="session")
def assertions() -> Iterator[str]:
    """A server that believes assertions, of a client and of an identity provider."""
    with rig("assertions", needs=("python3",)) as url:
        yield url


def key_of(name: str) -> str:
    return (CACHE / "assertions" / "keys" / f"{name}.pem").read_text()


def jwt(url: str, **claims: JSON) -> dict[str, JSON]:
    return {
        "vars": {"token_url": f"{url}/token"},
        "values": {"issuer": "rig-service", "subject": "alice", "scope": ["read"]},
        "steps": [{"jwt": {"claims": claims}}],
        "verify": [{"http": {"get": f"{url}/me", "bearer": "{{ saved.access_token }}"}}],
    }


@pytest.mark.rig
@proves("RFC 7523", "2.1", "trades a signed assertion for a token at Authlib's server")
@proves("RFC 7521", "4.1", "sends the grant type and the assertion, with the scope")
def test_an_assertion_is_traded_for_a_token(cli: Cli, assertions: str) -> None:
    done = run(cli, "jwt-bearer", jwt(assertions), PRIVATE_KEY=key_of("client"))

    assert done.status == 0, done.stderr
    assert key_of("client").splitlines()[3] not in cli.record("traded").read_text()


@pytest.mark.rig
def test_each_assertion_is_a_new_one(cli: Cli, assertions: str) -> None:
    statuses = [
        run(cli, "jwt-bearer", jwt(assertions), PRIVATE_KEY=key_of("client")).status
        for _ in range(3)
    ]

    assert statuses == [0, 0, 0]


@pytest.mark.rig
@proves("RFC 7523", "3.1", "tells an assertion that is refused as a grant that is refused")
@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"exp": 1_700_000_000}, "expired"),
        ({"exp": 1_900_000_000_000}, "lives for too long"),
        ({"aud": "https://id.example.com"}, "aud"),
    ],
)
def test_an_assertion_that_is_not_believed_is_told(
    cli: Cli, assertions: str, claims: dict[str, JSON], told: str
) -> None:
    done = run(cli, "jwt-bearer", jwt(assertions, **claims), PRIVATE_KEY=key_of("client"))

    assert refused(cli, done, "E501", told)


@pytest.mark.rig
def test_an_assertion_that_is_sent_again_is_refused(cli: Cli, assertions: str) -> None:
    recipe = jwt(assertions, jti="the-same-again")
    first = run(cli, "jwt-bearer", recipe, PRIVATE_KEY=key_of("client"))
    assert (first.status, cli("forget", "traded").status) == (0, 0), first.stderr

    again = run(cli, "jwt-bearer", recipe, PRIVATE_KEY=key_of("client"))

    assert refused(cli, again, "E501", "used before")


@pytest.mark.rig
@pytest.mark.parametrize(
    ("values", "key", "code"),
    [
        ({}, "stranger", "E501"),
        ({"issuer": "rig-nobody"}, "client", "E501"),
        ({"issuer": "rig-denied"}, "client", "E503"),
        ({"subject": "nobody"}, "client", "E501"),
    ],
)
def test_who_is_not_believed_is_told(
    cli: Cli, assertions: str, values: dict[str, str], key: str, code: str
) -> None:
    recipe = jwt(assertions)
    usual = recipe["values"]
    assert isinstance(usual, dict)
    recipe["values"] = {**usual, **values}

    done = run(cli, "jwt-bearer", recipe, PRIVATE_KEY=key_of(key))

    assert refused(cli, done, code, "")


def issued(url: str, *words: str, audience: str = "") -> str:
    """An assertion of the identity provider."""
    command = [
        str(TESTS / "rigs" / "assertions" / "assert"),
        "--audience",
        audience or f"{url}/token",
    ]
    recipient = ["--recipient", f"{url}/token"]
    done = subprocess.run(
        [*command, *recipient, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def saml(url: str) -> dict[str, JSON]:
    return {
        "vars": {"token_url": f"{url}/token", "client_auth": "basic"},
        "values": {"client_id": "rig-saml", "scope": ["read"]},
        "verify": [{"http": {"get": f"{url}/me", "bearer": "{{ saved.access_token }}"}}],
    }


@pytest.mark.rig
@proves("RFC 7522", "2.1", "trades a SAML 2.0 assertion for a token, in base64url without padding")
def test_a_saml_assertion_is_traded_for_a_token(cli: Cli, assertions: str) -> None:
    assertion = issued(assertions)

    done = run(cli, "saml-bearer", saml(assertions), ASSERTION=assertion, CLIENT_SECRET=SECRET)

    assert done.status == 0, done.stderr
    coded = base64.urlsafe_b64encode(assertion.encode()).decode().rstrip("=")
    kept = cli.record("traded").read_text()
    assert (assertion in kept, coded in kept) == (False, False)


@pytest.mark.rig
@proves("RFC 7522", "3.1", "tells an assertion that is refused as a grant that is refused")
@pytest.mark.parametrize(
    ("words", "audience", "told"),
    [
        (["--lifetime", "-60"], "", "expired"),
        ([], "https://id.example.com/token", "the audience"),
        (["--recipient", "https://id.example.com/token"], "", "the recipient"),
        (["--issuer", "https://idp.example.com"], "", "the issuer"),
        (["--subject", "nobody"], "", "the subject"),
        (["--key", "stranger"], "", "the signature"),
        (["--alter"], "", "the signature"),
    ],
)
def test_a_saml_assertion_that_is_not_believed_is_told(
    cli: Cli, assertions: str, words: list[str], audience: str, told: str
) -> None:
    assertion = issued(assertions, *words, audience=audience)

    done = run(cli, "saml-bearer", saml(assertions), ASSERTION=assertion, CLIENT_SECRET=SECRET)

    assert refused(cli, done, "E501", told)


@pytest.mark.rig
def test_a_saml_assertion_works_once(cli: Cli, assertions: str) -> None:
    environment = {"ASSERTION": issued(assertions), "CLIENT_SECRET": SECRET}
    assert run(cli, "saml-bearer", saml(assertions), **environment).status == 0
    assert cli("forget", "traded").status == 0

    again = run(cli, "saml-bearer", saml(assertions), **environment)

    assert refused(cli, again, "E501", "used before")


# Token exchange


@pytest.fixture(scope="session")
def idpyoidc() -> Iterator[Rig]:
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    with rig("idpyoidc", needs=("python3", "curl"), RIG_REDIRECTS=redirect_uri) as url:
        yield Rig(url, {"redirect_uri": redirect_uri})


def subject_token(cli: Cli, server: Rig) -> str:
    """A token that another client got by a login."""
    recipe: dict[str, JSON] = {
        "flowrun": 1,
        "extends": "base/authorization-code",
        "name": "origin",
        "vars": {
            "authorize_url": f"{server.issuer}/authorization",
            "token_url": f"{server.issuer}/token",
            "client_auth": "basic",
        },
        "values": {"client_id": "rig-origin", "scope": ["profile"], **server.settings},
    }
    (cli.folder / "origin.yaml").write_text(json.dumps(recipe))
    browser = "curl -sL -o /dev/null %s"
    done = cli("origin.yaml", BROWSER=browser, FLOWRUN_CLIENT_SECRET=SECRET)
    assert done.status == 0, done.stderr
    return cli("token", "origin").stdout.strip()


def exchange(url: str, values: Mapping[str, JSON], **vars: JSON) -> dict[str, JSON]:
    return {
        "vars": {"token_url": f"{url}/token", "client_auth": "basic", **vars},
        "values": {"client_id": "rig-exchange", **values},
    }


@pytest.mark.rig
@proves("RFC 8693", "2.1", "trades one token for another at idpyoidc")
@proves("RFC 8693", "2.2.1", "keeps the issued token, its type and its scope")
def test_a_token_is_traded_for_another(cli: Cli, idpyoidc: Rig) -> None:
    token = subject_token(cli, idpyoidc)
    values: dict[str, JSON] = {"audience": "https://api.rig.test", "scope": ["profile"]}
    recipe = exchange(idpyoidc.issuer, values, requested_token_type=f"{TYPE}access_token")

    done = run(cli, "token-exchange", recipe, SUBJECT_TOKEN=token, CLIENT_SECRET=SECRET)

    assert done.status == 0, done.stderr
    record = record_of(cli)
    assert record["issued_token_type"] == f"{TYPE}access_token"
    assert record["access_token"] not in (token, "")
    assert token not in cli.record("traded").read_text()


@pytest.mark.rig
@proves("RFC 8693", "2.2.2", "tells a refused exchange as the server says it")
@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        ({"values": {"audience": "https://other.rig.test"}}, "invalid_target"),
        ({"resource": "https://other.rig.test/"}, "invalid_target"),
        ({"values": {"scope": ["admin"]}}, "invalid_scope"),
        ({"requested_token_type": f"{TYPE}refresh_token"}, "invalid_request"),
        ({"requested_token_type": f"{TYPE}saml2"}, "invalid_request"),
        ({"actor_token": "fake-actor-token"}, "invalid_request"),
    ],
)
def test_an_exchange_that_is_not_allowed_is_told(
    cli: Cli, idpyoidc: Rig, recipe: dict[str, JSON], told: str
) -> None:
    token = subject_token(cli, idpyoidc)
    values = recipe.pop("values", {})
    assert isinstance(values, dict)

    done = run(
        cli,
        "token-exchange",
        exchange(idpyoidc.issuer, values, **recipe),
        SUBJECT_TOKEN=token,
        CLIENT_SECRET=SECRET,
    )

    assert refused(cli, done, "E503", told)


ISSUED: dict[str, JSON] = {"auth_req_id": "none"}


def traded(cli: Cli, server: Decoupled, **vars: JSON) -> Done:
    recipe = exchange(server.url, {}, **vars) | {"inputs": {"actor": {"secret": True}}}
    environment = {"SUBJECT_TOKEN": "fake-subject-token", "CLIENT_SECRET": SECRET}
    return run(cli, "token-exchange", recipe, ACTOR="fake-actor-token", **environment)


@proves("RFC 8693", "2.1", "names the types of both tokens, and where the new one is for")
def test_every_parameter_of_an_exchange_can_be_said(cli: Cli) -> None:
    with decoupled(ISSUED, "token", interval_s=0) as server:
        done = traded(
            cli,
            server,
            actor_token="{{ inputs.actor }}",
            actor_token_type=f"{TYPE}jwt",
            subject_token_type=f"{TYPE}id_token",
            resource="https://api.rig.test/v1",
        )

    assert done.status == 0, done.stderr
    assert server.polls[0].form == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": "fake-subject-token",
        "subject_token_type": f"{TYPE}id_token",
        "actor_token": "fake-actor-token",
        "actor_token_type": f"{TYPE}jwt",
        "resource": "https://api.rig.test/v1",
    }


@proves("RFC 8693", "2.2.1", "refuses a token of another type than the one that was asked for")
def test_a_token_of_another_type_is_refused(cli: Cli) -> None:
    with decoupled(ISSUED, "token", interval_s=0) as server:
        done = traded(
            cli, server, actor_token="{{ inputs.actor }}", requested_token_type=f"{TYPE}jwt"
        )

    assert refused(cli, done, "E507", "the recipe expects")
