"""An editor without a window: what yaml-language-server says about a file, over its stdio."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

TIMEOUT_S = 60


class Editor:
    """Opens files as an editor would; a request waits for its answer."""

    def __init__(self, process: subprocess.Popen[bytes], settings: Mapping[str, object]) -> None:
        self.process, self.settings = process, settings
        self.requests = self.opened = 0
        self.diagnosed: dict[str, Sequence[Mapping[str, Any]]] = {}

    def open(self, path: Path, text: str | None = None) -> str:
        """The URI of *path*, opened with *text* or with what is in it."""
        text = path.read_text("utf-8") if text is None else text
        self.opened += 1
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": self.opened}
        self.diagnosed.pop(path.as_uri(), None)
        self.tell("textDocument/didOpen", textDocument={**document, "text": text})
        return path.as_uri()

    def close(self, uri: str) -> None:
        self.tell("textDocument/didClose", textDocument={"uri": uri})

    def problems(self, path: Path) -> list[str]:
        """What the editor underlines in *path*."""
        uri = self.open(path)
        while uri not in self.diagnosed:
            self.hear()
        found = [str(each["message"]) for each in self.diagnosed[uri]]
        self.close(uri)
        return found

    def completed(self, path: Path, text: str) -> list[str]:
        """What is offered where | stands in *text*, as if *path* held it."""
        found = self.at("textDocument/completion", path, text)
        return [str(item["label"]) for item in found["items"]]

    def hovered(self, path: Path, text: str) -> str:
        """What is shown of the word at |."""
        found = self.at("textDocument/hover", path, text)
        return str(found["contents"]["value"]) if found else ""

    def at(self, method: str, path: Path, text: str) -> Any:
        before, _, after = text.partition("|")
        uri = self.open(path, before + after)
        line = before.count("\n")
        position = {"line": line, "character": len(before.rpartition("\n")[2])}
        answer = self.ask(method, textDocument={"uri": uri}, position=position)
        self.close(uri)
        return answer

    def ask(self, method: str, **params: Any) -> Any:
        self.requests += 1
        self.send({"id": self.requests, "method": method, "params": params})
        while (message := self.hear()).get("id") != self.requests or "method" in message:
            pass
        assert "error" not in message, message
        return message["result"]

    def tell(self, method: str, **params: Any) -> None:
        self.send({"method": method, "params": params})

    def hear(self) -> Mapping[str, Any]:
        """The next message; what the server asks is answered with its settings."""
        assert self.process.stdout
        length = 0
        while (line := self.process.stdout.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        assert length, "the language server has ended"
        message: Mapping[str, Any] = json.loads(self.process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnosed[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            asked = message["params"].get("items", ()) if message["params"] else ()
            result = [self.settings.get(item["section"]) for item in asked]
            self.send({"id": message["id"], "result": result})
        return message

    def send(self, message: Mapping[str, Any]) -> None:
        assert self.process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()


@contextlib.contextmanager
def editing(server: Sequence[str], schema: Path) -> Iterator[Editor]:
    """An editor in which *schema* goes with every flow file."""
    pipe = subprocess.PIPE
    known = {"schemas": {schema.as_uri(): "*.yaml"}, "schemaStore": {"enable": False}}
    settings = {"yaml": {**known, "hover": True, "completion": True, "validate": True}}
    with subprocess.Popen([*server, "--stdio"], stdin=pipe, stdout=pipe) as process:
        editor = Editor(process, settings)
        try:
            editor.ask("initialize", processId=None, rootUri=None, capabilities={})
            editor.tell("initialized")
            editor.tell("workspace/didChangeConfiguration", settings=settings)
            yield editor
        finally:
            process.terminate()
