"""`flowrun fmt`: flow files, written down the one way."""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from pathlib import Path

from ..console import Console
from ..errors import FlowError
from ..formatting import formatted
from ..library import find
from ..place import Source
from ..secret import JSON
from .each import each

STDIN = "-"


def fmt(files: Sequence[str], *, check: bool = False, diff: bool = False) -> int:
    """Format files where they are; with *check* or *diff* only say what would change."""
    console = Console()

    def act(name: str) -> JSON:
        written = _written(name)
        text = formatted(Source(name, re.sub("\r\n?", "\n", written)))
        if diff:
            console.answer_as_it_is("".join(_difference(name, written, text)))
        elif name == STDIN and not check:
            console.answer_as_it_is(text)
        if check and text != written:
            hint = f"Run: flowrun fmt {name}"
            raise FlowError("E225", f"{name} is not formatted", hint=hint)
        if text != written and not (check or diff or name == STDIN):
            _write(Path(name).resolve(), text)
            console.answer(f"{name}: formatted")
        return None

    return each(files, act, console, json=False)


def _written(name: str) -> str:
    """What is in the file, to the letter."""
    if name == STDIN:
        try:
            return sys.stdin.buffer.read().decode()
        except UnicodeDecodeError:
            raise FlowError("E201", "cannot read -: it is not UTF-8 text") from None
    source, shipped = find(name)
    if shipped:
        hint = "A file of your own is named by its path: ./FILE.yaml"
        raise FlowError("E201", f"{name} is a recipe that flowrun ships", hint=hint)
    return Path(source.name).read_bytes().decode()  # with its own line ends


def _difference(name: str, written: str, text: str) -> Iterator[str]:
    before, after = (io.StringIO(each, newline="\n").readlines() for each in (written, text))
    for line in unified_diff(before, after, name, name):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _write(path: Path, text: str) -> None:
    """Put *text* into *path*, whole or not at all."""
    hint = "With - it is read from stdin, and printed."
    if not path.is_file() or not os.access(path, os.W_OK):
        raise FlowError("E234", f"{path} is no file that you may change", hint=hint)
    try:
        _replace(path, text.encode())
    except OSError as error:
        raise FlowError("E234", f"cannot write {path}: {error.strerror}", hint=hint) from None


def _replace(path: Path, content: bytes) -> None:
    """Another file of *path*'s name, owner and mode in its place."""
    status, staging = path.stat(), path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        with open(staging, "xb", opener=_private) as file:
            file.write(content)
            with contextlib.suppress(PermissionError):  # only root gives files away
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))
            os.fsync(file.fileno())
        staging.replace(path)
    finally:
        staging.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
