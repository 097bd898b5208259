"""`flowrun key`: the key of encrypted records."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from ..console import Console
from ..stores.key import FILE_VARIABLE, make_key, needed_key


def key(*, make: bool, file: Path | None, json: bool = False) -> int:
    """Print whom records are encrypted to; with *make*, of a new key in *file* or the keyring."""
    console = Console()
    used = make_key(file) if make else needed_key(os.environ)
    console.tell(f"the key is in {used.origin}")
    if make and file:
        console.tell(f"to use it: export {FILE_VARIABLE}={shlex.quote(str(file.absolute()))}")
    if make:
        console.tell("keep a copy elsewhere: without it nobody can open what it has sealed")
    if json:
        console.answer_json({"public": used.public, "from": used.origin})
    else:
        console.answer(used.public)
    return 0
