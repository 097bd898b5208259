"""What the rig's glewlwyd knows: scopes, alice, two OpenID Connect plugins, and clients."""

import json
import os

SECRET = "rig-secret-0123456789-0123456789-0123456789"
SCOPES = ("profile", "email", "offline_access", "api:read", "api:write")
DEVICE = "device_authorization"
CIBA = "urn:openid:params:grant-type:ciba"
EVERY_TYPE = [
    "code", "token", "id_token", "none", "refresh_token", "password", "client_credentials",
    DEVICE, CIBA,
]
API = "https://api.example.test/v1"
FILES = "https://files.example.test/"


def fill(admin, keys, url):
    admin.call("POST", "/api/auth/", {"username": "admin", "password": "password"})
    for name in SCOPES:
        admin.call("POST", "/api/scope/", {"name": name, "display_name": name, "password_required": True})
    own = ["g_profile", "openid", *SCOPES]
    alice = {"username": "alice", "name": "Alice Liddell", "email": "alice@example.test"}
    login = {"password": "wonderland-42", "scope": own, "enabled": True, "user-code": "4711"}
    admin.call("POST", "/api/user/", alice | login)
    for name, more in plugins(keys, url).items():
        plugin = {"module": "oidc", "name": name, "display_name": name, "parameters": more}
        admin.call("POST", "/api/mod/plugin/", plugin)
    for client in clients(keys):
        admin.call("POST", "/api/client/", client)


def widen(parameters):
    """Let clients hold the properties that the plugins below read, too."""
    module = json.loads(parameters)
    for name in ("sign_kid", "dpop_bound_access_tokens"):
        module["data-format"][name] = {"multiple": False, "read": True, "write": True}
    return json.dumps(module)


def plugins(keys, url):
    usual = plugin(keys, f"{url}/api/oidc")
    strict = usual | {
        "iss": f"{url}/api/strict",
        "pkce-required": True,
        "oauth-par-required": True,
        "oauth-dpop-nonce-mandatory": True,
        "oauth-dpop-nonce-counter": 3,
        "request-parameter-ietf-strict": True,
        "rar-allow-auth-unsigned": False,
        "oauth-fapi-verify-nbf": True,
    }
    return {"oidc": usual, "strict": strict}


def plugin(keys, issuer):
    """Everything that the plugin can do, switched on."""
    lifetime = int(os.environ.get("RIG_ACCESS_TTL") or 3600)
    return {
        "iss": issuer,
        "oauth-as-iss-id": True,
        "jwks-private": (keys / "server.jwks.json").read_text(),
        "default-kid": "op-rs256",
        "client-sign_kid-parameter": "sign_kid",
        "jwks-show": True,
        "access-token-duration": lifetime,
        "refresh-token-duration": 1209600,
        "code-duration": 60,
        "refresh-token-rolling": True,
        "refresh-token-one-use": "always",
        "allow-non-oidc": True,
        "auth-type-code-enabled": True,
        "auth-type-code-revoke-replayed": True,
        "auth-type-implicit-enabled": True,
        "auth-type-token-enabled": True,
        "auth-type-id-token-enabled": True,
        "auth-type-none-enabled": True,
        "auth-type-password-enabled": True,
        "auth-type-client-enabled": True,
        "auth-type-device-enabled": True,
        "auth-type-refresh-enabled": True,
        "device-authorization-expiration": int(os.environ.get("RIG_DEVICE_TTL") or 600),
        "device-authorization-interval": 1,
        "allowed-scope": ["openid", *SCOPES],
        "subject-type": "public",
        "name-claim": "on-demand",
        "name-claim-scope": ["profile"],
        "email-claim": "on-demand",
        "email-claim-scope": ["email"],
        "scope-claim": "on-demand",
        "pkce-allowed": True,
        "pkce-method-plain-allowed": True,
        "pkce-required-public-client": True,
        "request-parameter-allow": True,
        "request-parameter-allow-encrypted": True,
        "request-uri-allow-https-non-secure": True,
        "request-maximum-exp": 3600,
        "encrypt-out-token-allow": True,
        **{
            f"client-{name}-parameter": name
            for name in (
                "jwks", "jwks_uri", "pubkey", "alg", "enc", "alg_kid", "encrypt_id_token",
                "encrypt_userinfo", "encrypt_introspection", "encrypt_at", "encrypt_code",
                "encrypt_refresh_token",
            )
        },
        "introspection-revocation-allowed": True,
        "introspection-revocation-allow-target-client": True,
        "introspection-revocation-auth-scope": ["api:read"],
        "register-client-allowed": True,
        "register-client-management-allowed": True,
        "register-resource-specify-allowed": True,
        "register-client-auth-scope": [],
        "register-client-credentials-scope": ["api:read"],
        "session-management-allowed": True,
        "session-cookie-name": "RIG_SID",
        "session-cookie-expiration": 3600,
        "front-channel-logout-allowed": True,
        "back-channel-logout-allowed": True,
        "client-cert-source": "TLS",
        "client-cert-use-endpoint-aliases": True,
        "client-cert-self-signed-allowed": True,
        "oauth-dpop-allowed": True,
        "oauth-dpop-iat-duration": 60,
        "oauth-dpop-iat-gap-duration": 5,
        "oauth-dpop-dpop_bound_access_tokens-property": "dpop_bound_access_tokens",
        "resource-allowed": True,
        "resource-scope": {"api:read": [API], "api:write": [API, FILES]},
        "resource-client-property": "resource",
        "resource-scope-and-client-property": False,
        "oauth-rar-allowed": True,
        "rar-types-client-property": "authorization_details_types",
        "rar-allow-auth-unsigned": True,
        "rar-allow-auth-unencrypted": True,
        "rar-types": {
            "payment": {
                "scopes": ["api:write"],
                "description": "pay",
                "locations": [API],
                "actions": ["initiate", "status"],
                "datatypes": ["balance"],
            }
        },
        "oauth-par-allowed": True,
        "oauth-par-request_uri-prefix": "urn:ietf:params:oauth:request_uri:",
        "oauth-par-duration": 60,
        "oauth-ciba-allowed": True,
        "oauth-ciba-mode-poll-allowed": True,
        "oauth-ciba-mode-ping-allowed": True,
        "oauth-ciba-mode-push-allowed": True,
        "oauth-ciba-allow-https-non-secure": True,
        "oauth-ciba-user-code-allowed": True,
        "oauth-ciba-user-code-property": "user-code",
        "oauth-ciba-default-expiry": 60,
        "oauth-ciba-maximum-expiry": 600,
        "oauth-ciba-email-allowed": False,
        "oauth-fapi-allow-jarm": True,
        "oauth-fapi-add-s_hash": True,
        "oauth-fapi-allow-multiple-kid": True,
    }


def clients(keys):
    signing = json.loads((keys / "client.jwks.public.json").read_text())
    encryption = json.loads((keys / "client-enc.jwks.public.json").read_text())
    both = {"keys": signing["keys"] + encryption["keys"]}
    certified = {"client_secret": "", "jwks": json.loads((keys / "self.jwks.json").read_text())}
    redirects = os.environ.get("RIG_REDIRECTS") or "http://127.0.0.1:8765/callback"
    common = {
        "enabled": True,
        "confidential": True,
        "redirect_uri": redirects.split(),
        "authorization_type": EVERY_TYPE,
        "scope": ["openid", *SCOPES],
        "client_secret": SECRET,
        "authorization_details_types": ["payment"],
        "backchannel_token_delivery_mode": "poll",
        "backchannel_user_code_parameter": "false",
    }
    encrypted = {"alg": "RSA-OAEP", "enc": "A256GCM", "alg_kid": "client-enc-rsa-oaep", "jwks": both}
    keyed = {"client_secret": "", "jwks": signing}
    registered = {  # what a strict plug-in wants to know beforehand
        "request_object_signing_alg": "RS256",
        "request_object_encryption_alg": "RSA-OAEP",
        "request_object_encryption_enc": "A256GCM",
    }
    named = {
        "rig-public": ("none", {"confidential": False, "client_secret": ""}),
        "rig-basic": ("client_secret_basic", {}),
        "rig:odd client/1": ("client_secret_basic", {"client_secret": "p+s s%w:rd&=/?~"}),
        "rig-post": ("client_secret_post", {}),
        "rig-secret-jwt": ("client_secret_jwt", {}),
        "rig-key-jwt": ("private_key_jwt", keyed),
        "rig-tls": ("tls_client_auth", {"client_secret": "", "tls_client_auth_san_dns": "rig-tls.example.test"}),
        "rig-tls-self": ("self_signed_tls_client_auth", certified),
        "rig-es256": ("client_secret_basic", {"sign_kid": "op-es256"}),
        "rig-eddsa": ("client_secret_basic", {"sign_kid": "op-eddsa"}),
        "rig-ps256": ("client_secret_basic", {"sign_kid": "op-ps256"}),
        # Whose pushed object is signed with a key must be allowed to authenticate so, too.
        "rig-strict": ("client_secret_basic private_key_jwt", {"jwks": signing} | registered),
        "rig-dpop": ("client_secret_basic", {"dpop_bound_access_tokens": "1"}),
        "rig-encrypted": ("client_secret_basic", encrypted | {"encrypt_id_token": "1", "encrypt_userinfo": "1"}),
        "rig-user-code": ("client_secret_basic", {"backchannel_user_code_parameter": "true"}),
        "rig-service": ("client_secret_basic", {"authorization_type": ["client_credentials"]}),
        "rig-service-key": ("private_key_jwt", keyed | {"authorization_type": ["client_credentials"]}),
    }
    for client_id, (method, more) in named.items():
        known = {"client_id": client_id, "name": client_id, "token_endpoint_auth_method": method.split()}
        yield common | known | more
