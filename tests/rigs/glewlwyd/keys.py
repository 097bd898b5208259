"""The keys of the server and of its clients, made once by rnbyc and openssl."""

import json
import os
import subprocess

SERVER = {"RS256": "RSA2048", "PS256": "RSA2048", "ES256": "EC256", "EdDSA": "Ed25519"}
CLIENT = {"rs256": ("RSA2048", "RS256"), "es256": ("EC256", "ES256"), "ed25519": ("Ed25519", "EdDSA")}


def make(cache):
    """CACHE/keys: server.jwks.json, client-*.{pem,jwk.json}, client.jwks.json, and certificates."""
    folder = cache / "keys"
    if (folder / "done").exists():
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    rnbyc = Rnbyc(cache / "root")
    rnbyc.keys(folder / "server.jwks.json", [(kind, alg) for alg, kind in SERVER.items()], "op")
    rnbyc.keys(folder / "client.jwks.json", list(CLIENT.values()), "client")
    rnbyc.keys(folder / "client-enc.jwks.json", [("RSA2048", "RSA-OAEP")], "client-enc")
    for key in json.loads((folder / "client.jwks.json").read_text())["keys"]:
        name = f"client-{next(n for n, (_, alg) in CLIENT.items() if alg == key['alg'])}"
        (folder / f"{name}.jwk.json").write_text(json.dumps(key))
    certificates(folder)
    (folder / "done").touch()


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

    def openssl(*arguments, text=None):
        subprocess.run(
            ["openssl", *arguments], cwd=folder, check=True, capture_output=True, text=True, input=text
        )

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
