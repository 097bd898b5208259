"""The bearer grants of RFC 7522 and RFC 7523 at one token endpoint.
usage: serve.py CACHE PORT"""
import base64
import os
import signal
import socketserver
import sys
import time
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import BaseGrant, ClientMixin, InvalidGrantError, InvalidRequestError, TokenEndpointMixin
from authlib.oauth2.rfc7523 import JWTBearerGrant
from cryptography.hazmat.primitives import serialization as form
from flask import Flask, jsonify, request
from joserfc.jwk import RSAKey
from lxml import etree
from signxml import XMLVerifier
from signxml.exceptions import InvalidInput, InvalidSignature

from keys import certificate, key

cache, port = sys.argv[1], int(sys.argv[2])
base = f"http://127.0.0.1:{port}"
SECRET = "rig-secret-0123456789-0123456789-0123456789"
JWT, SAML = JWTBearerGrant.GRANT_TYPE, "urn:ietf:params:oauth:grant-type:saml2-bearer"
NAMES = {"s": "urn:oasis:names:tc:SAML:2.0:assertion"}
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PEOPLE, IDP, MOST_S = {"alice": "alice"}, "https://idp.rig.test", 3600
client_key, idp = key(cache, "client"), certificate(cache, "idp")
key(cache, "stranger")
certificate(cache, "stranger")
PUBLIC = client_key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
used, tokens = set(), {}


class Client(ClientMixin):
    def __init__(self, name, grants, secret=None):
        self.client_id, self.grants, self.secret = name, grants, secret

    def get_client_id(self):
        return self.client_id

    def get_allowed_scope(self, scope):
        return " ".join(each for each in (scope or "").split() if each in ("read", "write"))

    def check_client_secret(self, client_secret):
        return self.secret == client_secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method in ("client_secret_basic", "client_secret_post")

    def check_grant_type(self, grant_type):
        return grant_type in self.grants


clients = {each.client_id: each for each in (
    Client("rig-service", [JWT]), Client("rig-denied", []), Client("rig-saml", [SAML], SECRET))}


def once(issuer, name):
    """An assertion works once (RFC 7522 and 7523, section 3)."""
    if not name or (issuer, name) in used:
        raise InvalidGrantError(description="the assertion was used before, or has no id")
    used.add((issuer, name))


class Jwt(JWTBearerGrant):
    def resolve_issuer_client(self, issuer):
        return clients.get(issuer)

    def resolve_client_public_key(self, client):
        return RSAKey.import_key(PUBLIC)

    def get_audiences(self):
        return [f"{base}/token"]

    def authenticate_user(self, subject):
        return PEOPLE.get(subject)

    def has_granted_permission(self, client, user):
        return True

    def verify_claims(self, claims):
        super().verify_claims(claims)
        if claims["exp"] > time.time() + MOST_S:
            raise InvalidGrantError(description="the assertion lives for too long")
        once(claims["iss"], claims.get("jti"))


class Saml(BaseGrant, TokenEndpointMixin):
    GRANT_TYPE = SAML
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def validate_token_request(self):
        self.request.client = self.authenticate_token_endpoint_client()
        text = self.request.form.get("assertion")
        if not text:
            raise InvalidRequestError("Missing 'assertion' in request")
        if "+" in text or "/" in text or "=" in text:
            raise InvalidRequestError("the assertion is to be in base64url, without padding")
        self.request.user = self.subject(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))

    def subject(self, document):
        try:
            signed = XMLVerifier().verify(document, x509_cert=idp).signed_xml
        except (InvalidSignature, InvalidInput, etree.XMLSyntaxError) as error:
            raise InvalidGrantError(description=f"the signature: {type(error).__name__}") from None
        if signed.tag != f"{{{NAMES['s']}}}Assertion" or signed.findtext("s:Issuer", None, NAMES) != IDP:
            raise InvalidGrantError(description="the issuer is another one")
        self.check_conditions(signed)
        self.check_confirmation(signed)
        once(IDP, signed.get("ID"))
        person = PEOPLE.get(signed.findtext("s:Subject/s:NameID", None, NAMES))
        if person is None:
            raise InvalidGrantError(description="the subject is unknown")
        return person

    def check_conditions(self, signed):
        conditions = signed.find("s:Conditions", NAMES)
        audiences = [each.text.strip() for each in conditions.iterfind(".//s:Audience", NAMES)]
        if f"{base}/token" not in audiences:
            raise InvalidGrantError(description="the audience is another one")
        self.check_time(conditions)

    def check_confirmation(self, signed):
        for each in signed.iterfind("s:Subject/s:SubjectConfirmation", NAMES):
            data = each.find("s:SubjectConfirmationData", NAMES)
            if each.get("Method") == BEARER and data.get("Recipient") == f"{base}/token":
                return self.check_time(data)
        raise InvalidGrantError(description="the recipient is another one")

    def check_time(self, element):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        if not (element.get("NotBefore", "") <= now < element.get("NotOnOrAfter", "")):
            raise InvalidGrantError(description="the assertion has expired")

    def create_token_response(self):
        token = self.generate_token(scope=self.request.client.get_allowed_scope(self.request.payload.scope),
                                    user=self.request.user, include_refresh_token=False)
        self.save_token(token)
        return 200, token, self.TOKEN_RESPONSE_HEADER


app = Flask(__name__)
server = AuthorizationServer(app, query_client=clients.get,
                             save_token=lambda token, request: tokens.update({token["access_token"]: request.user}))
server.register_grant(Jwt)
server.register_grant(Saml)


@app.post("/token")
def token():
    return server.create_token_response()


@app.get("/me")
def me():
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    return jsonify(user=tokens[bearer]) if bearer in tokens else (jsonify(error="invalid_token"), 401)


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # it is on loopback
for s in (signal.SIGTERM, signal.SIGINT):
    signal.signal(s, lambda *_: os._exit(0))
httpd = Server(("127.0.0.1", port), Handler)
httpd.set_app(app)
print("READY", base, flush=True)
httpd.serve_forever()
