"""The fast way to a cached token; whatever is out of the ordinary is left to the full command."""

from __future__ import annotations

import os
import sys
import time

from .freshness import is_due
from .stores import private

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

APART = ("needs_person", "released", "sandbox")
"""What makes a record one for the full command."""

IN_FILES = (None, "", "files", "age", "keyring")
"""The stores that are in a folder, where a plain file, if there is one, is the record."""


def print_cached_token(argv: list[str]) -> bool:
    """Print the access token that `token NAME` asks for, if it lies there fresh and private."""
    if len(argv) != 2 or argv[0] != "token":
        return False
    folder = os.environ.get("FLOWRUN_TOKENS") or "tokens"
    try:
        if document := fresh(folder, argv[1]):
            sys.stdout.write(f"{document['access_token']}\n")
            sys.stdout.flush()
    except Exception:  # the full command tells what is wrong, also where nobody reads
        return False
    return bool(document)


def fresh(
    folder: str, name: str, *, named: str = "", min_ttl_s: float | None = None
) -> dict[str, Any] | None:
    """
    What is in the record *name*, if its token lies there private, settled and not due.

    Anything may be raised where something is wrong: the full way tells what.

    Args:
        folder: where the records are.
        name: the record's name.
        named: the token that it keeps under that name is meant; "" is its own.
        min_ttl_s: for so many seconds the token must live, if not for the usual margin.
    """
    if os.environ.get("FLOWRUN_STORE") not in IN_FILES or name[:1] in (".", "-", ""):
        return None
    if "/" in name or name.endswith((".yaml", ".yml")):  # a flow's file
        return None
    content = private.is_private(folder) and private.read(f"{folder}/{name}.json")
    if not content or os.access(f"{folder}/.flowrun/{name}.attempt", os.F_OK):
        return None
    document = _parsed(content.decode())
    meta = document["flowrun"]
    part = meta["tokens"][named] if named else document
    token, known = part["access_token"], part.get("flowrun", {})
    apart = meta.get("sandbox") or any(known.get(why) for why in APART)
    due = is_due(part, known, time.time(), min_ttl_s)
    return document if isinstance(token, str) and token.isascii() and not (apart or due) else None


class _Plain:
    """How `json.loads` sets up its scanner."""

    strict, object_hook, object_pairs_hook, array_hook = True, None, None, None
    parse_float, parse_int, parse_constant = float, int, float


def _parsed(text: str) -> dict[str, Any]:
    # `json` imports `re` and `enum`, which cost as much as starting Python. Where its inner half
    # is not to be had, as on PyPy, the full command reads the record.
    import _json

    document, end = vars(_json)["make_scanner"](_Plain)(text, 0)
    return {} if text[end:].strip() else document
