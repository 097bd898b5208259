"""`flowrun explain E209`: what the documentation says about an error."""

from __future__ import annotations

import re

from ..console import Console
from ..errors import CODES, FlowError
from ..library import documentation
from ..near import did_you_mean
from ..secret import JSON
from .each import each


def is_code(word: str) -> bool:
    """Whether *word* is about an error rather than a flow."""
    return re.fullmatch(r"[Ee]\d+", word) is not None


def explain_code(word: str, *, json: bool) -> int:
    """Print the paragraph about the error whose code is *word*."""
    console = Console()

    def act(word: str) -> JSON:
        code = word.upper()
        if code not in CODES:
            hint = did_you_mean(code, CODES) or "A code is a letter and three digits, like E209."
            raise FlowError("E219", f"there is no error {code}", hint=hint)
        if not json:
            console.answer(f"{code}: {CODES[code]}\n\n{paragraph(code)}")
        return {"code": code, "title": CODES[code], "text": paragraph(code)}

    return each([word], act, console, json=json)


def paragraph(code: str) -> str:
    """What docs/errors.md says under the heading *code*."""
    found = re.search(
        rf"^## {code}\n(.*?)(?=^#|\Z)", documentation("errors"), re.DOTALL | re.MULTILINE
    )
    return found[1].strip() if found else ""
