"""Which test proves which section of which standard; docs/standards.md is made of these marks."""

from __future__ import annotations

import pytest

RFC = "https://www.rfc-editor.org/rfc/rfc{}"
OPENID = "https://openid.net/specs/{}.html"

SPECIFICATIONS = {
    "RFC 5849": ("The OAuth 1.0 Protocol", RFC.format(5849)),
    "RFC 6749": ("The OAuth 2.0 Authorization Framework", RFC.format(6749)),
    "RFC 6750": ("Bearer Token Usage", RFC.format(6750)),
    "RFC 7009": ("Token Revocation", RFC.format(7009)),
    "RFC 7515": ("JSON Web Signature", RFC.format(7515)),
    "RFC 7516": ("JSON Web Encryption", RFC.format(7516)),
    "RFC 7517": ("JSON Web Key", RFC.format(7517)),
    "RFC 7519": ("JSON Web Token", RFC.format(7519)),
    "RFC 7521": ("Assertion Framework", RFC.format(7521)),
    "RFC 7522": ("SAML 2.0 Profile for Client Authentication and Grants", RFC.format(7522)),
    "RFC 7523": ("JWT Profile for Client Authentication and Grants", RFC.format(7523)),
    "RFC 7591": ("Dynamic Client Registration", RFC.format(7591)),
    "RFC 7592": ("Dynamic Client Registration Management", RFC.format(7592)),
    "RFC 7617": ("The Basic HTTP Authentication Scheme", RFC.format(7617)),
    "RFC 7636": ("Proof Key for Code Exchange", RFC.format(7636)),
    "RFC 7638": ("JSON Web Key Thumbprint", RFC.format(7638)),
    "RFC 7662": ("Token Introspection", RFC.format(7662)),
    "RFC 8252": ("OAuth 2.0 for Native Apps", RFC.format(8252)),
    "RFC 8414": ("Authorization Server Metadata", RFC.format(8414)),
    "RFC 8628": ("Device Authorization Grant", RFC.format(8628)),
    "RFC 8693": ("Token Exchange", RFC.format(8693)),
    "RFC 8705": ("Mutual-TLS Client Authentication", RFC.format(8705)),
    "RFC 8707": ("Resource Indicators", RFC.format(8707)),
    "RFC 8725": ("JSON Web Token Best Current Practices", RFC.format(8725)),
    "RFC 9101": ("JWT-Secured Authorization Request (JAR)", RFC.format(9101)),
    "RFC 9110": ("HTTP Semantics", RFC.format(9110)),
    "RFC 9126": ("Pushed Authorization Requests (PAR)", RFC.format(9126)),
    "RFC 9207": ("Authorization Server Issuer Identification", RFC.format(9207)),
    "RFC 9396": ("Rich Authorization Requests (RAR)", RFC.format(9396)),
    "RFC 9449": ("Demonstrating Proof of Possession (DPoP)", RFC.format(9449)),
    "RFC 9470": ("Step Up Authentication Challenge", RFC.format(9470)),
    "RFC 9700": ("Best Current Practice for OAuth 2.0 Security", RFC.format(9700)),
    "RFC 9701": ("JWT Response for Token Introspection", RFC.format(9701)),
    "RFC 9728": ("Protected Resource Metadata", RFC.format(9728)),
    "OpenID Connect Core": ("OpenID Connect Core 1.0", OPENID.format("openid-connect-core-1_0")),
    "OpenID Connect Discovery": (
        "OpenID Connect Discovery 1.0",
        OPENID.format("openid-connect-discovery-1_0"),
    ),
    "OpenID Connect Registration": (
        "OpenID Connect Dynamic Client Registration 1.0",
        OPENID.format("openid-connect-registration-1_0"),
    ),
    "CIBA": (
        "Client-Initiated Backchannel Authentication",
        OPENID.format("openid-client-initiated-backchannel-authentication-core-1_0"),
    ),
    "Form Post Response Mode": (
        "OAuth 2.0 Form Post Response Mode",
        OPENID.format("oauth-v2-form-post-response-mode-1_0"),
    ),
    "JARM": ("JWT Secured Authorization Response Mode", OPENID.format("oauth-v2-jarm")),
    "Multiple Response Types": (
        "OAuth 2.0 Multiple Response Type Encoding Practices",
        OPENID.format("oauth-v2-multiple-response-types-1_0"),
    ),
}
"""Every standard that a test may name: its title, and where it stands."""


def proves(specification: str, section: str, what: str) -> pytest.MarkDecorator:
    """
    Say that the test below proves *what*, which *section* of *specification* asks for.

    Args:
        specification: a name of `SPECIFICATIONS`.
        section: its number, such as "2.1"; an appendix as "A.12".
        what: what flowrun does, in a clause without a capital or a full stop.
    """
    return pytest.mark.standard(specification, section, what)
