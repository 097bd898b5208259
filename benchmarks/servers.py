"""
A provider that answers at once, over plain HTTP or TLS: `python servers.py [CERTIFICATE]`.

It prints its port, serves until its standard input ends, and does nothing that could be measured:
every answer is one buffered write on a connection that stays open.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import sys
import threading
from urllib.parse import parse_qsl, urlencode

TOKEN = {"access_token": "fake-access-of-speed", "token_type": "Bearer", "expires_in": 3600}
PERSON = {"sub": "248289761001", "name": "Jane Doe", "email": "jane@example.com"}


def answers(site: str) -> dict[bytes, bytes]:
    """What is said to each path."""
    discovery = {
        "issuer": site,
        "authorization_endpoint": f"{site}/authorize",
        "token_endpoint": f"{site}/token",
        "userinfo_endpoint": f"{site}/userinfo",
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "scopes_supported": ["openid", "profile", "email"],
    }
    pushed = {"request_uri": "urn:ietf:params:oauth:request_uri:speed", "expires_in": 60}
    bodies = {
        b"/.well-known/openid-configuration": discovery,
        b"/par": pushed,
        b"/token": TOKEN,
        b"/bound": {**TOKEN, "token_type": "DPoP"},
        b"/rotating": {**TOKEN, "refresh_token": "fake-refresh-of-speed"},
        b"/userinfo": PERSON,
    }
    return {path: answer(json.dumps(body).encode()) for path, body in bodies.items()}


def answer(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def back(form: bytes) -> bytes:
    """The redirect that answers the authorization request that was pushed as *form*."""
    sent = dict(parse_qsl(form.decode()))
    code = urlencode({"code": "fake-code-of-speed", "state": sent["state"]})
    location = f"{sent['redirect_uri']}?{code}"
    return f"HTTP/1.1 303 X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def serve(connection: socket.socket, said: dict[bytes, bytes]) -> None:
    """Answer request after request, until the client hangs up."""
    with contextlib.suppress(OSError), connection, connection.makefile("rb") as reader:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while line := reader.readline():
            length = 0
            while (header := reader.readline()) not in (b"\r\n", b""):
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            body, path = reader.read(length), line.split()[1].partition(b"?")[0]
            if path == b"/par":
                said[b"/authorize"] = back(body)
            connection.sendall(said[path])


def secured(plain: socket.socket, context: ssl.SSLContext, said: dict[bytes, bytes]) -> None:
    with contextlib.suppress(OSError):
        serve(context.wrap_socket(plain, server_side=True), said)


def listen(certificate: str | None) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        port = server.getsockname()[1]
        said = answers(f"{'https' if context else 'http'}://127.0.0.1:{port}")
        print(port, flush=True)
        while True:
            connection, _ = server.accept()
            how = (secured, (connection, context, said)) if context else (serve, (connection, said))
            threading.Thread(target=how[0], args=how[1], daemon=True).start()


if __name__ == "__main__":
    threading.Thread(target=listen, args=(*sys.argv[1:2], None)[:1], daemon=True).start()
    sys.stdin.read()
