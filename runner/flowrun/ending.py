"""How the program ends when something goes wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import FlowrunError


@contextmanager
def ending() -> Iterator[None]:
    """Turn what escapes into a line or two on stderr and the documented exit status."""
    try:
        yield
        sys.stdout.flush()
    except FlowrunError as error:
        from .console import Console

        console = Console()
        status = console.show(error)
        console.conclude()
        sys.exit(status)
    except KeyboardInterrupt:
        print("\nstopped; nothing was saved that was not whole", file=sys.stderr)
        _leave(130)
    except BrokenPipeError:
        _leave(141)
    except (SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        _say_bug(error)
        _leave(3)


def _say_bug(error: BaseException) -> None:
    """Where it happened; never the values, which may be secret."""
    import traceback

    print(f"error E300: a bug in flowrun: {type(error).__name__}", file=sys.stderr)
    for frame in traceback.extract_tb(error.__traceback__)[-6:]:
        module = frame.filename.rpartition(os.sep)[2]
        print(f"  {module}:{frame.lineno} {frame.name}", file=sys.stderr)
    print("  Please report it with these lines; they hold no values.", file=sys.stderr)


def _leave(status: int) -> None:
    """Exit at once: a thread that still waits for a paste or a browser must not hold us."""
    sys.stderr.flush()
    os._exit(status)
