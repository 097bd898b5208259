"""glewlwyd on loopback: a fresh database, seeded through its own admin API.

usage: serve.py CACHE PORT
CACHE/root holds the unpacked Debian packages, CACHE/keys the keys made at the first start.
With RIG_TLS=1 it speaks https, and asks for client certificates.
"""

import ctypes
import gzip
import http.client
import json
import os
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keys
import seed

START_TIMEOUT_S = 15
ENDS = (signal.SIGTERM, signal.SIGINT)
CONFIG = """
port={port}
bind_address="127.0.0.1"
external_url="{url}"
login_url="login.html"
api_prefix="api"
static_files_path="{root}/usr/share/glewlwyd/webapp/"
log_mode="console"
log_level="{log}"
cookie_domain="127.0.0.1"
cookie_secure=0
session_key="GLEWLWYD2_SESSION_ID"
admin_session_authentication="cookie"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{lib}/user"
user_middleware_module_path="{state}/empty"
client_module_path="{lib}/client"
user_auth_scheme_module_path="{lib}/scheme"
plugin_module_path="{lib}/plugin"
use_secure_connection={tls}
secure_connection_key_file="{keys}/server.key.pem"
secure_connection_pem_file="{keys}/server.cert.pem"
secure_connection_ca_file="{keys}/trusted.pem"
hash_algorithm="SHA512"
database = {{ type = "sqlite3"; path = "{state}/glewlwyd.db"; }};
static_files_mime_types = ({{ extension = ".html"; mime_type = "text/html"; compress = 0; }})
"""


class Admin:
    """The admin API, signed in as the administrator of the package's own database."""

    def __init__(self, port, tls):
        self.port, self.tls, self.cookie = port, tls, None

    def call(self, method, path, body=None):
        if self.tls is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        else:
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=10, context=self.tls
            )
        headers = {"Content-Type": "application/json"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        connection.request(method, path, body and json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text}")
        if "Set-Cookie" in answer.headers:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        connection.close()
        return text

    def wait(self, process):
        end = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                return self.call("GET", "/config/")
            except (OSError, http.client.HTTPException):
                if process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.05)


def die_with_parent():
    """The server must not outlive this process, whatever ends it."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1: PR_SET_PDEATHSIG


def make_database(root, state):
    script = root / "usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz"
    with sqlite3.connect(state / "glewlwyd.db") as database:
        database.executescript(gzip.decompress(script.read_bytes()).decode())
        database.create_function("widen", 1, seed.widen)
        database.execute(
            "UPDATE g_client_module_instance SET gcmi_parameters = widen(gcmi_parameters)"
        )


def launch(cache, state, port, url):
    root = cache / "root"
    (state / "empty").mkdir()
    config = state / "glewlwyd.conf"
    config.write_text(
        CONFIG.format(
            port=port,
            url=url,
            root=root,
            lib=root / "usr/lib/glewlwyd",
            keys=cache / "keys",
            state=state,
            log=os.environ.get("RIG_LOG", "WARNING").upper(),
            tls="true" if url.startswith("https") else "false",
        )
    )
    libraries = [str(folder) for folder in (root / "usr/lib").glob("*-linux-gnu*")]
    environment = os.environ | {"LD_LIBRARY_PATH": ":".join(libraries)}
    return subprocess.Popen(
        [root / "usr/bin/glewlwyd", "-c", config],
        env=environment,
        cwd=state,
        stdout=sys.stderr,
        preexec_fn=die_with_parent,
    )


def main(cache, port):
    secure = bool(os.environ.get("RIG_TLS"))
    keys.make(cache)
    url = f"{'https' if secure else 'http'}://127.0.0.1:{port}"
    for number in ENDS:
        signal.signal(number, lambda *_: sys.exit(0))
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)  # until there is something to clean up
    state = Path(tempfile.mkdtemp(prefix="rig-glewlwyd-"))
    process = None
    try:
        make_database(cache / "root", state)
        process = launch(cache, state, port, url)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
        trusted = ssl.create_default_context(cafile=cache / "keys/ca.cert.pem") if secure else None
        admin = Admin(port, trusted)
        admin.wait(process)
        seed.fill(admin, cache / "keys", url)
        print(f"READY {url}", flush=True)
        process.wait()
        sys.exit("glewlwyd ended")
    finally:
        if process:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(state, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
