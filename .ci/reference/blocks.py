"""Tables that other pages have between two marks, so that they too follow the code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from .keys import Key, keys_of_file, keys_of_kind, keys_of_step, kinds
from .words import about

BLOCK = re.compile(r"(<!-- generated: (.+?) -->\n).*?(<!-- /generated -->)", re.DOTALL)
