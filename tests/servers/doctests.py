"""A program that types the examples of pages (PAGE.md) and of modules, and says what differs."""

from __future__ import annotations

import doctest
import re
import sys
from importlib import import_module
from pathlib import Path

EXAMPLES = re.compile(r"^```pycon\n(.*?)^```", re.DOTALL | re.MULTILINE)


def typed(name: str) -> doctest.TestResults:
    """What came of the examples of *name*; those of a page follow one another."""
    if not name.endswith(".md"):
        return doctest.testmod(import_module(name))
    examples = "\n".join(EXAMPLES.findall(Path(name).read_text("utf-8")))
    runner = doctest.DocTestRunner()
    runner.run(doctest.DocTestParser().get_doctest(examples, {}, name, name, 0))
    return runner.summarize(verbose=False)


if __name__ == "__main__":
    results = {name: typed(name) for name in sys.argv[1:]}
    for name, result in results.items():
        print(f"{name}: {result.attempted} examples")
    sys.exit(any(result.failed or not result.attempted for result in results.values()))
