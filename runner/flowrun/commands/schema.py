"""`flowrun schema`: the JSON schema of flow files, for editors."""

from __future__ import annotations

from .. import schema as judge
from ..console import Console


def schema(*, path: bool = False) -> int:
    """Print the schema, or where it is."""
    console = Console()
    if path:
        console.answer(str(judge.schema_path()))
    else:
        console.answer_as_it_is(judge.schema_text())
    return 0
