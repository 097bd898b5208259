"""Names that lead to a server of ours, without touching the machine's resolver."""

from __future__ import annotations

from pathlib import Path


def redirected(folder: Path, port: int, *suffixes: str) -> Path:
    """A folder for PYTHONPATH with which names that end so, at port 443, are 127.0.0.1:*port*."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import socket\n"
        "resolve = socket.getaddrinfo\n"
        "def getaddrinfo(host, port, *args, **kwargs):\n"
        f"    if str(host).endswith({suffixes!r}) and port in (443, '443'):\n"
        f"        host, port = '127.0.0.1', {port}\n"
        "    return resolve(host, port, *args, **kwargs)\n"
        "socket.getaddrinfo = getaddrinfo\n",
        encoding="utf-8",
    )
    return folder
