"""The store that the environment names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .files import FileStore
from .interface import Store
from .vaults import kind_of

VARIABLE = "FLOWRUN_STORE"


def open_store(folder: Path, environ: Mapping[str, str], *, kind: str = "") -> Store:
    """
    The store of the records in *folder*, which keeps new ones as *kind*, or the environment, says.

    Raises:
        StoreError: that is none that there is (E707).
    """
    return FileStore(folder, kind_of(kind or environ.get(VARIABLE) or "files"), environ)
