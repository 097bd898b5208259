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
    if len(argv) != 2 or argv[0] != "token" or os.environ.get("FLOWRUN_STORE") not in IN_FILES:
        return False
    folder, name = os.environ.get("FLOWRUN_TOKENS") or "tokens", argv[1]
    if name[:1] in (".", "-", "") or "/" in name or name.endswith(".yaml"):
        return False
    try:
        if token := _cached(folder, name):
            sys.stdout.write(f"{token}\n")
            sys.stdout.flush()
    except Exception:  # the full command tells what is wrong, also where nobody reads
        return False
    return bool(token)


def _cached(folder: str, name: str) -> str | None:
    content = private.is_private(folder) and private.read(f"{folder}/{name}.json")
    if not content or os.access(f"{folder}/.flowrun/{name}.attempt", os.F_OK):
        return None
    fields = _parsed(content.decode())
    token, meta = fields["access_token"], fields["flowrun"]
    apart = any(meta.get(why) for why in APART) or is_due(fields, meta, time.time())
    return token if isinstance(token, str) and token.isascii() and not apart else None


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
