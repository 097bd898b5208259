"""canaille on loopback, over a fresh sqlite database, seeded through its own models.

usage: serve.py CACHE PORT
CACHE/keys holds the keys of the clients and the server, made at the first start.
"""

import datetime
import fcntl
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from werkzeug.serving import WSGIRequestHandler, make_server

SECRET = "rig-secret-0123456789-0123456789-0123456789"
SCOPES = ["openid", "profile", "email", "address", "phone", "groups"]
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GRANTS = ["authorization_code", "refresh_token", "implicit", "password", JWT_BEARER]
MAKERS = {
    "rs256": ("RS256", lambda: RSAKey.generate_key(2048, private=True)),
    "es256": ("ES256", lambda: ECKey.generate_key("P-256", private=True)),
    "ed25519": ("EdDSA", lambda: OKPKey.generate_key("Ed25519", private=True)),
}


def kept_keys(folder, owner):
    """CACHE/keys: OWNER-NAME.pem and .jwk.json, made once."""
    folder.mkdir(mode=0o700, exist_ok=True)
    keys = []
    lock = (folder / ".lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)  # several may start at once
    for name, (alg, make) in MAKERS.items():
        path = folder / f"{owner}-{name}.jwk.json"
        if not path.exists():
            key = make()
            (folder / f"{owner}-{name}.pem").write_bytes(key.as_pem(private=True))
            more = {"alg": alg, "use": "sig", "kid": f"{owner}-{name}"}
            path.write_text(json.dumps(key.as_dict(private=True) | more))
        keys.append(json.loads(path.read_text()))
    lock.close()
    return keys


def settings(port, state, keys):
    # Without what they are for, so that each signs with whatever it can.
    keys = [{n: v for n, v in key.items() if n not in ("alg", "use")} for key in keys]
    lifetime = int(os.environ.get("RIG_ACCESS_TTL") or 3600)
    grants = ("authorization_code", "implicit", "password", "client_credentials")
    return {
        "SECRET_KEY": os.urandom(16).hex(),
        "SERVER_NAME": f"127.0.0.1:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "OAUTH2_TOKEN_EXPIRES_IN": dict.fromkeys((*grants, JWT_BEARER), lifetime),
        "CANAILLE": {"DATABASE": "sql", "SMTP": None, "JAVASCRIPT": False},
        # Not its store in memory, which mixes up the codes of one client.
        "CANAILLE_SQL": {
            "DATABASE_URI": f"sqlite:///{state}/canaille.sqlite",
            "PASSWORD_HASH_PARAMS": {"pbkdf2_sha512__default_rounds": 1000},
        },
        "CANAILLE_OIDC": {
            "ACTIVE_JWKS": keys,
            "DYNAMIC_CLIENT_REGISTRATION_OPEN": True,
            "REQUIRE_NONCE": True,
            "TRUSTED_DOMAINS": ["trusted.example.test"],
        },
    }


def fill(app, jwks):
    from canaille.app import models
    from canaille.backends import Backend

    redirects = (os.environ.get("RIG_REDIRECTS") or "http://127.0.0.1:8765/callback").split()
    now = datetime.datetime.now(datetime.timezone.utc)
    common = {
        "client_secret": SECRET,
        "client_id_issued_at": now,
        "client_uri": "https://client.example.test",
        "redirect_uris": redirects,
        "grant_types": GRANTS,
        "response_types": ["code", "token", "id_token"],
        "scope": SCOPES,
        "token_endpoint_auth_method": "client_secret_basic",
    }
    # Of a client with several keys canaille finds none.
    one_key = {key["kid"]: {"jwks": json.dumps({"keys": [key]})} for key in jwks["keys"]}
    by_key = {"client_secret": None, "token_endpoint_auth_method": "private_key_jwt"}
    service = {"grant_types": ["client_credentials"], "response_types": []}
    clients = {
        "rig-public": {"client_secret": None, "token_endpoint_auth_method": "none"},
        "rig-basic": {},
        "rig odd/client": {"client_secret": "p+s s%w:rd&=/?~"},
        "rig-post": {"token_endpoint_auth_method": "client_secret_post"},
        **{f"rig-{kid.replace('client', 'key')}": by_key | key for kid, key in one_key.items()},
        "rig-trusted": {"client_uri": "https://trusted.example.test"},
        "rig-es256": {"id_token_signed_response_alg": "ES256"},
        "rig-eddsa": {"id_token_signed_response_alg": "EdDSA"},
        "rig-userinfo": {"userinfo_signed_response_alg": "RS256"},
        "rig-jar": one_key["client-rs256"] | {"require_signed_request_object": True},
        "rig-service": service,
        "rig-service-key": by_key | one_key["client-es256"] | service,
    }
    with app.app_context(), Backend.instance.session():
        alice = models.User(
            user_name="alice",
            formatted_name="Alice Liddell",
            given_name="Alice",
            family_name="Liddell",
            emails=["alice@example.test"],
            password="wonderland-42",
        )
        Backend.instance.save(alice)
        for client_id, more in clients.items():
            named = {"client_id": client_id, "client_name": client_id}
            client = models.Client(**(common | named | more))
            Backend.instance.save(client)
            client.audience = [client]
            Backend.instance.save(client)


class Quiet(WSGIRequestHandler):
    def log(self, kind, message, *arguments):
        if os.environ.get("RIG_LOG"):
            super().log(kind, message, *arguments)


def main(cache, port):
    from canaille import create_app
    from canaille.backends import Backend

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="rig-canaille-") as state:
        app = create_app(settings(port, state, kept_keys(cache / "keys", "op")))
        public = KeySet.import_key_set({"keys": kept_keys(cache / "keys", "client")})
        fill(app, public.as_dict(private=False))
        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
        server.daemon_threads = True
        print(f"READY http://127.0.0.1:{port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
