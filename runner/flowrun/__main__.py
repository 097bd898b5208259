"""The entry point: the two ways in that have to be fast, and all the others."""

from __future__ import annotations

import sys

MANY = 100_000
"""Objects; a run makes fewer, and what makes more is still tidied up."""


def main() -> None:
    """Run flowrun with the words of the command line, and exit."""
    words = sys.argv[1:]
    if words == ["help"]:
        words = ["--help"]
    if words[:1] == ["token"]:
        from .quick import print_cached_token

        if print_cached_token(words):
            return
    _collect_seldom()
    from .ending import ending

    with ending():
        if words and not any(word.startswith("-") for word in words):
            _run_plain(words)  # without options there is nothing to parse
        from .cli import command_line

        command_line(words)


def _collect_seldom() -> None:
    """Leave what is no longer used to the end of the process, where looking for it helps nobody."""
    import atexit
    import gc

    gc.set_threshold(MANY)
    atexit.register(gc.freeze)


def _run_plain(words: list[str]) -> None:
    from .library import COMMANDS

    if words[0] not in COMMANDS:
        from .commands.run import run
        from .settings import Settings

        sys.exit(run(words, Settings()))
    if words[0] == "check" and len(words) > 1:
        from .commands.check import check

        sys.exit(check(words[1:]))


if __name__ == "__main__":
    main()
