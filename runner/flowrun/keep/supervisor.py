"""The service manager that has started us, if it wants to know how we are (sd_notify(3))."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class Supervisor:
    """
    Tells systemd, or who speaks like it, that we are ready, well, or ending.

    A few lines of our own: the protocol is a datagram, and the packages for it are no larger.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        ours = environ.get("WATCHDOG_PID") in (None, str(os.getpid()))
        spelled = environ.get("WATCHDOG_USEC", "") if ours else ""
        self.watchdog_s = int(spelled) / 1e6 if spelled.isdigit() and int(spelled) else None

    def tell(self, **states: str) -> None:
        """Send *states*, such as READY="1"; nobody is told when nobody listens."""
        if self._address[:1] not in ("/", "@"):
            return
        lines = "\n".join(f"{name}={value}" for name, value in states.items())
        address = self._address.replace("@", "\0", 1) if self._address[0] == "@" else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)  # it must not hold us
            out.sendto(lines.encode(), address)
