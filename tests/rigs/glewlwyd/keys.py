"""The keys of the server and of its clients, made once by rnbyc and openssl."""

import base64
import fcntl
import json
import os
import ssl
import subprocess

SERVER = {"RS256": "RSA2048", "RSA-OAEP": "RSA2048", "PS256": "RSA2048", "ES256": "EC256", "EdDSA": "Ed25519"}
DONE = "done-2"  # the number tells which keys there are
CLIENT = {"rs256": ("RSA2048", "RS256"), "es256": ("EC256", "ES256"), "ed25519": ("Ed25519", "EdDSA")}


def make(cache):
    """CACHE/keys: server.jwks.json, client-*.{pem,jwk.json}, client.jwks.json, and certificates."""
    folder = cache / "keys"
    with (cache / ".keys").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several may start at once
        if not (folder / DONE).exists():
            _make(cache, folder)


def _make(cache, folder):
    folder.mkdir(mode=0o700, exist_ok=True)
    rnbyc = Rnbyc(cache / "root")
    rnbyc.keys(folder / "server.jwks.json", [(kind, alg) for alg, kind in SERVER.items()], "op")
    rnbyc.keys(folder / "client.jwks.json", list(CLIENT.values()), "client")
    rnbyc.keys(folder / "client-enc.jwks.json", [("RSA2048", "RSA-OAEP")], "client-enc")
    for key in json.loads((folder / "client.jwks.json").read_text())["keys"]:
        name = f"client-{next(n for n, (_, alg) in CLIENT.items() if alg == key['alg'])}"
        (folder / f"{name}.jwk.json").write_text(json.dumps(key))
    certificates(folder)
    (folder / DONE).touch()


class Rnbyc:
    """The JOSE tool of glewlwyd's own library."""

    def __init__(self, root):
        libraries = [str(folder) for folder in (root / "usr/lib").glob("*-linux-gnu*")]
        self.environment = os.environ | {"LD_LIBRARY_PATH": ":".join(libraries)}
        self.tool = root / "usr/bin/rnbyc"

    def keys(self, path, kinds, owner):
        command = [self.tool, "-j", "-o", path, "-p", path.with_suffix(".public.json")]
        for kind, alg in kinds:
            command += ["-g", kind, "-k", f"{owner}-{alg.lower()}", "-a", alg]
        subprocess.run(command, env=self.environment, check=True, stdout=subprocess.DEVNULL)


def certificates(folder):
    """An authority, the server's certificate, and two of clients: one from it, one self-signed."""

    def openssl(*arguments):
        command = ["openssl", *arguments]
        return subprocess.run(
            command, cwd=folder, check=True, capture_output=True, text=True
        ).stdout

    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650")
    openssl("req", "-x509", *ec, "-keyout", "ca.key.pem", "-out", "ca.cert.pem", "-subj", "/CN=rig CA")
    for name, subject, extension in (
        ("server", "/CN=127.0.0.1", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
        ("client", "/CN=rig-tls", "subjectAltName=DNS:rig-tls.example.test"),
        ("stranger", "/CN=stranger", "subjectAltName=DNS:stranger.example.test"),
    ):
        openssl(
            "req", "-x509", *ec, "-CA", "ca.cert.pem", "-CAkey", "ca.key.pem", "-subj", subject,
            "-addext", extension, "-addext", "basicConstraints=critical,CA:FALSE",
            "-keyout", f"{name}.key.pem", "-out", f"{name}.cert.pem",
        )
    openssl(
        "req", "-x509", *ec, "-subj", "/CN=rig-tls-self",
        "-keyout", "self.key.pem", "-out", "self.cert.pem",
    )
    # What GnuTLS lets through at all; whose certificate it is says the client's own key set.
    trusted = [(folder / f"{name}.cert.pem").read_text() for name in ("ca", "self")]
    (folder / "trusted.pem").write_text("".join(trusted))
    public = openssl("x509", "-in", "self.cert.pem", "-noout", "-pubkey")
    point = base64.b64decode("".join(public.splitlines()[1:-1]))[-64:]  # ends with x and y
    der = ssl.PEM_cert_to_DER_cert((folder / "self.cert.pem").read_text())
    key = {"kty": "EC", "crv": "P-256", "kid": "client-self", "x": url64(point[:32])}
    key |= {"y": url64(point[32:]), "x5c": [base64.b64encode(der).decode()]}
    (folder / "self.jwks.json").write_text(json.dumps({"keys": [key]}))


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
