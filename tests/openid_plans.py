"""The cases of the OpenID Foundation's plans for relying parties, by their names there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Variant(NamedTuple):
    """What a plan runs its cases with."""

    response_type: str
    response_mode: str = "default"


class Run(NamedTuple):
    """A case of a plan, with what it is run with."""

    plan: str
    variant: Variant
    case: str

    def __str__(self) -> str:
        """The test's id: `basic/code/oidcc-client-test`."""
        plan = self.plan.removeprefix("oidcc-client-").removesuffix("-test-plan")
        response_type = self.variant.response_type.replace(" ", "+")
        return f"{plan.removesuffix('-certification')}/{response_type}/{self.case}"


ID_TOKEN = (
    "oidcc-client-test",
    "oidcc-client-test-invalid-iss",
    "oidcc-client-test-missing-sub",
    "oidcc-client-test-invalid-aud",
    "oidcc-client-test-missing-iat",
    "oidcc-client-test-kid-absent-single-jwks",
    "oidcc-client-test-kid-absent-multiple-jwks",
    "oidcc-client-test-idtoken-sig-rs256",
    "oidcc-client-test-invalid-sig-rs256",
    "oidcc-client-test-nonce-invalid",
    "oidcc-client-test-scope-userinfo-claims",
)
"""The cases of every response type."""

NONE = ("oidcc-client-test-idtoken-sig-none",)
USERINFO = ("oidcc-client-test-userinfo-invalid-sub",)
CODE = ("oidcc-client-test-client-secret-basic",)
FRONT = ("oidcc-client-test-nonce-unless-code-flow",)
C_HASH = ("oidcc-client-test-invalid-chash", "oidcc-client-test-missing-chash")
AT_HASH = ("oidcc-client-test-invalid-athash", "oidcc-client-test-missing-athash")

BASIC = {"code": (*ID_TOKEN, *NONE, *USERINFO, *CODE)}
HYBRID = {
    "code id_token": (*ID_TOKEN, *FRONT, *C_HASH, *USERINFO, *CODE),
    "code token": (*ID_TOKEN, *FRONT, *USERINFO, *CODE),
    "code id_token token": (*ID_TOKEN, *FRONT, *C_HASH, *AT_HASH, *USERINFO, *CODE),
}
IMPLICIT = {
    "id_token": (*ID_TOKEN, *FRONT),
    "id_token token": (*ID_TOKEN, *FRONT, *AT_HASH, *USERINFO),
}
DISCOVERY = (
    "oidcc-client-test-discovery-openid-config",
    "oidcc-client-test-discovery-jwks-uri-keys",
    "oidcc-client-test-discovery-issuer-mismatch",
)
ROTATION = (
    "oidcc-client-test-signing-key-rotation-just-before-signing",
    "oidcc-client-test-signing-key-rotation",
)

PLANS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "oidcc-client-basic-certification-test-plan": BASIC,
    "oidcc-client-hybrid-certification-test-plan": HYBRID,
    "oidcc-client-implicit-certification-test-plan": IMPLICIT,
    "oidcc-client-config-certification-test-plan": {"code": (*DISCOVERY, *NONE, *ROTATION)},
    "oidcc-client-dynamic-certification-test-plan": {
        "code": (
            "oidcc-client-test-discovery-webfinger-acct",
            "oidcc-client-test-discovery-webfinger-url",
            *DISCOVERY,
            "oidcc-client-test-dynamic-registration",
            "oidcc-client-test-request-uri-signed-rs256",
            "oidcc-client-test-request-uri-signed-none",
            *NONE,
            *ROTATION,
            "oidcc-client-test-userinfo-signed",
        )
    },
    "oidcc-client-formpost-basic-certification-test-plan": BASIC,
    "oidcc-client-formpost-hybrid-certification-test-plan": HYBRID,
    "oidcc-client-formpost-implicit-certification-test-plan": IMPLICIT,
    "oidcc-client-refreshtoken-test-plan": {
        "code": (
            "oidcc-client-test-refresh-token",
            "oidcc-client-test-refresh-token-invalid-issuer",
            "oidcc-client-test-refresh-token-invalid-sub",
        )
    },
    # Of the plan that holds everything, what no plan above has.
    "oidcc-client-test-plan": {
        "code": (
            "oidcc-client-test-missing-aud",
            "oidcc-client-test-invalid-sig-es256",
            "oidcc-client-test-invalid-sig-hs256",
            "oidcc-client-test-userinfo-bearer-header",
            "oidcc-client-test-userinfo-bearer-body",
            "oidcc-client-test-form-post-error",
            "oidcc-client-test-mtls-endpoint-aliases",
            "oidcc-client-test-aggregated-claims",
            "oidcc-client-test-distributed-claims",
        )
    },
}
"""The cases of each plan by response type (the suite's version of August 2026)."""


class Case(NamedTuple):
    """What a case is about, and the error that flowrun must end with, if it must."""

    about: str
    refused_with: str = ""


NAME = "oidcc-client-test"
CASES = {
    f"{NAME}": Case("nothing is wrong"),
    f"{NAME}-invalid-iss": Case("the id_token names another issuer", "E523"),
    f"{NAME}-missing-sub": Case("the id_token names nobody", "E520"),
    f"{NAME}-invalid-aud": Case("the id_token is for another client", "E524"),
    f"{NAME}-missing-aud": Case("the id_token is for no client", "E520"),
    f"{NAME}-missing-iat": Case("the id_token does not say when it was made", "E520"),
    f"{NAME}-kid-absent-single-jwks": Case("neither the one key nor the id_token has a kid"),
    f"{NAME}-kid-absent-multiple-jwks": Case("one of several keys without a kid has signed"),
    f"{NAME}-idtoken-sig-rs256": Case("the id_token is signed with RS256"),
    f"{NAME}-idtoken-sig-none": Case("the id_token is not signed (alg: none)", "E522"),
    f"{NAME}-invalid-sig-rs256": Case("no key has made the signature (RS256)", "E521"),
    f"{NAME}-invalid-sig-es256": Case("no key has made the signature (ES256)", "E521"),
    f"{NAME}-invalid-sig-hs256": Case("no key has made the signature (HS256)", "E521"),
    f"{NAME}-userinfo-invalid-sub": Case("userinfo is about somebody else", "E529"),
    f"{NAME}-nonce-unless-code-flow": Case("a nonce is demanded"),
    f"{NAME}-nonce-invalid": Case("the id_token carries another nonce", "E527"),
    f"{NAME}-missing-chash": Case("the id_token has no c_hash beside a code", "E520"),
    f"{NAME}-invalid-chash": Case("c_hash is that of another code", "E528"),
    f"{NAME}-missing-athash": Case("the id_token has no at_hash beside a token", "E520"),
    f"{NAME}-invalid-athash": Case("at_hash is that of another token", "E528"),
    f"{NAME}-scope-userinfo-claims": Case("claims are asked for with profile and email"),
    f"{NAME}-client-secret-basic": Case("the client authenticates with Basic"),
    f"{NAME}-discovery-openid-config": Case("endpoints are read from the metadata"),
    f"{NAME}-discovery-jwks-uri-keys": Case("keys are read where the metadata says"),
    f"{NAME}-discovery-issuer-mismatch": Case("the metadata name another issuer", "E511"),
    f"{NAME}-discovery-webfinger-acct": Case("the provider is found by acct:alice@..."),
    f"{NAME}-discovery-webfinger-url": Case("the provider is found by somebody's URL"),
    f"{NAME}-dynamic-registration": Case("the client is registered first"),
    f"{NAME}-signing-key-rotation-just-before-signing": Case(
        "the key is new when the id_token is signed"
    ),
    f"{NAME}-signing-key-rotation": Case("the key is new at the second login"),
    f"{NAME}-userinfo-signed": Case("userinfo is a signed JWT"),
    f"{NAME}-userinfo-bearer-header": Case("userinfo takes a token in the header"),
    f"{NAME}-userinfo-bearer-body": Case("userinfo takes a token in the body"),
    f"{NAME}-aggregated-claims": Case("userinfo holds claims that others have signed"),
    f"{NAME}-distributed-claims": Case("userinfo says where others have claims"),
    f"{NAME}-form-post-error": Case("an error comes as a form (prompt: none)", "E403"),
    f"{NAME}-mtls-endpoint-aliases": Case("endpoints for mutual TLS stand apart"),
    f"{NAME}-refresh-token": Case("the refresh brings an id_token"),
    f"{NAME}-refresh-token-invalid-issuer": Case("that id_token names another issuer", "E523"),
    f"{NAME}-refresh-token-invalid-sub": Case("that id_token is about somebody else", "E529"),
}
"""Cases that flowrun does; without an error the login leaves a token."""

ELSEWHERE = {f"{NAME}-mtls-endpoint-aliases": "test_mutual_tls"}
"""Cases with a provider of their own, and where their test is."""

LEFT_OUT = {
    "oidcc-client-test-request-uri-signed-rs256": (
        "a command line has no address that a provider could fetch from; PAR does the same"
    ),
    "oidcc-client-test-request-uri-signed-none": (
        "a command line has no address that a provider could fetch from; PAR does the same"
    ),
}
"""Cases that flowrun does not do, and why."""


def runs() -> list[Run]:
    """Every case that is played in front of the same provider, once with each variant."""
    found = [
        Run(plan, Variant(response_type, _mode(plan)), case)
        for plan, variants in PLANS.items()
        for response_type, cases in variants.items()
        for case in cases
        if case in CASES and case not in ELSEWHERE
    ]
    return list({(run.variant, run.case): run for run in reversed(found)}.values())[::-1]


def _mode(plan: str) -> str:
    return "form_post" if "formpost" in plan else "default"
