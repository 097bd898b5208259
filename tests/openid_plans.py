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

LEFT_OUT = {
    "oidcc-client-test-discovery-webfinger-acct": "a recipe names its issuer",
    "oidcc-client-test-discovery-webfinger-url": "a recipe names its issuer",
    "oidcc-client-test-request-uri-signed-rs256": (
        "a command line has no address that a provider could fetch from; PAR does the same"
    ),
    "oidcc-client-test-request-uri-signed-none": (
        "a command line has no address that a provider could fetch from; PAR does the same"
    ),
    "oidcc-client-test-aggregated-claims": "flowrun gets tokens, and reads no claims of a person",
    "oidcc-client-test-distributed-claims": "flowrun gets tokens, and reads no claims of a person",
}
"""Cases that flowrun does not do, and why."""


def runs() -> list[Run]:
    """Every case of every plan that flowrun does."""
    return [
        Run(plan, Variant(response_type, _mode(plan)), case)
        for plan, variants in PLANS.items()
        for response_type, cases in variants.items()
        for case in cases
        if case not in LEFT_OUT
    ]


def _mode(plan: str) -> str:
    return "form_post" if "formpost" in plan else "default"
