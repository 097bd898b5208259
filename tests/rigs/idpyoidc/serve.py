"""idpyoidc's authorization server with token exchange, behind Flask.
usage: serve.py CACHE PORT"""
import json
import os
import secrets
import signal
import socketserver
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from flask import Flask, Response, redirect, request
from idpyoidc.server import Server as Op
from idpyoidc.server.configure import ASConfiguration
from idpyoidc.server.oauth2.token_helper import validate_token_exchange_policy

cache, port = sys.argv[1], int(sys.argv[2])
base = f"http://127.0.0.1:{port}"
SECRET = "rig-secret-0123456789-0123456789-0123456789"
REDIRECTS = os.environ.get("RIG_REDIRECTS", "http://127.0.0.1:8484/callback").split()
ACCESS, REFRESH = (f"urn:ietf:params:oauth:token-type:{kind}_token" for kind in ("access", "refresh"))
KEYS = [{"type": "RSA", "key": "", "use": ["sig"]}, {"type": "EC", "crv": "P-256", "use": ["sig"]}]
CRYPT = {"kwargs": {"keys": {"key_defs": [{"type": "OCT", "use": ["enc"], "kid": "password"},
                                          {"type": "OCT", "use": ["enc"], "kid": "salt"}]},
                    "iterations": 1}}
JWT = {"class": "idpyoidc.server.token.jwt_token.JWTToken", "kwargs": {"lifetime": 3600, "aud": [base]}}
MINTS = {"supports_minting": ["access_token", "refresh_token"]}
exchange = {
    "subject_token_types_supported": [ACCESS, REFRESH],
    "requested_token_types_supported": [ACCESS, REFRESH],
    "default_requested_token_type": ACCESS,
    "policy": {"": {"function": validate_token_exchange_policy,
                    "kwargs": {"audience": ["https://api.rig.test"], "resource": ["https://api.rig.test/v1"]}}},
}
conf = {
    "issuer": base,
    "httpc_params": {"verify": False, "timeout": 1},
    "preference": {"subject_types_supported": ["public"]},
    "keys": {"uri_path": "jwks.json", "key_defs": KEYS},
    "cookie_handler": {"class": "idpyoidc.server.cookie_handler.CookieHandler",
                       "kwargs": {"keys": {"key_defs": [{"type": "oct", "kid": "sig", "use": ["sig"]},
                                                        {"type": "oct", "kid": "enc", "use": ["enc"]}]}}},
    "endpoint": {
        "authorization": {"path": "authorization", "kwargs": {},
                          "class": "idpyoidc.server.oauth2.authorization.Authorization"},
        "token": {"path": "token", "class": "idpyoidc.server.oidc.token.Token",
                  "kwargs": {"client_authn_method": ["client_secret_basic", "client_secret_post"]}},
        "introspection": {"path": "introspection", "class": "idpyoidc.server.oauth2.introspection.Introspection",
                          "kwargs": {"client_authn_method": ["client_secret_basic", "client_secret_post"],
                                     "enable_claims_per_client": False}},
    },
    "authentication": {"anon": {"acr": "urn:oasis:names:tc:SAML:2.0:ac:classes:InternetProtocolPassword",
                                "class": "idpyoidc.server.user_authn.user.NoAuthn", "kwargs": {"user": "diana"}}},
    "userinfo": {"class": "idpyoidc.server.user_info.UserInfo", "kwargs": {"db": {"diana": {"name": "Diana"}}}},
    "authz": {"class": "idpyoidc.server.authz.AuthzHandling", "kwargs": {"grant_config": {
        "usage_rules": {"authorization_code": {**MINTS, "max_usage": 1},
                        "access_token": {**MINTS, "expires_in": 600},
                        "refresh_token": {**MINTS, "expires_in": 43200}},
        "expires_in": 43200}}},
    "token_handler_args": {"jwks_def": {"private_path": f"{cache}/token_jwks.json", "read_only": False,
                                        "key_defs": [{"type": "oct", "bytes": 24, "use": ["enc"], "kid": "code"}]},
                           "code": {"lifetime": 600, "kwargs": {"crypt_conf": CRYPT}}, "token": JWT, "refresh": JWT},
    "session_params": {"encrypter": CRYPT},
}
op = Op(ASConfiguration(conf=conf, base_path=cache), cwd=cache)
op.context.map_supported_to_preferred()
common = {"client_secret": SECRET, "client_salt": secrets.token_hex(4), "response_types": ["code"],
          "allowed_scopes": ["openid", "profile", "email", "offline_access"],
          "redirect_uris": [(each, None) for each in REDIRECTS]}
op.context.cdb["rig-origin"] = {**common, "token_endpoint_auth_method": "client_secret_basic",
                                "grant_types_supported": ["authorization_code", "refresh_token"]}
op.context.cdb["rig-exchange"] = {**common, "token_endpoint_auth_method": "client_secret_basic",
                                  "token_exchange": exchange,
                                  "grant_types_supported": ["urn:ietf:params:oauth:grant-type:token-exchange"]}
app = Flask(__name__)


def answered(name, sent):
    """What the endpoint *name* answers."""
    endpoint = op.get_endpoint(name)
    about = {"headers": {key.lower(): value for key, value in request.headers.items()},
             "method": request.method, "url": request.url}
    asked = endpoint.parse_request(sent, http_info=about)
    if "error" in asked:
        return Response(json.dumps(asked.to_dict()), 400, content_type="application/json")
    made = endpoint.process_request(asked, http_info=about)
    if "error" in made:
        return Response(json.dumps({k: v for k, v in made.items() if isinstance(v, str)}), 400,
                        content_type="application/json")
    info = endpoint.do_response(request=asked, **made)
    headers = dict(info.get("http_headers", []))
    if str(info["response"]).startswith("http"):
        return redirect(info["response"])
    return Response(info["response"], info.get("response_code", 200), headers=headers)


@app.get("/authorization")
def authorization():
    return answered("authorization", request.args.to_dict())


@app.post("/token")
def token():
    return answered("token", request.get_data(as_text=True))


@app.post("/introspection")
def introspection():
    return answered("introspection", request.get_data(as_text=True))


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


for s in (signal.SIGTERM, signal.SIGINT):
    signal.signal(s, lambda *_: os._exit(0))
httpd = Server(("127.0.0.1", port), Handler)
httpd.set_app(app)
print("READY", base, flush=True)
httpd.serve_forever()
