"""A server on loopback whose pages are values in a dict, and that remembers what was asked."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from flowrun.secret import JSON


class Asked(NamedTuple):
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str

    @property
    def json(self) -> dict[str, JSON]:
        found: dict[str, JSON] = json.loads(self.body)
        return found


class Page(NamedTuple):
    """What a path answers."""

    content: JSON = None
    status: int = 200
    headers: Mapping[str, str] = {}


class Pages:
    """The pages of a server: `METHOD path` or `path`, each a `Page`, a value, or a function."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.at: dict[str, Page | JSON | Callable[[Asked], Page]] = {}
        self.asked: list[Asked] = []

    @property
    def lines(self) -> list[str]:
        """What was asked for, as `METHOD path`."""
        return [f"{each.method} {each.path}" for each in self.asked]

    def respond(self, asked: Asked) -> Page:
        self.asked.append(asked)
        path = asked.path.partition("?")[0]
        found = self.at.get(f"{asked.method} {path}", self.at.get(path, Page(status=404)))
        page = found(asked) if callable(found) else found
        return page if isinstance(page, Page) else Page(page)


@contextlib.contextmanager
def serving_pages(port: int = 0) -> Iterator[Pages]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            page = pages.respond(Asked(self.command, self.path, dict(self.headers), body))
            text = page.content if isinstance(page.content, str) else json.dumps(page.content)
            content = b"" if page.content is None else text.encode()
            self.send_response(page.status)
            about = {"Content-Type": "application/json", "Content-Length": str(len(content))}
            for name, value in {**about, **page.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_DELETE = do_GET = do_POST = do_PUT = answer

        def log_message(self, *_: object) -> None:
            """Nothing: the tests say what went wrong."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        pages = Pages(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield pages
        server.shutdown()
