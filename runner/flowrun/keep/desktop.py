"""A notification on the desktop, over D-Bus (Desktop Notifications Specification 1.2)."""

from __future__ import annotations

import html
import os
from typing import TYPE_CHECKING

from ..errors import FlowError

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
UNTIL_CLOSED, CRITICAL = 0, 2
TIMEOUT_S = 10.0


def require() -> None:
    """Raise when the part that this needs is not installed."""
    try:
        import jeepney  # noqa: F401
    except ImportError:
        hint = "Install it: pip install 'flowrun-oauth[desktop]'"
        raise FlowError("E233", "desktop notifications are an optional part", hint=hint) from None


def notify(title: str, text: str) -> None:
    """
    Show *text* below *title* until somebody closes it; returns once the desktop has taken it.

    Raises:
        FlowError: there is no session bus, or nobody on it shows notifications (E239).
    """
    from jeepney import DBusErrorResponse

    try:
        _show(title, text)
    except DBusErrorResponse as error:
        raise _not_taken(error.name) from None
    except (OSError, LookupError, ValueError, RuntimeError) as error:
        raise _not_taken(type(error).__name__) from None


def _show(title: str, text: str) -> None:
    from jeepney.io.blocking import open_dbus_connection

    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    with open_dbus_connection(address or f"unix:path=/run/user/{os.getuid()}/bus") as bus:
        (able,) = _called(bus, "GetCapabilities")
        assert isinstance(able, list)
        text = html.escape(text) if "body-markup" in able else text
        about = ("flowrun", 0, "dialog-password", title, text)
        actions, hints = list[str](), {"urgency": ("y", CRITICAL)}
        _called(bus, "Notify", "susssasa{sv}i", (*about, actions, hints, UNTIL_CLOSED))


def _called(
    bus: DBusConnection, method: str, signature: str | None = None, body: tuple[object, ...] = ()
) -> tuple[object, ...]:
    from jeepney import DBusAddress, new_method_call
    from jeepney.wrappers import unwrap_msg

    address = DBusAddress(PATH, bus_name=NAME, interface=NAME)
    message = new_method_call(address, method, signature, body)
    answer: tuple[object, ...] = unwrap_msg(bus.send_and_get_reply(message, timeout=TIMEOUT_S))
    return answer


def _not_taken(why: str) -> FlowError:
    message = f"the notification did not arrive: no desktop has taken it ({why})"
    hint = "Is DBUS_SESSION_BUS_ADDRESS that of the person's session?"
    return FlowError("E239", message, hint=hint)
