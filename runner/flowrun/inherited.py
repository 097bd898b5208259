"""What a child of ours inherits of the environment."""

from __future__ import annotations

from collections.abc import Mapping


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """*environ* without what is flowrun's own, where secrets may be."""
    return {name: value for name, value in environ.items() if not name.startswith("FLOWRUN_")}
