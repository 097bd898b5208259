"""For how long what a server has said may be used again (RFC 9111 section 5.2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

LEAST_S, USUAL_S, MOST_S = 60, 3600, 86400
"""Whatever a server says: nobody is asked each second, and nothing old is believed for weeks."""

_MAX_AGE = re.compile(r'(?:^|[,\s])max-age="?([0-9]{1,10})')


def lifetime_s(headers: Mapping[str, str]) -> int:
    """The seconds for which an answer with *headers*, in small letters, stays good."""
    said = headers.get("cache-control", "").lower()
    if "no-store" in said or "no-cache" in said:
        return LEAST_S
    found = _MAX_AGE.search(said)
    return min(max(int(found[1]), LEAST_S), MOST_S) if found else USUAL_S
