"""OAuth 1.0a by Authlib and by oauthlib, in one Flask application.
usage: serve.py CACHE PORT"""
import contextlib
import os
import signal
import socketserver
import sys
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from authlib.integrations.flask_oauth1 import AuthorizationServer, ResourceProtector
from authlib.integrations.flask_oauth1.cache import (
    create_exists_nonce_func, register_nonce_hooks, register_temporary_credential_hooks,
)
from authlib.oauth1 import ClientMixin, TokenCredentialMixin
from authlib.oauth1.errors import OAuth1Error
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, jsonify, redirect, request, session
from oauthlib.oauth1 import OAuth1Error as TheirError
from oauthlib.oauth1 import RequestValidator, WebApplicationServer

cache, port = Path(sys.argv[1]), int(sys.argv[2])
SECRET = "rig-secret-0123456789-0123456789-0123456789"
CONSUMERS = ("rigconsumerkey0123456789", "rigconsumernoconfirm01")
METHODS = ["HMAC-SHA1", "RSA-SHA1", "PLAINTEXT"]
USER, PASSWORD = "alice", "wonderland-42"
LOOPBACK = ("127.0.0.1", "localhost", "::1")

pem = cache / "keys" / "oauth1.pem"
if not pem.exists():
    pem.parent.mkdir(exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    made = pem.with_suffix(f".{os.getpid()}")
    made.touch(mode=0o600)
    made.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    with contextlib.suppress(FileExistsError):  # another one of us was first
        os.link(made, pem)
    made.unlink()
PUBLIC = form.load_pem_private_key(pem.read_bytes(), None).public_key().public_bytes(
    form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode()

app = Flask(__name__)
app.config.update(SECRET_KEY="rig-only", OAUTH1_SUPPORTED_SIGNATURE_METHODS=METHODS)


class Memory:
    """What Authlib calls a cache."""

    def __init__(self):
        self.kept = {}

    def get(self, key):
        return self.kept.get(key)

    def set(self, key, value, timeout=None):
        self.kept[key] = value

    def delete(self, key):
        self.kept.pop(key, None)

    def has(self, key):
        return key in self.kept


class Consumer(ClientMixin):
    def __init__(self, key):
        self.key = key

    def get_client_secret(self):
        return SECRET

    def get_default_redirect_uri(self):
        return "http://127.0.0.1/callback"

    def get_rsa_public_key(self):
        return PUBLIC


class Token(TokenCredentialMixin):
    def __init__(self, pair, user):
        self.pair, self.user = pair, user

    def get_oauth_token(self):
        return self.pair["oauth_token"]

    def get_oauth_token_secret(self):
        return self.pair["oauth_token_secret"]


class Person:
    def get_user_id(self):
        return USER


memory, tokens = Memory(), {}


def consumer(key):
    return Consumer(key) if key in CONSUMERS else None


def issued(pair, temporary):
    return tokens.setdefault(pair["oauth_token"], Token(pair, temporary.get_user_id()))


authlib = AuthorizationServer(app, query_client=consumer)
register_temporary_credential_hooks(authlib, memory)
register_nonce_hooks(authlib, memory)
authlib.register_hook("create_token_credential", issued)
protected = ResourceProtector(app, query_client=consumer, query_token=lambda key, token: tokens.get(token),
                              exists_nonce=create_exists_nonce_func(memory, "api:"))


def confirmed(response):
    """The answer as the consumer is to have it."""
    if CONSUMERS[1] in str(request.headers) + str(request.values):
        response.set_data(response.get_data(as_text=True).replace("&oauth_callback_confirmed=true", "")
                          .replace("&oauth_callback_confirmed=True", ""))
    return response


@app.post("/authlib/initiate")
def authlib_initiate():
    return confirmed(authlib.create_temporary_credentials_response())


@app.post("/authlib/token")
def authlib_token():
    return authlib.create_token_response()


@app.get("/authlib/me")
@protected()
def authlib_me():
    return jsonify(user=USER)


SIGN_IN = """<!doctype html><title>Sign in</title><form method=post><input name=username>
<input type=password name=password><button>Sign in</button></form>"""
CONSENT = """<!doctype html><title>Consent</title><form method=post>
<button name=choice value=allow>Allow</button><button name=choice value=deny>Deny</button></form>"""


def asked():
    """A page for the person, or None when they have chosen."""
    if request.form.get("username"):
        if (request.form["username"], request.form.get("password")) != (USER, PASSWORD):
            return SIGN_IN
        session["user"] = USER
        return redirect(request.full_path)
    if "user" not in session:
        return SIGN_IN
    return None if request.form.get("choice") else CONSENT


@app.route("/authlib/authorize", methods=["GET", "POST"])
def authlib_authorize():
    try:
        authlib.check_authorization_request()
    except OAuth1Error as error:
        return urlencode(error.get_body()), 400
    page = asked()
    if page is not None:
        return page
    return authlib.create_authorization_response(
        grant_user=Person() if request.form["choice"] == "allow" else None)


class Rules(RequestValidator):
    """What oauthlib asks of whoever uses it, over a dictionary."""

    enforce_ssl = False
    allowed_signature_methods = ("HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256",
                                 "RSA-SHA512", "PLAINTEXT")
    dummy_client = dummy_request_token = dummy_access_token = "dummydummydummydummydummy"
    realms = ["photos"]

    def __init__(self):
        super().__init__()
        self.requested, self.access, self.used = {}, {}, set()

    def get_client_secret(self, client_key, request):
        return SECRET

    def get_rsa_key(self, client_key, request):
        return PUBLIC

    def get_request_token_secret(self, client_key, token, request):
        return self.requested.get(token, {}).get("oauth_token_secret", "dummy")

    def get_access_token_secret(self, client_key, token, request):
        return self.access.get(token, {}).get("oauth_token_secret", "dummy")

    def get_default_realms(self, client_key, request):
        return []

    def get_realms(self, token, request):
        return []

    def get_redirect_uri(self, token, request):
        return self.requested[token]["callback"]

    def invalidate_request_token(self, client_key, request_token, request):
        self.requested.pop(request_token, None)

    def validate_client_key(self, client_key, request):
        return client_key in CONSUMERS

    def validate_request_token(self, client_key, token, request):
        return token in self.requested

    def validate_access_token(self, client_key, token, request):
        return token in self.access

    def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, request_token=None,
                                     access_token=None):
        once = client_key, timestamp, nonce, request_token, access_token
        if once in self.used or abs(int(timestamp) - time.time()) > 300:
            return False
        self.used.add(once)
        return True

    def validate_redirect_uri(self, client_key, redirect_uri, request):
        return urlsplit(redirect_uri).hostname in LOOPBACK

    def validate_requested_realms(self, client_key, realms, request):
        return True

    def validate_realms(self, client_key, token, request, uri=None, realms=None):
        return True

    def validate_verifier(self, client_key, token, verifier, request):
        return self.requested.get(token, {}).get("oauth_verifier") == verifier

    def verify_request_token(self, token, request):
        return token in self.requested

    def verify_realms(self, token, realms, request):
        return True

    def save_access_token(self, token, request):
        self.access[token["oauth_token"]] = token

    def save_request_token(self, token, request):
        self.requested[token["oauth_token"]] = {**token, "callback": request.redirect_uri}

    def save_verifier(self, token, verifier, request):
        self.requested[token].update(verifier)


rules = Rules()
oauthlib = WebApplicationServer(rules)


def parts():
    headers = {name: value for name, value in request.headers.items()}
    body = request.get_data(as_text=True)
    return request.url, request.method, body, headers


def answered(headers, body, status):
    return Response(body, status, headers=headers or {"Content-Type": "application/x-www-form-urlencoded"})


@app.post("/oauthlib/initiate")
def oauthlib_initiate():
    return confirmed(answered(*oauthlib.create_request_token_response(*parts())))


@app.post("/oauthlib/token")
def oauthlib_token():
    return answered(*oauthlib.create_access_token_response(*parts()))


@app.get("/oauthlib/me")
def oauthlib_me():
    good, _ = oauthlib.validate_protected_resource_request(*parts(), realms=[])
    return jsonify(user=USER) if good else (jsonify(oauth_problem="token_rejected"), 401)


@app.route("/oauthlib/authorize", methods=["GET", "POST"])
def oauthlib_authorize():
    uri = request.url
    try:
        oauthlib.get_realms_and_credentials(uri)
    except TheirError as error:
        return error.urlencoded, 400
    page = asked()
    if page is not None:
        return page
    token = request.args["oauth_token"]
    if request.form["choice"] == "deny":
        back = rules.requested[token]["callback"]
        return redirect(f"{back}?{urlencode({'oauth_token': token, 'oauth_problem': 'permission_denied'})}")
    headers, body, status = oauthlib.create_authorization_response(uri, realms=[], credentials={})
    return answered(headers, body, status)


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


for s in (signal.SIGTERM, signal.SIGINT):
    signal.signal(s, lambda *_: os._exit(0))
server = Server(("127.0.0.1", port), Handler)
server.set_app(app)
print("READY", f"http://127.0.0.1:{port}", flush=True)
server.serve_forever()
