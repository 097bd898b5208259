"""Each case of the OpenID Foundation's plans for relying parties, by its name there."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest

from openid_plans import CASES, ELSEWHERE, LEFT_OUT, NAME, PLANS, Run, runs
from servers.command import RECIPES, TESTS, Cli, Done
from servers.corrupting import Corrupting, Corruption, appended, corrupting, without
from servers.rig import Rig
from servers.signing import Claims
from standards import proves

CLIENT, SECRET = "rig-flows", "rig-secret-0123456789-0123456789-0123456789"
BASIC = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
RECORD = "relying-party"
ALICE = f"{sys.executable} {TESTS / 'rigs' / '_shared' / 'useragent.py'} %s"
"""The person of `rigs/approve`, without the shell around it: there are two hundred logins."""

RECIPE = {"code": "code", "id_token": "id_token", "id_token token": "implicit"}
"""How a response type is asked for; the others are hybrid."""

DOES: Mapping[str, Corruption] = {
    f"{NAME}-invalid-iss": Corruption(id_token=appended("iss")),
    f"{NAME}-missing-sub": Corruption(id_token=without("sub")),
    f"{NAME}-invalid-aud": Corruption(id_token=appended("aud")),
    f"{NAME}-missing-aud": Corruption(id_token=without("aud")),
    f"{NAME}-missing-iat": Corruption(id_token=without("iat")),
    f"{NAME}-kid-absent-single-jwks": Corruption(has_kid=False),
    f"{NAME}-kid-absent-multiple-jwks": Corruption(has_kid=False, keys=3),
    f"{NAME}-idtoken-sig-none": Corruption(alg="none"),
    f"{NAME}-invalid-sig-rs256": Corruption(is_broken=True),
    f"{NAME}-invalid-sig-es256": Corruption(alg="ES256", is_broken=True),
    f"{NAME}-invalid-sig-hs256": Corruption(alg="HS256", is_broken=True),
    f"{NAME}-userinfo-invalid-sub": Corruption(userinfo=appended("sub", "invalid")),
    f"{NAME}-nonce-invalid": Corruption(id_token=appended("nonce")),
    f"{NAME}-missing-chash": Corruption(id_token=without("c_hash")),
    f"{NAME}-invalid-chash": Corruption(id_token=appended("c_hash")),
    f"{NAME}-missing-athash": Corruption(id_token=without("at_hash")),
    f"{NAME}-invalid-athash": Corruption(id_token=appended("at_hash")),
    f"{NAME}-discovery-jwks-uri-keys": Corruption(jwks_path="/keys-of-just-this-run"),
    f"{NAME}-discovery-issuer-mismatch": Corruption(metadata=appended("issuer", "INVALID")),
    f"{NAME}-signing-key-rotation-just-before-signing": Corruption(rotates=True),
    f"{NAME}-aggregated-claims": Corruption(claims="aggregated"),
    f"{NAME}-distributed-claims": Corruption(claims="distributed"),
    f"{NAME}-refresh-token-invalid-issuer": Corruption(refreshed=appended("iss")),
    f"{NAME}-refresh-token-invalid-sub": Corruption(refreshed=appended("sub")),
}
"""What the provider does wrong; in every other case nothing."""


class Stage(NamedTuple):
    """A case that is being played."""

    run: Run
    cli: Cli
    provider: Corrupting

    def login(
        self, *more: str, settings: Mapping[str, str] | None = None, recipe: str = ""
    ) -> Done:
        kind = self.run.variant
        sets = {"issuer": self.provider.url, "client_id": CLIENT} | dict(settings or {})
        recipe = recipe or RECIPE.get(kind.response_type, "hybrid")
        sets |= {"response_type": kind.response_type} if recipe == "hybrid" else {}
        sets |= {"response_mode": kind.response_mode} if kind.response_mode != "default" else {}
        file = RECIPES / RECORD / f"{recipe}.yaml"
        words = [f"--set={name}={value}" for name, value in sets.items() if value]
        return self.cli(file, *words, *more, BROWSER=ALICE, FLOWRUN_CLIENT_SECRET=SECRET)

    def refresh(self) -> Done:
        return self.cli("refresh", RECORD, FLOWRUN_CLIENT_SECRET=SECRET)

    def record(self) -> Claims:
        saved: Claims = json.loads(self.cli.record(RECORD).read_text())
        return saved


Play = Callable[[Stage], Done]


def log_in(stage: Stage) -> Done:
    return stage.login()


def log_in_for_claims(stage: Stage) -> Done:
    return stage.login(settings={"scope": "openid profile email"})


def log_in_silently(stage: Stage) -> Done:
    return stage.login(recipe="silent", settings={"response_mode": "form_post"})


def log_in_with_the_token_in_a_form(stage: Stage) -> Done:
    return stage.login(recipe="token-in-body")


def find_by_account(stage: Stage) -> Done:
    return find(stage, "acct:alice@id.example.com")


def find_by_url(stage: Stage) -> Done:
    return find(stage, f"{stage.provider.url}/alice")


def find(stage: Stage, resource: str) -> Done:
    sets = {"issuer": "", "server": stage.provider.url, "resource": resource}
    return stage.login(recipe="webfinger", settings=sets)


def read_claims_of_others(stage: Stage) -> Done:
    done = stage.login(recipe="claims")
    own = stage.record()["flowrun"]
    assert isinstance(own, dict)
    assert own["keep"] == {"country": "Wonderland"}
    return done


def register_and_log_in(stage: Stage) -> Done:
    return stage.login(recipe="registered", settings={"client_id": ""})


def log_in_for_signed_userinfo(stage: Stage) -> Done:
    return stage.login(recipe="userinfo-signed", settings={"client_id": f"{CLIENT}-signed"})


def log_in_twice(stage: Stage) -> Done:
    done = stage.login()
    assert done.status == 0, done.stderr
    stage.provider.rotate()
    return stage.login("--fresh")


def log_in_and_refresh(stage: Stage) -> Done:
    done = stage.login()
    assert done.status == 0, done.stderr
    before = stage.record()["access_token"]
    done = stage.refresh()
    assert (stage.record()["access_token"] != before) == (done.status == 0), done.stderr
    return done


PLAYS: Mapping[str, Play] = {
    f"{NAME}-scope-userinfo-claims": log_in_for_claims,
    f"{NAME}-form-post-error": log_in_silently,
    f"{NAME}-userinfo-bearer-body": log_in_with_the_token_in_a_form,
    f"{NAME}-dynamic-registration": register_and_log_in,
    f"{NAME}-userinfo-signed": log_in_for_signed_userinfo,
    f"{NAME}-aggregated-claims": read_claims_of_others,
    f"{NAME}-distributed-claims": read_claims_of_others,
    f"{NAME}-discovery-webfinger-acct": find_by_account,
    f"{NAME}-discovery-webfinger-url": find_by_url,
    f"{NAME}-signing-key-rotation": log_in_twice,
    f"{NAME}-refresh-token": log_in_and_refresh,
    f"{NAME}-refresh-token-invalid-issuer": log_in_and_refresh,
    f"{NAME}-refresh-token-invalid-sub": log_in_and_refresh,
}
"""How a case is played; every other is one login."""


def sends_basic(provider: Corrupting) -> bool:
    sent = {asked.headers["authorization"] for asked in provider.requests("/token")}
    return sent == {f"Basic {BASIC}"}


def sends_a_nonce(provider: Corrupting) -> bool:
    return bool(authorization(provider)["nonce"])


def asks_for_claims(provider: Corrupting) -> bool:
    return "profile email" in authorization(provider)["scope"]


def authorization(provider: Corrupting) -> Mapping[str, str]:
    """What a login asks for, in its URL or beforehand (RFC 9126)."""
    return [*provider.requests("/request"), *provider.requests("/auth")][0].parameters


def reads_keys_there(provider: Corrupting) -> bool:
    return bool(provider.requests("/keys-of-just-this-run"))


def reads_keys_again(provider: Corrupting) -> bool:
    return len(provider.requests("/jwks")) > 1


def sends_the_token_in_the_header(provider: Corrupting) -> bool:
    (asked,) = provider.requests("/me")
    return asked.headers["authorization"].startswith("Bearer ") and not asked.parameters


def sends_the_token_in_a_form(provider: Corrupting) -> bool:
    (asked,) = provider.requests("/me")
    return asked.body.startswith(b"access_token=") and "authorization" not in asked.headers


def names_the_client_that_was_registered(provider: Corrupting) -> bool:
    (asked,) = provider.requests("/reg")
    sent = {asked.parameters["client_id"] for asked in provider.requests("/auth")}
    return asked.method == "POST" and CLIENT not in sent


def opens_no_browser(provider: Corrupting) -> bool:
    return not provider.requests("/auth")


SEES: Mapping[str, Callable[[Corrupting], bool]] = {
    f"{NAME}-client-secret-basic": sends_basic,
    f"{NAME}-nonce-unless-code-flow": sends_a_nonce,
    f"{NAME}-scope-userinfo-claims": asks_for_claims,
    f"{NAME}-discovery-jwks-uri-keys": reads_keys_there,
    f"{NAME}-signing-key-rotation-just-before-signing": reads_keys_again,
    f"{NAME}-signing-key-rotation": reads_keys_again,
    f"{NAME}-discovery-issuer-mismatch": opens_no_browser,
    f"{NAME}-dynamic-registration": names_the_client_that_was_registered,
    f"{NAME}-userinfo-bearer-header": sends_the_token_in_the_header,
    f"{NAME}-userinfo-bearer-body": sends_the_token_in_a_form,
}
"""What the provider must have seen."""


@pytest.mark.rig
@pytest.mark.parametrize("run", runs(), ids=str)
@proves("RFC 6750", "2.1", "sends a token in the Authorization header")
@proves("RFC 6750", "2.2", "sends it in a form where the recipe says so")
@proves("RFC 6750", "2.3", "sends none in a URL")
@proves("OpenID Connect Core", "5.6.2", "claims that others vouch for can be read and kept")
@proves("OpenID Connect Discovery", "2", "a provider can be found by somebody's address")
def test_case(run: Run, cli: Cli, oidc_provider: Rig) -> None:
    cli.keep_secret(SECRET)
    with corrupting(oidc_provider.issuer, DOES.get(run.case, Corruption()), secret=SECRET) as op:
        stage = Stage(run, cli, op)
        done = PLAYS.get(run.case, log_in)(stage)
    error = CASES[run.case].refused_with

    assert SEES.get(run.case, bool)(op)
    assert not [asked for asked in op.asked if "access_token=" in asked.target]
    if error:
        judge_refusal(stage, done, error)
    else:
        assert done.status == 0, done.stderr
        assert stage.record()["access_token"]


KEEPS = (
    f"{NAME}-refresh-token-invalid-issuer",
    f"{NAME}-refresh-token-invalid-sub",
    f"{NAME}-userinfo-invalid-sub",
)
"""A refresh leaves the record as it was; userinfo is read by `verify`, when the token is there."""


def judge_refusal(stage: Stage, done: Done, error: str) -> None:
    """The error is told, nothing is kept, and nothing was done with what was not believed."""
    assert error in done.stderr, done.stderr
    assert done.status == int(error[1])
    if stage.run.case in KEEPS:
        return
    assert not cli_record(stage)
    if "id_token" in stage.run.variant.response_type:
        assert not stage.provider.requests("/token")


def cli_record(stage: Stage) -> bool:
    return stage.cli.record(RECORD).exists()


def test_every_case_is_done_or_has_a_reason() -> None:
    named = {case for variants in PLANS.values() for cases in variants.values() for case in cases}

    assert named == CASES.keys() | LEFT_OUT.keys()
    assert not CASES.keys() & LEFT_OUT.keys()
    assert CASES.keys() >= DOES.keys() | PLAYS.keys() | SEES.keys()
    for case, file in ELSEWHERE.items():
        assert f'id="{case}"' in (TESTS / f"{file}.py").read_text("utf-8")
